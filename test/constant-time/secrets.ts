// What is secret in the kernel's memory, as design goes: keys, cipher state, computed ICVs, payload. Public are lengths,
// the header fields that policy is made of, what is on the wire, the verdict of the compare, and after a good one the
// padding, the next header and the inner headers.
//
// Secret becomes public at three functions, which the build keeps as functions (assembly/borders.mjs):
//
//   icvWrite      what has its ICV goes on the wire as it is
//   icvMatches    its answer is the verdict; not what it compares
//   readTrailer   only for a packet whose verdict was good: trailer, padding, inner headers; not the rest of the text
import {
  C_IV_KEY,
  C_IV_LEFT,
  C_IV_POOL,
  C_RECORD_COUNT,
  C_RECORDS,
  D_AUTH,
  D_AUTH_LENGTH,
  D_DIRECTION,
  D_ICV,
  D_LENGTH,
  D_NEXT_HEADER,
  D_PACKET,
  D_SA,
  D_SIZE_OF,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  PROTOCOL_AH,
  REQUEST,
  REQUEST_ENCRYPTION_KEY,
  REQUEST_INTEGRITY_KEY,
  SA_DIRECTION,
  SA_ICV_LENGTH,
  SA_IV_LENGTH,
  SA_MODE,
  SA_SALT,
  SA_SIZE,
  SA_SPI,
  SA_STATE,
  SCRATCH,
  SCRATCH_END,
  SLOT_HEADROOM,
  SLOT_TAILROOM,
} from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import type { KernelExports } from "../../src/wasm/kernel.js";
import { type Instrumented, instrument } from "./instrument.js";
import { type Build, functionNumber } from "./names.js";
import { type Border, Shadowed } from "./shadowed.js";

const BORDERS = ["icvWrite", "icvMatches", "readTrailer"] as const;

export function instrumentBuild(build: Build): Instrumented {
  return instrument(build.bytes, new Set(BORDERS.map((name) => functionNumber(build, name))));
}

/** A kernel whose secrets are marked before every call. */
export class SecretKernel extends Shadowed {
  readonly #view: DataView;
  /** Answers of icvMatches since the batch began, by descriptor. */
  readonly #verdicts = new Map<number, boolean>();
  /** What must never happen, as sentences. */
  readonly faults: string[] = [];
  /** Where packets went on the wire in the last call. */
  readonly onWire: [start: number, end: number][] = [];
  matched = 0;
  refused = 0;

  constructor(build: Build, instrumented: Instrumented) {
    const nothing = () => {};
    const watch: Record<(typeof BORDERS)[number], Border> = {
      icvWrite: { entered: nothing, left: (descriptor) => this.#sent(descriptor) },
      icvMatches: { entered: nothing, left: (descriptor, answer) => this.#judged(descriptor, answer !== 0) },
      readTrailer: { entered: (descriptor) => this.#opened(descriptor), left: nothing },
    };
    super(build, instrumented, new Map(BORDERS.map((name) => [functionNumber(build, name), watch[name]])));
    this.#view = new DataView(this.memory.buffer);
    this.makeSecret(C_IV_KEY, 32);
  }

  /** The ABI, for a DataPlane. */
  get kernel(): KernelExports {
    const plain = this.exports as unknown as KernelExports;
    const between = (call: () => void) => {
      call();
      this.#checkScratch();
    };
    return {
      ...plain,
      saInstall: (index) => {
        this.makeSecret(REQUEST + SA_SALT, 4);
        this.makeSecret(REQUEST_ENCRYPTION_KEY, 32);
        this.makeSecret(REQUEST_INTEGRITY_KEY, 64);
        between(() => plain.saInstall(index));
      },
      seal: (descriptors, count) => {
        this.onWire.length = 0;
        this.#eachPending(descriptors, count, 0, (descriptor) => this.#markPlain(descriptor));
        between(() => plain.seal(descriptors, count));
      },
      open: (descriptors, count) => {
        this.#verdicts.clear();
        this.#eachPending(descriptors, count, 1, (descriptor) => this.#markArrived(descriptor));
        between(() => plain.open(descriptors, count));
      },
    };
  }

  #eachPending(first: number, count: number, direction: number, mark: (descriptor: number) => void): void {
    for (let descriptor = first; descriptor < first + count * D_SIZE_OF; descriptor += D_SIZE_OF) {
      if (this.#word(descriptor + D_DIRECTION) !== direction || this.#word(descriptor + D_STATUS) !== PENDING) continue;
      const packet = this.#word(descriptor + D_PACKET);
      this.makePublic(packet - SLOT_HEADROOM, SLOT_HEADROOM + this.#word(descriptor + D_LENGTH) + SLOT_TAILROOM);
      mark(descriptor);
    }
  }

  /** Outbound: all but the inner IP header, from which DSCP, ECN and DF go to the outer one. */
  #markPlain(descriptor: number): void {
    const packet = this.#word(descriptor + D_PACKET);
    const nextHeader = this.#word(descriptor + D_NEXT_HEADER);
    this.makeSecret(packet, this.#word(descriptor + D_LENGTH));
    if (nextHeader === 4) this.makePublic(packet, 20);
    if (nextHeader === 41) this.makePublic(packet, 40);
  }

  /**
   * Inbound: the text of ESP. It is on the wire, but under NULL and GMAC it is payload already: so it counts as secret.
   * AH sends all of it in the clear, and its headers stand in the text.
   */
  #markArrived(descriptor: number): void {
    if (this.#word(descriptor + D_NEXT_HEADER) === PROTOCOL_AH) return;
    const packet = this.#word(descriptor + D_PACKET);
    const length = this.#word(descriptor + D_LENGTH);
    const record = length < 8 ? 0 : this.#recordOf(this.#view.getUint32(packet));
    if (record === 0) return;
    const start = 8 + (this.bytes[record + SA_IV_LENGTH] as number);
    const end = length - (this.bytes[record + SA_ICV_LENGTH] as number);
    if (end > start) this.makeSecret(packet + start, end - start);
  }

  #recordOf(spi: number): number {
    const records = this.#word(C_RECORDS);
    const end = records + this.#word(C_RECORD_COUNT) * SA_SIZE;
    for (let record = records; record < end; record += SA_SIZE) {
      const isInbound = this.bytes[record + SA_STATE] !== 0 && this.bytes[record + SA_DIRECTION] === 1;
      if (isInbound && this.#word(record + SA_SPI) === spi) return record;
    }
    return 0;
  }

  #sent(descriptor: number): void {
    const start = this.#word(descriptor + D_AUTH);
    const icv = this.#word(descriptor + D_ICV);
    const icvLength = this.bytes[this.#word(descriptor + D_SA) + SA_ICV_LENGTH] as number;
    this.makePublic(start, this.#word(descriptor + D_AUTH_LENGTH));
    this.makePublic(icv, icvLength);
    this.onWire.push([start, icv + icvLength]);
  }

  #judged(descriptor: number, matches: boolean): void {
    this.#verdicts.set(descriptor, matches);
    if (matches) this.matched++;
    else this.refused++;
  }

  #opened(descriptor: number): void {
    if (this.#verdicts.get(descriptor) !== true) this.faults.push("readTrailer before the ICV was compared");
    const text = this.#word(descriptor + D_TEXT);
    const end = text + this.#word(descriptor + D_TEXT_LENGTH) - 2;
    const padLength = this.bytes[end] as number;
    const padding = Math.max(text, end - padLength);
    this.makePublic(padding, end + 2 - padding);
    const isTunnel = this.bytes[this.#word(descriptor + D_SA) + SA_MODE] === 0;
    const nextHeader = this.bytes[end + 1] as number;
    const headers = isTunnel ? this.#innerHeaders(text, nextHeader) : this.#upperHeaders(text, nextHeader, padding);
    this.makePublic(text, Math.min(headers, padding - text));
  }

  /** Bytes of the inner IP header, its extension headers and the ports behind. */
  #innerHeaders(packet: number, nextHeader: number): number {
    if (nextHeader === 4) return 4 * ((this.bytes[packet] as number) & 15) + 4;
    if (nextHeader !== 41) return 0;
    return (
      40 +
      this.#upperHeaders(packet + 40, this.bytes[packet + 6] as number, packet + 40 + this.#view.getUint16(packet + 4))
    );
  }

  /** Bytes of IPv6 extension headers (RFC 8200 section 4) and ports. */
  #upperHeaders(start: number, protocol: number, end: number): number {
    let at = start;
    while ([0, 43, 44, 51, 60].includes(protocol) && at + 8 <= end) {
      const length = this.bytes[at + 1] as number;
      const next = this.bytes[at] as number;
      at += protocol === 44 ? 8 : protocol === 51 ? 4 * (length + 2) : 8 * (length + 1);
      protocol = next;
    }
    return at - start + 8;
  }

  /** Nothing secret stays in working memory between two calls. */
  #checkScratch(): void {
    if (this.secretBytes(SCRATCH, SCRATCH_END) > 0) this.faults.push("secrets are left in SCRATCH");
    if (this.secretBytes(REQUEST, REQUEST + 512) > 0) this.faults.push("secrets are left in REQUEST");
    const ivs = this.#word(C_IV_LEFT);
    if (this.secretBytes(C_IV_POOL, C_IV_POOL + 192) !== ivs) this.faults.push("a drawn IV is left in its pool");
  }

  #word(address: number): number {
    return this.#view.getUint32(address, true);
  }
}
