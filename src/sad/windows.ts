// Where the replay windows of more than 128 numbers lie: rings of 4 to 64 words in a region of their own. Rings come
// in powers of two; freed ones are kept by size and used again.

const WORD_BYTES = 8;

export class WindowRegion {
  readonly #end: number;
  #next: number;
  readonly #freed = new Map<number, number[]>();

  constructor(base: number, bytes: number) {
    this.#next = base;
    this.#end = base + bytes;
  }

  /** The address of a zeroed ring of `words` words, or 0 when there is no room. */
  take(words: number): number {
    const again = this.#freed.get(words)?.pop();
    if (again !== undefined) return again;
    if (this.#next + words * WORD_BYTES > this.#end) return this.#split(words);
    const address = this.#next;
    this.#next += words * WORD_BYTES;
    return address;
  }

  /** The kernel has wiped it. */
  release(address: number, words: number): void {
    const freed = this.#freed.get(words);
    if (freed === undefined) this.#freed.set(words, [address]);
    else freed.push(address);
  }

  /** Halves a freed ring of twice the size; 0 when none is left. */
  #split(words: number): number {
    if (words > 32) return 0;
    const larger = this.#freed.get(words * 2)?.pop() ?? this.#split(words * 2);
    if (larger === 0) return 0;
    this.release(larger + words * WORD_BYTES, words);
    return larger;
  }
}
