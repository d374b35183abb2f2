import { IpsecError } from "./errors.js";

/** Every bound of a plane. A full table throws `limit` and names the option, or answers false and is tried again. */
export interface Limits {
  /** SAs, both directions together. 512 bytes each. */
  readonly sas: number;
  /** SAs whose derived keys are kept at hand. 9.25 KiB each; a miss costs about a microsecond at most. */
  readonly hotSas: number;
  /** Bytes for replay windows of more than 128 numbers: numbers / 8 each, rounded up to a power of two. */
  readonly windowBytes: number;
  /** Packets staged and not yet polled: a power of two, 16 to 256. 2.6 kB each. */
  readonly packets: number;
  /** Of those, packets longer than 2048 bytes. 66 kB each. */
  readonly jumboPackets: number;
  /**
   * Datagrams whose fragments are joined at once (carrier "ip"), 0 to refuse fragments: 68 kB each. When all are in use
   * the oldest of the sender that holds the most gives way; one sender holds half of them at most.
   */
  readonly reassemblies: number;
  /** Fragments of one datagram; a datagram that comes in more is refused. */
  readonly fragments: number;
  /** Policies, both directions together. */
  readonly policies: number;
  /** Flows whose policy is remembered: a power of two. */
  readonly flows: number;
  /** Paths (remote addresses) that are interned; the oldest are forgotten. */
  readonly paths: number;
  /** Peers (`addPeer`). */
  readonly peers: number;
  /** Events not yet taken; the oldest are dropped and counted. */
  readonly events: number;
}

export type LimitsName = "edge" | "client" | "gateway";

const EDGE: Limits = {
  sas: 64,
  hotSas: 32,
  windowBytes: 32768,
  packets: 64,
  jumboPackets: 4,
  reassemblies: 4,
  fragments: 128,
  policies: 64,
  flows: 256,
  paths: 256,
  peers: 64,
  events: 64,
};

const CLIENT: Limits = {
  sas: 1024,
  hotSas: 128,
  windowBytes: 131_072,
  packets: 256,
  jumboPackets: 8,
  reassemblies: 8,
  fragments: 128,
  policies: 1024,
  flows: 4096,
  paths: 4096,
  peers: 1024,
  events: 256,
};

const GATEWAY: Limits = {
  sas: 100_000,
  hotSas: 2048,
  windowBytes: 16_777_216,
  packets: 256,
  jumboPackets: 32,
  reassemblies: 256,
  fragments: 128,
  policies: 16_384,
  flows: 65_536,
  paths: 100_000,
  peers: 100_000,
  events: 4096,
};

const NAMED: Record<LimitsName, Limits> = { edge: EDGE, client: CLIENT, gateway: GATEWAY };

const RANGES: Record<keyof Limits, readonly [number, number]> = {
  sas: [1, 1_000_000],
  hotSas: [1, 65_536],
  windowBytes: [0, 268_435_456],
  packets: [16, 256],
  jumboPackets: [1, 256],
  reassemblies: [0, 4096],
  fragments: [2, 8192],
  policies: [1, 100_000],
  flows: [16, 1_048_576],
  paths: [1, 1_000_000],
  peers: [1, 1_000_000],
  events: [1, 65_536],
};

const POWERS_OF_TWO: ReadonlySet<string> = new Set(["packets", "flows"]);

/** A named set of limits, or "client" with some numbers replaced. */
export function resolveLimits(limits: LimitsName | Partial<Limits> | undefined): Limits {
  if (limits === undefined) return CLIENT;
  if (typeof limits === "string") {
    const named = NAMED[limits];
    if (named === undefined) {
      throw new IpsecError("option", `limits "${String(limits)}" is unknown: "edge", "client", "gateway" or numbers`);
    }
    return named;
  }
  const merged = { ...CLIENT, ...limits };
  for (const [name, [least, most]] of Object.entries(RANGES) as [keyof Limits, readonly [number, number]][]) {
    const value = merged[name];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new IpsecError("option", `limits.${name} is ${value}: a whole number from ${least} to ${most} is allowed`);
    }
    if (POWERS_OF_TWO.has(name) && (value & (value - 1)) !== 0) {
      throw new IpsecError("option", `limits.${name} is ${value}: it must be a power of two`);
    }
  }
  return merged;
}
