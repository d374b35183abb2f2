import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Reassembly } from "../../src/cli/reassembly.js";
import { isFragment, readCapture } from "../../src/pcap/index.js";
import { internetChecksum } from "../../src/wire/ipv4.js";
import { setWord16, setWord32 } from "../../src/wire/words.js";
import { concat, ipv4, ipv6 } from "../pcap/build-capture.js";

/** Cuts an IPv4 packet into fragments with `size` bytes of payload, a multiple of 8. */
function cut4(packet: Uint8Array, size: number, identification: number): Uint8Array[] {
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < packet.length - 20; offset += size) {
    const fragment = concat(packet.subarray(0, 20), packet.subarray(20 + offset, 20 + offset + size));
    const more = 20 + offset + size < packet.length ? 0x2000 : 0;
    setWord16(fragment, 2, fragment.length);
    setWord16(fragment, 4, identification);
    setWord16(fragment, 6, more | (offset >> 3));
    fragments.push(fragment);
  }
  return fragments;
}

function cut6(packet: Uint8Array, size: number, identification: number): Uint8Array[] {
  const fragments: Uint8Array[] = [];
  for (let offset = 0; offset < packet.length - 40; offset += size) {
    const header = new Uint8Array(8);
    header[0] = packet[6] ?? 0;
    setWord16(header, 2, offset | (40 + offset + size < packet.length ? 1 : 0));
    setWord32(header, 4, identification);
    fragments.push(ipv6(44, concat(header, packet.subarray(40 + offset, 40 + offset + size))));
  }
  return fragments;
}

const payload = Uint8Array.from({ length: 3000 }, (_, index) => index);

function finished4(packet: Uint8Array, identification: number): Uint8Array {
  const whole = packet.slice();
  setWord16(whole, 4, identification);
  setWord16(whole, 10, internetChecksum(whole, 0, 20));
  return whole;
}

test("fragments of several packets, in any order, become the packets", () => {
  const first = ipv4(3020, 50, payload);
  const second = ipv6(50, payload.slice().reverse());
  const pieces = [...cut4(first, 1000, 7), ...cut6(second, 1400, 7)];
  const orders = [pieces, [...pieces].reverse(), [4, 0, 2, 5, 1, 3].flatMap((index) => pieces[index] ?? [])];
  for (const order of orders) {
    const reassembly = new Reassembly<Uint8Array>();
    const packets = order.flatMap((fragment) => reassembly.add(fragment, fragment)?.packet ?? []);
    expect(packets).toHaveLength(2);
    expect(packets).toContainEqual(finished4(first, 7));
    expect(packets).toContainEqual(second);
    expect(reassembly.giveUp()).toBeUndefined();
  }
});

test("the frames come back with the packet, or without one", () => {
  const [one, two, three] = cut4(ipv4(3020, 50, payload), 1000, 1);
  if (one === undefined || two === undefined || three === undefined) throw new Error("three fragments");
  const reassembly = new Reassembly<string>();
  expect(reassembly.add(three, "three")).toBeUndefined();
  expect(reassembly.add(one, "one")).toBeUndefined();
  expect(reassembly.add(two, "two")?.frames).toEqual(["three", "one", "two"]);
  reassembly.add(one, "again");
  expect(reassembly.giveUp()).toEqual({ packet: undefined, frames: ["again"] });
  expect(reassembly.giveUp()).toBeUndefined();
});

test("pieces that overlap are never joined", () => {
  const [one, two] = cut4(ipv4(3020, 50, payload), 1000, 1);
  const [, , last] = cut4(ipv4(3020, 50, payload), 992, 1);
  const reassembly = new Reassembly<number>();
  for (const fragment of [one, two, last]) expect(reassembly.add(fragment ?? payload, 0)).toBeUndefined();
});

test("of too many incomplete packets the oldest is given up", () => {
  const reassembly = new Reassembly<number>();
  for (let index = 0; index < 256; index++) {
    const [fragment] = cut4(ipv4(3020, 50, payload), 1000, index);
    expect(reassembly.add(fragment ?? payload, index)).toBeUndefined();
  }
  const [fragment] = cut4(ipv4(3020, 50, payload), 1000, 256);
  expect(reassembly.add(fragment ?? payload, 256)).toEqual({ packet: undefined, frames: [0] });
});

test("the kernel's own fragments in the committed traffic become whole pings", () => {
  const reassembly = new Reassembly<number>();
  const packets: Uint8Array[] = [];
  for (const { data } of readCapture(readFileSync(new URL("../../examples/traffic.pcap", import.meta.url)))) {
    if (!isFragment(data)) continue;
    const whole = reassembly.add(data, 0)?.packet;
    if (whole !== undefined) packets.push(whole);
  }
  expect(packets.length).toBe(24);
  for (const packet of packets) expect(packet.length).toBe((packet[0] === 0x45 ? 20 : 40) + 8 + 3000);
  expect(reassembly.giveUp()).toBeUndefined();
});
