import { IpsecError } from "./errors.js";
import type { Path } from "./natt/path.js";
import type { Sa } from "./sad/sa.js";
import type { Verdict } from "./verdict.js";
import type { Entry, ItemKind } from "./wasm/entry.js";
import type { Ring } from "./wasm/ring.js";
import { Views } from "./wasm/views.js";

const VIEWS = 1024;

/**
 * One result of the fast verbs, filled by `poll`. Its bytes are borrowed: they are valid until the next verb of the
 * plane. Copy what is to live longer; never hand `memory` to an API that may keep it.
 */
export class Item {
  /**
   * "datagram": send it. "packet": opened. "clear": bypassed, as it came. "ike": an IKE message, its marker removed.
   * "icmp": an error for the inner host. "dropped": see `verdict`; its length is 0.
   */
  kind: ItemKind = "dropped";
  verdict: Verdict = "discarded";
  /** The SA, where one was found. */
  sa: Sa | undefined = undefined;
  /** Where a datagram goes; where a received one came from, if that was said. */
  path: Path | undefined = undefined;
  /** The whole memory of the kernel: the bytes are `length` from `start`. */
  readonly memory: Uint8Array;
  start = 0;
  length = 0;
  /** The inner packet may not be cut on its way: set DF where the socket lets you. */
  df = false;
  /** No further item belongs to the same packet. */
  last = true;

  readonly #views: Views;

  /** @internal */
  constructor(memory: Uint8Array) {
    this.memory = memory;
    this.#views = new Views(memory, VIEWS);
  }

  /** @internal The next result of the ring whose bytes lie in `memory`; false when there is none. */
  take(ring: Ring, memory: Uint8Array): boolean {
    if (memory !== this.memory) {
      throw new IpsecError(
        "option",
        "item was made by another plane: createItem() of the plane that is polled makes one",
      );
    }
    const entry = ring.poll();
    if (entry !== undefined) this.#fill(entry);
    return entry !== undefined;
  }

  #fill(entry: Entry): void {
    this.kind = entry.kind;
    this.verdict = entry.verdict as Verdict;
    this.sa = entry.sa;
    this.path = entry.path;
    this.start = entry.start;
    this.length = entry.kind === "dropped" ? 0 : entry.length;
    this.df = entry.df;
    this.last = entry.last && !entry.more;
  }

  /** Copies the bytes to `target` from `offset` on without allocating; answers their number. Throws `target-too-small`. */
  copyInto(target: Uint8Array, offset = 0): number {
    if (target.length - offset < this.length) {
      throw new IpsecError(
        "target-too-small",
        `the target has room for ${target.length - offset} bytes, the item has ${this.length}`,
      );
    }
    target.set(this.#views.of(this.start, this.length), offset);
    return this.length;
  }

  /** The bytes as an array of their own. */
  copy(): Uint8Array {
    return this.memory.slice(this.start, this.start + this.length);
  }
}
