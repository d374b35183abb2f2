// How far the command is, on a terminal.
const REPORTED_SIZE = 1 << 24;

/** A line on a terminal, for files that take a while. */
export class Progress {
  readonly #size: number;
  readonly #shown: boolean;
  #position = 0;
  #percent = 0;

  constructor(size: number, quiet: boolean) {
    this.#size = size;
    this.#shown = !quiet && process.stderr.isTTY === true && size > REPORTED_SIZE;
  }

  report(bytes: number, packets: number): void {
    this.#position += bytes;
    const percent = Math.floor((this.#position * 100) / this.#size);
    if (!this.#shown || percent === this.#percent) return;
    this.#percent = percent;
    process.stderr.write(`\r${percent} %, ${packets.toLocaleString("en")} packets`);
  }

  done(): void {
    if (this.#shown) process.stderr.write("\r\x1b[K");
  }
}
