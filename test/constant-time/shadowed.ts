// An instrumented module in use: what is secret in its memory, and what it leaked.

import { SHADOW, type Site } from "./code.js";
import { IMPORTS, type Instrumented, PASSED } from "./instrument.js";
import type { Build } from "./names.js";

/** What a watched function was called with, and what it answered. */
export interface Border {
  entered(argument: number): void;
  left(argument: number, answer: number): void;
}

export class Shadowed {
  readonly exports: Record<string, WebAssembly.ExportValue>;
  readonly memory: WebAssembly.Memory;
  readonly bytes: Uint8Array;
  readonly #build: Build;
  readonly #sites: readonly Site[];
  readonly #leaks = new Set<number>();

  constructor(build: Build, { module, sites }: Instrumented, borders: ReadonlyMap<number, Border> = new Map()) {
    this.#build = build;
    this.#sites = sites;
    let argument = 0; // no watched function calls another
    const [leak, entered, left] = IMPORTS;
    const shadow = {
      [leak]: (site: number) => void this.#leaks.add(site),
      [entered]: (index: number, first: number) => {
        argument = first >>> 0;
        borders.get(index)?.entered(argument);
      },
      [left]: (index: number, answer: number) => borders.get(index)?.left(argument, answer),
    };
    this.exports = new WebAssembly.Instance(module, { shadow }).exports;
    this.memory = this.exports["memory"] as WebAssembly.Memory;
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  call(name: string, ...args: number[]): number {
    return (this.exports[name] as (...args: number[]) => number)(...args);
  }

  makeSecret(address: number, length: number): void {
    this.bytes.fill(0xff, SHADOW + address, SHADOW + address + length);
  }

  makePublic(address: number, length: number): void {
    this.bytes.fill(0, SHADOW + address, SHADOW + address + length);
  }

  /** Bytes from `start` to `end` that may depend on a secret. */
  secretBytes(start = 0, end = SHADOW): number {
    let count = 0;
    for (const shadow of this.bytes.subarray(SHADOW + start, SHADOW + end)) if (shadow !== 0) count++;
    return count;
  }

  /** "assembly/esp/open/open at 0x3f2a: secret branch (br_if)", one a site. */
  get leaks(): string[] {
    return [...this.#leaks].map((number) => {
      const { kind, instruction } = this.#sites[number] as Site;
      return `${this.#place(number)}: secret ${kind} (${instruction})`;
    });
  }

  /** Where all sites stand. */
  get places(): string[] {
    return this.#sites.map((_, i) => this.#place(i));
  }

  /** Sites that this module has not come to yet. */
  get unseen(): Set<string> {
    return new Set([...this.#sites.keys()].filter((i) => this.bytes[PASSED + i] === 0).map((i) => this.#place(i)));
  }

  #place(number: number): string {
    const { function: index, offset } = this.#sites[number] as Site;
    return `${this.#build.names[index]} at 0x${offset.toString(16)}`;
  }

  /** A fingerprint of every branch, address, length, division and choice so far. */
  get trace(): bigint {
    return this.#global("trace");
  }

  /** Operands that were looked at so far. */
  get observed(): number {
    return Number(this.#global("observed"));
  }

  /** Instructions of the shipped code that ran so far. */
  get executed(): number {
    return Number(this.#global("executed"));
  }

  #global(name: string): bigint {
    return BigInt.asUintN(64, (this.exports[name] as WebAssembly.Global).value as bigint);
  }
}
