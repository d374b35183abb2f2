// What is due when: a binary heap of (time, SA, timer). Timers are re-armed lazily: a packet only notes when it passed,
// and the entry moves when it comes up. So a packet costs the heap nothing, and a tick with nothing due looks at one entry.
import type { Sa } from "../sad/sa.js";

export type TimerName = "soft" | "hard" | "idle" | "keepalive" | "dummy";

interface Entry {
  readonly at: number;
  readonly sa: Sa;
  readonly timer: TimerName;
}

export class Deadlines {
  readonly #heap: Entry[] = [];

  set(at: number, sa: Sa, timer: TimerName): void {
    if (at === Infinity) return;
    const heap = this.#heap;
    let place = heap.push({ at, sa, timer }) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((heap[parent] as Entry).at <= at) break;
      heap[place] = heap[parent] as Entry;
      place = parent;
    }
    heap[place] = { at, sa, timer };
  }

  /** The earliest time in the heap, Infinity when it is empty. May be earlier than anything is really due. */
  get earliest(): number {
    return this.#heap[0]?.at ?? Infinity;
  }

  /** Takes the earliest entry out. */
  take(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const moved = heap.pop();
    if (first === undefined || moved === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child++;
      if (moved.at <= (heap[child] as Entry).at) break;
      heap[place] = heap[child] as Entry;
      place = child;
    }
    heap[place] = moved;
    return first;
  }

  /** When the first timer is really due. `due` says when one is, Infinity for one that no longer is. */
  next(due: (sa: Sa, timer: TimerName) => number): number {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return Infinity;
      const at = due(first.sa, first.timer);
      if (at === first.at) return at;
      this.take();
      this.set(at, first.sa, first.timer);
    }
  }
}
