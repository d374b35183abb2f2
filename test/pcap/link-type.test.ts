import { expect, test } from "vitest";
import { findEsp, ipPacketOf, isFragment, isKnownLinkType } from "../../src/pcap/index.js";
import { concat, ipv4, ipv6 } from "./build-capture.js";

const packet = ipv4(60);
const packet6 = ipv6(17, new Uint8Array(30).fill(1));
const padding = new Uint8Array(9).fill(0xee);
const addresses = new Uint8Array(12);

test.each([
  ["raw", 101, new Uint8Array(0)],
  ["raw of BSD", 12, new Uint8Array(0)],
  ["raw of OpenBSD", 14, new Uint8Array(0)],
  ["IPv4", 228, new Uint8Array(0)],
  ["Ethernet", 1, concat(addresses, Uint8Array.of(8, 0))],
  ["Ethernet, VLAN", 1, concat(addresses, Uint8Array.of(0x81, 0, 0, 5, 8, 0))],
  ["Ethernet, VLAN in VLAN", 1, concat(addresses, Uint8Array.of(0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0))],
  ["Linux cooked", 113, concat(new Uint8Array(14), Uint8Array.of(8, 0))],
  ["Linux cooked 2", 276, concat(Uint8Array.of(8, 0), new Uint8Array(18))],
  ["loopback, little-endian", 0, Uint8Array.of(2, 0, 0, 0)],
  ["loopback of OpenBSD", 108, Uint8Array.of(0, 0, 0, 2)],
])("%s: the packet without header and padding", (_name, linkType, header) => {
  expect(ipPacketOf(linkType, concat(header, packet, padding))).toEqual(packet);
  expect(isKnownLinkType(linkType)).toBe(true);
  for (let length = 0; length < header.length + 20; length++) {
    expect(ipPacketOf(linkType, concat(header, packet).subarray(0, length))).toBeUndefined();
  }
});

test("IPv6 behind every link header", () => {
  const frames: [number, Uint8Array][] = [
    [101, new Uint8Array(0)],
    [229, new Uint8Array(0)],
    [1, concat(addresses, Uint8Array.of(0x86, 0xdd))],
    [113, concat(new Uint8Array(14), Uint8Array.of(0x86, 0xdd))],
    [276, concat(Uint8Array.of(0x86, 0xdd), new Uint8Array(18))],
    [0, Uint8Array.of(30, 0, 0, 0)],
  ];
  for (const [linkType, header] of frames) {
    expect(ipPacketOf(linkType, concat(header, packet6, padding))).toEqual(packet6);
  }
});

test("what is not IP is not taken for it", () => {
  expect(ipPacketOf(1, concat(addresses, Uint8Array.of(8, 6), packet))).toBeUndefined(); // ARP
  expect(ipPacketOf(105, packet)).toBeUndefined(); // 802.11
  expect(isKnownLinkType(105)).toBe(false);
  expect(ipPacketOf(101, Uint8Array.of(0x50, ...packet.subarray(1)))).toBeUndefined();
});

test("a packet whose length was left to the network card is taken whole", () => {
  const offloaded = packet.slice();
  offloaded[2] = 0;
  offloaded[3] = 0;
  expect(ipPacketOf(101, offloaded)).toHaveLength(60);
});

const esp = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0, 0, 0, 9, ...new Uint8Array(32).fill(7));

function udp(sourcePort: number, targetPort: number, payload: Uint8Array): Uint8Array {
  const length = 8 + payload.length;
  const ports = [sourcePort >> 8, sourcePort & 255, targetPort >> 8, targetPort & 255];
  return Uint8Array.of(...ports, length >> 8, length & 255, 0, 0, ...payload);
}

test("ESP is found as a protocol of its own", () => {
  const found = findEsp(ipv4(60, 50, esp));
  expect(found?.spi).toBe(0x12345678);
  expect(found?.sequence).toBe(9);
  expect(found?.esp).toEqual(esp);
  expect([found?.headerLength, found?.protocolOffset]).toEqual([20, 9]);
  expect(found?.source).toEqual(Uint8Array.of(10, 1, 0, 2));
});

test("ESP is found behind IPv6 extension headers and AH", () => {
  const hopByHop = Uint8Array.of(60, 0, 0, 0, 0, 0, 0, 0);
  const destination = Uint8Array.of(51, 1, ...new Uint8Array(14));
  const ah = Uint8Array.of(50, 4, ...new Uint8Array(22));
  const found = findEsp(ipv6(0, concat(hopByHop, destination, ah, esp)));
  expect(found?.esp).toEqual(esp);
  expect([found?.headerLength, found?.protocolOffset]).toEqual([40 + 8 + 16 + 24, 40 + 8 + 16]);
  expect(findEsp(ipv4(84, 51, concat(ah, esp)))?.esp).toEqual(esp);
});

test("ESP is found in UDP, IKE and keepalives are not taken for it", () => {
  const carried = (sourcePort: number, targetPort: number, payload: Uint8Array) =>
    ipv4(28 + payload.length, 17, udp(sourcePort, targetPort, payload));
  expect(findEsp(carried(4500, 4500, esp))?.esp).toEqual(esp);
  expect(findEsp(carried(33333, 4500, esp))?.udp).toEqual({ sourcePort: 33333, targetPort: 4500 });
  expect(findEsp(carried(500, 500, concat(new Uint8Array(8), esp)))?.esp).toEqual(esp);
  expect(findEsp(carried(500, 500, esp))).toBeUndefined();
  expect(findEsp(carried(4500, 4500, concat(new Uint8Array(4), esp)))).toBeUndefined();
  expect(findEsp(carried(4500, 4500, Uint8Array.of(0xff)))).toBeUndefined();
  expect(findEsp(carried(7000, 7001, esp))).toBeUndefined();
  expect(findEsp(carried(7000, 7001, esp), (spi) => spi === 0x12345678)?.esp).toEqual(esp);
});

test("fragments are told apart", () => {
  const first = ipv4(60, 50, esp);
  first[6] = 0x20;
  const later = ipv4(60, 50, esp);
  later[7] = 5;
  for (const fragment of [first, later]) {
    expect(isFragment(fragment)).toBe(true);
    expect(findEsp(fragment)).toBeUndefined();
  }
  const dontFragment = ipv4(60, 50, esp);
  dontFragment[6] = 0x40;
  expect(isFragment(dontFragment)).toBe(false);
  expect(isFragment(ipv6(44, Uint8Array.of(50, 0, 0, 1, 1, 2, 3, 4, ...esp)))).toBe(true);
  const atomic = ipv6(44, Uint8Array.of(50, 0, 0, 0, 1, 2, 3, 4, ...esp));
  expect(isFragment(atomic)).toBe(false);
  expect(findEsp(atomic)?.esp).toEqual(esp);
});

test("no cut of a packet does harm", () => {
  for (const whole of [
    ipv4(60, 50, esp),
    ipv4(84, 51, concat(Uint8Array.of(50, 4), new Uint8Array(22), esp)),
    ipv6(0, esp),
  ]) {
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.slice(0, length);
      expect(findEsp(cut)).toBeUndefined();
      if (length > 5) cut.set([length >> 8, length & 255], whole[0] === 0x45 ? 2 : 4);
      findEsp(cut);
    }
  }
});
