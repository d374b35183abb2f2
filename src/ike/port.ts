// Where an IKE implementation plugs in: what the data plane asks of it, and what it tells the data plane.
//
//   plane --- events ---> IkeDriver --- IkePort ---> IKE ---> the peer's IKE
//   plane <-- verbs ----- IkeDriver <-- informed, established, hinted --- IKE
//
// IKE negotiates, encrypts and authenticates; the driver builds and reads what liveness and lost SAs say inside.
import type { DataPlane } from "../data-plane.js";
import type { Event } from "../event.js";
import type { Peer } from "../liveness/peer.js";
import type { Sa } from "../sad/sa.js";
import type { Policy } from "../spd/policy.js";
import { readAreYouThere, writeAreYouThere } from "./dead-peer.js";
import { isDelete, readDelete, writeDelete } from "./delete.js";
import type { IkeSa } from "./ike-sa.js";
import {
  readInvalidSpi,
  readInvalidSpiMessage,
  type UnknownSpi,
  writeInvalidSpi,
  writeInvalidSpiMessage,
} from "./invalid-spi.js";
import { isNotify, type Notify, readNotify } from "./notify.js";
import { type Payload, type PayloadChain, readPayloads, writePayloads } from "./payload.js";

/** Notices that wait for an IKE SA with one peer. */
const WAITING_MAX = 8;
/** How long they wait, and an attempt to set one up is not repeated. */
const WAITING_MS = 30_000;

/** What an IKE implementation offers. Nothing here may throw or call back before it returns. */
export interface IkePort {
  /** The IKE SA that is up with an address. */
  find(address: string): IkeSa | undefined;
  /** Sends an INFORMATIONAL message with these payloads, encrypted, in that SA. IKEv2: a request; without payloads, too. */
  inform(now: number, sa: IkeSa, payloads: PayloadChain): void;
  /** Sets up an IKE SA with the peer's current address; tell `established` when it is up. */
  establish(now: number, peer: Peer): void;
  /**
   * Deletes an IKE SA: its peer is dead, nothing is left to protect, somebody has typed `clear`; or the peer says that it
   * has deleted it.
   */
  release(now: number, sa: IkeSa, reason: "dead" | "idle" | "cleared" | "deleted"): void;
  /** Negotiates SAs for a policy, with `policy.peer` where it names one, to be handed over with `policy.use`. */
  acquire(now: number, policy: Policy): void;
  /** Negotiates a successor: a soft lifetime was reached. */
  rekey(now: number, sa: Sa): void;
  /** Sends a whole message without protection, RFC 7296 section 1.5. Called only with the option `hints`. */
  send(now: number, address: string, message: Uint8Array): void;
}

export interface IkeDriverOptions {
  /** Answer unknown SPIs of senders without an IKE SA by unprotected notices, RFC 7296 section 1.5. Default false. */
  readonly hints?: boolean;
}

export class IkeDriver {
  readonly #plane: DataPlane;
  readonly #port: IkePort;
  readonly #hints: boolean;
  readonly #waiting = new Map<Peer, { readonly since: number; readonly spis: UnknownSpi[] }>();
  /** The last R_U_THERE number of each peer. */
  readonly #asked = new WeakMap<Peer, number>();

  constructor(plane: DataPlane, port: IkePort, options: IkeDriverOptions = {}) {
    this.#plane = plane;
    this.#port = port;
    this.#hints = options.hints ?? false;
  }

  /** Hands every event of the plane to the port, and all of them to the caller. Call it after `tick`, `flush`, and verbs. */
  drive(now: number): Event[] {
    const events: Event[] = [];
    for (let event = this.#plane.nextEvent(); event !== undefined; event = this.#plane.nextEvent()) {
      events.push(event);
      this.handle(now, event);
    }
    return events;
  }

  /** An IKE SA with the peer is up: somebody is there, and what waited is said. */
  established(now: number, peer: Peer): void {
    this.#plane.heard(now, peer);
    this.#asked.delete(peer);
    const waiting = this.#waiting.get(peer);
    const sa = this.#port.find(peer.address);
    if (waiting === undefined || sa === undefined) return;
    this.#waiting.delete(peer);
    this.#inform(now, sa, ...waiting.spis.map((unknown) => writeInvalidSpi(sa.version, unknown)));
  }

  /**
   * The payloads of an INFORMATIONAL message of the peer, decrypted and authenticated in `sa`. False: they were malformed
   * or said something old, and changed nothing.
   */
  informed(now: number, peer: Peer, sa: IkeSa, chain: PayloadChain): boolean {
    const payloads = readPayloads(chain);
    if (payloads === undefined) return false;
    const notifies: Notify[] = [];
    for (const payload of payloads) {
      const notify = isNotify(sa.version, payload) ? readNotify(sa.version, payload.body) : undefined;
      if (notify !== undefined) notifies.push(notify);
      else if (isNotify(sa.version, payload)) return false;
    }
    let acknowledged = false;
    for (const notify of sa.version === 1 ? notifies : []) {
      const there = readAreYouThere(sa, notify);
      if (there === undefined) continue;
      const fresh = there.ack
        ? this.#plane.heard(now, peer, there.sequence)
        : this.#answer(now, peer, sa, there.sequence);
      if (!fresh) return false;
      if (there.ack) acknowledged = true;
    }
    for (const payload of payloads)
      if (isDelete(sa.version, payload) && !this.#forget(now, peer, sa, payload)) return false;
    for (const notify of notifies) {
      const unknown = readInvalidSpi(sa.version, notify);
      if (unknown !== undefined) peer.outbound(unknown.spi, unknown.protocol)?.delete();
    }
    return acknowledged || this.#plane.heard(now, peer);
  }

  /** A message that came without protection from the peer's address. At most it makes the peer worth a probe. */
  hinted(now: number, peer: Peer, message: Uint8Array): void {
    const spi = readInvalidSpiMessage(message);
    if (spi !== undefined && peer.outbound(spi) !== undefined) this.#plane.suspect(now, peer);
  }

  /** SAs that were deleted here: the peer is told, inside an IKE SA, of those by which this side received. */
  gone(now: number, sas: readonly Sa[]): void {
    const received = sas.filter(({ direction }) => direction === "in");
    for (const peer of new Set(received.map((sa) => sa.peer))) {
      const ike = peer && this.#port.find(peer.address);
      if (ike === undefined) continue;
      const spisOf = (protocol: Sa["protocol"]) =>
        received.filter((sa) => sa.peer === peer && sa.protocol === protocol).map(({ spi }) => spi);
      const [ah, esp] = [spisOf("ah"), spisOf("esp")];
      this.#inform(
        now,
        ike,
        ...(ah.length > 0 ? [writeDelete(ike.version, 51, ah)] : []),
        ...(esp.length > 0 ? [writeDelete(ike.version, 50, esp)] : []),
      );
    }
  }

  /** Asks for the SAs of a policy before a packet does. */
  acquire(now: number, policy: Policy): void {
    this.#port.acquire(now, policy);
  }

  /** Hands one event to the port: for a caller that takes the plane's events itself. */
  handle(now: number, event: Event): void {
    switch (event.kind) {
      case "acquire":
        this.acquire(now, event.policy);
        return;
      case "soft-expired":
        this.#port.rekey(now, event.sa);
        return;
      case "hard-expired":
      case "idle":
        this.gone(now, [event.sa]);
        return;
      case "probe":
        this.#probe(now, event.peer, event.sequence);
        return;
      case "peer-dead":
      case "peer-idle": {
        this.#waiting.delete(event.peer);
        const sa = this.#port.find(event.address);
        if (sa !== undefined) this.#port.release(now, sa, event.kind === "peer-dead" ? "dead" : "idle");
        return;
      }
      case "invalid-spi":
        this.#tell(now, event);
    }
  }

  /** The peer no longer has some SAs: what is sent in them would be lost. */
  #forget(now: number, peer: Peer, sa: IkeSa, payload: Payload): boolean {
    const deleted = readDelete(sa.version, sa, payload.body);
    if (deleted === undefined) return false;
    if (deleted.protocol === "ike") this.#port.release(now, sa, "deleted");
    else for (const spi of deleted.spis) peer.outbound(spi, deleted.protocol)?.delete();
    return true;
  }

  /** Without an IKE SA nobody can be asked: the probe counts as missed. */
  #probe(now: number, peer: Peer, sequence: number): void {
    const sa = this.#port.find(peer.address);
    if (sa === undefined) return;
    if (sa.version === 1) this.#inform(now, sa, writeAreYouThere(sa, { ack: false, sequence }));
    else this.#inform(now, sa);
  }

  /** RFC 3706 section 6.2: numbers grow; the last may come again when the answer was lost. */
  #answer(now: number, peer: Peer, sa: IkeSa, sequence: number): boolean {
    const last = this.#asked.get(peer);
    if (last !== undefined && (sequence - last) >>> 0 >= 0x8000_0000) return false;
    this.#asked.set(peer, sequence);
    this.#inform(now, sa, writeAreYouThere(sa, { ack: true, sequence }));
    return true;
  }

  /** Inside an IKE SA always; setting one up only for a peer of the configuration, where recovery is on. */
  #tell(now: number, event: Event & { kind: "invalid-spi" }): void {
    const { source, spi, protocol, peer, recovery } = event;
    if (source === undefined) return;
    const sa = this.#port.find(source);
    if (sa !== undefined) this.#inform(now, sa, writeInvalidSpi(sa.version, { spi, protocol }));
    else if (recovery && peer !== undefined) this.#wait(now, peer, { spi, protocol });
    else if (this.#hints) this.#port.send(now, source, writeInvalidSpiMessage(spi));
  }

  #wait(now: number, peer: Peer, unknown: UnknownSpi): void {
    const waiting = this.#waiting.get(peer);
    if (waiting !== undefined && now - waiting.since < WAITING_MS) {
      if (waiting.spis.length < WAITING_MAX && !waiting.spis.some(({ spi }) => spi === unknown.spi))
        waiting.spis.push(unknown);
      return;
    }
    this.#waiting.set(peer, { since: now, spis: [unknown] });
    this.#port.establish(now, peer);
  }

  #inform(now: number, sa: IkeSa, ...payloads: Payload[]): void {
    this.#port.inform(now, sa, writePayloads(payloads));
  }
}
