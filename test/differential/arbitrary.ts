// Random SAs and random packets.
import type { AhConfig, EspConfig, SaConfig } from "../../src/index.js";
import type { AhIntegrityName } from "../../src/sad/config.js";
import { ipv4, ipv6 } from "../packets.js";
import type { Random } from "../random.js";
import { AH_INTEGRITIES, INTEGRITY_SIZES, SUITES, type Suite } from "../reference/suites.js";

export type Carrier = "udp" | "ip";

const TUNNELS = {
  4: { source: "192.0.2.1", target: "192.0.2.2" },
  6: { source: "2001:db8::1", target: "2001:db8::2" },
};
const HOSTS = {
  4: { source: "10.1.0.7", target: "10.2.0.9" },
  6: { source: "fd00:1::7", target: "fd00:2::9" },
};

/** The part of an SaConfig that names the algorithms, with random keys. */
export function algorithms(suite: Suite, random: Random): Record<string, unknown> {
  const integrityKey = suite.integrity === undefined ? {} : { integrityKey: random.bytes(suite.integrityKeyLength) };
  const integrity = suite.integrity === undefined ? {} : { integrity: suite.integrity };
  const encryptionKey = random.bytes(suite.encryptionKeyLength);
  return { encryption: suite.encryption, encryptionKey, ...integrity, ...integrityKey };
}

/** How a suite is carried. */
export interface Shape {
  readonly mode: "tunnel" | "transport";
  readonly carrier: Carrier;
  /** Version of the outer header; in transport mode there is only one. */
  readonly outer: 4 | 6;
  readonly natt: boolean;
}

export function saConfig(suite: Suite, shape: Shape, spi: number, random: Random): EspConfig {
  const { mode, carrier, outer, natt } = shape;
  const ends = mode === "tunnel" ? { tunnel: TUNNELS[outer] } : carrier === "udp" ? { endpoints: HOSTS[outer] } : {};
  const natTraversal = natt ? { natTraversal: { sourcePort: 4500, targetPort: 4500 } } : {};
  const fixed = { protocol: "esp", direction: "out", spi, carrier, mode };
  return { ...fixed, ...ends, ...natTraversal, ...algorithms(suite, random) } as unknown as EspConfig;
}

/** AH goes over carrier "ip" only. */
export function ahConfig(
  integrity: AhIntegrityName,
  shape: Pick<Shape, "mode" | "outer">,
  spi: number,
  random: Random,
): AhConfig {
  const { mode, outer } = shape;
  const ends = mode === "tunnel" ? { tunnel: TUNNELS[outer] } : {};
  const keyLength = integrity === "aes-gmac" ? random.pick([20, 28, 36]) : INTEGRITY_SIZES[integrity].keyLength;
  const integrityKey = random.bytes(keyLength);
  const fixed = { protocol: "ah", direction: "out", spi, carrier: "ip", mode };
  return { ...fixed, ...ends, integrity, integrityKey } as AhConfig;
}

export function inbound<Config extends SaConfig>(config: Config): Config {
  return { ...config, direction: "in" };
}

export function randomShape(carrier: Carrier, random: Random): Shape {
  return {
    carrier,
    mode: random.pick(["tunnel", "tunnel", "transport"] as const),
    outer: random.pick([4, 6] as const),
    natt: carrier === "ip" && random.chance(0.4),
  };
}

/** An SA with some of everything that SaConfig can say. */
export function randomSa(carrier: Carrier, spi: number, random: Random, suites: readonly Suite[] = SUITES): SaConfig {
  const shape = randomShape(carrier, random);
  const ah = carrier === "ip" && random.chance(0.3);
  const base = ah
    ? ahConfig(random.pick(suites === SUITES ? AH_INTEGRITIES : (["hmac-md5-96"] as const)), shape, spi, random)
    : saConfig(random.pick(suites), shape, spi, random);
  const esn = random.chance(0.4);
  const marker = shape.natt && random.chance(0.3) ? "non-ike" : "rfc3948";
  const lifetime = random.pick([
    undefined,
    undefined,
    { packets: random.between(1, 60) },
    { kilobytes: random.between(1, 20) },
    { seconds: random.between(1, 20) },
  ]);
  const selectors = random.pick([
    undefined,
    undefined,
    [{ target: "10.2.0.0/16" }, { target: "fd00:2::/32" }],
    [{ protocol: 17, targetPort: [1000, 2500] as const }],
    [
      { protocol: 1, icmpType: 8 },
      { source: "10.1.0.0-10.1.0.99", protocol: 6 },
    ],
  ]);
  return {
    ...base,
    ...(shape.natt && !ah
      ? { natTraversal: { sourcePort: 4500, targetPort: random.pick([4500, 4500, 10_000]), marker } }
      : {}),
    ...(selectors === undefined ? {} : { selectors }),
    ...(lifetime === undefined ? {} : { lifetime }),
    addedAt: 0,
    esn,
    replayWindow: random.pick([0, 64, 64, 128, 1024, 4096]),
    initialSequence: esn
      ? random.pick([0n, 5n, 2n ** 32n - 20n, 2n ** 40n, 2n ** 33n + 3n])
      : random.pick([0n, 0n, 70n]),
    pathMtu: random.pick([1500, 1500, 1400, 600, 9000]),
    dfBit: random.pick(["copy", "set", "clear"] as const),
    dscp: random.pick(["copy", "copy", 0, 46] as const),
    ...(base.mode === "tunnel" ? randomCutting(random) : {}),
    ...(base.mode === "tunnel" && !ah ? { tfcPadding: random.pick([0, 0, 0, 300, 1600]) } : {}),
  } as SaConfig;
}

function randomCutting(random: Random): Partial<SaConfig> {
  const tunnelMtu = random.pick([undefined, undefined, 68, 576, 1000, 2000]);
  return {
    prefragment: random.pick([false, "equal", "greedy"] as const),
    innerDf: random.pick(["override", "honour"] as const),
    ...(tunnelMtu === undefined ? {} : { tunnelMtu }),
  };
}

const LENGTHS = [20, 40, 41, 48, 60, 61, 64, 100, 300, 576, 577, 1280, 1281, 1400, 1450, 1500, 3000];

/** Mostly good packets; some are cut, lie about their length, or are fragments. */
export function randomPacket(random: Random): Uint8Array {
  const version = random.pick([4, 6] as const);
  const protocol = random.pick([6, 17, 17, version === 4 ? 1 : 58, 132, 59]);
  const header = version === 4 ? 20 : 40;
  const length = Math.max(header, random.chance(0.5) ? random.pick(LENGTHS) : random.between(20, 1600));
  const options = {
    protocol,
    payload: random.bytes(length - header),
    tos: random.below(256),
    df: random.chance(0.5),
    sourcePort: random.between(900, 1100),
    targetPort: random.pick([443, 2000, 3000]),
    ...(random.chance(0.2) ? { source: version === 4 ? "10.9.0.1" : "fd00:9::1" } : {}),
    ...(version === 4 && random.chance(0.1) ? { moreFragments: true, fragmentOffset: random.pick([0, 64]) } : {}),
  };
  const packet = version === 4 ? withOptions(ipv4(options), random) : withExtensionHeaders(ipv6(options), random);
  if (random.chance(0.04)) return packet.subarray(0, random.below(packet.length));
  if (random.chance(0.04)) packet[random.below(packet.length)] = random.below(256);
  return random.chance(0.1) ? Uint8Array.from([...packet, ...random.bytes(random.below(20))]) : packet;
}

/** Sometimes IPv4 options that can be read, mutable and immutable ones: RFC 4302 appendix A1. */
function withOptions(packet: Uint8Array, random: Random): Uint8Array {
  if (random.chance(0.8) || packet.length > 2000) return packet; // cut, a ring of 64 holds it
  const options = new Uint8Array(random.pick([4, 8, 16]));
  for (let at = 0; at < options.length; ) {
    const room = options.length - at;
    const kind = random.pick([0, 1, 7, 68, 130, 131, 133, 134, 136, 137, 148, 149, 222]);
    const length = kind < 2 ? 1 : Math.min(room, random.between(2, 11));
    options.set([kind, ...(length > 1 ? [length, ...random.bytes(length - 2)] : [])].slice(0, room), at);
    if (random.chance(0.3) && length > 2) options[at + 2] = random.pick([4, 8]);
    at += length;
  }
  const whole = Uint8Array.from([...packet.subarray(0, 20), ...options, ...packet.subarray(20)]);
  whole[0] = 0x45 + options.length / 4;
  whole[2] = whole.length >> 8;
  whole[3] = whole.length;
  return whole;
}

/** IPv6 options that can be read, some of which may change on the way: RFC 8200 section 4.2. */
function someOptions(length: number, random: Random): number[] {
  const options: number[] = [];
  while (options.length < length) {
    const room = length - options.length;
    const data = room < 2 ? 0 : random.below(room - 1);
    options.push(
      ...(room < 2 || random.chance(0.2) ? [0] : [random.pick([1, 0x3e, 0x05, 0xc2]), data, ...random.bytes(data)]),
    );
  }
  return options;
}

/** Sometimes hop-by-hop options, a routing header, a fragment header or destination options in front of the upper protocol. */
function withExtensionHeaders(packet: Uint8Array, random: Random): Uint8Array {
  let upper = packet[6] as number;
  let payload = packet.subarray(40);
  const header = packet.slice(0, 40);
  while (random.chance(0.2)) {
    const kind = random.pick([0, 43, 44, 60]);
    const length = kind === 44 ? 8 : random.pick(kind === 43 ? [24, 40] : [8, 16, 24]);
    const extension = random.bytes(length);
    if (kind === 43) extension.set([random.pick([0, 0, 2, 4]), random.below(4)], 2);
    else if (random.chance(0.8)) extension.set(someOptions(length - 2, random), 2);
    extension[0] = upper;
    extension[1] = length / 8 - 1;
    if (kind === 44)
      extension.set(
        random.pick([
          [0, 0],
          [0, 1],
          [0, 8],
        ]),
        2,
      );
    payload = Uint8Array.from([...extension, ...payload]);
    upper = kind;
  }
  header[6] = upper;
  header[4] = payload.length >> 8;
  header[5] = payload.length;
  return Uint8Array.from([...header, ...payload]);
}
