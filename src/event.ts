import type { PacketSelector } from "./explain/described.js";
import type { Peer } from "./liveness/peer.js";
import type { Path } from "./natt/path.js";
import type { Sa } from "./sad/sa.js";
import type { Policy } from "./spd/policy.js";

/** What the owner of a plane must know. Taken with `plane.nextEvent()`; none is needed for packets to flow. */
export type Event =
  /**
   * A protect policy met a packet and has no SA: negotiate one and hand it over with `policy.use`. Once a policy. `packet`
   * is for the selectors that are to come from it (PFP, RFC 4301 section 4.4.1), and IKEv2's first traffic selector
   * (RFC 7296 section 2.9).
   */
  | { readonly kind: "acquire"; readonly policy: Policy; readonly packet: PacketSelector }
  /** A soft lifetime was reached: time to rekey. Packets still flow. */
  | { readonly kind: "soft-expired"; readonly sa: Sa; readonly limit: LifetimeLimit }
  /** A hard lifetime was reached: the SA's keys are wiped, its packets are refused. */
  | { readonly kind: "hard-expired"; readonly sa: Sa; readonly limit: LifetimeLimit }
  /** Nothing authenticated passed for `idleSeconds`: the SA has been deleted. */
  | { readonly kind: "idle"; readonly sa: Sa }
  /** A newest authenticated packet came from elsewhere (RFC 7296 section 2.23): `path` is where the peer is now. */
  | { readonly kind: "mapping-changed"; readonly sa: Sa; readonly path: Path; readonly previous: Path }
  /**
   * A router said that the path of an outbound SA is narrower (RFC 1191, RFC 8201), or ten minutes have passed since and
   * the configured MTU is tried again. Bytes of the largest outer IP packet.
   */
  | { readonly kind: "path-mtu"; readonly sa: Sa; readonly mtu: number; readonly previous: number }
  /**
   * Ask the peer whether it is alive: IKEv1 sends R_U_THERE with `sequence` (RFC 3706), IKEv2 an empty INFORMATIONAL
   * (RFC 7296 section 2.4). `missed`: probes before this one without an answer. What comes back goes to `plane.heard`.
   */
  | { readonly kind: "probe"; readonly peer: Peer; readonly sequence: number; readonly missed: number }
  /**
   * A packet named an SPI that nobody here knows, RFC 7296 section 1.5. Where IKE has an SA with `source` it says so
   * inside; without one it sets one up only with `recovery`. Over carrier "udp" the addresses are those of `path`.
   * Unauthenticated: at most a few a second are told, `suppressed` others since the last.
   */
  | {
      readonly kind: "invalid-spi";
      readonly spi: number;
      /** 50 ESP, 51 AH. */
      readonly protocol: 50 | 51;
      readonly source: string | undefined;
      readonly target: string | undefined;
      /** The peer whose current address `source` is. */
      readonly peer: Peer | undefined;
      readonly path: Path | undefined;
      readonly recovery: boolean;
      readonly suppressed: number;
    }
  /** The peer did not answer: its SAs have been deleted, IKE deletes its own; `next` is the peer's address now. */
  | { readonly kind: "peer-dead"; readonly peer: Peer; readonly address: string; readonly next: string }
  /**
   * The last SA to a peer went by idle, or another than the preferred address was idle too long: IKE deletes its SA to
   * `address` too. `next` is the peer's address now.
   */
  | { readonly kind: "peer-idle"; readonly peer: Peer; readonly address: string; readonly next: string };

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
