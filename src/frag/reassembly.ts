// Fragments of datagrams for us, joined before they are opened: RFC 4303 section 3.4.1, RFC 791, RFC 8200 section 4.5.
// Whose fragment it is, how many datagrams are joined at once and for how long is decided here; the bytes lie in the
// kernel's memory and are joined there (assembly/reassemble.ts).
import { R_HEADER, R_JOINED_LENGTH, R_SIZE } from "../../assembly/layout.js";
import { JOIN_MALFORMED, JOIN_OVERLAP, JOINED, JOINED_MALFORMED } from "../../assembly/status.js";
import type { Limits } from "../limits.js";
import type { Verdict } from "../verdict.js";
import type { KernelMemory } from "../wasm/memory.js";
import type { IpFields } from "../wire/fields.js";
import { PROTOCOL_AH } from "../wire/protocol.js";
import { word16, word32 } from "../wire/words.js";

/** How long the fragments of a datagram are waited for: RFC 791 section 3.2 leaves 15 to 255 seconds, RFC 8200 section 4.5 says 60. */
const WAIT_MS = { 4: 30_000, 6: 60_000 } as const;

export interface ReassemblyStats {
  /** Datagrams of which something is missing. */
  readonly waiting: number;
  /** Datagrams given up after 30 seconds, IPv6 60. */
  readonly timedOut: number;
  /** Datagrams given up for others, by `limits.reassemblies`. */
  readonly evicted: number;
}

/** One datagram. Refused ones stay until their time is over, so that what still comes of them is refused too: RFC 5722. */
interface Joining {
  readonly source: string;
  readonly place: number;
  readonly endsAt: number;
  fragments: number;
  refused: Verdict | undefined;
  whole: boolean;
}

export class Reassembly {
  readonly #memory: KernelMemory;
  readonly #limits: Limits;
  /** The oldest first. */
  readonly #datagrams = new Map<string, Joining>();
  readonly #free: number[] = [];
  #current = "";
  #timedOut = 0;
  #evicted = 0;

  constructor(memory: KernelMemory, limits: Limits) {
    this.#memory = memory;
    this.#limits = limits;
    for (let index = limits.reassemblies - 1; index >= 0; index--)
      this.#free.push(memory.plan.reassemblies + index * R_SIZE);
  }

  get stats(): ReassemblyStats {
    return { waiting: this.#datagrams.size, timedOut: this.#timedOut, evicted: this.#evicted };
  }

  /** When the next one is given up, Infinity when there is none. */
  get deadline(): number {
    let next = Infinity;
    for (const { endsAt } of this.#datagrams.values()) next = Math.min(next, endsAt);
    return next;
  }

  /** Gives up what has waited too long. */
  expire(now: number): void {
    for (const [key, { endsAt, refused }] of this.#datagrams) {
      if (endsAt > now) continue;
      if (refused === undefined) this.#timedOut++;
      this.#remove(key);
    }
  }

  /** Takes the fragment that `fields` describe. Undefined: its datagram is whole, to be taken with `collect`. */
  accept(packet: Uint8Array, fields: IpFields, now: number): Verdict | undefined {
    if (this.#limits.reassemblies === 0) return "fragment";
    this.expire(now);
    const source = fields.version === 4 ? `${fields.source[0]}` : fields.source.join(" ");
    const key = keyOf(packet, fields, source);
    const joining = this.#datagrams.get(key) ?? this.#begin(key, source, now + WAIT_MS[fields.version]);
    this.#current = key;
    if (joining.refused !== undefined) return joining.refused;
    if (joining.whole) return undefined; // offered again: there was no room for the whole
    if (joining.fragments >= this.#limits.fragments) return this.#refuse(joining, "too-many-fragments");
    joining.fragments++;
    return this.#join(packet, fields, key, joining);
  }

  #join(packet: Uint8Array, fields: IpFields, key: string, joining: Joining): Verdict | undefined {
    const { bytes, kernel, plan } = this.#memory;
    bytes.set(packet.subarray(0, fields.totalLength), plan.workshop);
    switch (kernel.join(joining.place, plan.workshop, fields.fragmentHeader, fields.fragmentNamedAt)) {
      case JOINED:
        joining.whole = true;
        return undefined;
      case JOIN_OVERLAP:
        return this.#refuse(joining, "overlap");
      case JOINED_MALFORMED:
        this.#remove(key);
        return "malformed";
      case JOIN_MALFORMED:
        if (joining.fragments === 1) this.#remove(key);
        return "malformed";
      default:
        return "waiting";
    }
  }

  /** Bytes of the datagram that has just become whole. */
  get joinedLength(): number {
    const { place } = this.#datagrams.get(this.#current) as Joining;
    return this.#memory.words[(place + R_JOINED_LENGTH) >> 2] as number;
  }

  /** Copies it to `address` and forgets it. */
  collect(address: number): void {
    const { place } = this.#datagrams.get(this.#current) as Joining;
    this.#memory.kernel.joined(place, address);
    this.#remove(this.#current);
  }

  #begin(key: string, source: string, endsAt: number): Joining {
    this.#makeRoom(source);
    const place = this.#free.pop() as number;
    this.#memory.bytes.fill(0, place, place + R_HEADER);
    const joining = { source, place, endsAt, fragments: 0, refused: undefined, whole: false };
    this.#datagrams.set(key, joining);
    return joining;
  }

  /** One sender has half of the places at most; where all are taken the one that holds the most gives up its oldest. */
  #makeRoom(source: string): void {
    const held = new Map<string, number>();
    for (const one of this.#datagrams.values()) held.set(one.source, (held.get(one.source) ?? 0) + 1);
    const share = Math.max(1, this.#limits.reassemblies >> 1);
    const own = held.get(source) ?? 0;
    if (own < share && this.#free.length > 0) return;
    let [greediest, most] = [source, own < share ? 0 : Infinity];
    for (const [one, count] of held) if (count > most) [greediest, most] = [one, count];
    this.#evictOldest(greediest);
  }

  #evictOldest(source: string): void {
    for (const [key, one] of this.#datagrams) {
      if (one.source !== source) continue;
      if (one.refused === undefined) this.#evicted++;
      this.#remove(key);
      return;
    }
  }

  #refuse(joining: Joining, verdict: Verdict): Verdict {
    joining.refused = verdict;
    return verdict;
  }

  #remove(key: string): void {
    const joining = this.#datagrams.get(key);
    if (joining === undefined) return;
    this.#datagrams.delete(key);
    this.#free.push(joining.place);
  }
}

/** RFC 791: source, target, protocol, identification. RFC 8200: the protocol does not count. */
function keyOf(packet: Uint8Array, fields: IpFields, source: string): string {
  return fields.version === 4
    ? `${source} ${fields.target[0]} ${word16(packet, 4)} ${fields.protocol}`
    : `${source} ${fields.target.join(" ")} ${word32(packet, fields.fragmentHeader + 4)}`;
}

/** RFC 8200 section 4.5, RFC 7112 section 5: an IPv6 datagram's first fragment has all headers, ESP's, AH's or UDP's included. */
export function holdsHeaders({ version, laterFragment, totalLength, headerLength, protocol }: IpFields): boolean {
  if (version === 4 || laterFragment) return true;
  return totalLength - headerLength >= (protocol === PROTOCOL_AH ? 12 : 8);
}
