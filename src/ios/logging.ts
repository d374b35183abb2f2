// The router's log: a ring of so many bytes, messages rationed, everything counted. `show logging` prints it.
import type { Message } from "./messages.js";
import { type Timestamps, timestamp } from "./timestamp.js";

export interface LogCounts {
  /** Messages that never reached the log: events the plane had to drop. */
  dropped: number;
  rateLimited: number;
  monitored: number;
  buffered: number;
  trapLines: number;
}

export interface LogOptions {
  /** Bytes of the ring, 4096 and more. Default 8000. */
  readonly bufferBytes?: number;
  readonly timestamps?: Timestamps;
  /** Messages about the same connection or source within so many milliseconds are one. Default 1000. */
  readonly rationMilliseconds?: number;
  /** Called with every line as it is logged: a console. */
  readonly monitor?: (line: string) => void;
}

/** Rations remembered; the oldest is forgotten. */
const RATIONS = 1024;

export class Log {
  readonly counts: LogCounts = { dropped: 0, rateLimited: 0, monitored: 0, buffered: 0, trapLines: 0 };
  readonly #lines: string[] = [];
  readonly #lastAt = new Map<string, number>();
  readonly #options: Required<Omit<LogOptions, "monitor">>;
  readonly #monitor: LogOptions["monitor"];
  #bytes = 0;

  constructor(options: LogOptions = {}) {
    const { monitor, ...rest } = options;
    this.#options = { bufferBytes: 8000, timestamps: "datetime msec", rationMilliseconds: 1000, ...rest };
    this.#monitor = monitor;
  }

  /** Logs a message at `at` milliseconds; false when it was one too many of its kind. */
  write(at: number, message: Message): boolean {
    if (message.ration !== undefined && this.#isRationed(message.ration, at)) {
      this.counts.rateLimited++;
      return false;
    }
    const line = `${timestamp(at, this.#options.timestamps)}${message.text}`;
    this.#lines.push(line);
    this.#bytes += line.length + 1;
    while (this.#bytes > this.#options.bufferBytes) this.#bytes -= (this.#lines.shift() as string).length + 1;
    this.counts.buffered++;
    if (message.level <= 6) this.counts.trapLines += line.split("\n").length;
    if (this.#monitor !== undefined) {
      this.counts.monitored++;
      this.#monitor(line);
    }
    return true;
  }

  #isRationed(key: string, at: number): boolean {
    const last = this.#lastAt.get(key);
    if (last !== undefined && at - last < this.#options.rationMilliseconds) return true;
    this.#lastAt.delete(key);
    if (this.#lastAt.size >= RATIONS) this.#lastAt.delete(this.#lastAt.keys().next().value as string);
    this.#lastAt.set(key, at);
    return false;
  }

  /** What is in the ring, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  clear(): void {
    this.#lines.length = 0;
    this.#bytes = 0;
  }

  /** `show logging`. */
  show(): string {
    return [...logHeader(this.counts, this.#options.bufferBytes), ...this.#lines].join("\n");
  }
}

export function logHeader(counts: LogCounts, bufferBytes: number): string[] {
  return [
    `Syslog logging: enabled (${counts.dropped} messages dropped, ${counts.rateLimited} messages rate-limited, 0 flushes, 0 overruns, xml disabled)`,
    "  Console logging: disabled",
    `  Monitor logging: level debugging, ${counts.monitored} messages logged, xml disabled`,
    `  Buffer logging: level debugging, ${counts.buffered} messages logged, xml disabled`,
    "  Logging Exception size (8192 bytes)",
    "  Count and timestamp logging messages: disabled",
    `  Trap logging: level informational, ${counts.trapLines} message lines logged`,
    `Log Buffer (${bufferBytes} bytes):`,
  ];
}
