// The identities of a session, those of dynamic maps' peers for as long as they have SAs.
import { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { IosConfig } from "../model.js";
import type { Ident } from "../show/state.js";
import type { LiveIdent } from "./live-ident.js";
import type { PeerTable } from "./peer-table.js";
import { isSameRule } from "./proposal.js";
import type { Responder } from "./responder.js";

/** Between attempts of an Easy VPN remote to come up. */
const CONNECT_MILLISECONDS = 10_000;

export class IdentTable {
  /** In the order of the configuration, those of dynamic maps' peers last. */
  readonly list: LiveIdent[];
  readonly peers: PeerTable;
  readonly responder: Responder;

  constructor(list: LiveIdent[], peers: PeerTable, responder: Responder) {
    this.list = list;
    this.peers = peers;
    this.responder = responder;
  }

  of(what: Policy | Sa): LiveIdent | undefined {
    return this.list.find(({ policies, installed }) =>
      what instanceof Sa ? installed.some(({ sa }) => sa === what) : policies.includes(what),
    );
  }

  /** Easy VPN remotes that are to come up without traffic. */
  dueToConnect(now: number): LiveIdent[] {
    return this.list.filter(
      ({ planned, hasSas, wanted, askedAt }) =>
        planned.origin === "ezvpn" && wanted && !hasSas && now - askedAt >= CONNECT_MILLISECONDS,
    );
  }

  /** Takes in an identity of a dynamic map. Throws `limit`. */
  admit(ident: LiveIdent): void {
    this.responder.admit(ident);
    this.list.push(ident);
  }

  /** It has SAs. Another peer's of the same traffic go: the peer has moved. */
  succeed(ident: LiveIdent): void {
    const { interface: found, rule } = ident.planned;
    for (const other of this.list) {
      const { planned } = other;
      if (other === ident || planned.origin !== "dynamic map" || planned.interface !== found) continue;
      if (isSameRule(planned.rule, rule)) other.clear();
    }
    this.dismissEmpty();
  }

  /** Identities of dynamic maps go with their last SA. */
  dismissEmpty(): void {
    const empty = this.list.filter(({ planned, hasSas }) => planned.origin === "dynamic map" && !hasSas);
    for (const ident of empty) {
      this.responder.dismiss(ident);
      this.list.splice(this.list.indexOf(ident), 1);
    }
  }

  /** Peers that nobody has named go with the last identity and the IKE SA. */
  dismissPeers(hasIke: (address: string) => boolean): void {
    const needed = new Set(this.list.map(({ peer }) => peer));
    this.peers.keep((peer) => needed.has(peer) || hasIke(peer.address));
  }

  /** As the show commands print them: by interface. */
  shown({ interfaces }: IosConfig, now: number): Ident[] {
    for (const ident of this.list) ident.retire();
    const place = ({ planned }: LiveIdent) => interfaces.indexOf(planned.interface);
    return [...this.list].sort((a, b) => place(a) - place(b)).map((ident) => ident.shown(now));
  }
}
