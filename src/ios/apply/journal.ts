// What a session writes to its log: which tunnels have come up or gone, packets outside the window, debug lines where they
// are asked for.
import type { Peer } from "../../liveness/peer.js";
import { Log, type LogOptions } from "../logging.js";
import { type Message, replayFailed, sessionStatus } from "../messages.js";
import type { LiveIdent } from "./live-ident.js";

export interface JournalOptions {
  readonly log?: LogOptions;
  /** Milliseconds since 1970 when `now` is 0. Default 0. */
  readonly epoch?: number;
}

export class Journal {
  readonly log: Log;
  readonly debugging = { ipsec: false, isakmp: false };
  readonly #epoch: number;
  /** Peers whose tunnel is up, and the address at which it is. */
  readonly #up = new Map<Peer, string>();
  /** Packets outside the window that were reported, by connection. */
  #replays = new Map<number, number>();

  constructor({ log, epoch = 0 }: JournalOptions) {
    this.log = new Log(log);
    this.#epoch = epoch;
  }

  say(now: number, message: Message): void {
    this.log.write(this.#epoch + now, message);
  }

  debug(what: "ipsec" | "isakmp", now: number, lines: () => readonly Message[]): void {
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
}
