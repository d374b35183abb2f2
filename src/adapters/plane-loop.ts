// What adapters do around a plane, whatever datagrams travel in.
//
//   inbound()   -> plane.inbound --+                    +-> datagram: copied into the outlet
//                                  +-> flush, poll -----+
//   outbound()  -> plane.outbound -+   once a turn      +-> packet, clear, ike, icmp: copied, handed to a callback
//
// Packets are collected for one turn of the event loop, so that a burst is one call of the kernel.
import type { DataPlane } from "../data-plane.js";
import type { Item } from "../item.js";
import type { Path } from "../natt/path.js";
import type { Sa } from "../sad/sa.js";
import { Slab } from "../slab.js";
import type { Verdict } from "../verdict.js";
import type { Clock } from "./clock.js";

export interface Callbacks {
  /** An opened packet. The bytes are the callback's own, the buffer they lie in is not: do not transfer it. */
  readonly onPacket: (packet: Uint8Array, sa: Sa | undefined) => void;
  /** A packet that the policies let through as it is: inbound ones, and outbound ones to be sent elsewhere. */
  readonly onClear?: (packet: Uint8Array) => void;
  /** An IKE message that came in, without its marker. No path: it wants no answer, or nobody knows whence it came. */
  readonly onIke?: (message: Uint8Array, path: Path | undefined) => void;
  /** An ICMP error for the sender of a packet that was too big. */
  readonly onIcmp?: (packet: Uint8Array) => void;
  readonly onDropped?: (verdict: Verdict) => void;
}

/** Where datagrams leave. */
export interface Outlet {
  /** Whether it takes one more datagram. When it did not and does again, it calls the loop's drainSoon(). */
  makeRoom(): boolean;
  /** Copies the datagram that `item` shows. Only after makeRoom() answered true. */
  take(item: Item): void;
  /** Sends what it took. */
  flush(): void;
}

/** setTimeout takes no more than this. */
const LONGEST_WAIT = 0x7fffffff;

export class PlaneLoop {
  readonly #plane: DataPlane;
  readonly #callbacks: Callbacks;
  readonly #outlet: Outlet;
  readonly #clock: Clock;
  readonly #item: Item;
  readonly #slab = new Slab();
  /** What callbacks are still to be told. Not while the plane is polled: a callback may send. */
  readonly #deliveries: (() => void)[] = [];
  #delivering = false;
  #drainIsDue = false;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(plane: DataPlane, callbacks: Callbacks, outlet: Outlet, clock: Clock) {
    this.#plane = plane;
    this.#callbacks = callbacks;
    this.#outlet = outlet;
    this.#clock = clock;
    this.#item = plane.createItem();
    plane.onTimersSet = () => this.drainSoon();
    this.drainSoon(); // The age of its SAs begins; another adapter may have left something.
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Seals a packet. False: nothing was taken, the outlet does not keep up. */
  outbound(packet: Uint8Array, sa: Sa | undefined): boolean {
    let taken = this.#plane.outbound(this.#clock.now(), packet, sa);
    if (!taken) {
      this.#drain();
      taken = this.#plane.outbound(this.#clock.now(), packet, sa);
    }
    if (taken) this.drainSoon();
    return taken;
  }

  /** Opens a datagram. False: it is lost, the plane is full and the outlet, too. */
  inbound(datagram: Uint8Array, path: Path | undefined): boolean {
    let taken = this.#plane.inbound(this.#clock.now(), datagram, path);
    // Twice: callbacks that answer what the first drain delivers may fill the ring anew.
    for (let drains = 0; !taken && drains < 2; drains++) {
      this.#drain();
      if (this.#stopped) return true; // By a callback; the plane is closed, too, perhaps.
      taken = this.#plane.inbound(this.#clock.now(), datagram, path);
    }
    this.drainSoon();
    return taken;
  }

  drainSoon(): void {
    if (this.#drainIsDue) return;
    this.#drainIsDue = true;
    this.#clock.soon(() => {
      this.#drainIsDue = false;
      this.#drain();
    });
  }

  /** The outlet is gone: what has come in is still delivered, unless somebody has closed the plane. */
  drainLast(): void {
    if (this.#plane.memoryBytes > 0) this.#drain();
  }

  /** What was not sent or delivered yet is not. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  /**
   * Takes what the plane has, as long as the outlet has room. Without it the rest waits in the plane; that is how a slow
   * outlet reaches whoever calls outbound().
   */
  #drain(): void {
    if (this.#stopped) return;
    const now = this.#clock.now();
    this.#plane.flush(now);
    this.#plane.tick(now);
    while (this.#outlet.makeRoom() && this.#plane.poll(this.#item)) this.#handOut(this.#item);
    this.#outlet.flush();
    this.#armTimer(now);
    this.#deliver();
  }

  /** A callback that sends may cause another drain: what that finds is delivered by the loop already running. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#deliveries.shift(); next !== undefined && !this.#stopped; next = this.#deliveries.shift()) {
      try {
        next();
      } catch (error) {
        this.#throwSoon(error);
      }
    }
    this.#delivering = false;
  }

  /** What callbacks and outlet throw: neither who sends nor what else comes and goes has to do with it. */
  #throwSoon(error: unknown): void {
    this.#clock.soon(() => {
      throw error;
    });
  }

  #handOut(item: Item): void {
    const { onPacket, onClear, onIke, onIcmp, onDropped } = this.#callbacks;
    const { kind, verdict, sa, path } = item;
    if (kind === "datagram") {
      try {
        this.#outlet.take(item);
      } catch (error) {
        this.#throwSoon(error);
      }
      return;
    }
    const bytes = this.#slab.take(item.length);
    item.copyInto(bytes);
    if (kind === "packet") this.#deliveries.push(() => onPacket(bytes, sa));
    else if (kind === "clear") this.#deliveries.push(() => onClear?.(bytes));
    else if (kind === "ike") this.#deliveries.push(() => onIke?.(bytes, path));
    else if (kind === "icmp") this.#deliveries.push(() => onIcmp?.(bytes));
    else this.#deliveries.push(() => onDropped?.(verdict));
  }

  #armTimer(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const due = this.#plane.deadline();
    if (this.#stopped || due === Number.POSITIVE_INFINITY) return;
    // Still due: the plane is full. When the outlet has room again, there is another drain.
    if (due <= now && !this.#outlet.makeRoom()) return;
    const wait = Math.min(Math.max(Math.ceil(due - now), 0), LONGEST_WAIT);
    this.#cancelTimer = this.#clock.after(wait, () => this.#drain());
  }
}
