// Views of the kernel's memory, kept and used again: making one costs more than copying a packet, and leaves garbage.

export class Views {
  readonly #memory: Uint8Array;
  readonly #mask: number;
  readonly #kept: (Uint8Array | undefined)[] = [];

  /** `most`: how many are kept, a power of two: places times the lengths that come often. */
  constructor(memory: Uint8Array, most: number) {
    this.#memory = memory;
    this.#mask = most - 1;
  }

  of(start: number, length: number): Uint8Array {
    const place = ((start >>> 4) + length * 13) & this.#mask;
    const kept = this.#kept[place];
    if (kept !== undefined && kept.byteOffset === start && kept.length === length) return kept;
    const view = this.#memory.subarray(start, start + length);
    this.#kept[place] = view;
    return view;
  }
}
