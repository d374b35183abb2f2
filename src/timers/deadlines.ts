// What is due when: a binary heap of (time, owner, timer). Timers are re-armed lazily: a packet only notes when it
// passed, and the entry moves when it comes up. So a packet costs the heap nothing, and a tick with nothing due looks at
// one entry. A timer is in the heap once at most, and never later than it is due.
import type { Peer } from "../liveness/peer.js";
import type { Sa } from "../sad/sa.js";

const TIMERS = ["soft", "hard", "idle", "keepalive", "dummy", "path-mtu", "probe", "preferred"] as const;

export type TimerName = (typeof TIMERS)[number];

export type TimerOwner = Sa | Peer;

interface Entry {
  readonly at: number;
  readonly owner: TimerOwner;
  readonly timer: TimerName;
}

export class Deadlines {
  readonly #heap: Entry[] = [];

  /** Starts a timer, unless it runs: then the entry it has comes up in time. */
  start(at: number, owner: TimerOwner, timer: TimerName): void {
    if ((owner.timers & bitOf(timer)) === 0) this.set(at, owner, timer);
  }

  /** Puts back a timer that has been taken out; Infinity ends it. */
  set(at: number, owner: TimerOwner, timer: TimerName): void {
    if (at === Infinity) {
      owner.timers &= ~bitOf(timer);
      return;
    }
    owner.timers |= bitOf(timer);
    const heap = this.#heap;
    let place = heap.push({ at, owner, timer }) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if ((heap[parent] as Entry).at <= at) break;
      heap[place] = heap[parent] as Entry;
      place = parent;
    }
    heap[place] = { at, owner, timer };
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
  next(due: (owner: TimerOwner, timer: TimerName) => number): number {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined) return Infinity;
      const at = due(first.owner, first.timer);
      if (at === first.at) return at;
      this.take();
      this.set(at, first.owner, first.timer);
    }
  }
}

function bitOf(timer: TimerName): number {
  return 1 << TIMERS.indexOf(timer);
}
