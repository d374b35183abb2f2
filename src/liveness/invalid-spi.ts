// Packets for SPIs that nobody here knows: a peer that goes on with SAs which this side has lost, or somebody who
// invents numbers. RFC 4303 section 3.4.2 asks for an audit event, RFC 7296 section 1.5 and the guide for a notice to the
// sender. Neither may be had at the rate of a flood, so events are rationed: in total, and by source.
import { D_NEXT_OFFSET, D_PACKET, D_START } from "../../assembly/layout.js";
import { IpsecError } from "../errors.js";
import type { EventQueue } from "../event.js";
import { TokenBucket } from "../timers/token-bucket.js";
import type { Entry } from "../wasm/entry.js";
import type { KernelMemory } from "../wasm/memory.js";
import { formatAddress } from "../wire/address.js";
import type { Peers } from "./peers.js";

/** Sources remembered; the one longest silent is forgotten. */
const SOURCES = 1024;
/** A source may lose several SAs at once. */
const SOURCE_BURST = 4;
const PROTOCOL_ESP = 50;
const PROTOCOL_AH = 51;

export interface InvalidSpiRates {
  /** `invalid-spi` events a second, whoever sends: 1..1000. Default 10. */
  readonly perSecond?: number;
  /** Seconds for one more event about one source, after the first four: 1..3600. Default 10. */
  readonly perSourceSeconds?: number;
}

export class InvalidSpi {
  /** Whether an IKE SA may be set up for the notice: off unless asked for, as in the guide. */
  recovery: boolean;
  readonly #memory: KernelMemory;
  readonly #events: EventQueue;
  readonly #peers: Peers;
  readonly #perSecond: number;
  readonly #sourceInterval: number;
  readonly #sources = new Map<string, TokenBucket>();
  #all: TokenBucket | undefined;
  #suppressed = 0;

  constructor(memory: KernelMemory, events: EventQueue, peers: Peers, recovery: boolean, rates: InvalidSpiRates) {
    this.#memory = memory;
    this.#events = events;
    this.#peers = peers;
    this.recovery = recovery;
    this.#perSecond = whole(rates.perSecond ?? 10, 1000, "perSecond");
    this.#sourceInterval = whole(rates.perSourceSeconds ?? 10, 3600, "perSourceSeconds") * 1000;
  }

  /** A packet ended `unknown-spi`; its descriptor and its bytes are as they were offered. `outer`: behind an IP header. */
  meet(entry: Entry, outer: boolean): void {
    const { now, path } = entry;
    this.#all ??= new TokenBucket(this.#perSecond, 1000 / this.#perSecond, now);
    if (!this.#all.has(now)) {
      this.#suppressed++;
      return;
    }
    const { bytes, words } = this.#memory;
    const header = words[entry.descriptor + (D_START >> 2)] as number;
    const source = outer ? addressAt(bytes, header, 0) : path?.remote.address;
    const bucket = this.#bucketOf(source ?? "", now);
    if (!bucket.has(now)) {
      this.#suppressed++;
      return;
    }
    this.#all.take();
    bucket.take();
    const next = words[entry.descriptor + (D_NEXT_OFFSET >> 2)] as number;
    const ah = outer && bytes[header + next] === PROTOCOL_AH;
    const packet = words[entry.descriptor + (D_PACKET >> 2)] as number;
    this.#events.push({
      kind: "invalid-spi",
      spi: spiAt(bytes, ah ? packet + 4 : packet), // RFC 4302 section 2, RFC 4303 section 2
      protocol: ah ? PROTOCOL_AH : PROTOCOL_ESP,
      source,
      target: outer ? addressAt(bytes, header, 1) : path?.local?.address,
      peer: this.#peers.at(source),
      path,
      recovery: this.recovery,
      suppressed: this.#suppressed,
    });
    this.#suppressed = 0;
  }

  #bucketOf(source: string, now: number): TokenBucket {
    const known = this.#sources.get(source);
    const bucket = known ?? new TokenBucket(SOURCE_BURST, this.#sourceInterval, now);
    if (known !== undefined) this.#sources.delete(source);
    else if (this.#sources.size >= SOURCES) this.#sources.delete(this.#sources.keys().next().value as string);
    this.#sources.set(source, bucket); // the most recent stands last
    return bucket;
  }
}

/** Text of the source (0) or target (1) of the IP header at `header`. */
function addressAt(bytes: Uint8Array, header: number, which: 0 | 1): string {
  const length = (bytes[header] as number) >> 4 === 4 ? 4 : 16;
  const start = header + (length === 4 ? 12 : 8) + which * length;
  return formatAddress(bytes.subarray(start, start + length));
}

function spiAt(bytes: Uint8Array, start: number): number {
  let spi = 0;
  for (let i = 0; i < 4; i++) spi = spi * 256 + (bytes[start + i] as number);
  return spi;
}

function whole(value: number, most: number, what: string): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  const message = `invalidSpiRates.${what} is ${String(value)}: a whole number from 1 to ${most} is allowed`;
  throw new IpsecError("option", message);
}
