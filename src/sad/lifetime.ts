// How much an SA may carry, RFC 4301 section 4.4.2.1: soft limits announce, hard limits refuse.
import { IpsecError } from "../errors.js";
import type { LifetimeLimit } from "../event.js";

export interface LifetimeConfig {
  /** From when the SA was made. */
  readonly seconds?: number;
  /**
   * 1024 bytes each, as the algorithm sees them (RFC 4301 section 4.4.2.1). ESP: the encryption's, padding included,
   * headers and ICV not. AH: the whole packet with its IP header.
   */
  readonly kilobytes?: number;
  readonly packets?: number;
  /** Where the soft limits lie, in percent of the hard ones: 1..100. Default 90. */
  readonly softPercent?: number;
  /**
   * The volume is reduced by a random part, up to this many percent of it: 0..5. Each SA draws its own; where a pair is to
   * have one, give both the same `kilobytes`. Default 0.
   */
  readonly volumeJitterPercent?: number;
}

export class Lifetime {
  readonly hardBytes: number;
  readonly softBytes: number;
  readonly hardPackets: number;
  readonly softPackets: number;
  /** Milliseconds after the SA was made. */
  readonly hardAfter: number;
  readonly softAfter: number;
  bytes = 0;
  packets = 0;
  /** The soft event has been raised. */
  announced = false;
  /** The limits that are reached next: the soft ones, then the hard ones. */
  #nextBytes: number;
  #nextPackets: number;

  /** `chance`: from 0 to below 1. */
  constructor(config: LifetimeConfig | undefined, chance: () => number) {
    const soft = positive(config?.softPercent, 100, "softPercent", 90) / 100;
    const bytes = positive(config?.kilobytes, 2 ** 43, "kilobytes", Infinity) * 1024;
    const jitter = volumeJitter(config?.volumeJitterPercent) / 100;
    this.hardBytes = jitter === 0 || bytes === Infinity ? bytes : Math.ceil(bytes * (1 - jitter * chance()));
    this.softBytes = this.hardBytes * soft;
    this.hardPackets = positive(config?.packets, Number.MAX_SAFE_INTEGER, "packets", Infinity);
    this.softPackets = this.hardPackets * soft;
    this.hardAfter = positive(config?.seconds, 2 ** 32, "seconds", Infinity) * 1000;
    this.softAfter = this.hardAfter * soft;
    this.#nextBytes = this.softBytes;
    this.#nextPackets = this.softPackets;
  }

  /** Whether `packets` more with `bytes` together stay within the hard volume; the limit that stands against it otherwise. */
  refuses(bytes: number, packets = 1): LifetimeLimit | undefined {
    if (this.packets + packets > this.hardPackets) return "packets";
    return this.bytes + bytes > this.hardBytes ? "kilobytes" : undefined;
  }

  /** Counts a packet of `bytes` if no limit is near, soft or hard; false, and nothing counted, where one is to be looked at. */
  takes(bytes: number): boolean {
    const packets = this.packets + 1;
    const total = this.bytes + bytes;
    if (packets >= this.#nextPackets || total >= this.#nextBytes) return false;
    this.packets = packets;
    this.bytes = total;
    return true;
  }

  /** A packet that was counted is not sent. */
  putBack(bytes: number): void {
    this.packets--;
    this.bytes -= bytes;
  }

  /** The soft event is raised, once: by volume or by age. */
  announce(): void {
    this.announced = true;
    this.#nextBytes = this.hardBytes;
    this.#nextPackets = this.hardPackets;
  }

  /** Counts a packet. Answers the soft limit that it reached, the first time only. */
  count(bytes: number): LifetimeLimit | undefined {
    this.packets++;
    this.bytes += bytes;
    if (this.announced) return undefined;
    const limit = this.packets >= this.softPackets ? "packets" : this.bytes >= this.softBytes ? "kilobytes" : undefined;
    if (limit !== undefined) this.announce();
    return limit;
  }
}

function positive(value: number | undefined, most: number, what: string, absent: number): number {
  if (value === undefined) return absent;
  if (typeof value === "number" && value > 0 && value <= most) return value;
  throw new IpsecError("lifetime", `lifetime.${what} is ${value}: a number above 0, up to ${most}, is allowed`);
}

function volumeJitter(value = 0): number {
  if (typeof value === "number" && value >= 0 && value <= 5) return value;
  throw new IpsecError("lifetime", `lifetime.volumeJitterPercent is ${value}: a number from 0 to 5 is allowed`);
}
