// The short ways do what the long ways do. An SA with a selector for everything goes the long way, and so does what
// arrives where an SA uses the non-IKE marker.
import { describe, expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";

const ROUNDS = 400;

function association(selectors: boolean, carrier: "udp" | "ip", dfBit: "copy" | "set" | "clear"): SaConfig {
  return {
    direction: "out",
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: "aes-gcm-16",
    encryptionKey: new Uint8Array(20).fill(7),
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
    lifetime: { packets: 300, kilobytes: 200 },
    carrier,
    dfBit,
    pathMtu: 900,
    ...(selectors ? { selectors: [{}] } : {}),
  };
}

function packetOf(random: Random): Uint8Array {
  const data = random.bytes(random.between(8, 1000));
  const packet = random.chance(0.5)
    ? ipv4({ payload: data, df: random.chance(0.3), tos: random.below(256) })
    : ipv6({ payload: data });
  if (random.chance(0.2)) packet[random.below(8)] = random.below(256);
  return random.chance(0.1) ? Uint8Array.from([...packet, 0, 0]) : packet;
}

it.each([
  ["udp", "copy"],
  ["udp", "set"],
  ["ip", "copy"],
  ["ip", "clear"],
] as const)(
  "carrier %s, DF %s: the same bytes, verdicts, events and numbers, short or long",
  async (carrier, dfBit) => {
    const random = new Random();
    const where = `seed ${random.seed}`;
    const planes = await Promise.all(
      [false, true].map(() => DataPlane.create({ random: (bytes) => bytes.fill(9), limits: "edge" })),
    );
    const sas = planes.map((plane, i) => plane.addSa(association(i === 1, carrier, dfBit)));
    for (let round = 0; round < ROUNDS; round++) {
      const packet = packetOf(random);
      for (const [i, plane] of planes.entries()) expect(plane.outbound(round, packet, sas[i])).toBe(true);
      const results = planes.map((plane, i) => {
        const item = plane.createItem();
        const seen = [];
        plane.flush(round);
        while (plane.poll(item))
          seen.push([item.kind, item.verdict, item.df, item.last, Buffer.from(item.copy()).toString("hex")]);
        const event = plane.nextEvent();
        return [seen, event?.kind, sas[i]?.sequence, sas[i]?.stats];
      });
      expect(results[0], `${where}, round ${round}`).toEqual(results[1]);
    }
    expect(sas[0]?.stats.packets, where).toBeGreaterThan(100);
  },
);

it("a packet whose padding outgrows a slot waits for a jumbo slot, short or long", async () => {
  const limits = { packets: 16, jumboPackets: 1 };
  for (const selectors of [false, true]) {
    const plane = await DataPlane.create({ limits });
    const sa = plane.addSa({ ...association(selectors, "udp", "copy"), pathMtu: 9000, lifetime: {} });
    const item = plane.createItem();
    plane.outbound(0, ipv4(), sa); // from here on the short way is open
    plane.flush(0);
    while (plane.poll(item)) expect(item.verdict).toBe("sealed");
    const packet = ipv4({ payload: new Uint8Array(2028) });
    expect(packet).toHaveLength(2048);
    expect([plane.outbound(0, packet, sa), plane.outbound(0, packet, sa)]).toEqual([true, false]);
    plane.flush(0);
    while (plane.poll(item)) expect([item.kind, item.verdict]).toEqual(["datagram", "sealed"]);
  }
});

function flip(bytes: Uint8Array, bit: number): void {
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
}

describe.each([false, true])("inbound, esn %s", (esn) => {
  it("the same bytes, verdicts, events, paths and numbers, short or long, whatever arrives", async () => {
    const random = new Random();
    const where = `seed ${random.seed}`;
    const base = { ...association(false, "udp", "copy"), esn, pathMtu: 1500 } as SaConfig;
    const sender = await DataPlane.create({ limits: "edge" });
    const out = sender.addSa({ ...base, lifetime: {} });
    const planes = await Promise.all([false, true].map(() => DataPlane.create({ limits: "edge" })));
    const added: Sa[] = [];
    const seconds = random.pick([0.7, 3600]);
    for (const [i, plane] of planes.entries()) {
      const lifetime = { packets: 500, kilobytes: 250, seconds };
      const peer = plane.addPeer({ addresses: ["192.0.2.1"], deadPeerDetection: { mode: "periodic", seconds: 10 } });
      const selectors = i === 1 ? { selectors: [{}] } : {};
      added.push(plane.addSa({ ...base, direction: "in", lifetime, peer, ...selectors } as SaConfig));
      if (i === 0) continue;
      const natTraversal = { marker: "non-ike" as const };
      plane.addSa({ ...base, direction: "in", spi: 0x2002, natTraversal, lifetime: {} } as SaConfig);
    }
    const sealed: Uint8Array[] = [];
    const arrival = (): Uint8Array => {
      if (random.chance(0.2) && sealed.length > 0) return random.pick(sealed); // replayed, or old
      if (random.chance(0.05)) return random.bytes(random.below(30));
      if (random.chance(0.05)) return Uint8Array.from([0, 0, 0, 0, ...random.bytes(random.below(40))]);
      if (random.chance(0.05)) sender.dummy(0, out, 50);
      else sender.outbound(0, packetOf(random), out);
      sender.flush(0);
      const item = sender.createItem();
      if (!sender.poll(item) || item.kind !== "datagram") return Uint8Array.of(0xff);
      const datagram = item.copy();
      while (sender.poll(item));
      sealed.push(datagram);
      if (random.chance(0.1)) flip(datagram, random.below(datagram.length * 8));
      return random.chance(0.03) ? datagram.slice(0, random.below(datagram.length)) : datagram;
    };
    for (let round = 0; round < 120; round++) {
      const datagrams = Array.from({ length: random.between(1, 12) }, arrival);
      const ports = datagrams.map(() => (random.chance(0.3) ? undefined : random.between(4500, 4502)));
      const gone = round === 110;
      const results = planes.map((plane, i) => {
        for (const [at, datagram] of datagrams.entries()) {
          const port = ports[at];
          const path = port === undefined ? undefined : plane.path({ remote: { address: "192.0.2.1", port } });
          expect(plane.inbound(round * 8, datagram, path)).toBe(true);
        }
        if (gone) added[i]?.delete();
        const item = plane.createItem();
        const seen = [];
        plane.flush(round * 8);
        while (plane.poll(item)) {
          const bytes = Buffer.from(item.copy()).toString("hex");
          seen.push([item.kind, item.verdict, item.df, item.last, item.sa?.spi, item.path?.remote.port, bytes]);
        }
        const events = [];
        for (let event = plane.nextEvent(); event !== undefined; event = plane.nextEvent()) events.push(event.kind);
        const sa = added[i] as Sa;
        return [seen, events, sa.sequence, sa.state, sa.stats, sa.path.remote.port, plane.counters, plane.deadline()];
      });
      expect(results[0], `${where}, round ${round}`).toEqual(results[1]);
    }
    expect(added[0]?.stats.packets, where).toBeGreaterThan(100);
  });
});

it("what an opened packet's place in the ring carried before is not said of it: DF", async () => {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  const config = association(false, "udp", "set");
  const out = plane.addSa(config);
  plane.addSa({ ...config, direction: "in", lifetime: {} } as SaConfig);
  const item = plane.createItem();
  plane.outbound(0, ipv4({ payload: new Uint8Array(20) }), out);
  plane.flush(0);
  expect(plane.poll(item)).toBe(true);
  expect(item.df).toBe(true);
  const datagram = item.copy();
  plane.inbound(0, datagram);
  plane.flush(0);
  expect(plane.poll(item)).toBe(true);
  expect([item.kind, item.df]).toEqual(["packet", false]);
});
