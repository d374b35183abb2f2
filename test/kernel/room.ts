// A fake SAD, descriptors and texts around a room that is tested by itself, with canaries where it may not write.
import { createHash } from "node:crypto";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_ICV,
  D_IV,
  D_SA,
  D_SEQUENCE,
  D_SIZE_OF,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  FLAG_ESN,
  HOT_OWNER,
  HOT_SIZE,
  SA_FLAGS,
  SA_GENERATION,
  SA_HOT,
  SA_ICV_LENGTH,
  SA_SIZE,
  SCRATCH,
  SCRATCH_END,
} from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import { type Entry, loadEntry, type Target } from "./entry.js";

const LIST = 0x10000;
const DESCRIPTORS = 0x11000;
const RECORDS = 0x20000;
const HOTS = 0x40000;
const TEXTS = 0x100000;
const CANARY = 0xc5;

export interface Job {
  /** Index of its SA. */
  readonly sa: number;
  readonly text: Uint8Array;
  readonly iv?: Uint8Array;
  readonly spi?: number;
  readonly sequence?: bigint;
  /** What stands where the ICV is: for rooms that open. */
  readonly icv?: Uint8Array;
  /** What is authenticated is the text alone, as in published messages that are no ESP packets. */
  readonly bare?: boolean;
  /** PENDING unless it says otherwise. */
  readonly status?: number;
}

export interface Outcome {
  readonly status: number;
  readonly text: Uint8Array;
  readonly tag: Uint8Array;
  readonly iv: Uint8Array;
}

export class Room {
  readonly entry: Entry;

  static async load(name: string, target: Target): Promise<Room> {
    return new Room(await loadEntry(name, target, 160));
  }

  private constructor(entry: Entry) {
    this.entry = entry;
  }

  record(sa: number): number {
    return RECORDS + sa * SA_SIZE;
  }

  /** Prepares record and hot entry `sa`; the test writes keys to them. */
  makeSa(
    sa: number,
    { icvLength = 16, esn = false }: { icvLength?: number; esn?: boolean } = {},
  ): { record: number; hot: number } {
    const record = this.record(sa);
    const hot = HOTS + sa * HOT_SIZE;
    this.entry.bytes.fill(0, record, record + SA_SIZE);
    this.entry.bytes.fill(0, hot, hot + HOT_SIZE);
    this.entry.view.setUint32(record + SA_HOT, hot, true);
    this.entry.view.setUint32(hot + HOT_OWNER, record, true);
    this.entry.view.setUint32(record + SA_GENERATION, sa + 1, true);
    this.entry.bytes[record + SA_ICV_LENGTH] = icvLength;
    this.entry.bytes[record + SA_FLAGS] = esn ? FLAG_ESN : 0;
    return { record, hot };
  }

  /** Runs `call` on the jobs and reads what became of them. Throws when the room touched what is not its own. */
  run(jobs: readonly Job[], call: (list: number, count: number) => void): Outcome[] {
    const { bytes, view } = this.entry;
    const places: { start: number; text: number; end: number }[] = [];
    let at = TEXTS;
    jobs.forEach((job, i) => {
      const descriptor = DESCRIPTORS + i * D_SIZE_OF;
      const ivLength = job.iv?.length ?? 0;
      const head = at + 64;
      const text = head + 8 + ivLength;
      const end = text + job.text.length;
      bytes.fill(CANARY, at, end + 128);
      view.setUint32(head, job.spi ?? 0x1001);
      view.setUint32(head + 4, Number((job.sequence ?? 1n) & 0xffffffffn));
      if (job.iv !== undefined) bytes.set(job.iv, head + 8);
      bytes.set(job.text, text);
      if (job.icv !== undefined) bytes.set(job.icv, end);
      bytes.fill(0, descriptor, descriptor + D_SIZE_OF);
      view.setUint32(descriptor + D_SA, this.record(job.sa), true);
      view.setUint32(descriptor + D_STATUS, job.status ?? PENDING, true);
      view.setBigUint64(descriptor + D_SEQUENCE, job.sequence ?? 1n, true);
      view.setUint32(descriptor + D_TEXT, text, true);
      view.setUint32(descriptor + D_TEXT_LENGTH, job.text.length, true);
      view.setUint32(descriptor + D_IV, head + 8, true);
      view.setUint32(descriptor + D_ICV, end, true);
      const message = job.bare ? text : head;
      view.setUint32(descriptor + D_AUTH, message, true);
      view.setUint32(descriptor + D_AUTH_LENGTH, end - message, true);
      view.setUint32(LIST + 4 * i, descriptor, true);
      places.push({ start: at, text, end });
      at = (end + 128 + 15) & ~15;
    });
    const records = fingerprint(bytes.subarray(RECORDS, HOTS));
    call(LIST, jobs.length);
    if (fingerprint(bytes.subarray(RECORDS, HOTS)) !== records) throw new Error("the room wrote to an SA record");
    if (!bytes.subarray(SCRATCH, SCRATCH_END).every((byte) => byte === 0)) {
      const offset = bytes.subarray(SCRATCH, SCRATCH_END).findIndex((byte) => byte !== 0);
      throw new Error(`scratch is not zero at 0x${(SCRATCH + offset).toString(16)}`);
    }
    return jobs.map((job, i) => {
      const { start, text, end } = places[i] as (typeof places)[number];
      const descriptor = DESCRIPTORS + i * D_SIZE_OF;
      const behind = end + (job.icv?.length ?? 0);
      if (!bytes.subarray(start, start + 64).every((byte) => byte === CANARY))
        throw new Error(`job ${i}: wrote in front of the packet`);
      if (!bytes.subarray(behind, end + 128).every((byte) => byte === CANARY))
        throw new Error(`job ${i}: wrote behind the text`);
      return {
        status: view.getUint32(descriptor + D_STATUS, true),
        text: bytes.slice(text, end),
        tag: bytes.slice(descriptor + D_TAG, descriptor + D_TAG + 32),
        iv: bytes.slice(text - (job.iv?.length ?? 0), text),
      };
    });
  }

  /** SPI, [high], low: the AAD of ESP's AEADs (RFC 4106 section 5). */
  static aad(spi: number, sequence: bigint, esn: boolean): Uint8Array {
    const aad = Buffer.alloc(esn ? 12 : 8);
    aad.writeUInt32BE(spi, 0);
    if (esn) aad.writeBigUInt64BE(sequence, 4);
    else aad.writeUInt32BE(Number(sequence & 0xffffffffn), 4);
    return aad;
  }
}

function fingerprint(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
