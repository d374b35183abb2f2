// Reassembly of outer fragments against its twin of arrays: random datagrams, cut at random, in any order, some twice, some
// laid over others, some lost; and the engine's own fragments back to what it sealed. SEED=n repeats a failure.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { cutDatagram } from "../reference/fragments.js";
import { ReferenceReassembly } from "../reference/reassembly.js";
import { SUITES } from "../reference/suites.js";
import { inbound, saConfig } from "./arbitrary.js";

/** A datagram for nobody: what is asked is only when and as what it becomes whole. */
function someDatagram(version: 4 | 6, id: number, random: Random): Buffer {
  const options = {
    protocol: 50,
    payload: random.bytes(random.between(20, 3000)),
    tos: random.pick([0, 1, 2, 3, 0xb8]),
    id,
  };
  return Buffer.from(version === 4 ? ipv4(options) : ipv6(options));
}

function fragmentsOf(version: 4 | 6, id: number, random: Random): Buffer[] {
  const fragments = cutDatagram(someDatagram(version, id, random), random.pick([68, 100, 300, 1280]), id);
  if (random.chance(0.3)) return fragments;
  const marked = fragments.map((fragment) => (random.chance(0.1) ? withEcn(fragment, 3) : fragment));
  const kept = random.chance(0.2) ? marked.filter(() => random.chance(0.9)) : marked;
  const again = random.chance(0.5) ? kept.filter(() => random.chance(0.2)) : [];
  return [...kept, ...again].sort(() => random.below(3) - 1);
}

/** IPv6 only: no checksum has to follow. */
function withEcn(fragment: Buffer, ecn: number): Buffer {
  const copy = Buffer.from(fragment);
  if (copy.readUInt8(0) >> 4 === 6) copy.writeUInt8((copy.readUInt8(1) & 0xcf) | (ecn << 4), 1);
  return copy;
}

/** Sometimes it is moved, shortened, or says something else about what follows. */
function spoilt(fragment: Buffer, random: Random): Buffer {
  if (!random.chance(0.04)) return fragment;
  const copy = Buffer.from(fragment);
  if (copy.length < 48) return copy;
  const six = copy.readUInt8(0) >> 4 === 6;
  const at = six ? 42 : 6;
  if (six && copy.readUInt8(6) !== 44) return copy;
  const step = six ? 8 : 1;
  if (random.chance(0.5)) copy.writeUInt16BE((copy.readUInt16BE(at) + step * random.between(1, 4)) & 0xffff, at);
  else copy.writeUInt16BE(copy.readUInt16BE(at) ^ (six ? 1 : 0x2000), at);
  return copy;
}

it.each([4, 6] as const)("IPv%i: every fragment ends as in the twin", async (version) => {
  const random = new Random();
  const plane = await DataPlane.create({ carrier: "ip", limits: { reassemblies: 400, fragments: 60 } });
  const twin = new ReferenceReassembly(60);
  let [whole, overlaps] = [0, 0];
  for (let round = 0; round < 60; round++) {
    const now = round * 4000;
    const pile = Array.from({ length: 8 }, (_, i) => fragmentsOf(version, round * 8 + (i % 7), random));
    const mixed = random.chance(0.5) ? pile.flat() : interleaved(pile, random);
    for (const fragment of mixed.map((one) => spoilt(one, random))) {
      const { verdict } = plane.unprotect(now, fragment);
      const expected = acceptOrOpen(twin, now, fragment);
      expect(verdict, `SEED=${random.seed} round ${round} ${hex(fragment.subarray(0, 48))}`).toBe(expected);
      if (verdict === "unknown-spi") whole++;
      if (verdict === "overlap") overlaps++;
    }
  }
  expect(whole).toBeGreaterThan(100);
  expect(overlaps).toBeGreaterThan(10);
});

function interleaved(pile: Buffer[][], random: Random): Buffer[] {
  const mixed: Buffer[] = [];
  for (let rest = pile.filter((one) => one.length > 0); rest.length > 0; rest = rest.filter((one) => one.length > 0))
    mixed.push(random.pick(rest).shift() as Buffer);
  return mixed;
}

/** What is whole is opened, and of an SPI that nobody knows; what was never cut likewise. */
function acceptOrOpen(twin: ReferenceReassembly, now: number, packet: Buffer): string {
  const four = packet.readUInt8(0) >> 4 === 4;
  const cut = four
    ? (packet.readUInt16BE(6) & 0x3fff) !== 0
    : packet.readUInt8(6) === 44 && (packet.readUInt16BE(42) & 0xfff9) !== 0;
  const joined = cut ? twin.accept(now, packet) : packet;
  return typeof joined === "string" ? joined : "unknown-spi";
}

describe.each(["simd", "relaxed-simd"] as const)("%s", (variant) => {
  it.each([
    ["tunnel", 4, false],
    ["tunnel", 4, true],
    ["tunnel", 6, false],
    ["tunnel", 6, true],
    ["transport", 4, false],
    ["transport", 4, true],
  ] as const)(
    "what is cut after sealing is opened again: %s IPv%i, NAT-T %s, every path MTU",
    async (mode, outer, natt) => {
      const random = new Random();
      const options = { carrier: "ip", variant, limits: { sas: 1024, packets: 64 } } as const;
      const [plane, peer] = await Promise.all([DataPlane.create(options), DataPlane.create(options)]);
      const shape = { carrier: "ip", mode, outer, natt } as const;
      const item = plane.createItem();
      for (let pathMtu = 256; pathMtu <= 1500; pathMtu += random.between(1, 9)) {
        const config = { ...saConfig(random.pick(SUITES), shape, 0x1000 + pathMtu, random), pathMtu } as SaConfig;
        const [out, incoming] = [plane.addSa(config), peer.addSa(inbound(config))];
        const payload = random.bytes(random.between(pathMtu - 60, 5000));
        const packet = ipv4({ payload, id: random.below(65536) });
        expect(plane.outbound(0, packet, out)).toBe(true);
        plane.flush(0);
        const fragments: Uint8Array[] = [];
        while (plane.poll(item)) fragments.push(item.copy());
        expect(Math.max(...fragments.map(({ length }) => length)) <= pathMtu).toBe(true);
        const opened = fragments.sort(() => random.below(3) - 1).map((fragment) => peer.unprotect(0, fragment));
        const { verdict, packet: whole } = opened.at(-1) as (typeof opened)[number];
        const where = `SEED=${random.seed} MTU ${pathMtu} ${packet.length} bytes ${config.encryption}`;
        expect([verdict, opened.filter((one) => one.verdict === "waiting").length], where).toEqual([
          "delivered",
          fragments.length - 1,
        ]);
        expect(hex(whole as Uint8Array), where).toBe(hex(packet));
        out.delete();
        incoming.delete();
      }
      expect(peer.reassembly).toEqual({ waiting: 0, timedOut: 0, evicted: 0 });
    },
  );
});

describe("limits", () => {
  const fragment = (source: string, id: number) =>
    ipv4({ protocol: 50, source, id, moreFragments: true, payload: new Uint8Array(64) });
  const rest = (source: string, id: number) =>
    ipv4({ protocol: 50, source, id, fragmentOffset: 64, payload: new Uint8Array(64).fill(9) });

  it("one sender holds half of the places at most, and gives way first", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: { reassemblies: 4 } });
    plane.unprotect(0, fragment("10.0.0.1", 1));
    for (let id = 0; id < 50; id++) plane.unprotect(0, fragment("10.6.6.6", id));
    expect(plane.reassembly).toEqual({ waiting: 3, timedOut: 0, evicted: 48 });
    expect(plane.unprotect(0, rest("10.0.0.1", 1)).verdict).toBe("unknown-spi"); // whole: the flood did not reach it
    for (const source of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) plane.unprotect(0, fragment(source, 1));
    expect(plane.reassembly).toEqual({ waiting: 4, timedOut: 0, evicted: 49 });
    for (const source of ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
      expect(plane.unprotect(0, rest(source, 1)).verdict).toBe("unknown-spi");
  });

  it("the fast verbs: a whole that finds no room waits for it, and comes out once", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: { packets: 16, jumboPackets: 1 } });
    const long = (id: number) => cutDatagram(Buffer.from(ipv4({ protocol: 50, id, length: 4000 })), 1500, 0);
    const item = plane.createItem();
    const verdicts: string[] = [];
    for (const datagram of [long(1), long(2)].flat()) {
      if (plane.inbound(0, datagram)) continue;
      plane.flush(0);
      while (plane.poll(item)) verdicts.push(item.verdict);
      expect(plane.inbound(0, datagram)).toBe(true);
    }
    plane.flush(0);
    while (plane.poll(item)) verdicts.push(item.verdict);
    expect(verdicts).toEqual(["waiting", "waiting", "unknown-spi", "waiting", "waiting", "unknown-spi"]);
  });
});
