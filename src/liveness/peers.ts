// Dead peer detection: RFC 3706, for IKEv2 RFC 7296 section 2.4, with the timers of the guide.
//
//            `seconds` are over                  `retrySeconds` are over
//     up ------------------------> probing ---------------------------------> one miss more: probe again
//      ^                              |                                       the last miss: dead, the next address
//      +--- anything authenticated ---+
//
// Only what has been authenticated proves life: an ESP packet whose ICV verified, or a message of which IKE says so.
import { IpsecError } from "../errors.js";
import type { EventQueue } from "../event.js";
import type { Deadlines, TimerName } from "../timers/deadlines.js";
import { Peer, type PeerConfig } from "./peer.js";

export class Peers {
  readonly #peers = new Set<Peer>();
  readonly #limit: number;
  readonly #deadlines: Deadlines;
  readonly #events: EventQueue;
  readonly #owner = {
    deletePeer: (peer: Peer) => this.#delete(peer),
    failOver: (peer: Peer) => this.#failOver(peer),
  };

  constructor(limit: number, deadlines: Deadlines, events: EventQueue) {
    this.#limit = limit;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** `sequence`: where the numbers of its probes begin. */
  add(config: PeerConfig, sequence: number): Peer {
    if (this.#peers.size >= this.#limit) {
      throw new IpsecError("limit", `there are ${this.#limit} peers already: raise limits.peers`);
    }
    const peer = new Peer(config, sequence, this.#owner);
    this.#peers.add(peer);
    return peer;
  }

  /** Throws for a peer that is deleted or another plane's. */
  check(peer: Peer): void {
    if (this.#peers.has(peer)) return;
    throw new IpsecError("peer", "peer is deleted or belongs to another plane: use one of this plane's addPeer");
  }

  /** An SA to the peer has been installed: there is somebody to watch. */
  watch(peer: Peer, now: number): void {
    if (peer.watched || peer.deleted) return;
    peer.watched = true;
    peer.status = "up";
    peer.helloAt = now;
    peer.heardAt = now;
    peer.passedAt = now;
    for (const timer of ["probe", "preferred"] as const) this.#deadlines.start(this.dueAt(peer, timer), peer, timer);
  }

  /** An authenticated ESP packet came: RFC 3706 section 5.4 takes it for proof of life. */
  received(peer: Peer, now: number): void {
    peer.heardAt = now;
    peer.passedAt = now;
    if (peer.status === "probing") this.#answered(peer);
  }

  /** A packet for the peer has been sealed. On demand, that is the moment to ask after long silence. */
  sent(peer: Peer, now: number): void {
    peer.passedAt = now;
    peer.refreshedAt = now;
    const detection = peer.deadPeerDetection;
    if (detection?.mode !== "on-demand" || peer.status !== "up") return;
    if (now - peer.heardAt >= detection.seconds * 1000) this.#probe(peer, now);
  }

  /**
   * IKE has authenticated a message of the peer. `sequence`: it acknowledges the probe of that number, and counts only
   * when such a probe is unanswered.
   */
  heard(peer: Peer, now: number, sequence: number | undefined): boolean {
    if (sequence !== undefined) {
      const back = (peer.sequence - sequence) >>> 0;
      if (peer.status !== "probing" || back > peer.unanswered) return false;
    }
    this.watch(peer, now);
    peer.heardAt = now;
    // A hello of the peer's own stands in for the next probe; an answer does not shift the rhythm.
    if (peer.status === "up") peer.helloAt = now;
    else this.#answered(peer);
    return true;
  }

  /** Somebody who proved nothing says that the peer may have lost its SAs: one probe, at most one an interval. */
  suspect(peer: Peer, now: number): void {
    const detection = peer.deadPeerDetection;
    if (detection === undefined || !peer.watched || peer.status !== "up") return;
    if (!(now - peer.probedAt < detection.seconds * 1000)) this.#probe(peer, now);
  }

  /** The peer whose current address this is. */
  at(address: string | undefined): Peer | undefined {
    for (const peer of this.#peers) if (peer.address === address) return peer;
    return undefined;
  }

  /** When a timer of a peer is due, as things stand. */
  dueAt(peer: Peer, timer: TimerName): number {
    if (!peer.watched) return Infinity;
    if (timer === "preferred") {
      const seconds = peer.preferredIdleSeconds;
      return seconds === undefined || peer.index === 0 ? Infinity : peer.passedAt + seconds * 1000;
    }
    const detection = peer.deadPeerDetection;
    if (detection === undefined) return Infinity;
    if (peer.status === "probing") return peer.probedAt + detection.retrySeconds * 1000;
    if (detection.mode === "on-demand") return Infinity;
    const last = Number.isNaN(peer.probedAt) ? peer.helloAt : Math.max(peer.probedAt, peer.helloAt);
    return last + detection.seconds * 1000;
  }

  fire(peer: Peer, timer: TimerName, now: number): void {
    if (timer === "preferred") {
      this.#returnToPreferred(peer);
      return;
    }
    if (peer.status === "probing") peer.unanswered++;
    if (peer.unanswered >= (peer.deadPeerDetection?.misses ?? Infinity)) this.#bury(peer);
    else this.#probe(peer, now);
  }

  /** An idle SA of the peer has been deleted. When it was the last, IKE's goes too. */
  idle(peer: Peer): void {
    for (const sa of peer.sas) if (sa.state === "live") return;
    this.#rest(peer);
    this.#events.push({ kind: "peer-idle", peer, address: peer.address, next: peer.address });
  }

  #probe(peer: Peer, now: number): void {
    peer.status = "probing";
    peer.probedAt = now;
    peer.sequence = (peer.sequence + 1) >>> 0;
    this.#events.push({ kind: "probe", peer, sequence: peer.sequence, missed: peer.unanswered });
    this.#deadlines.start(this.dueAt(peer, "probe"), peer, "probe");
  }

  #answered(peer: Peer): void {
    peer.status = "up";
    peer.unanswered = 0;
  }

  /** RFC 3706 section 5.4: its SAs go. The next of the list takes its place, after the last the first again. */
  #bury(peer: Peer): void {
    const { address } = peer;
    this.#turnToNext(peer);
    peer.status = "dead";
    for (const sa of [...peer.sas]) sa.delete();
    this.#events.push({ kind: "peer-dead", peer, address, next: peer.address });
  }

  /** IKE reaches nobody. */
  #failOver(peer: Peer): void {
    for (const sa of peer.sas) if (sa.state === "live") return;
    this.#turnToNext(peer);
  }

  #turnToNext(peer: Peer): void {
    peer.index = (peer.index + 1) % peer.addresses.length;
    this.#rest(peer);
  }

  #returnToPreferred(peer: Peer): void {
    const { address } = peer;
    peer.index = 0;
    this.#rest(peer);
    for (const sa of [...peer.sas]) sa.delete();
    this.#events.push({ kind: "peer-idle", peer, address, next: peer.address });
  }

  /** Nobody is watched until the next SA or word of IKE. */
  #rest(peer: Peer): void {
    peer.watched = false;
    peer.status = "up";
    peer.unanswered = 0;
  }

  #delete(peer: Peer): void {
    this.#rest(peer);
    peer.deleted = true;
    this.#peers.delete(peer);
    for (const sa of [...peer.sas]) sa.delete();
  }
}
