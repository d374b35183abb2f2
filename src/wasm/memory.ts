// The kernel's memory: planned from the limits, sized once, viewed once. Never grown afterwards, so no view detaches.
import {
  C_HOT,
  C_HOT_COUNT,
  C_IV_KEY,
  C_RECORD_COUNT,
  C_RECORDS,
  C_SPI_MASK,
  C_SPI_SEED,
  C_SPI_TABLE,
  D_SIZE_OF,
  HOT_SIZE,
  JUMBO_SIZE,
  R_SIZE,
  REGIONS,
  SA_SIZE,
  SLOT_SIZE,
  SPI_ENTRY_SIZE,
} from "../../assembly/layout.js";
import { IpsecError } from "../errors.js";
import type { Limits } from "../limits.js";
import type { KernelExports } from "./kernel.js";

const PAGE = 65536;

/** Base addresses of the regions, in the order of layout.ts. */
export interface MemoryPlan {
  readonly spiTable: number;
  readonly spiEntries: number;
  readonly records: number;
  readonly windows: number;
  readonly hot: number;
  readonly descriptors: number;
  readonly slots: number;
  readonly jumbos: number;
  readonly workshop: number;
  readonly reassemblies: number;
  readonly end: number;
}

/**
 * Where everything lies under `limits`. One descriptor more than packets, and one jumbo slot more: the simple verbs
 * have their own, so that they never disturb the ring. The workshop is one more: where a packet lies while it is cut.
 */
export function planMemory(limits: Limits): MemoryPlan {
  const spiEntries = 2 ** Math.ceil(Math.log2(Math.max(8, limits.sas * 2)));
  const spiTable = REGIONS;
  const records = align(spiTable + spiEntries * SPI_ENTRY_SIZE, SA_SIZE);
  const windows = records + limits.sas * SA_SIZE;
  const hot = align(windows + limits.windowBytes, 64);
  const descriptors = hot + limits.hotSas * HOT_SIZE;
  const slots = align(descriptors + (limits.packets + 1) * D_SIZE_OF, 64);
  const jumbos = slots + limits.packets * SLOT_SIZE;
  const workshop = jumbos + (limits.jumboPackets + 1) * JUMBO_SIZE;
  const reassemblies = align(workshop + JUMBO_SIZE, 16);
  const end = reassemblies + limits.reassemblies * R_SIZE;
  return { spiTable, spiEntries, records, windows, hot, descriptors, slots, jumbos, workshop, reassemblies, end };
}

export class KernelMemory {
  readonly kernel: KernelExports;
  readonly plan: MemoryPlan;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly longs: BigUint64Array;

  constructor(kernel: KernelExports, limits: Limits, random: (bytes: Uint8Array<ArrayBuffer>) => unknown) {
    this.kernel = kernel;
    this.plan = planMemory(limits);
    const missing = Math.ceil((this.plan.end - kernel.memory.buffer.byteLength) / PAGE);
    try {
      if (missing > 0) kernel.memory.grow(missing);
    } catch (cause) {
      const size = (this.plan.end / 2 ** 20).toFixed(1);
      throw new IpsecError("limit", `no ${size} MiB of memory for these limits: choose smaller ones`, { cause });
    }
    const { buffer } = kernel.memory;
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.longs = new BigUint64Array(buffer);
    this.#writeControl(limits, random);
  }

  /** Zeroes everything: keys, windows, packets. The kernel must not be called afterwards. */
  wipe(): void {
    this.bytes.fill(0);
  }

  #writeControl(limits: Limits, random: (bytes: Uint8Array<ArrayBuffer>) => unknown): void {
    const { plan, words } = this;
    words[C_SPI_TABLE >> 2] = plan.spiTable;
    words[C_SPI_MASK >> 2] = plan.spiEntries - 1;
    words[C_RECORDS >> 2] = plan.records;
    words[C_RECORD_COUNT >> 2] = limits.sas;
    words[C_HOT >> 2] = plan.hot;
    words[C_HOT_COUNT >> 2] = limits.hotSas;
    const drawn = new Uint8Array(36);
    random(drawn);
    this.bytes.set(drawn.subarray(0, 4), C_SPI_SEED);
    this.bytes.set(drawn.subarray(4), C_IV_KEY);
    drawn.fill(0);
  }
}

function align(address: number, to: number): number {
  return Math.ceil(address / to) * to;
}
