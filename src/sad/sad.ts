// The security association database, RFC 4301 section 4.4.2: which record is whose, and what of it changes later.
import {
  FLAG_CARRIES,
  SA_FLAGS,
  SA_SEQUENCE,
  SA_SIZE,
  SA_TEMPLATE,
  SA_THROUGH,
  SA_THROUGH_GENERATION,
} from "../../assembly/layout.js";
import { IpsecError } from "../errors.js";
import type { Limits } from "../limits.js";
import { NO_ADDRESS, type Path } from "../natt/path.js";
import { movedTo } from "../tunnel/move.js";
import type { KernelMemory } from "../wasm/memory.js";
import { INLINE_WINDOW_WORDS, ringWords, writeRequest } from "./request.js";
import type { ResolvedSa } from "./resolve.js";
import { Sa, type SaOwner } from "./sa.js";
import { WindowRegion } from "./windows.js";

/** A shift where a division would be by a record's size: it is a power of two. */
const RECORD_BITS = 31 - Math.clz32(SA_SIZE);

export class Sad {
  readonly #memory: KernelMemory;
  readonly #limit: number;
  readonly #windows: WindowRegion;
  readonly #byIndex: (Sa | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #generations: number[] = [];
  readonly #inbound = new Map<number, Sa>();
  readonly #outbound = new Map<string, Sa>();
  readonly #windowAt = new Map<number, number>();

  constructor(memory: KernelMemory, limits: Limits) {
    this.#memory = memory;
    this.#limit = limits.sas;
    this.#windows = new WindowRegion(memory.plan.windows, limits.windowBytes);
  }

  /** Installs an SA, or throws and leaves everything as it was. */
  add(resolved: ResolvedSa, path: Path, owner: SaOwner): Sa {
    const { config } = resolved;
    const duplicate = this.#duplicate(resolved, path);
    if (duplicate !== undefined) throw duplicate;
    const index = this.#free.at(-1) ?? this.#byIndex.length;
    if (index >= this.#limit) throw new IpsecError("limit", `there are ${this.#limit} SAs already: raise limits.sas`);
    const generation = ((this.#generations[index] ?? 0) + 1) >>> 0;
    const place = { index, record: this.#memory.plan.records + index * SA_SIZE, generation };
    const sa = new Sa(resolved, place, path, owner);
    writeRequest(this.#memory, resolved, generation, this.#allocateWindow(resolved, index));
    this.#memory.kernel.saInstall(index);

    if (this.#free.length > 0) this.#free.pop();
    this.#generations[index] = generation;
    this.#byIndex[index] = sa;
    if (config.direction === "in") this.#inbound.set(config.spi, sa);
    else this.#outbound.set(outboundKey(resolved, path), sa);
    return sa;
  }

  /** The SA is, or will be, one of two that nothing tells apart. */
  #duplicate(resolved: ResolvedSa, path: Path): IpsecError | undefined {
    const { direction, spi } = resolved.config;
    const known = direction === "in" ? this.#inbound.get(spi) : this.#outbound.get(outboundKey(resolved, path));
    if (known === undefined) return undefined;
    const named = path.remote.address !== NO_ADDRESS;
    const where = direction === "in" ? "inbound" : named ? `outbound to ${path.remote.address}` : "outbound";
    const way = named ? "" : "give one of them endpoints, ";
    const number = `0x${spi.toString(16)}`;
    return new IpsecError("duplicate-spi", `spi ${number} is in use ${where}: ${way}delete that SA or choose another`);
  }

  /** What the SA seals from now on goes to `path`; the error says why it cannot, and nothing is done. */
  move(sa: Sa, path: Path): IpsecError | undefined {
    const resolved = sa.direction === "out" ? movedTo(sa, path) : sa.resolved;
    if (resolved instanceof IpsecError) return resolved;
    if (sa.direction === "out" && this.owns(sa)) {
      const [before, after] = [outboundKey(sa.resolved, sa.path), outboundKey(resolved, path)];
      if (before !== after) {
        const duplicate = this.#duplicate(resolved, path);
        if (duplicate !== undefined) return duplicate;
        this.#outbound.delete(before);
        this.#outbound.set(after, sa);
      }
      // Of the same length, for it is of the same IP version and has UDP as before.
      this.#memory.bytes.set(resolved.template.bytes, sa.record + SA_TEMPLATE);
    }
    sa.moved(path, resolved);
    return undefined;
  }

  /** Keys wiped; an inbound SPI goes on answering `expired`. */
  expire(sa: Sa): void {
    this.#memory.kernel.saExpire(sa.index);
    sa.enter("expired");
  }

  delete(sa: Sa): void {
    sa.enter("deleted");
    this.#memory.kernel.saDelete(sa.index);
    this.#byIndex[sa.index] = undefined;
    this.#free.push(sa.index);
    if (sa.direction === "in") this.#inbound.delete(sa.spi);
    else this.#outbound.delete(outboundKey(sa.resolved, sa.path));
    const window = this.#windowAt.get(sa.index);
    if (window === undefined) return;
    this.#windows.release(window, ringWords(sa.resolved.replayWindow));
    this.#windowAt.delete(sa.index);
  }

  /** The SA of a kernel record's address. */
  at(record: number): Sa | undefined {
    return this.#byIndex[(record - this.#memory.plan.records) >>> RECORD_BITS];
  }

  sequence(sa: Sa): bigint {
    return this.#memory.longs[(sa.record + SA_SEQUENCE) >> 3] as bigint;
  }

  /** The packets of `inner` must come out of `outer`; undefined: as they are. */
  writeLink(inner: Sa, outer: Sa | undefined): void {
    const { words } = this.#memory;
    words[(inner.record + SA_THROUGH) >> 2] = outer?.record ?? 0;
    words[(inner.record + SA_THROUGH_GENERATION) >> 2] = outer?.generation ?? 0;
    if (outer !== undefined) this.writeCarries(outer);
  }

  /** Whether what comes out of `sa` is for another SA. */
  writeCarries(sa: Sa): void {
    const { bytes } = this.#memory;
    const flags = (bytes[sa.record + SA_FLAGS] as number) & ~FLAG_CARRIES;
    bytes[sa.record + SA_FLAGS] = sa.carries > 0 ? flags | FLAG_CARRIES : flags;
  }

  /** The SA that seals to `target`, as text, with `spi`; `port`: of UDP, 0 without. One in transport mode may name no address. */
  outbound(spi: number, target: string, port: number): Sa | undefined {
    return this.#outbound.get(`${spi} ${target} ${port}`) ?? this.#outbound.get(`${spi} ${NO_ADDRESS} ${port}`);
  }

  owns(sa: Sa): boolean {
    return this.#byIndex[sa.index] === sa;
  }

  *[Symbol.iterator](): IterableIterator<Sa> {
    for (const sa of this.#byIndex) if (sa !== undefined) yield sa;
  }

  /** The address of a ring for more than 128 numbers, 0 for one that fits into the record. */
  #allocateWindow({ config, replayWindow }: ResolvedSa, index: number): number {
    const words = ringWords(replayWindow);
    if (config.direction === "out" || words <= INLINE_WINDOW_WORDS) return 0;
    const address = this.#windows.take(words);
    if (address === 0)
      throw new IpsecError("limit", `no room for a window of ${replayWindow}: raise limits.windowBytes`);
    this.#windowAt.set(index, address);
    return address;
  }
}

/** Outbound, the peer chose the SPI: it is unique only together with the peer, of whom several may be behind one NAT. */
function outboundKey({ config, carrier }: ResolvedSa, { remote }: Path): string {
  const udp = carrier === "udp" || config.natTraversal !== undefined;
  return `${config.spi} ${remote.address} ${udp ? remote.port : 0}`;
}
