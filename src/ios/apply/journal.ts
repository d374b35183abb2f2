// What a session writes to its log: which tunnels have come up or gone, packets outside the window, debug lines where they
// are asked for.
import type { IkeSa } from "../../ike/ike-sa.js";
import type { PayloadChain } from "../../ike/payload.js";
import type { Peer } from "../../liveness/peer.js";
import {
  acknowledged,
  buried,
  type DebugPeer,
  destroyed,
  detectionEnabled,
  notResponding,
  probeSent,
} from "../debug-isakmp.js";
import { Log, type LogOptions } from "../logging.js";
import { type Message, modeFailure, replayFailed, sessionStatus } from "../messages.js";
import type { IosConfig } from "../model.js";
import type { IsakmpSa } from "../show/state.js";
import type { LiveIdent } from "./live-ident.js";
import { acknowledgement, madeLines, refusedLines } from "./narration.js";
import type { Answer, Proposal } from "./proposal.js";

export interface JournalOptions {
  readonly log?: LogOptions;
  /** Milliseconds since 1970 when `now` is 0. Default 0. */
  readonly epoch?: number;
}

export class Journal {
  readonly log: Log;
  readonly debugging = { ipsec: false, isakmp: false };
  readonly #epoch: number;
  readonly #chance: () => number;
  readonly #isakmpSas: () => readonly IsakmpSa[];
  /** Peers whose tunnel is up, and the address at which it is. */
  readonly #up = new Map<Peer, string>();
  /** Packets outside the window that were reported, by connection. */
  #replays = new Map<number, number>();

  constructor({ log, epoch = 0 }: JournalOptions, chance: () => number, isakmpSas: () => readonly IsakmpSa[]) {
    this.log = new Log(log);
    this.#epoch = epoch;
    this.#chance = chance;
    this.#isakmpSas = isakmpSas;
  }

  say(now: number, message: Message): void {
    this.log.write(this.#epoch + now, message);
  }

  #debug(what: "ipsec" | "isakmp", now: number, lines: () => readonly Message[]): void {
    if (this.debugging[what]) for (const line of lines()) this.say(now, line);
  }

  /** Says of every peer whose tunnel has come up or gone down since the last time. */
  tellStatus(now: number, idents: readonly LiveIdent[]): void {
    const up = new Set(idents.filter(({ hasSas }) => hasSas).map(({ peer }) => peer));
    for (const [peer, address] of [...this.#up]) {
      if (up.has(peer)) continue;
      this.#up.delete(peer);
      this.say(now, sessionStatus(false, address, peer.port));
    }
    for (const peer of up) {
      if (this.#up.has(peer)) continue;
      this.#up.set(peer, peer.address);
      this.say(now, sessionStatus(true, peer.address, peer.port));
    }
  }

  /** Packets outside the window have no event: they are counted, and a change is reported. */
  tellReplays(now: number, idents: readonly LiveIdent[]): void {
    const counted = new Map<number, number>();
    for (const { sa, connectionId } of idents.flatMap(({ installed }) => installed)) {
      const { stale = 0, replayed = 0 } = sa.stats.dropped;
      counted.set(connectionId, stale + replayed);
      for (let packet = this.#replays.get(connectionId) ?? 0; packet < stale + replayed; packet++)
        this.say(now, replayFailed(connectionId));
    }
    this.#replays = counted;
  }

  /** IKE is up with a peer that is to be watched. */
  tellDetection(now: number, peer: Peer): void {
    if (peer.deadPeerDetection !== undefined) this.#debugIke(now, peer, peer.address, detectionEnabled);
  }

  tellProbe(now: number, peer: Peer, missed: number): void {
    this.#debugIke(now, peer, peer.address, (to) => probeSent(to, this.#node(), missed));
  }

  /** What a peer said inside an IKE SA: an acknowledgement is told of. */
  tellInformed(now: number, peer: Peer, sa: IkeSa, chain: PayloadChain): void {
    const sequence = acknowledgement(sa, chain);
    if (sequence === undefined) return;
    const structure = this.#node() >>> 0;
    this.#debugIke(now, peer, peer.address, (from) => acknowledged(from, this.#node(), sequence, structure));
  }

  /** A peer is dead: its SAs of IPsec are deleted already, and not yet forgotten. */
  tellDeath(now: number, peer: Peer, address: string, idents: readonly LiveIdent[]): void {
    const own = idents.filter((ident) => ident.peer === peer);
    const inbound = own.flatMap(({ installed }) => installed).filter(({ sa }) => sa.direction === "in");
    const memory = { structure: this.#node() >>> 0, nodes: [] };
    const local = own[0]?.planned.localAddress ?? "0.0.0.0";
    this.#debugIke(now, peer, address, (dead) => notResponding(dead, memory));
    this.tellStatus(now, idents);
    this.#debugIke(now, peer, address, (dead) => destroyed(dead, this.#node()));
    const spis = inbound.map(({ sa }) => sa.spi);
    this.#debugIke(now, peer, address, (dead) => buried(dead, memory, local, spis));
  }

  /** SAs of one generation have been made. */
  tellMade(now: number, config: IosConfig, ident: LiveIdent, generation: number): void {
    this.#debug("ipsec", now, () => madeLines(config, ident, generation));
  }

  /** A proposal was judged here. */
  tellAnswer(now: number, localAddress: string, peer: Peer, proposal: Proposal, answer: Answer): void {
    this.#debug("ipsec", now, () => refusedLines(localAddress, peer, proposal, answer));
    if ("refusal" in answer) this.say(now, modeFailure(peer.address));
  }

  #debugIke(now: number, { port }: Peer, address: string, lines: (peer: DebugPeer) => readonly Message[]): void {
    const sa = this.#isakmpSas()
      .filter(({ target }) => target === address)
      .at(-1);
    this.#debug("isakmp", now, () => lines({ address, port, connectionId: sa?.connectionId ?? 0 }));
  }

  /** The number of an exchange, as IOS prints it: 32 bits with a sign. */
  #node(): number {
    return Math.floor(this.#chance() * 2 ** 32) | 0;
  }
}
