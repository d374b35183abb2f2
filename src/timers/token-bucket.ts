// So many at once, then one every interval: what keeps answers to strangers from becoming a flood.

export class TokenBucket {
  readonly #most: number;
  readonly #interval: number;
  #tokens: number;
  #at: number;

  /** `most` at once, then one every `interval` milliseconds. */
  constructor(most: number, interval: number, now: number) {
    this.#most = most;
    this.#interval = interval;
    this.#tokens = most;
    this.#at = now;
  }

  has(now: number): boolean {
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#at) / this.#interval);
    this.#at = now;
    return this.#tokens >= 1;
  }

  take(): void {
    this.#tokens--;
  }
}
