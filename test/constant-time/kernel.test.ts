// Constant time, shown on the bytes that are shipped: every suite seals and opens in a kernel whose secrets are marked
// (secrets.ts), and nothing that depends on one decides a branch, a choice, an address, a length or a division.
//
// The engine around it is the real one, and beside it runs the kernel without shadows: both give the same bytes.
import { beforeAll, describe, expect, it } from "vitest";
import { DataPlane, type PlaneOptions, type Sa, type SaConfig } from "../../src/index.js";
import { resolveLimits } from "../../src/limits.js";
import type { AhIntegrityName } from "../../src/sad/config.js";
import type { Profile } from "../../src/sad/suites.js";
import { type KernelExports, loadKernelSync } from "../../src/wasm/kernel.js";
import { planMemory } from "../../src/wasm/memory.js";
import { ahConfig, inbound, type Shape, saConfig } from "../differential/arbitrary.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { AH_INTEGRITIES, LEGACY_SUITES, SUITES, type Suite } from "../reference/suites.js";
import { SHADOW } from "./code.js";
import type { Instrumented } from "./instrument.js";
import { type Build, shippedBuild } from "./names.js";
import { instrumentBuild, SecretKernel } from "./secrets.js";

/** Every build that is shipped, with what the suites of it are. */
const BUILDS: readonly { name: string; suites: readonly Suite[]; ah: readonly AhIntegrityName[]; profile: Profile }[] =
  [
    { name: "simd", suites: SUITES, ah: AH_INTEGRITIES, profile: "interop" },
    { name: "relaxed-simd", suites: SUITES, ah: AH_INTEGRITIES, profile: "interop" },
    { name: "legacy", suites: LEGACY_SUITES, ah: ["hmac-md5-96"], profile: "legacy" },
  ];

/** Two hot entries for all SAs: every batch of several evicts. */
const LIMITS = { sas: 512, hotSas: 2, packets: 256, jumboPackets: 2 } as const;
const TUNNEL: Shape = { mode: "tunnel", carrier: "udp", outer: 4, natt: false };
const AROUND = { mode: "transport", outer: 4 } as const;
const SHAPES: readonly Shape[] = [
  TUNNEL,
  { mode: "transport", carrier: "udp", outer: 6, natt: false },
  { mode: "tunnel", carrier: "ip", outer: 6, natt: true }, // a UDP checksum over the sealed packet
  { mode: "transport", carrier: "ip", outer: 4, natt: true },
  { mode: "tunnel", carrier: "ip", outer: 4, natt: false },
  { mode: "transport", carrier: "ip", outer: 6, natt: false },
];

interface Pair {
  readonly kernel: SecretKernel;
  readonly planes: readonly [DataPlane, DataPlane];
}

function planeOf(kernel: KernelExports, options: PlaneOptions): DataPlane {
  return Reflect.construct(DataPlane, [kernel, options]);
}

/** A plane over the instrumented kernel and one over the kernel as it is, with the same chance. */
function pairOf(build: Build, instrumented: Instrumented, options: PlaneOptions): Pair {
  const kernel = new SecretKernel(build, instrumented);
  const planes = [kernel.kernel, loadKernelSync(build.bytes).exports].map((exports) => {
    const random = new Random(7);
    const fill = (bytes: Uint8Array) => bytes.set(random.bytes(bytes.length));
    return planeOf(exports, { ...options, random: fill, limits: LIMITS });
  });
  return { kernel, planes: planes as unknown as [DataPlane, DataPlane] };
}

interface Outcome {
  readonly verdict: string;
  readonly bytes: Uint8Array;
}

function drain(plane: DataPlane): Outcome[] {
  plane.flush(0);
  const item = plane.createItem();
  const all: Outcome[] = [];
  while (plane.poll(item)) all.push({ verdict: item.verdict, bytes: item.copy() });
  return all;
}

const shown = (all: readonly Outcome[]) => all.map(({ verdict, bytes }) => `${verdict} ${hex(bytes)}`);

/** Offers packets to both planes; what comes out must be the same, and is answered. */
function both(pair: Pair, offer: (plane: DataPlane, side: number) => void): Outcome[] {
  const [watched, plain] = pair.planes.map((plane, side) => {
    offer(plane, side);
    return drain(plane);
  }) as [Outcome[], Outcome[]];
  expect(shown(watched)).toEqual(shown(plain));
  return watched;
}

interface Job {
  /** Of the two planes; undefined: their policies say. */
  readonly sas: readonly [Sa | undefined, Sa | undefined];
  readonly packet: Uint8Array;
}

/** Seals in batches of 64, spoils some, opens all: forged ones first, so that a good one follows under its number. */
function roundTrip(pair: Pair, jobs: readonly Job[], random: Random): void {
  for (let first = 0; first < jobs.length; first += 64) {
    const batch = jobs.slice(first, first + 64);
    const sealed = both(pair, (plane, side) => {
      for (const { sas, packet } of batch) expect(plane.outbound(0, packet, sas[side])).toBe(true);
    });
    expect(sealed.map(({ verdict }) => verdict)).toEqual(batch.map(() => "sealed"));
    const forged = sealed.filter(() => random.chance(0.2)).map(({ bytes }) => spoiled(bytes, random));
    const refused = both(pair, (plane) => {
      for (const datagram of forged) plane.inbound(0, datagram);
    });
    expect(refused.map(({ verdict }) => verdict)).not.toContain("delivered");
    const opened = both(pair, (plane) => {
      for (const { bytes } of sealed) expect(plane.inbound(0, bytes)).toBe(true);
    });
    expect(opened.map(({ verdict }) => verdict)).toEqual(batch.map(() => "delivered"));
  }
}

/** One bit of the ICV, or of the text, is another. */
function spoiled(datagram: Uint8Array, random: Random): Uint8Array {
  const copy = datagram.slice();
  const at = copy.length - 1 - random.below(Math.min(copy.length, random.chance(0.5) ? 8 : 28));
  copy[at] = (copy[at] as number) ^ (1 << random.below(8));
  return copy;
}

let nextSpi = 0x1000;

function addBoth(pair: Pair, config: SaConfig): [Sa, Sa] {
  const spi = nextSpi++;
  return pair.planes.map((plane) => {
    plane.addSa({ ...inbound(config), initialSequence: 0n, spi });
    return plane.addSa({ ...config, spi });
  }) as [Sa, Sa];
}

function packetOf(version: 4 | 6, length: number, random: Random): Uint8Array {
  const header = version === 4 ? 20 : 40;
  const payload = random.bytes(Math.max(length, header) - header);
  const options = {
    payload,
    protocol: random.pick([6, 17, version === 4 ? 1 : 58, 99]),
    tos: random.below(256) & 0xfc,
  };
  return version === 4 ? ipv4(options) : ipv6(options);
}

/** Every residue of every block size, and some that are long. */
const LENGTHS = [...Array.from({ length: 110 }, (_, i) => 20 + i), 300, 700, 1400, 3000];

describe.each(BUILDS)("the secrets of $name", ({ name, suites, ah, profile }) => {
  const build = shippedBuild(name);
  const instrumented = instrumentBuild(build);
  const random = new Random();
  const kernels: SecretKernel[] = [];

  function pairFor(carrier: "udp" | "ip"): Pair {
    const pair = pairOf(build, instrumented, { carrier, profile });
    kernels.push(pair.kernel);
    return pair;
  }

  function expectNothing({ kernel }: Pair): void {
    expect(kernel.leaks, `seed ${random.seed}`).toEqual([]);
    expect([...new Set(kernel.faults)]).toEqual([]);
  }

  describe("every suite, every length", () => {
    let pair: Pair;
    beforeAll(() => {
      pair = pairFor("udp");
    });

    it.each(suites)("$name", (suite) => {
      const config = saConfig(suite, TUNNEL, 0x1000, random);
      const esn = random.chance(0.5);
      const sas = addBoth(pair, { ...config, esn, pathMtu: 9000, selectors: [{ source: "0.0.0.0/0" }] });
      const executed = pair.kernel.executed;
      const jobs = LENGTHS.map((length) => ({ sas, packet: packetOf(4, length, random) }));
      roundTrip(pair, jobs, random);
      expectNothing(pair);
      expect(pair.kernel.executed - executed).toBeGreaterThan(10_000);
      for (const sa of sas) sa.delete();
    });
  });

  describe.each(SHAPES)("many SAs in a batch, two hot entries: $mode mode, carrier $carrier, IPv$outer", (shape) => {
    it("mixed suites, versions and lengths", () => {
      const pair = pairFor(shape.carrier);
      const every = profile === "legacy" ? [...SUITES, ...suites] : suites; // its build has all of it
      const configs: SaConfig[] = every.map((suite) => saConfig(suite, shape, 0x1000, random));
      if (shape.carrier === "ip" && !shape.natt) {
        for (const integrity of ah) configs.push(ahConfig(integrity, shape, 0x1000, random));
      }
      const all = configs.map((config) => addBoth(pair, randomised(config, random)));
      const jobs = Array.from({ length: 320 }, () => {
        const version = shape.mode === "transport" ? shape.outer : random.pick([4, 6] as const);
        return { sas: random.pick(all), packet: packetOf(version, random.between(20, 900), random) };
      });
      // Bulk traffic: one SA, one length.
      const gcm = all[every.findIndex(({ encryption }) => encryption.startsWith("aes-gcm"))] as [Sa, Sa];
      for (const length of [100, 600]) {
        for (let i = 0; i < 32; i++) jobs.push({ sas: gcm, packet: packetOf(shape.outer, length, random) });
      }
      roundTrip(pair, jobs, random);
      for (const sas of all) roundTrip(pair, [{ sas, packet: packetOf(shape.outer, 300, random) }], random); // alone
      const chacha = all[every.findIndex(({ encryption }) => encryption.startsWith("chacha"))] as [Sa, Sa];
      const short = Array.from({ length: 27 }, () => ({ sas: chacha, packet: packetOf(shape.outer, 76, random) }));
      roundTrip(pair, short, random);
      expectNothing(pair);
      const { kernel } = pair;
      expect(kernel.secretBytes()).toBeGreaterThan(10_000);
      expect(kernel.matched).toBe(jobs.length + all.length + short.length);
      expect(kernel.refused).toBeGreaterThan(10);
    });
  });

  const des = suites.filter(({ name }) => name.includes("des-cbc") && name.includes("hmac-sha1-96"));
  it.each(des)("$encryption without an ICV of its own, inside AH", (suite) => {
    const pair = pairFor("ip");
    const { integrity: _, integrityKey: __, ...esp } = saConfig(suite, { ...TUNNEL, carrier: "ip" }, 0x1001, random);
    const bundle = [{ ...esp, integrity: "none" }, ahConfig("hmac-md5-96", AROUND, 0x1002, random)] as SaConfig[];
    for (const plane of pair.planes) {
      for (const direction of ["out", "in"] as const) {
        const sa = bundle.map((config) => plane.addSa({ ...config, direction }));
        plane.addPolicy({ direction, action: "protect", sa });
      }
    }
    const sas = [undefined, undefined] as const;
    roundTrip(
      pair,
      LENGTHS.filter((length) => length < 1400).map((length) => ({ sas, packet: packetOf(4, length, random) })),
      random,
    );
    expectNothing(pair);
    expect(pair.kernel.refused).toBeGreaterThan(5);
  });

  it("an SA expires and is deleted: nothing secret stays of it", () => {
    const pair = pairFor("ip");
    const { kernel } = pair;
    const { records, descriptors } = planMemory(resolveLimits(LIMITS));
    const lifetime = { packets: 3 };
    const spis = suites.map((suite) =>
      addLife({ ...saConfig(suite, SHAPES[4] as Shape, nextSpi++, random), lifetime }),
    );
    function addLife(config: SaConfig): (readonly [Sa, Sa])[] {
      return pair.planes.map((plane) => [plane.addSa(config), plane.addSa(inbound(config))] as const);
    }
    for (let round = 0; round < 4; round++) {
      const sealed = both(pair, (plane, side) => {
        for (const sas of spis) plane.outbound(0, packetOf(4, 100, new Random(round)), sas[side]?.[0]);
      });
      expect(new Set(sealed.map(({ verdict }) => verdict))).toEqual(new Set([round < 3 ? "sealed" : "no-sa"]));
      both(pair, (plane) => {
        for (const { bytes } of sealed) plane.inbound(0, bytes);
      });
    }
    expectNothing(pair);
    expect(kernel.secretBytes(records, descriptors)).toBeGreaterThan(0); // the inbound ones may still open
    for (const sa of spis.flat(2)) sa.delete();
    expect(kernel.secretBytes(records, descriptors)).toBe(0);
  });

  it("the trace is the same for other keys and other payload", () => {
    const [one, other] = [11, 12].map((seed) => tracedRun(build, instrumented, suites, profile, seed)) as [
      Traced,
      Traced,
    ];
    expect(one.trace).toBe(other.trace);
    expect(one.executed).toBe(other.executed);
    expect(one.observed).toBeGreaterThan(500_000);
  });

  it("what the shadows call public is the same for other keys and other payload", () => {
    const [one, other] = [11, 12].map((seed) => sealedMemory(build, instrumented, suites, profile, seed)) as [
      Kept,
      Kept,
    ];
    let secret = 0;
    let differing = 0;
    for (let i = 0; i < one.memory.length; i++) {
      const changed = (one.memory[i] as number) ^ (other.memory[i] as number);
      if (changed !== 0) differing++;
      if (one.shadow[i] !== 0) secret++;
      if ((changed & ~(one.shadow[i] as number)) !== 0) throw new Error(`public, and differs: 0x${i.toString(16)}`);
    }
    expect(secret).toBeGreaterThan(20_000);
    expect(differing).toBeGreaterThan(secret / 2);
  });

  it("nearly every branch, choice, address, length and division of the ciphers was passed, most of the rest", () => {
    const places = kernels[0]?.places ?? [];
    const unseenSets = kernels.map(({ unseen }) => unseen);
    const unseen = places.filter((place) => unseenSets.every((set) => set.has(place)));
    // Not passed: a key longer than SAs have, IP options and extension headers, fragments, trailers no honest peer sends.
    const isCipher = (place: string) => /^assembly\/(aes|gcm|ccm|chacha|sha1|sha2|hmac|cmac|legacy)\//.test(place);
    const left = (of: (place: string) => boolean) => unseen.filter(of).length / places.filter(of).length;
    expect(left(isCipher), unseen.filter(isCipher).join("\n")).toBeLessThan(0.08);
    expect(left((place) => !isCipher(place))).toBeLessThan(0.4);
  });
});

/** Everything that changes what is computed over a packet. */
function randomised(config: SaConfig, random: Random): SaConfig {
  const esn = random.chance(0.5);
  return {
    ...config,
    esn,
    // From below 2^32 to above it, to a receiver who has seen nothing: the high half is inferred twice.
    ...(esn ? { initialSequence: random.pick([0n, 2n ** 32n - 3n]) } : {}),
    replayWindow: random.pick([0, 64, 1024]),
    dfBit: random.pick(["copy", "set", "clear"] as const),
    dscp: random.pick(["copy", 46] as const),
    ...(config.protocol === "esp" && config.mode === "tunnel" && random.chance(0.3)
      ? { tfcPadding: random.between(1, 700) }
      : {}),
    ...(random.chance(0.5) ? { selectors: [{ source: "0.0.0.0/0" }, { source: "::/0" }] } : {}),
  } as SaConfig;
}

interface Traced {
  readonly trace: bigint;
  readonly executed: number;
  readonly observed: number;
}

/** The same public history for every `seed`; keys and payload come from it. */
function tracedRun(
  build: Build,
  instrumented: Instrumented,
  suites: readonly Suite[],
  profile: Profile,
  seed: number,
): Traced {
  const { kernel, plane, seal } = secretWorld(build, instrumented, suites, profile, seed);
  for (const datagrams of seal(0)) {
    for (const bytes of datagrams) plane.inbound(0, bytes);
    expect(drain(plane).map(({ verdict }) => verdict)).toEqual(datagrams.map(() => "delivered"));
    const spoilt = datagrams.map((bytes) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)));
    for (const bytes of spoilt) plane.inbound(0, bytes);
    drain(plane);
  }
  const { trace, executed, observed } = kernel;
  return { trace, executed, observed };
}

interface Kept {
  readonly memory: Uint8Array;
  readonly shadow: Uint8Array;
}

/** Memory and shadow after sealing. What is on the wire is public by decree, not by its bytes: it counts as secret here. */
function sealedMemory(
  build: Build,
  instrumented: Instrumented,
  suites: readonly Suite[],
  profile: Profile,
  seed: number,
): Kept {
  const { kernel, seal } = secretWorld(build, instrumented, suites, profile, seed);
  for (const _ of seal(1)) for (const [start, end] of kernel.onWire) kernel.makeSecret(start, end - start);
  const end = kernel.memory.buffer.byteLength / 8; // far above the regions
  return { memory: kernel.bytes.slice(0, end), shadow: kernel.bytes.slice(SHADOW, SHADOW + end) };
}

/** A plane over an instrumented kernel, an SA each way for every suite, and four batches, no slot used twice. */
function secretWorld(
  build: Build,
  instrumented: Instrumented,
  suites: readonly Suite[],
  profile: Profile,
  seed: number,
) {
  const secrets = new Random(seed);
  const kernel = new SecretKernel(build, instrumented);
  let drawn = 0;
  // The first draw is the engine's, the second the SPI table's seed and the IV key: only the key is secret.
  const fill = (bytes: Uint8Array) =>
    bytes.set(drawn++ === 0 ? bytes.map(() => 5) : bytes.map((_, i) => (i < 4 ? 3 : secrets.u32())));
  const plane = planeOf(kernel.kernel, { carrier: "udp", profile, random: fill, limits: LIMITS });
  const history = new Random(1);
  const sas = suites.map((suite, i) => {
    const config = { ...saConfig(suite, TUNNEL, 0x1000 + i, secrets), replayWindow: 64, esn: history.chance(0.5) };
    plane.addSa(inbound(config));
    return plane.addSa(config);
  });
  const item = plane.createItem();
  /** `left`: in the ring to the end. An empty ring begins anew, and slots are used twice. */
  function* seal(left: 0 | 1): Generator<Uint8Array[]> {
    for (let batch = 0; batch < 4; batch++) {
      for (let i = 0; i < 60; i++) {
        const header = packetOf(4, history.between(20, 500), new Random(batch));
        const payload = secrets.bytes(header.length - 20);
        header.set(payload, 20);
        plane.outbound(0, header, history.pick(sas));
      }
      plane.flush(0);
      const sealed: Uint8Array[] = [];
      const most = batch === 0 ? 60 - left : 60;
      while (sealed.length < most && plane.poll(item)) sealed.push(item.copy());
      yield sealed;
    }
  }
  return { kernel, plane, seal };
}
