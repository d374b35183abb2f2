// What is known of one staged packet: here what the kernel need not know, in its descriptor what it must.
import {
  D_DIRECTION,
  D_HEADER_LENGTH,
  D_NEXT_OFFSET,
  D_OUTER,
  D_PACKET,
  D_PAD_TO,
  D_TOS,
  SLOT_DATA,
  SLOT_HEADROOM,
} from "../../assembly/layout.js";
import type { Path } from "../natt/path.js";
import type { Sa } from "../sad/sa.js";
import type { Verdict } from "../verdict.js";
import type { KernelMemory } from "./memory.js";

export type ItemKind = "datagram" | "packet" | "clear" | "ike" | "icmp" | "dropped";

/** Which way a packet goes; of several, both together. */
export const OUT = 1;
export const IN = 2;

export class Entry {
  /** Undefined until it is settled. */
  verdict: Verdict | undefined = undefined;
  kind: ItemKind = "dropped";
  inbound = false;
  sa: Sa | undefined = undefined;
  path: Path | undefined = undefined;
  now = 0;
  start = 0;
  length = 0;
  /** Bytes reserved against the SA's lifetime (out). */
  reserved = 0;
  df = false;
  /** The outer SAs of a bundle, and the bytes reserved against theirs (out). */
  outers: readonly Sa[] | undefined = undefined;
  readonly outerReserved = [0, 0, 0];
  last = true;
  /** Bytes of the longest fragment into which the sealed datagram is cut, 0 for whole (out). */
  cutTo = 0;
  /** How many of its fragments have been handed out, and whether there are more. */
  fragments = 0;
  more = false;
  /** Of what stands above from `outers` on, and of jumbo slots, nothing is in use: it need not be put back. */
  plain = true;
  /**
   * OUT or IN: its descriptor says already what is the same for all plain packets that go this way: the packet is the
   * slot's data, nothing stands in front of it, and nothing is around it. Whoever writes anything else there makes it 0.
   */
  prepared = 0;
  /** Word index of its descriptor. */
  readonly descriptor: number;
  /** Address of its slot, of the slot's first data byte, and where the last tenant's bytes ended. */
  readonly slot: number;
  readonly data: number;
  /** Bytes of data that the slot holds. */
  readonly capacity: number;
  dirtyEnd = 0;
  jumbo = -1;

  constructor(descriptor: number, slot: number, capacity = SLOT_DATA) {
    this.descriptor = descriptor;
    this.slot = slot;
    this.data = slot + SLOT_HEADROOM;
    this.capacity = capacity;
  }

  /** Writes what is the same for all plain packets that go `way`. */
  prepare(words: Uint32Array, way: number): void {
    const d = this.descriptor;
    if (this.inbound !== (way === IN)) this.turn(words, way === IN);
    words[d + (D_PACKET >> 2)] = this.data;
    words[d + (D_HEADER_LENGTH >> 2)] = 0;
    words[d + (D_NEXT_OFFSET >> 2)] = 0;
    words[d + (D_TOS >> 2)] = 0;
    words[d + (D_OUTER >> 2)] = 0;
    words[d + (D_PAD_TO >> 2)] = 0;
    this.prepared = way;
  }

  /** The single slot as the ring would have it for `length` bytes: zeroed beyond them, and nothing left of the last packet. */
  renew({ bytes, words }: KernelMemory, inbound: boolean, length: number): void {
    if (this.inbound !== inbound) this.turn(words, inbound);
    const end = this.data + length;
    if (this.dirtyEnd > end) bytes.fill(0, end, this.dirtyEnd);
    this.dirtyEnd = end;
    this.last = true;
    this.fragments = 0;
    this.more = false;
    this.plain = true;
  }

  turn(words: Uint32Array, inbound: boolean): void {
    this.inbound = inbound;
    this.prepared = 0;
    words[this.descriptor + (D_DIRECTION >> 2)] = inbound ? 1 : 0;
    words[this.descriptor + (D_PAD_TO >> 2)] = 0; // was D_NEWEST
  }
}
