// A configuration in force on a plane: its identities and their SAs, what its show commands print, its log. Between the
// plane and whoever does IKE stands the driver of src/ike; the clock is the caller's.
import type { DataPlane } from "../../data-plane.js";
import type { Event } from "../../event.js";
import type { Explanation } from "../../explain/explain.js";
import type { IkeSa } from "../../ike/ike-sa.js";
import type { PayloadChain } from "../../ike/payload.js";
import { IkeDriver } from "../../ike/port.js";
import type { Peer } from "../../liveness/peer.js";
import type { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { Verdict } from "../../verdict.js";
import type { Diagnostic } from "../diagnostic.js";
import type { Log } from "../logging.js";
import { invalidSpi, modeFailure } from "../messages.js";
import type { IosConfig } from "../model.js";
import type { Ident, IsakmpSa } from "../show/state.js";
import type { IdentTable } from "./ident-table.js";
import { Journal } from "./journal.js";
import type { Keying, LiveIdent } from "./live-ident.js";
import type { Answer, Proposal } from "./proposal.js";
import type { IosIke, SessionOptions } from "./session-options.js";

/** IOS's first connection id. */
const FIRST_CONNECTION = 5121;
export interface SessionParts {
  readonly idents: IdentTable;
  readonly policies: readonly Policy[];
  readonly diagnostics: readonly Diagnostic[];
}

export class IosSession {
  readonly config: IosConfig;
  /** What of the configuration could not be applied. */
  readonly diagnostics: readonly Diagnostic[];
  /** Absent without an IKE. */
  readonly driver: IkeDriver | undefined;
  readonly #plane: DataPlane;
  readonly #ike: IosIke | undefined;
  readonly #idents: IdentTable;
  readonly #policies: readonly Policy[];
  readonly #journal: Journal;
  readonly #chance: () => number;
  #nextConnection = FIRST_CONNECTION;
  #nextFlow = 1;

  /** What the plane tells of a verdict. */
  explain(verdict: Verdict): Explanation {
    return this.#plane.explain(verdict);
  }

  /** @internal `applyConfig` makes it. */
  constructor(plane: DataPlane, config: IosConfig, parts: SessionParts, options: SessionOptions) {
    this.config = config;
    this.diagnostics = parts.diagnostics;
    this.#plane = plane;
    this.#idents = parts.idents;
    this.#policies = parts.policies;
    this.#ike = options.ike;
    this.driver = options.ike && new IkeDriver(plane, options.ike);
    this.#chance = options.chance ?? (() => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32);
    this.#journal = new Journal(options, this.#chance, () => this.isakmpSas);
  }

  /** In the order of the configuration, those of dynamic maps' peers last. */
  get idents(): readonly LiveIdent[] {
    return this.#idents.list;
  }

  /** Whether it protects anything: names a peer, or answers some. */
  get protects(): boolean {
    return this.idents.length > 0 || this.#idents.responder.answers;
  }

  get log(): Log {
    return this.#journal.log;
  }

  get debugging(): { ipsec: boolean; isakmp: boolean } {
    return this.#journal.debugging;
  }

  get isakmpSas(): readonly IsakmpSa[] {
    return this.#ike?.sas ?? [];
  }

  /** The identity that a policy or an SA is of. */
  identOf(what: Policy | Sa): LiveIdent | undefined {
    return this.#idents.of(what);
  }

  /** Runs the plane's timers, takes its events, and asks for the SAs that are wanted without traffic. */
  tick(now: number): void {
    this.#plane.tick(now);
    this.takeEvents(now);
    for (const ident of this.#idents.dueToConnect(now)) this.#acquire(now, ident);
  }

  /** Takes the plane's events; call it after packets were offered. */
  takeEvents(now: number): void {
    this.log.counts.dropped = this.#plane.eventsLost;
    for (let event = this.#plane.nextEvent(); event !== undefined; event = this.#plane.nextEvent())
      this.#take(event, now);
    this.#journal.tellReplays(now, this.idents);
    for (const ident of this.idents) ident.age(now);
    this.#tellChanges(now);
  }

  #take(event: Event, now: number): void {
    switch (event.kind) {
      case "acquire":
        if (this.identOf(event.policy)?.mayAsk !== false) break;
        event.policy.askAgain();
        return;
      case "soft-expired": {
        // One of the pair is enough, and the other side may have been first.
        const ident = this.identOf(event.sa);
        if (!ident?.isNewest(event.sa) || ident.rekeying) return;
        ident.rekeying = true;
        break;
      }
      case "hard-expired":
      case "idle":
        this.#tellGone(now, this.identOf(event.sa)?.lose(event.sa) ?? []);
        break;
      case "probe":
        this.#journal.tellProbe(now, event.peer, event.missed);
        break;
      case "peer-dead":
        this.#journal.tellDeath(now, event.peer, event.address, this.idents);
        break;
      case "invalid-spi":
        this.log.counts.rateLimited += event.suppressed;
        this.#journal.say(
          now,
          invalidSpi({ ...event, target: event.target ?? "0.0.0.0", source: event.source ?? "0.0.0.0" }),
        );
    }
    this.driver?.handle(now, event);
  }

  #acquire(now: number, ident: LiveIdent): void {
    ident.askedAt = now;
    for (const policy of ident.policies.slice(0, 1)) this.driver?.acquire(now, policy);
  }

  /** What a peer's proposal comes to; the SAs of an answer are installed under its identity, with its transform set. */
  answer(now: number, localAddress: string, peer: Peer, proposal: Proposal): Answer {
    const answer = this.#idents.responder.answer(this.idents, localAddress, peer, proposal);
    this.#journal.tellAnswer(now, localAddress, peer, proposal, answer);
    return answer;
  }

  /** The peer of the configuration that `address` is; one that only a dynamic map answers is made. */
  peerAt(localAddress: string, address: string): Peer | undefined {
    return this.#idents.responder.peerAt(localAddress, address);
  }

  /** Puts SAs under an identity, of `idents` or of an answer. Throws IpsecError as `addSa` does, and leaves nothing half installed. */
  install(now: number, ident: LiveIdent, keying: Keying): void {
    const ids = { connection: this.#nextConnection, flow: this.#nextFlow };
    const isNew = !this.idents.includes(ident);
    if (isNew) this.#idents.admit(ident);
    try {
      ident.install(this.#plane, now, keying, ids, this.#chance());
    } catch (error) {
      if (isNew) this.#idents.dismissEmpty();
      throw error;
    }
    if (isNew) this.#idents.succeed(ident);
    this.#nextConnection += ident.installed.filter(({ generation }) => generation === ids.flow).length;
    this.#nextFlow += 2;
    this.#journal.tellMade(now, this.config, ident, ids.flow);
    this.#journal.tellStatus(now, this.idents);
  }

  /** Nobody could be agreed with. Without an answer the next of the peer's addresses takes its place. */
  failed(now: number, ident: LiveIdent, reason: "no answer" | "refused"): void {
    for (const policy of ident.policies) policy.askAgain();
    ident.rekeying = false;
    if (reason === "no answer") ident.peer.failOver();
    else this.#journal.say(now, modeFailure(ident.peer.address));
  }

  /** An IKE SA with a peer is up. */
  established(now: number, peer: Peer): void {
    this.#journal.tellDetection(now, peer);
    this.driver?.established(now, peer);
  }

  /** What a peer says inside an IKE SA, decrypted and authenticated. False: it was malformed or old, and changed nothing. */
  informed(now: number, peer: Peer, sa: IkeSa, chain: PayloadChain): boolean {
    const heard = this.driver?.informed(now, peer, sa, chain) ?? false;
    if (heard) this.#journal.tellInformed(now, peer, sa, chain);
    for (const ident of this.idents) if (ident.peer === peer) this.#tellGone(now, ident.followPeer());
    this.#tellChanges(now);
    return heard;
  }

  /** `crypto ipsec client ezvpn connect`: the remotes of that name come up, or those of all. Answers how many there are. */
  connect(now: number, name: string | undefined): number {
    const chosen = this.idents.filter(
      ({ planned: { client } }) => client !== undefined && client.name === (name ?? client.name),
    );
    for (const ident of chosen) {
      ident.wanted = true;
      if (!ident.hasSas) this.#acquire(now, ident);
    }
    return chosen.length;
  }

  /** Deletes the SAs of some identities, and tells their peers. With `ike`, its SAs to those peers too. */
  clear(now: number, which: (ident: LiveIdent) => boolean, ike: boolean): void {
    const chosen = this.idents.filter(which);
    for (const ident of chosen) this.#tellGone(now, ident.clear());
    if (ike) for (const { address } of new Set(chosen.map(({ peer }) => peer))) this.#release(now, address);
    this.#tellChanges(now);
  }

  /** Deletes all SAs of IKE, and no others: `clear crypto isakmp`. */
  clearIke(now: number): void {
    for (const { target, deleted } of [...this.isakmpSas]) if (!deleted) this.#release(now, target);
  }

  #release(now: number, address: string): void {
    const sa = this.#ike?.find(address);
    if (sa !== undefined) this.#ike?.release(now, sa, "cleared");
  }

  /** Identities and their SAs, as the show commands print them. */
  shown(now: number): Ident[] {
    return this.#idents.shown(this.config, now);
  }

  /** Deletes policies, SAs and peers. The plane stays. */
  close(): void {
    for (const ident of this.idents) ident.clear();
    this.#idents.dismissEmpty();
    for (const policy of this.#policies) policy.delete();
    this.#idents.peers.keep(() => false);
  }

  #tellGone(now: number, sas: readonly Sa[]): void {
    this.driver?.gone(now, sas);
  }

  /** After SAs may have gone. */
  #tellChanges(now: number): void {
    this.#idents.dismissEmpty();
    this.#idents.dismissPeers((address) => this.#ike?.find(address) !== undefined);
    this.#journal.tellStatus(now, this.idents);
  }
}
