// The engine against the reference data plane, packet by packet: random SAs, policies, packets and batches. One failing
// world is repeated with SEED=n.
import { describe, expect, it } from "vitest";
import { DataPlane, type Policy, type Sa, type SaConfig, type Verdict } from "../../src/index.js";
import { hex } from "../packets.js";
import { Random } from "../random.js";
import { sealEsp } from "../reference/esp.js";
import { readPacket } from "../reference/ip.js";
import { type Drawn, type ReferencePlane as Plane, ReferencePlane, type ReferenceSa } from "../reference/plane.js";
import { type Carrier, inbound, randomPacket, randomSa } from "./arbitrary.js";
import { BUILDS, type Build } from "./builds.js";

const CARRIERS = ["udp", "ip"] as const;
const WORLDS = Number(process.env["WORLDS"] ?? 40);

interface Pair {
  readonly sa: Sa;
  readonly twin: ReferenceSa;
}

interface Outcome {
  readonly verdict: Verdict;
  /** What came out for one packet; of several the last is in `bytes`. */
  readonly all: readonly Uint8Array[];
  readonly bytes: Uint8Array;
}

/** Few hot entries, so that they are evicted all the time. */
async function planeFor(carrier: Carrier, build: Build, random: Random): Promise<DataPlane> {
  const limits = { sas: 64, packets: 64, reassemblies: 320, hotSas: random.pick([2, 5, 64]) };
  return DataPlane.create({ carrier, ...build.options, limits });
}

/** Offers everything in batches of random sizes; a batch ends before an index that `ends` names. */
function collect(
  plane: DataPlane,
  random: Random,
  count: number,
  offer: (index: number) => boolean,
  ends: (index: number) => boolean = () => false,
): Outcome[] {
  const item = plane.createItem();
  const outcomes: Outcome[] = [];
  const drain = () => {
    plane.flush(0);
    let all: Uint8Array[] = [];
    while (plane.poll(item)) {
      if (item.kind !== "icmp") all.push(item.copy());
      if (!item.last) continue;
      outcomes.push({ verdict: item.verdict, all, bytes: all.at(-1) as Uint8Array });
      all = [];
    }
  };
  for (let index = 0; index < count; index++) {
    if (ends(index) || random.chance(0.1)) drain();
    if (offer(index)) continue;
    drain();
    expect(offer(index)).toBe(true);
  }
  drain();
  return outcomes;
}

/** Where the ESP header of a datagram stands. */
function espOffset(config: SaConfig, carrier: Carrier, datagram: Uint8Array): number {
  const marker = config.natTraversal?.marker === "non-ike" ? 8 : 0;
  if (carrier === "udp") return marker;
  return (readPacket(datagram)?.headerLength ?? 0) + (config.natTraversal === undefined ? 0 : 8 + marker);
}

/** What only the engine's own output tells of the datagram that it sealed `index`-th of a packet. */
function drawnFrom(config: SaConfig | undefined, carrier: Carrier, datagrams: readonly Uint8Array[]) {
  const heads = datagrams.filter((datagram) => carrier === "udp" || !isLaterFragment(datagram));
  return (index: number): Drawn => {
    const datagram = heads[index];
    if (config === undefined || datagram === undefined || datagram.length === 0)
      return { iv: new Uint8Array(16), identification: 0, fragmentIdentification: 0 };
    const at = espOffset(config, carrier, datagram) + 8;
    const headerLength = carrier === "ip" ? (readPacket(datagram)?.headerLength ?? 8) : 8;
    return {
      iv: datagram.subarray(at, at + 16),
      identification: Buffer.from(datagram).readUInt16BE(4),
      fragmentIdentification: Buffer.from(datagram).readUInt32BE(headerLength - 4),
    };
  };
}

function isLaterFragment(datagram: Uint8Array): boolean {
  const bytes = Buffer.from(datagram);
  if ((bytes[0] as number) >> 4 === 4) return (bytes.readUInt16BE(6) & 0x1fff) !== 0;
  const ip = readPacket(bytes);
  return ip?.isFragment === true && (bytes.readUInt16BE(ip.headerLength - 6) & 0xfff8) !== 0;
}

function addPolicies(plane: DataPlane, reference: Plane, pairs: readonly Pair[], random: Random): void {
  const selectors = [{ target: "10.2.0.0/16", protocol: 17 }, { target: "fd00:2::/32" }, { protocol: 1 }, {}];
  for (const selector of selectors) {
    const action = random.pick(["protect", "protect", "bypass", "discard"] as const);
    const pair = action === "protect" && random.chance(0.9) ? random.pick(pairs) : undefined;
    const policy: Policy = plane.addPolicy({
      ...{ direction: "out", selector, action },
      ...(pair === undefined ? {} : { sa: pair.sa }),
    });
    const twin = reference.addPolicy({ direction: "out", selector, action, sa: pair?.twin });
    if (action !== "protect" || random.chance(0.5)) continue;
    const next = random.pick(pairs);
    policy.use(next.sa);
    twin.sa = next.twin;
  }
}

async function sealWorld(carrier: Carrier, build: Build, random: Random): Promise<number> {
  const plane = await planeFor(carrier, build, random);
  const reference = new ReferencePlane(carrier);
  const configs = Array.from({ length: random.between(1, 12) }, (_, i) =>
    randomSa(carrier, 0x1000 + i, random, build.suites),
  );
  const pairs = configs.map((config) => ({ sa: plane.addSa(config), twin: reference.addSa(config) }));
  addPolicies(plane, reference, pairs, random);
  let now = 0;
  const offers = Array.from({ length: random.between(1, 150) }, () => {
    now += random.pick([0, 0, 1, 300]);
    return { now, packet: randomPacket(random), pair: random.chance(0.7) ? random.pick(pairs) : undefined };
  });
  const outcomes = collect(
    plane,
    random,
    offers.length,
    (index) => {
      const offer = offers[index] as (typeof offers)[number];
      return plane.outbound(offer.now, offer.packet, offer.pair?.sa);
    },
    (index) => offers[index]?.now !== offers[index - 1]?.now, // an SA's hard expiry reaches what is staged
  );
  offers.forEach((offer, index) => {
    const { verdict, all } = outcomes[index] as Outcome;
    const used = offer.pair?.twin ?? reference.policyFor(offer.now, offer.packet)?.sa;
    const expected = reference.protect(
      offer.now,
      offer.packet,
      offer.pair?.twin,
      drawnFrom(used?.config, carrier, all),
    );
    const where = `packet ${index}, ${offer.packet.length} bytes, ${used?.config.encryption} ${used?.config.mode}`;
    expect(verdict, where).toBe(expected.verdict);
    if (verdict === "sealed") expect(all.map(hex), where).toEqual(expected.datagrams.map(hex));
  });
  for (const { sa, twin } of pairs) {
    expect(sa.sequence).toBe(twin.sequence);
    expect(sa.stats.packets).toBe(twin.packets);
    expect(sa.stats.bytes).toBe(twin.bytes);
  }
  plane.close();
  return outcomes.length;
}

/** What a peer, a clumsy network and an attacker may send. */
function arrivals(carrier: Carrier, peers: readonly ReferenceSa[], peer: Plane, random: Random): Uint8Array[] {
  const sent: Uint8Array[] = [];
  const drawn = () => ({
    iv: random.bytes(16),
    identification: random.below(65536),
    fragmentIdentification: random.u32(),
  });
  for (let count = random.between(1, 150); count > 0; count--) {
    const sa = random.pick(peers);
    if (random.chance(0.1)) sa.sequence += random.pick([1n, 5n, 63n, 64n, 65n, 1024n, 4096n]);
    if (random.chance(0.03) && sa.config.esn) sa.sequence += random.pick([2n ** 31n, 2n ** 32n, 2n ** 32n - 1n]);
    if (random.chance(0.05)) sa.sequence -= BigInt(Math.min(Number(sa.sequence), random.pick([1, 64, 200])));
    const { datagrams } = peer.protect(0, randomPacket(random), sa, drawn);
    for (const datagram of datagrams) sent.push(Uint8Array.from(datagram));
    if (
      random.chance(0.03) &&
      carrier === "udp" &&
      sa.config.protocol === "esp" &&
      sa.config.natTraversal === undefined
    ) {
      sa.sequence++; // authentic, and no packet inside
      const payload = random.bytes(random.below(60));
      const iv = random.bytes(sa.config.encryption === "null" ? 0 : sa.config.encryption === "aes-cbc" ? 16 : 8);
      sent.push(Uint8Array.from(sealEsp(sa.config, sa.sequence, iv, payload, random.pick([4, 41, 59, 6]))));
    }
  }
  const disturbed = sent.flatMap((datagram) => disturb(datagram, sent, random));
  for (let swaps = random.below(20); swaps > 0 && disturbed.length > 1; swaps--) {
    const at = random.below(disturbed.length - 1);
    disturbed.splice(at, 2, disturbed[at + 1] as Uint8Array, disturbed[at] as Uint8Array);
  }
  return disturbed;
}

function disturb(datagram: Uint8Array, sent: readonly Uint8Array[], random: Random): Uint8Array[] {
  const copy = datagram.slice();
  switch (random.below(16)) {
    case 0:
      copy[random.below(copy.length)] = random.below(256);
      return [copy];
    case 1:
      return [copy.subarray(0, random.below(copy.length + 1))];
    case 2:
      return [copy, random.pick(sent).slice()];
    case 3:
      return random.chance(0.5) ? [] : [copy, copy.slice()];
    case 4:
      return [copy, random.bytes(random.below(60))];
    case 5:
      return [copy, random.pick([Uint8Array.of(0xff), new Uint8Array(40), Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4)])];
    default:
      return [copy];
  }
}

async function openWorld(carrier: Carrier, build: Build, random: Random): Promise<number> {
  const plane = await planeFor(carrier, build, random);
  const reference = new ReferencePlane(carrier);
  const peer = new ReferencePlane(carrier);
  const configs = Array.from({ length: random.between(1, 12) }, (_, i) =>
    randomSa(carrier, 0x1000 + i, random, build.suites),
  );
  const peers = configs.map(({ lifetime: _, selectors: __, ...config }) =>
    peer.addSa({ ...config, pathMtu: random.pick([65535, 300, 600]), tfcPadding: 0, dfBit: "clear" } as SaConfig),
  );
  const pairs = configs.map(inbound).map((config) => ({ sa: plane.addSa(config), twin: reference.addSa(config) }));
  if (random.chance(0.5)) {
    const policy = { direction: "in", selector: { protocol: 6 }, action: "bypass" } as const;
    plane.addPolicy(policy);
    reference.addPolicy({ ...policy, sa: undefined });
  }
  const datagrams = arrivals(carrier, peers, peer, random);
  const times = datagrams.map((_, index) => index * random.pick([0, 100]));
  let latest = 0;
  const nows = times.map((time) => (latest = Math.max(latest, time)));
  const outcomes = collect(plane, random, datagrams.length, (index) =>
    plane.inbound(nows[index] as number, datagrams[index] as Uint8Array),
  );
  datagrams.forEach((datagram, index) => {
    const { verdict, bytes } = outcomes[index] as Outcome;
    const expected = reference.unprotect(nows[index] as number, datagram);
    const where = `datagram ${index}, ${datagram.length} bytes: ${hex(datagram.subarray(0, 80))}`;
    expect(verdict, where).toBe(expected.verdict);
    if (expected.packet !== undefined) expect(hex(bytes), where).toBe(hex(expected.packet));
  });
  // What has expired in the middle of a batch refuses the rest of it, but their numbers have been seen.
  for (const { sa, twin } of pairs) if (sa.state === "live") expect(sa.sequence).toBe(twin.window.highest);
  plane.close();
  return outcomes.length;
}

describe.each(BUILDS)("$name", (build) => {
  describe.each(CARRIERS)("carrier %s", (carrier) => {
    for (const [name, world] of [
      ["sealing", sealWorld],
      ["opening", openWorld],
    ] as const) {
      it(`${name} in ${WORLDS} random worlds`, async () => {
        let packets = 0;
        for (let i = 0; i < WORLDS; i++) {
          const random = new Random();
          try {
            packets += await world(carrier, build, random);
          } catch (error) {
            throw new Error(`SEED=${random.seed}: ${(error as Error).message}`, { cause: error });
          }
        }
        expect(packets).toBeGreaterThan(WORLDS);
      });
    }
  });
});
