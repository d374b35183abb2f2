// The ring of staged packets: one descriptor and one slot each, taken in the order offered and handed out in it.
//
//   tail ........ flushed ........ head        tail: next to hand out   flushed: next for the kernel   head: next free
//
// A packet longer than a slot's data takes a jumbo slot besides. A slot holds old bytes beyond the new packet's only
// until it is staged again: what the last tenant left is zeroed then.
import {
  D_LENGTH_OUT,
  D_SIZE_OF,
  D_START,
  JUMBO_SIZE,
  SLOT_DATA,
  SLOT_HEADROOM,
  SLOT_SIZE,
} from "../../assembly/layout.js";
import { Entry, IN, OUT } from "./entry.js";
import type { KernelMemory } from "./memory.js";

/** Up to here single stores are faster than a call of `fill`. */
const FEW_BYTES = 128;

/** Read, not handed from call to call: a fraction that is an argument may have to be allocated for it. */
export interface Clock {
  readonly now: number;
}

export class Ring {
  readonly #memory: KernelMemory;
  readonly #clock: Clock;
  readonly #entries: Entry[] = [];
  readonly #mask: number;
  readonly #freeJumbos: number[] = [];
  readonly #jumboDirtyEnd: number[];
  #head = 0;
  #flushed = 0;
  #tail = 0;
  #borrowed = false;
  /** Of what is staged: OUT, IN or both. */
  #directions = 0;

  constructor(memory: KernelMemory, packets: number, jumboPackets: number, clock: Clock) {
    this.#memory = memory;
    this.#clock = clock;
    this.#mask = packets - 1;
    this.#jumboDirtyEnd = new Array<number>(jumboPackets).fill(0);
    for (let jumbo = jumboPackets - 1; jumbo >= 0; jumbo--) this.#freeJumbos.push(jumbo);
    const { descriptors, slots } = memory.plan;
    for (let i = 0; i < packets; i++)
      this.#entries.push(new Entry((descriptors + i * D_SIZE_OF) >> 2, slots + i * SLOT_SIZE));
  }

  /** Whether `count` items fit, the first of them with `length` bytes. */
  hasRoom(count: number, length: number): boolean {
    if (this.#borrowed) this.release();
    if (this.#head - this.#tail + count > this.#entries.length) return false;
    return length <= SLOT_DATA || this.#freeJumbos.length > 0;
  }

  /** How many items with `length` bytes each the empty ring holds. */
  capacity(length: number): number {
    return length <= SLOT_DATA ? this.#entries.length : this.#jumboDirtyEnd.length;
  }

  /** Whether `count` items of `length` bytes each fit. */
  hasRoomForEach(count: number, length: number): boolean {
    return this.hasRoom(count, length) && (length <= SLOT_DATA || this.#freeJumbos.length >= count);
  }

  /**
   * The next free entry, with room for `length` bytes at the address it answers through `dataOf`. `packet` is copied there
   * before anything is zeroed: it may be what the last item showed, in the slot that is taken again.
   */
  take(inbound: boolean, length: number, packet?: Uint8Array): Entry {
    const entry = this.#next(inbound ? IN : OUT);
    if (entry.inbound !== inbound) entry.turn(this.#memory.words, inbound);
    entry.kind = "dropped";
    entry.length = 0;
    entry.df = false;
    if (length > SLOT_DATA) {
      this.#takeJumbo(entry, length, packet);
      return entry;
    }
    if (packet !== undefined) this.#memory.bytes.set(packet, entry.data);
    this.#clean(entry, entry.data + length);
    return entry;
  }

  /** Whether not even one item fits. */
  isFull(): boolean {
    if (this.#borrowed) this.release();
    return this.#head - this.#tail > this.#mask;
  }

  /**
   * The same as `take`, of a ring that is not full, for a packet that fits a slot, at its `data`, with a descriptor that
   * is prepared. What settling writes anyway is not put back: `kind`, `start`, `length`.
   */
  takePlain(way: number, length: number, packet: Uint8Array): Entry {
    const entry = this.#next(way);
    const { bytes, words } = this.#memory;
    if (entry.prepared !== way) entry.prepare(words, way);
    bytes.set(packet, entry.data);
    const end = entry.data + length;
    if (entry.dirtyEnd > end) this.#clean(entry, end);
    else entry.dirtyEnd = end;
    return entry;
  }

  #next(way: number): Entry {
    const entry = this.#entries[this.#head++ & this.#mask] as Entry;
    this.#directions |= way;
    entry.verdict = undefined;
    entry.now = this.#clock.now;
    return entry;
  }

  /** Room for `length` bytes in a settled entry, in a jumbo slot if need be: their address, or 0. What lay there goes. */
  widen(entry: Entry, length: number): number {
    if (length > entry.capacity && entry.jumbo < 0) {
      const jumbo = this.#freeJumbos.pop();
      if (jumbo === undefined) return 0;
      entry.jumbo = jumbo;
      entry.plain = false;
    }
    const end = this.dataOf(entry) + length;
    if (entry.jumbo < 0) entry.dirtyEnd = Math.max(entry.dirtyEnd, end);
    else this.#jumboDirtyEnd[entry.jumbo] = Math.max(this.#jumboDirtyEnd[entry.jumbo] as number, end);
    return this.dataOf(entry);
  }

  /** Address of the first data byte of an entry. */
  dataOf(entry: Entry): number {
    return entry.jumbo < 0 ? entry.data : this.#memory.plan.jumbos + entry.jumbo * JUMBO_SIZE + SLOT_HEADROOM;
  }

  /** Seals and opens the entries not yet flushed, in at most two contiguous runs, settles them, and marks them flushed. */
  flush<Owner>(owner: Owner, settle: (owner: Owner, entry: Entry) => void): void {
    const { kernel } = this.#memory;
    const from = this.#flushed;
    for (let at = from; at < this.#head; ) {
      const index = at & this.#mask;
      const count = Math.min(this.#head - at, this.#entries.length - index);
      const descriptors = (this.#entries[index] as Entry).descriptor << 2;
      if (this.#directions & OUT) kernel.seal(descriptors, count);
      if (this.#directions & IN) kernel.open(descriptors, count);
      at += count;
    }
    this.#directions = 0;
    for (let at = from; at < this.#head; at++) settle(owner, this.#entries[at & this.#mask] as Entry);
    this.#flushed = this.#head;
  }

  /** Something waits for the kernel. */
  get hasStaged(): boolean {
    return this.#flushed !== this.#head;
  }

  /** Every staged entry that the kernel has not seen. */
  forStaged(visit: (entry: Entry) => void): void {
    for (let at = this.#flushed; at < this.#head; at++) visit(this.#entries[at & this.#mask] as Entry);
  }

  /** The next settled entry, borrowed until the next call of anything. */
  poll(): Entry | undefined {
    if (this.#borrowed) this.release();
    if (this.#tail === this.#flushed) return undefined;
    this.#borrowed = true;
    const entry = this.#entries[this.#tail & this.#mask] as Entry;
    if (entry.cutTo > 0) cutNext(this.#memory, entry);
    return entry;
  }

  /** The borrowed entry is free again, once all its fragments have been handed out. */
  release(): void {
    if (!this.#borrowed) return;
    this.#borrowed = false;
    const entry = this.#entries[this.#tail & this.#mask] as Entry;
    if (entry.more) return;
    this.#tail++;
    entry.sa = undefined;
    entry.path = undefined;
    if (!entry.plain) this.#putBack(entry);
    if (this.#tail === this.#head) this.#restart();
  }

  /** The empty ring begins at its first place again: those are in the processor's cache, and a batch is one run. */
  #restart(): void {
    this.#tail = 0;
    this.#flushed = 0;
    this.#head = 0;
  }

  #putBack(entry: Entry): void {
    if (entry.jumbo >= 0) this.#freeJumbos.push(entry.jumbo);
    entry.jumbo = -1;
    entry.outers = undefined;
    entry.last = true;
    entry.cutTo = 0;
    entry.fragments = 0;
    entry.plain = true;
  }

  #takeJumbo(entry: Entry, length: number, packet: Uint8Array | undefined): void {
    entry.plain = false;
    const jumbo = this.#freeJumbos.pop() as number;
    entry.jumbo = jumbo;
    if (packet !== undefined) this.#memory.bytes.set(packet, this.dataOf(entry));
    const end = this.dataOf(entry) + length;
    const dirtyEnd = this.#jumboDirtyEnd[jumbo] as number;
    if (dirtyEnd > end) this.#memory.bytes.fill(0, end, dirtyEnd);
    this.#jumboDirtyEnd[jumbo] = end;
  }

  /** Zeroes what the last tenant of a slot left beyond `end`. What sealing put behind the data (padding, ICV) was on the wire. */
  #clean(entry: Entry, end: number): void {
    const { dirtyEnd } = entry;
    entry.dirtyEnd = end;
    if (dirtyEnd <= end) return;
    const { words, bytes } = this.#memory;
    if (dirtyEnd - end > FEW_BYTES) {
      bytes.fill(0, end, dirtyEnd);
      return;
    }
    let at = end;
    while ((at & 3) !== 0) bytes[at++] = 0; // the packet lies in front of `end` already
    for (; at < dirtyEnd; at += 4) words[at >> 2] = 0;
  }
}

/** The next fragment of a sealed datagram becomes what `entry` shows. */
export function cutNext({ kernel, words }: KernelMemory, entry: Entry): void {
  entry.more = kernel.cutNext(entry.descriptor << 2, entry.cutTo, entry.fragments === 0 ? 1 : 0) !== 0;
  entry.fragments++;
  entry.start = words[entry.descriptor + (D_START >> 2)] as number;
  entry.length = words[entry.descriptor + (D_LENGTH_OUT >> 2)] as number;
}
