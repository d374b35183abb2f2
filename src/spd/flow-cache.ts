// The decisions of the SPD for recent flows, direct-mapped: RFC 4301 section 4.4.1 calls it the SPD cache. A flow is
// what selectors can see of a packet: version, protocol, ports (or ICMP type and code), addresses.
//
//   key    i32[11]   version, readable, fragment, protocol | ports | addresses, of IPv6 in 8 words, of IPv4 in 2 | epoch
import type { IpFields } from "../wire/fields.js";
import { IPV4_WITHOUT_OPTIONS } from "../wire/ipv4.js";
import { IPV6_HEADER_LENGTH } from "../wire/ipv6.js";
import { hasPorts } from "../wire/protocol.js";
import { word16, word32 } from "../wire/words.js";
import type { Policy } from "./policy.js";
import { reachesIntoHeader } from "./selector.js";

const KEY_WORDS = 11;
const EPOCH = 10;
const PORTS_READABLE = 16;
const LATER_FRAGMENT = 32;
const INTO_HEADER = 64;
/** Words in front of the epoch that a version uses. The first says the version: others of the slot are not compared. */
const IPV4_WORDS = 4;
const IPV6_WORDS = 10;

export class FlowCache {
  readonly #mask: number;
  readonly #seed: number;
  readonly #keys: Int32Array;
  readonly #policies: (Policy | undefined)[];
  readonly #probe = new Int32Array(KEY_WORDS);

  /** `flows` is a power of two. `seed` keeps senders from choosing collisions. */
  constructor(flows: number, seed: number) {
    this.#mask = flows - 1;
    this.#seed = seed;
    this.#keys = new Int32Array(flows * KEY_WORDS);
    this.#policies = new Array<Policy | undefined>(flows).fill(undefined);
    this.#probe[EPOCH] = 1;
  }

  /** The list of policies has changed: every remembered decision is void. */
  forget(): void {
    this.#probe[EPOCH] = (this.#probe[EPOCH] as number) + 1;
    this.#policies.fill(undefined);
  }

  /** The slot that remembers this flow, or -1. */
  find(fields: IpFields): number {
    return this.#find(this.#take(fields));
  }

  /** The same, from the bytes of a whole packet with ports and without options or extension headers; -1 for any other. */
  findPlain(packet: Uint8Array): number {
    return packet[0] === IPV4_WITHOUT_OPTIONS
      ? this.#findIpv4(packet)
      : this.#takeIpv6(packet)
        ? this.#find(IPV6_WORDS)
        : -1;
  }

  #findIpv4(packet: Uint8Array): number {
    const length = packet.length | 0;
    const protocol = packet[9] as number;
    if (length < 24 || (word16(packet, 6) & 0x3fff) !== 0 || word16(packet, 2) !== length || !hasPorts(protocol))
      return -1;
    const first = 4 | PORTS_READABLE | (protocol << 8);
    const ports = word32(packet, 20) | 0;
    const source = word32(packet, 12) | 0;
    const target = word32(packet, 16) | 0;
    const slot = mix(mix(mix(mix(this.#seed, first), ports), source), target) & this.#mask;
    const base = slot * KEY_WORDS;
    const keys = this.#keys;
    const same =
      keys[base] === first && keys[base + 1] === ports && keys[base + 2] === source && keys[base + 3] === target;
    return same && keys[base + EPOCH] === this.#probe[EPOCH] ? slot : -1;
  }

  policyAt(slot: number): Policy | undefined {
    return this.#policies[slot];
  }

  remember(fields: IpFields, policy: Policy | undefined): void {
    const slot = this.#slotOf(this.#take(fields));
    this.#keys.set(this.#probe, slot * KEY_WORDS);
    this.#policies[slot] = policy;
  }

  #find(words: number): number {
    const slot = this.#slotOf(words);
    const base = slot * KEY_WORDS;
    if (this.#keys[base + EPOCH] !== this.#probe[EPOCH]) return -1;
    for (let word = 0; word < words; word++) {
      if (this.#keys[base + word] !== this.#probe[word]) return -1;
    }
    return slot;
  }

  /** Writes the key of `fields` to #probe; how many words it has. */
  #take(fields: IpFields): number {
    const key = this.#probe;
    key[0] =
      fields.version |
      (fields.portsReadable ? PORTS_READABLE : 0) |
      (fields.laterFragment ? LATER_FRAGMENT : 0) |
      (reachesIntoHeader(fields) ? INTO_HEADER : 0) |
      (fields.protocol << 8);
    key[1] = (fields.sourcePort << 16) | fields.targetPort;
    const words = fields.version === 4 ? 1 : 4;
    for (let word = 0; word < words; word++) {
      key[2 + word] = fields.source[word] as number;
      key[2 + words + word] = fields.target[word] as number;
    }
    return words === 1 ? IPV4_WORDS : IPV6_WORDS;
  }

  /** The same from a packet's bytes; false when they must be read more closely. */
  #takeIpv6(packet: Uint8Array): boolean {
    const { length } = packet;
    const key = this.#probe;
    const protocol = packet[6] as number;
    if (length < IPV6_HEADER_LENGTH + 4 || (packet[0] as number) >> 4 !== 6 || !hasPorts(protocol)) return false;
    if (word16(packet, 4) + IPV6_HEADER_LENGTH !== length) return false;
    key[0] = 6 | PORTS_READABLE | (protocol << 8);
    key[1] = word32(packet, IPV6_HEADER_LENGTH);
    for (let word = 0; word < 8; word++) key[2 + word] = word32(packet, 8 + 4 * word);
    return true;
  }

  #slotOf(words: number): number {
    let hash = this.#seed;
    for (let word = 0; word < words; word++) hash = mix(hash, this.#probe[word] as number);
    return hash & this.#mask;
  }
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
