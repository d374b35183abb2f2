// What tests of adapters share: time that goes only when told, the two ends of one SA, packets to tell apart.
import type { Clock } from "../../src/adapters/clock.js";
import type { SaConfig } from "../../src/index.js";
import { ipv4 } from "../pcap/build-capture.js";

export const NOW = 1000;

/** A clock that goes only when told. */
export class FakeClock implements Clock {
  time = NOW;
  readonly #soon: (() => void)[] = [];
  readonly #timers: { at: number; act: () => void }[] = [];
  now = () => this.time;
  soon = (act: () => void) => void this.#soon.push(act);
  after = (milliseconds: number, act: () => void) => {
    const timer = { at: this.time + milliseconds, act };
    this.#timers.push(timer);
    return () => void this.#timers.splice(this.#timers.indexOf(timer), this.#timers.includes(timer) ? 1 : 0);
  };

  turn(): void {
    for (const act of this.#soon.splice(0)) act();
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
    for (const timer of this.#timers.filter(({ at }) => at <= this.time)) {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      timer.act();
    }
  }

  get waiting(): number[] {
    return this.#timers.map(({ at }) => at);
  }
}

const key = Uint8Array.from({ length: 20 }, (_, index) => index);

export function config(direction: "in" | "out", more: Partial<SaConfig> = {}): SaConfig {
  const tunnel = { source: "192.0.2.1", target: "192.0.2.2" };
  const suite = { encryption: "aes-gcm-16", encryptionKey: key } as const;
  return { direction, protocol: "esp", spi: 0x1001, mode: "tunnel", tunnel, ...suite, ...more } as SaConfig;
}

export const packetsOf = (...lengths: number[]) =>
  lengths.map((length, index) => ipv4(length).map((byte, offset) => (offset < 20 ? byte : index + offset)));
