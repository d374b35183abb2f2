// Inbound sequence numbers, RFC 4303 section 3.4.3 and appendix A: a set of the numbers that have been accepted.
const EPOCH = 2n ** 32n;
const NUMBERS = 2n ** 64n;

export class ReplayWindow {
  readonly #size: bigint;
  readonly #esn: boolean;
  readonly #initial: bigint;
  readonly #accepted = new Set<bigint>();
  highest: bigint;

  /** Every number up to and including `initial` counts as seen. A window of 0 judges nothing. */
  constructor(size: number, esn: boolean, initial: bigint) {
    this.#size = BigInt(size);
    this.#esn = esn;
    this.#initial = initial;
    this.highest = initial;
  }

  /** The number that a received low half stands for. */
  infer(low: number): bigint {
    if (!this.#esn) return BigInt(low);
    return this.#size === 0n ? this.#nearest(BigInt(low)) : this.#windowed(BigInt(low));
  }

  /** RFC 4303 appendix A2.2: the first number with this low half that is not below the window. */
  #windowed(low: bigint): bigint {
    const bottom = this.highest - this.#size + 1n;
    let number = (bottom / EPOCH - 1n) * EPOCH + low;
    while (number < bottom || number < 0n) number += EPOCH;
    return number % NUMBERS; // behind the last epoch comes none: what wraps is below the window
  }

  /** Without a window there is no bottom: the number nearest to the highest, the lower one of two. */
  #nearest(low: bigint): bigint {
    const distance = (number: bigint) => (number < this.highest ? this.highest - number : number - this.highest);
    const epoch = this.highest / EPOCH;
    return [epoch - 1n, epoch, epoch + 1n]
      .map((candidate) => candidate * EPOCH + low)
      .filter((number) => number >= 0n && number < NUMBERS)
      .reduce((best, number) => (distance(number) < distance(best) ? number : best));
  }

  /** Why `number` cannot be new; undefined when it may be. */
  judge(number: bigint): "stale" | "replayed" | undefined {
    if (this.#size === 0n) return undefined;
    if (number === 0n && !this.#esn) return "stale"; // never sent, RFC 4303 section 3.3.3
    if (number > this.highest) return undefined;
    if (number <= this.highest - this.#size) return "stale";
    return number <= this.#initial || this.#accepted.has(number) ? "replayed" : undefined;
  }

  /** `number` has verified. */
  accept(number: bigint): void {
    this.#accepted.add(number);
    if (number > this.highest) this.highest = number;
  }
}
