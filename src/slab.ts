/** Gives out views of 64 KiB blocks that are never used again: results stay as they are. */
export class Slab {
  static readonly #SIZE = 65536;
  #block = new Uint8Array(0);
  #used = 0;

  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#block.length - this.#used) {
      this.#block = new Uint8Array(Math.max(Slab.#SIZE, length));
      this.#used = 0;
    }
    this.#used += length;
    return this.#block.subarray(this.#used - length, this.#used);
  }

  copy(bytes: Uint8Array, start: number, length: number): Uint8Array<ArrayBuffer> {
    const target = this.take(length);
    target.set(bytes.subarray(start, start + length));
    return target;
  }
}
