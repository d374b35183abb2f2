import type { Path } from "./natt/path.js";
import type { Sa } from "./sad/sa.js";
import type { Policy } from "./spd/policy.js";

/** What the owner of a plane must know. Taken with `plane.nextEvent()`; none is needed for packets to flow. */
export type Event =
  /** A protect policy met a packet and has no SA: negotiate one and hand it over with `policy.use`. Once a policy. */
  | { readonly kind: "acquire"; readonly policy: Policy }
  /** A soft lifetime was reached: time to rekey. Packets still flow. */
  | { readonly kind: "soft-expired"; readonly sa: Sa; readonly limit: LifetimeLimit }
  /** A hard lifetime was reached: the SA's keys are wiped, its packets are refused. */
  | { readonly kind: "hard-expired"; readonly sa: Sa; readonly limit: LifetimeLimit }
  /** Nothing authenticated passed for `idleSeconds`: the SA has been deleted. */
  | { readonly kind: "idle"; readonly sa: Sa }
  /** A newest authenticated packet came from elsewhere (RFC 7296 section 2.23): `path` is where the peer is now. */
  | { readonly kind: "mapping-changed"; readonly sa: Sa; readonly path: Path; readonly previous: Path };

/** Which lifetime was reached. `sequence`: no sequence numbers are left, RFC 4303 section 3.3.3. */
export type LifetimeLimit = "seconds" | "kilobytes" | "packets" | "sequence";

/** A bounded queue: when it is full the oldest event goes, and is counted. */
export class EventQueue {
  readonly #events: Event[] = [];
  readonly #limit: number;
  lost = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(event: Event): void {
    if (this.#events.length >= this.#limit) {
      this.#events.shift();
      this.lost++;
    }
    this.#events.push(event);
  }

  shift(): Event | undefined {
    return this.#events.shift();
  }
}
