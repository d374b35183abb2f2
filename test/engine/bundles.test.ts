// SA bundles: a packet through several SAs in one call, out and in.
import { describe, expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig } from "../../src/index.js";
import { ahConfig, inbound, saConfig } from "../differential/arbitrary.js";
import { SCAPY, SCAPY_IS_HERE, scapy } from "../kernel/scapy.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { ReferencePlane } from "../reference/plane.js";
import { AH_INTEGRITIES, SUITES } from "../reference/suites.js";
import { drain, events } from "./world.js";

const GCM = SUITES.find(({ name }) => name === "aes-gcm-16 128") as (typeof SUITES)[number];
const SPI = 0x4001;

type Layer = readonly ["esp" | "ah", "tunnel" | "transport", 4 | 6];

/** The bundles of the guide and of everyday, the inner SA first. */
const BUNDLES: Record<string, readonly Layer[]> = {
  "ESP tunnel, AH transport": [
    ["esp", "tunnel", 4],
    ["ah", "transport", 4],
  ],
  "ESP tunnel, AH transport, IPv6": [
    ["esp", "tunnel", 6],
    ["ah", "transport", 6],
  ],
  "ESP transport, AH transport": [
    ["esp", "transport", 4],
    ["ah", "transport", 4],
  ],
  "ESP tunnel, ESP tunnel": [
    ["esp", "tunnel", 4],
    ["esp", "tunnel", 4],
  ],
  "ESP tunnel, ESP tunnel, IPv6 outside": [
    ["esp", "tunnel", 4],
    ["esp", "tunnel", 6],
  ],
  "AH tunnel, ESP tunnel": [
    ["ah", "tunnel", 4],
    ["esp", "tunnel", 4],
  ],
  "ESP transport, AH transport, ESP tunnel": [
    ["esp", "transport", 4],
    ["ah", "transport", 4],
    ["esp", "tunnel", 4],
  ],
  "ESP transport, AH transport, AH transport, ESP transport": [
    ["esp", "transport", 4],
    ["ah", "transport", 4],
    ["ah", "transport", 4],
    ["esp", "transport", 4],
  ],
};

function configsOf(layers: readonly Layer[], random: Random): SaConfig[] {
  return layers.map(([protocol, mode, outer], i) => {
    const shape = { carrier: "ip", mode, outer, natt: false } as const;
    const common = { addedAt: 0, esn: random.chance(0.4) };
    return protocol === "ah"
      ? { ...ahConfig(random.pick(AH_INTEGRITIES), shape, SPI + i, random), ...common }
      : { ...saConfig(random.pick(SUITES), shape, SPI + i, random), ...common };
  });
}

function packetFor(layers: readonly Layer[], random: Random, length = random.between(8, 900)): Uint8Array {
  const payload = random.bytes(length);
  const six = layers[0]?.[1] === "transport" ? layers[0][2] === 6 : random.chance(0.5);
  return six ? ipv6({ payload }) : ipv4({ payload, tos: random.pick([0, 0xb8, 2]), df: random.chance(0.5) });
}

/** The SAs one after the other, as plain SAs of the reference. */
function openByHand(configs: readonly SaConfig[], datagram: Uint8Array) {
  let bytes = datagram;
  const sequences: (bigint | undefined)[] = [];
  for (const config of [...configs].reverse()) {
    const reference = new ReferencePlane("ip");
    reference.addSa(inbound(config));
    const { verdict, packet, sequence } = reference.unprotect(0, bytes);
    expect(verdict, `${config.protocol} ${config.mode}`).toBe("delivered");
    bytes = packet as Uint8Array;
    sequences.push(sequence);
  }
  return { packet: bytes, sequences };
}

async function sender(configs: readonly SaConfig[], variant: "simd" | "relaxed-simd" = "simd") {
  const plane = await DataPlane.create({ carrier: "ip", variant, limits: "edge" });
  const sas = configs.map((config) => plane.addSa(config));
  const policy = plane.addPolicy({ direction: "out", action: "protect", sa: sas });
  return { plane, sas, policy };
}

describe.each(["simd", "relaxed-simd"] as const)("%s, outbound", (variant) => {
  it.each(Object.entries(BUNDLES))("%s: every SA opens alone what the bundle sealed", async (_, layers) => {
    for (let round = 0; round < 12; round++) {
      const random = new Random();
      const configs = configsOf(layers, random);
      const { plane, sas } = await sender(configs, variant);
      const packet = packetFor(layers, random);
      const { verdict, datagrams } = plane.protect(0, packet);
      expect(verdict, `SEED=${random.seed}`).toBe("sealed");
      expect(hex(openByHand(configs, datagrams[0] as Uint8Array).packet), `SEED=${random.seed}`).toBe(hex(packet));
      for (const sa of sas) expect([sa.sequence, sa.stats.packets]).toEqual([1n, 1]);
      plane.close();
    }
  });

  it("batch equals sequence, also where an SA is inside one bundle and alone besides", async () => {
    for (let round = 0; round < 10; round++) {
      const random = new Random();
      const layers = random.pick(Object.values(BUNDLES));
      const configs = configsOf(layers, random);
      const [batch, single] = await Promise.all([sender(configs, variant), sender(configs, variant)]);
      const offers = Array.from({ length: 40 }, () => ({
        packet: packetFor(layers, random),
        alone: random.chance(0.3),
      }));
      const given = (sas: Sa[], alone: boolean) => (alone ? sas.at(-1) : undefined);
      for (const { packet, alone } of offers)
        expect(batch.plane.outbound(0, packet, given(batch.sas, alone))).toBe(true);
      const together = drain(batch.plane, 0).map(({ bytes }) => bytes);
      const oneByOne = offers.map(
        ({ packet, alone }) => single.plane.protect(0, packet, given(single.sas, alone)).datagrams[0] as Uint8Array,
      );
      for (const [i, { packet, alone }] of offers.entries()) {
        const used = alone ? configs.slice(-1) : configs;
        const [ours, theirs] = [
          openByHand(used, together[i] as Uint8Array),
          openByHand(used, oneByOne[i] as Uint8Array),
        ];
        expect(ours, `SEED=${random.seed} ${i}`).toEqual(theirs);
        expect(hex(ours.packet), `SEED=${random.seed} ${i}`).toBe(hex(packet));
      }
      for (const [i, sa] of batch.sas.entries()) expect(sa.stats).toEqual(single.sas[i]?.stats);
    }
  });
});

describe("a bundle is reserved whole or not at all", () => {
  const layers: readonly Layer[] = [
    ["esp", "tunnel", 4],
    ["ah", "transport", 4],
  ];
  const random = new Random(7);
  const configs = () =>
    [
      saConfig(GCM, { carrier: "ip", mode: "tunnel", outer: 4, natt: false }, SPI, random),
      ahConfig("hmac-sha2-256-128", { mode: "transport", outer: 4 }, SPI + 1, random),
    ] as [SaConfig, SaConfig];
  const packet = packetFor(layers, random, 100);

  it("every SA counts the bytes that it transforms: ESP its text, AH the whole packet", async () => {
    const { plane, sas } = await sender(configs());
    const { datagrams } = plane.protect(0, ipv4({ length: 100 }));
    const sealed = datagrams[0] as Uint8Array;
    expect(sealed.length).toBe(20 + 28 + 8 + 8 + 104 + 16);
    expect(sas.map((sa) => sa.stats.bytes)).toEqual([104, sealed.length]);
  });

  it.each([
    ["packets of the inner one", 0, { packets: 2 }],
    ["packets of the outer one", 1, { packets: 2 }],
    ["kilobytes of the outer one", 1, { kilobytes: 0.5 }],
    ["seconds of the outer one", 1, { seconds: 5 }],
  ] as const)("%s end it", async (_, which, lifetime) => {
    const [inner, outer] = configs();
    const made = [inner, outer].map((config, i) => (i === which ? { ...config, lifetime, addedAt: 0 } : config));
    const { plane, sas } = await sender(made as SaConfig[]);
    const verdicts = [0, 1, 10_000].map((now) => plane.protect(now, packet).verdict);
    expect(verdicts).toEqual(["sealed", "sealed", "no-sa"]);
    expect(sas.map((sa) => [sa.stats.packets, sa.sequence])).toEqual([
      [2, 2n],
      [2, 2n],
    ]);
    expect(sas[which]?.stats.dropped).toEqual({ "no-sa": 1 });
    expect(events(plane)).toContain("acquire");
  });

  it("exhaustion of the outer one takes no number of the inner one and gives everything back", async () => {
    const [inner, outer] = configs();
    const { plane, sas } = await sender([inner, { ...outer, initialSequence: 2n ** 32n - 2n } as SaConfig]);
    for (let i = 0; i < 3; i++) expect(plane.outbound(0, packet)).toBe(true);
    const items = drain(plane, 0);
    expect(items.map(({ verdict, sa }) => [verdict, sa])).toEqual([
      ["sealed", sas[1]],
      ["exhausted", sas[1]],
      ["exhausted", sas[1]],
    ]);
    expect(sas.map((sa) => sa.stats.packets)).toEqual([1, 1]);
    expect(sas.map((sa) => sa.sequence)).toEqual([1n, 2n ** 32n - 1n]);
    expect(events(plane)).toEqual(["hard-expired sequence"]);
    expect(plane.counters).toMatchObject({ sealed: 1, exhausted: 2 });
  });

  it("an outer SA deleted while packets are staged refuses them; all is given back", async () => {
    const { plane, sas } = await sender(configs());
    plane.outbound(0, packet);
    sas[1]?.delete();
    expect(drain(plane, 0).map(({ verdict }) => verdict)).toEqual(["no-sa"]);
    expect(sas[0]?.stats).toMatchObject({ packets: 0, bytes: 0 });
    expect(sas[0]?.sequence).toBe(0n);
  });
});

/** `inner` .. `outermost` at the receiver. */
async function receiver(configs: readonly SaConfig[], variant: "simd" | "relaxed-simd" = "simd") {
  const plane = await DataPlane.create({ carrier: "ip", variant, limits: "edge" });
  const sas = configs.map((config) => plane.addSa(inbound(config)));
  const policy = plane.addPolicy({ direction: "in", action: "protect", sa: sas });
  return { plane, sas, policy };
}

describe.each(["simd", "relaxed-simd"] as const)("%s, inbound", (variant) => {
  it.each(Object.entries(BUNDLES))("%s: opened in one call, in batches and one by one", async (_, layers) => {
    for (let round = 0; round < 12; round++) {
      const random = new Random();
      const said = `SEED=${random.seed}`;
      const configs = configsOf(layers, random);
      const [out, batch, single] = await Promise.all([
        sender(configs, variant),
        receiver(configs, variant),
        receiver(configs, variant),
      ]);
      const packets = Array.from({ length: 20 }, () => packetFor(layers, random));
      const sealed = packets.map((packet) => out.plane.protect(0, packet).datagrams[0] as Uint8Array);
      // Some come twice, some are damaged behind the IP header: what may change in that is not protected.
      const arriving = sealed.flatMap((datagram) => {
        const copy = datagram.slice();
        if (random.chance(0.2)) copy[random.between(40, copy.length - 1)] = random.below(256);
        return random.chance(0.2) ? [copy, datagram] : [copy];
      });
      for (const datagram of arriving) expect(batch.plane.inbound(0, datagram)).toBe(true);
      const together = drain(batch.plane, 0).map(({ verdict, bytes, sa }) => [verdict, hex(bytes), sa?.spi]);
      const oneByOne = arriving.map((datagram) => {
        const { verdict, packet, sa } = single.plane.unprotect(0, datagram);
        return [verdict, hex(packet ?? new Uint8Array(0)), sa?.spi];
      });
      expect(together, said).toEqual(oneByOne);
      const delivered = together.filter(([verdict]) => verdict === "delivered");
      const intact = new Set(arriving.map(hex));
      expect(delivered.length, said).toBe(sealed.filter((datagram) => intact.has(hex(datagram))).length);
      for (const [, packet, spi] of delivered) {
        expect(packets.map(hex), said).toContain(packet);
        expect(spi).toBe(SPI);
      }
      for (const [i, sa] of batch.sas.entries()) {
        expect(sa.stats).toEqual(single.sas[i]?.stats);
        expect(sa.sequence).toBe(single.sas[i]?.sequence);
      }
      for (const { plane } of [out, batch, single]) plane.close();
    }
  });
});

describe("exactly these SAs", () => {
  const random = new Random(11);
  const shape = { carrier: "ip", mode: "tunnel", outer: 4, natt: false } as const;
  const inner = saConfig(GCM, shape, SPI, random);
  const outer = ahConfig("hmac-sha2-256-128", { mode: "transport", outer: 4 }, SPI + 1, random);
  const packet = ipv4({ length: 200 });

  it("a packet of the inner SA without its outer one is refused, and its window does not move", async () => {
    const alone = await sender([inner]);
    const { plane, sas } = await receiver([inner, outer]);
    const { verdict, sa } = plane.unprotect(0, alone.plane.protect(0, packet).datagrams[0] as Uint8Array);
    expect([verdict, sa]).toEqual(["policy-mismatch", sas[0]]);
    expect(sas.map((each) => each.sequence)).toEqual([0n, 0n]);
    const { plane: both } = await sender([inner, outer]);
    expect(plane.unprotect(0, both.protect(0, packet).datagrams[0] as Uint8Array).packet).toEqual(packet);
    expect(plane.counters).toMatchObject({ "policy-mismatch": 1, delivered: 1 });
  });

  it("what comes out of the outer SA and is for no SA of the bundle is refused", async () => {
    const { plane, sas } = await receiver([inner, outer]);
    const clear = await sender([outer]);
    const bare = plane.unprotect(0, clear.plane.protect(0, packet).datagrams[0] as Uint8Array);
    expect([bare.verdict, bare.sa, bare.packet]).toEqual(["policy-mismatch", sas[1], undefined]);
    expect(sas[1]?.stats).toMatchObject({ packets: 1, dropped: { "policy-mismatch": 1 } });

    const other = { ...inner, spi: 0x7777 };
    const unknown = await sender([other, { ...outer, initialSequence: 10n }]);
    const datagram = unknown.plane.protect(0, packet).datagrams[0] as Uint8Array;
    expect(plane.unprotect(0, datagram).verdict).toBe("unknown-spi");
    const stranger = plane.addSa(inbound(other));
    const again = unknown.plane.protect(0, packet).datagrams[0] as Uint8Array;
    expect(plane.unprotect(0, again)).toMatchObject({ verdict: "policy-mismatch", sa: stranger });
    expect(stranger.sequence).toBe(0n);
  });

  it("a stopped chain says which SA", async () => {
    const { plane, sas } = await receiver([inner, { ...outer, lifetime: { packets: 3 } }]);
    const { plane: out } = await sender([inner, outer]);
    const [first, second, third, fourth] = [1, 2, 3, 4].map(
      () => out.protect(0, packet).datagrams[0] as Uint8Array,
    ) as Uint8Array[];
    const damaged = (first as Uint8Array).slice();
    damaged[60] = (damaged[60] as number) ^ 1;
    expect(plane.unprotect(0, damaged)).toMatchObject({ verdict: "forged", sa: sas[1] });
    expect(plane.unprotect(0, first as Uint8Array)).toMatchObject({ verdict: "delivered", sa: sas[0], sequence: 1n });
    expect(plane.unprotect(0, first as Uint8Array)).toMatchObject({ verdict: "replayed", sa: sas[1] });
    // The inner packet is an old one inside a new AH.
    const { plane: replayer } = await sender([{ ...outer, initialSequence: 50n }]);
    const inside = await receiver([inner, outer]);
    inside.policy.delete();
    const esp = inside.plane.unprotect(0, second as Uint8Array).packet as Uint8Array;
    expect(esp[9]).toBe(50);
    expect(plane.unprotect(0, replayer.protect(0, esp).datagrams[0] as Uint8Array).verdict).toBe("delivered");
    expect(plane.unprotect(0, replayer.protect(0, esp).datagrams[0] as Uint8Array)).toMatchObject({
      verdict: "replayed",
      sa: sas[0],
    });
    expect(sas.map((sa) => sa.stats.packets)).toEqual([2, 3]);
    expect(plane.unprotect(0, third as Uint8Array)).toMatchObject({ verdict: "expired", sa: sas[1] });
    expect(plane.unprotect(0, fourth as Uint8Array)).toMatchObject({ verdict: "expired", sa: sas[1] });
    expect(events(plane)).toContain("hard-expired packets");
  });

  it("rekeyed with use: the new bundle opens, the old one drains; without the policy each SA stands alone", async () => {
    const { plane, policy } = await receiver([inner, outer]);
    const next = [
      { ...inner, spi: 0x5000 },
      { ...outer, spi: 0x5001 },
    ] as const;
    const fresh = next.map((config) => plane.addSa(inbound(config)));
    policy.use(fresh);
    const [old, young] = await Promise.all([sender([inner, outer]), sender(next)]);
    const mixed = await sender([inner, { ...next[1], initialSequence: 30n }]);
    const first = (from: DataPlane) => plane.unprotect(0, from.protect(0, packet).datagrams[0] as Uint8Array).verdict;
    expect([first(old.plane), first(young.plane), first(mixed.plane)]).toEqual([
      "delivered",
      "delivered",
      "policy-mismatch",
    ]);
    policy.delete();
    const alone = await sender([{ ...inner, initialSequence: 20n }]);
    expect(first(alone.plane)).toBe("delivered");
  });

  it("a deleted outer SA leaves its inner one closed", async () => {
    const { plane, sas } = await receiver([inner, outer]);
    sas[1]?.delete();
    plane.addSa(inbound({ ...outer, spi: 0x9999 })); // takes the record's place
    const [both, alone] = await Promise.all([sender([inner, { ...outer, spi: 0x9999 }]), sender([inner])]);
    expect(plane.unprotect(0, alone.plane.protect(0, packet).datagrams[0] as Uint8Array).verdict).toBe(
      "policy-mismatch",
    );
    const through = plane.unprotect(0, both.plane.protect(0, packet).datagrams[0] as Uint8Array);
    expect([through.verdict, through.packet?.[9]]).toEqual(["delivered", 50]); // AH alone: ESP is what it protects
    expect(sas[0]?.sequence).toBe(0n);
  });

  it("the mapping is that of the outermost SA; an SA is in one bundle only", async () => {
    const { plane, sas } = await receiver([inner, outer]);
    const { plane: out } = await sender([inner, outer]);
    const away = plane.path({ remote: { address: "198.51.100.7", port: 0 } });
    plane.unprotect(0, out.protect(0, packet).datagrams[0] as Uint8Array, away);
    expect(sas.map((sa) => sa.path === away)).toEqual([false, true]);
    const third = plane.addSa(inbound({ ...outer, spi: 0x6001 }));
    for (const sa of [
      [sas[0], third],
      [third, sas[0]],
      [sas[1], third],
    ] as Sa[][]) {
      expect(() => plane.addPolicy({ direction: "in", action: "protect", sa })).toThrow(
        expect.objectContaining({ code: "policy" }),
      );
    }
  });
});

describe("sizes", () => {
  it.each(Object.entries(BUNDLES))(
    "%s: the largest packet that passes is the one the ICMP names",
    async (_, layers) => {
      for (let round = 0; round < 5; round++) {
        const random = new Random();
        const configs = configsOf(layers, random).map(
          (config) => ({ ...config, pathMtu: random.between(700, 1500) }) as SaConfig,
        );
        const { plane } = await sender(configs);
        const make = layers[0]?.[1] === "transport" && layers[0][2] === 6 ? ipv6 : ipv4;
        const refused = plane.protect(0, make({ length: 2000, df: true }));
        expect(refused.verdict, `SEED=${random.seed}`).toBe("too-big");
        const mtu = Buffer.from(refused.icmp as Uint8Array).readUInt16BE(26);
        if (make === ipv6 || mtu < 68) continue;
        const largest = plane.protect(0, ipv4({ length: mtu, df: true }));
        expect(largest.verdict, `SEED=${random.seed}`).toBe("sealed");
        expect(largest.datagrams).toHaveLength(1);
        expect(largest.datagrams[0]?.length).toBeLessThanOrEqual(configs.at(-1)?.pathMtu as number);
        expect(plane.protect(0, ipv4({ length: mtu + 1, df: true })).verdict, `SEED=${random.seed}`).toBe("too-big");
        plane.close();
      }
    },
  );

  it("a packet is cut before the inner SA so that the outermost fits, or after the outermost", async () => {
    const random = new Random();
    const shape = { carrier: "ip", mode: "tunnel", outer: 4, natt: false } as const;
    const inner = { ...saConfig(GCM, shape, SPI, random), pathMtu: 1500 };
    const outer = { ...ahConfig("hmac-sha2-512-256", { mode: "transport", outer: 4 }, SPI + 1, random), pathMtu: 900 };
    const packet = ipv4({ payload: random.bytes(2000) });
    const first = await sender([{ ...inner, prefragment: "greedy" }, outer]);
    const pieces = first.plane.protect(0, packet).datagrams;
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(900);
    expect(first.sas.map((sa) => sa.stats.packets)).toEqual([pieces.length, pieces.length]);
    expect(first.sas[1]?.stats.bytes).toBe(pieces.reduce((sum, { length }) => sum + length, 0));
    const after = await sender([inner, outer]);
    const fragments = after.plane.protect(0, packet).datagrams;
    expect(fragments.length).toBeGreaterThan(2);
    for (const fragment of fragments) expect(fragment.length).toBeLessThanOrEqual(900);
    expect(after.sas.map((sa) => sa.stats.packets)).toEqual([1, 1]);
  });
});

describe("misuse", () => {
  const random = new Random(3);
  const esp = (spi: number, more: object = {}) =>
    ({ ...saConfig(GCM, { carrier: "ip", mode: "tunnel", outer: 4, natt: false }, spi, random), ...more }) as SaConfig;
  const wrong: Record<string, (plane: DataPlane) => Sa[]> = {
    "an empty list": () => [],
    "five SAs": (plane) => [1, 2, 3, 4, 5].map((i) => plane.addSa(esp(0x1000 + i))),
    "an SA twice": (plane) => Array<Sa>(2).fill(plane.addSa(esp(0x1001))),
    "an inbound SA": (plane) => [plane.addSa(esp(0x1001)), plane.addSa(inbound(esp(0x1002)))],
    "a deleted SA": (plane) => {
      const sa = plane.addSa(esp(0x1001));
      sa.delete();
      return [plane.addSa(esp(0x1002)), sa];
    },
    "selectors outside": (plane) => [
      plane.addSa(esp(0x1001)),
      plane.addSa(esp(0x1002, { selectors: [{ protocol: 6 }] })),
    ],
    "TFC outside": (plane) => [plane.addSa(esp(0x1001)), plane.addSa(esp(0x1002, { tfcPadding: 500 }))],
    "NAT-T inside": (plane) => [
      plane.addSa(esp(0x1001, { natTraversal: { sourcePort: 4500, targetPort: 4500 } })),
      plane.addSa(esp(0x1002)),
    ],
    "more headers than fit": (plane) =>
      [1, 2, 3, 4].map((i) =>
        plane.addSa({ ...ahConfig("hmac-sha2-512-256", { mode: "tunnel", outer: 6 }, 0x1000 + i, random) }),
      ),
  };

  it.each(Object.entries(wrong))("%s", async (_, make) => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const sas = make(plane);
    expect(() => plane.addPolicy({ direction: "out", action: "protect", sa: sas })).toThrow(
      expect.objectContaining({ code: "policy" }),
    );
    const policy = plane.addPolicy({ direction: "out", action: "protect" });
    expect(() => policy.use(sas)).toThrow(expect.objectContaining({ code: "policy" }));
    expect(plane.protect(0, ipv4()).verdict).toBe("no-sa");
  });

  it("over a socket", async () => {
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const sas = [1, 2].map((i) => plane.addSa({ ...esp(0x1000 + i), carrier: "udp" } as SaConfig));
    expect(() => plane.addPolicy({ direction: "out", action: "protect", sa: sas })).toThrow(/carrier "ip"/);
  });
});

describe.skipIf(!SCAPY_IS_HERE)(SCAPY, () => {
  it("opens ESP inside AH, SA by SA", async () => {
    const random = new Random();
    const shape = { carrier: "ip", mode: "tunnel", outer: 4, natt: false } as const;
    for (const mode of ["tunnel", "transport"] as const) {
      const configs = [
        saConfig(GCM, { ...shape, mode }, SPI, random),
        ahConfig("hmac-sha2-256-128", { mode: "transport", outer: 4 }, SPI + 1, random),
      ];
      const { plane } = await sender(configs);
      const packet = ipv4({ payload: random.bytes(80) });
      const sealed = plane.protect(0, packet).datagrams[0] as Uint8Array;
      expect(scapy([{ configs, sequences: [1n, 1n], sealed }])).toEqual([hex(packet)]);
    }
  });
});
