// The short way of the line out writes what the long way writes. An SA with a selector for everything goes the long way.
import { expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
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
