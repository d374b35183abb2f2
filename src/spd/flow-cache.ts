// The decisions of the SPD for recent flows, direct-mapped: RFC 4301 section 4.4.1 calls it the SPD cache. A flow is
// what selectors can see of a packet: version, protocol, ports (or ICMP type and code), addresses.
//
//   key    u32[11]   version, readable, fragment, protocol | ports | source | target | epoch
import type { IpFields } from "../wire/ip.js";
import type { Policy } from "./policy.js";
import { reachesIntoHeader } from "./selector.js";

const KEY_WORDS = 11;

export class FlowCache {
  readonly #mask: number;
  readonly #seed: number;
  readonly #keys: Uint32Array;
  readonly #policies: (Policy | undefined)[];
  readonly #probe = new Uint32Array(KEY_WORDS);
  #epoch = 1;

  /** `flows` is a power of two. `seed` keeps senders from choosing collisions. */
  constructor(flows: number, seed: number) {
    this.#mask = flows - 1;
    this.#seed = seed;
    this.#keys = new Uint32Array(flows * KEY_WORDS);
    this.#policies = new Array<Policy | undefined>(flows).fill(undefined);
  }

  /** The list of policies has changed: every remembered decision is void. */
  forget(): void {
    this.#epoch++;
    this.#policies.fill(undefined);
  }

  /** The slot that remembers this flow, or -1. */
  find(fields: IpFields): number {
    const slot = this.#locate(fields);
    const base = slot * KEY_WORDS;
    for (let word = 0; word < KEY_WORDS; word++) {
      if (this.#keys[base + word] !== this.#probe[word]) return -1;
    }
    return slot;
  }

  policyAt(slot: number): Policy | undefined {
    return this.#policies[slot];
  }

  remember(fields: IpFields, policy: Policy | undefined): void {
    const slot = this.#locate(fields);
    this.#keys.set(this.#probe, slot * KEY_WORDS);
    this.#policies[slot] = policy;
  }

  /** Writes the key of `fields` to #probe; its slot. */
  #locate(fields: IpFields): number {
    const key = this.#probe;
    const four = fields.version === 4;
    key[0] =
      fields.version |
      (fields.portsReadable ? 16 : 0) |
      (fields.laterFragment ? 32 : 0) |
      (reachesIntoHeader(fields) ? 64 : 0) |
      (fields.protocol << 8);
    key[1] = (fields.sourcePort << 16) | fields.targetPort;
    key[2] = fields.source[0] as number;
    key[3] = fields.target[0] as number;
    for (let word = 1; word < 4; word++) {
      key[3 + word] = four ? 0 : (fields.source[word] as number);
      key[6 + word] = four ? 0 : (fields.target[word] as number);
    }
    key[10] = this.#epoch;
    let hash = this.#seed;
    for (let word = 0; word < 10; word++) {
      hash = Math.imul(hash ^ (key[word] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & this.#mask;
  }
}
