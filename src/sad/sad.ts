// The security association database, RFC 4301 section 4.4.2: which record is whose, and what is written into it.
import {
  DF_CLEAR,
  DF_COPY,
  DF_SET,
  DSCP_COPY,
  FLAG_CARRIES,
  FLAG_COMPRESSION,
  FLAG_ESN,
  FLAG_INSIDE_AH,
  FLAG_ORIGINAL,
  FLAG_REBUILD,
  FLAG_RECOMPUTE,
  FLAG_SELECTORS,
  INT_NONE,
  PROTOCOL_AH,
  PROTOCOL_ESP,
  REQUEST,
  REQUEST_ENCRYPTION_KEY,
  REQUEST_INTEGRITY_KEY,
  REQUEST_KEYS,
  REQUEST_SEQUENCE,
  SA_ALIGNMENT,
  SA_DF,
  SA_DIRECTION,
  SA_DSCP,
  SA_ENCRYPTION,
  SA_FLAGS,
  SA_GENERATION,
  SA_ICV_LENGTH,
  SA_INTEGRITY,
  SA_IV_LENGTH,
  SA_LIVE,
  SA_MODE,
  SA_ORIGINAL,
  SA_OUTER,
  SA_PROTOCOL,
  SA_SALT,
  SA_SALT_LENGTH,
  SA_SEQUENCE,
  SA_SIZE,
  SA_SPI,
  SA_STATE,
  SA_TEMPLATE,
  SA_TEMPLATE_LENGTH,
  SA_THROUGH,
  SA_THROUGH_GENERATION,
  SA_UDP,
  SA_WINDOW,
  SA_WINDOW_BITS,
  SA_WINDOW_MASK,
} from "../../assembly/layout.js";
import { IpsecError } from "../errors.js";
import type { Limits } from "../limits.js";
import type { Path } from "../natt/path.js";
import type { KernelMemory } from "../wasm/memory.js";
import { setWord16 } from "../wire/ip.js";
import type { ResolvedSa } from "./resolve.js";
import { Sa, type SaOwner } from "./sa.js";
import { WindowRegion } from "./windows.js";

const INLINE_WINDOW_WORDS = 2;
const DF = { copy: DF_COPY, set: DF_SET, clear: DF_CLEAR } as const;

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
    if (config.direction === "in" ? this.#inbound.has(config.spi) : this.#outbound.has(outboundKey(config.spi, path))) {
      const where = config.direction === "in" ? "inbound" : `outbound to ${path.remote.address}`;
      throw new IpsecError(
        "duplicate-spi",
        `spi 0x${config.spi.toString(16)} is in use ${where}: delete that SA or choose another`,
      );
    }
    const index = this.#free.at(-1) ?? this.#byIndex.length;
    if (index >= this.#limit) throw new IpsecError("limit", `there are ${this.#limit} SAs already: raise limits.sas`);
    const generation = ((this.#generations[index] ?? 0) + 1) >>> 0;
    const place = { index, record: this.#memory.plan.records + index * SA_SIZE, generation };
    const sa = new Sa(resolved, place, path, owner);
    this.#writeRequest(resolved, generation, this.#allocateWindow(resolved, index));
    this.#memory.kernel.saInstall(index);

    if (this.#free.length > 0) this.#free.pop();
    this.#generations[index] = generation;
    this.#byIndex[index] = sa;
    if (config.direction === "in") this.#inbound.set(config.spi, sa);
    else this.#outbound.set(outboundKey(config.spi, path), sa);
    return sa;
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
    else this.#outbound.delete(outboundKey(sa.spi, sa.initialPath));
    const window = this.#windowAt.get(sa.index);
    if (window === undefined) return;
    this.#windows.release(window, ringWords(sa.resolved.replayWindow));
    this.#windowAt.delete(sa.index);
  }

  /** The SA of a kernel record's address. */
  at(record: number): Sa | undefined {
    return this.#byIndex[(record - this.#memory.plan.records) / SA_SIZE];
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

  /** The SA that seals to `target`, as text, with `spi`; one in transport mode may name no address. */
  outbound(spi: number, target: string): Sa | undefined {
    return this.#outbound.get(`${spi} ${target}`) ?? this.#outbound.get(`${spi} 0.0.0.0`);
  }

  owns(sa: Sa): boolean {
    return this.#byIndex[sa.index] === sa;
  }

  *[Symbol.iterator](): IterableIterator<Sa> {
    for (const sa of this.#byIndex) if (sa !== undefined) yield sa;
  }

  /** The address of a ring for more than 64 numbers, 0 for one that fits into the record. */
  #allocateWindow({ config, replayWindow }: ResolvedSa, index: number): number {
    const words = ringWords(replayWindow);
    if (config.direction === "out" || words <= INLINE_WINDOW_WORDS) return 0;
    const address = this.#windows.take(words);
    if (address === 0)
      throw new IpsecError("limit", `no room for a window of ${replayWindow}: raise limits.windowBytes`);
    this.#windowAt.set(index, address);
    return address;
  }

  #writeRequest(resolved: ResolvedSa, generation: number, window: number): void {
    const { bytes, words, longs } = this.#memory;
    const { config, encryption, integrity, template } = resolved;
    const put = (offset: number, value: number) => {
      bytes[REQUEST + offset] = value;
    };
    put(SA_STATE, SA_LIVE);
    put(SA_DIRECTION, config.direction === "in" ? 1 : 0);
    put(SA_MODE, config.mode === "transport" ? 1 : 0);
    put(
      SA_FLAGS,
      (resolved.esn ? FLAG_ESN : 0) |
        (template.rebuild ? FLAG_REBUILD : 0) |
        (resolved.selectors === undefined ? 0 : FLAG_SELECTORS) |
        (config.compression === undefined ? 0 : FLAG_COMPRESSION) |
        (resolved.insideAh ? FLAG_INSIDE_AH : 0) |
        (resolved.original === undefined ? 0 : resolved.original === "unknown" ? FLAG_RECOMPUTE : FLAG_ORIGINAL),
    );
    put(SA_PROTOCOL, config.protocol === "ah" ? PROTOCOL_AH : PROTOCOL_ESP);
    put(SA_ENCRYPTION, encryption.id);
    put(SA_INTEGRITY, integrity?.id ?? INT_NONE);
    put(SA_IV_LENGTH, encryption.ivLength);
    put(SA_ICV_LENGTH, resolved.icvLength);
    put(SA_ALIGNMENT, encryption.alignment);
    put(SA_SALT_LENGTH, encryption.saltLength);
    put(SA_OUTER, template.outer);
    put(SA_TEMPLATE_LENGTH, template.bytes.length);
    put(SA_UDP, template.udpOffset);
    put(SA_DF, DF[config.dfBit ?? "copy"]);
    put(SA_DSCP, config.dscp === undefined || config.dscp === "copy" ? DSCP_COPY : config.dscp);
    bytes.set(template.bytes, REQUEST + SA_TEMPLATE);
    setWord16(bytes, REQUEST + SA_ORIGINAL, typeof resolved.original === "number" ? resolved.original : 0);
    words[(REQUEST + SA_GENERATION) >> 2] = generation;
    words[(REQUEST + SA_SPI) >> 2] = config.spi;
    words[(REQUEST + SA_WINDOW_BITS) >> 2] = config.direction === "in" ? resolved.replayWindow : 0;
    words[(REQUEST + SA_WINDOW_MASK) >> 2] = Math.max(INLINE_WINDOW_WORDS, ringWords(resolved.replayWindow)) - 1;
    words[(REQUEST + SA_WINDOW) >> 2] = window;
    longs[REQUEST_SEQUENCE >> 3] = resolved.initialSequence;

    const key = config.encryptionKey ?? new Uint8Array(0);
    const keyLength = key.length - encryption.saltLength;
    words[REQUEST_KEYS >> 2] = keyLength;
    words[(REQUEST_KEYS >> 2) + 1] = config.integrityKey?.length ?? 0;
    bytes.set(key.subarray(0, keyLength), REQUEST_ENCRYPTION_KEY);
    bytes.set(key.subarray(keyLength), REQUEST + SA_SALT);
    if (config.integrityKey !== undefined) bytes.set(config.integrityKey, REQUEST_INTEGRITY_KEY);
  }
}

/** Words of the ring for a window: a power of two, at least one more than the window fills (assembly/replay.ts). */
function ringWords(window: number): number {
  return window === 0 ? 0 : 2 ** Math.ceil(Math.log2(window / 64 + 1));
}

/** Outbound, the peer chose the SPI: it is unique only together with the peer. */
function outboundKey(spi: number, path: Path): string {
  return `${spi} ${path.remote.address}`;
}
