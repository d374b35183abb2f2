// A configuration in force on a plane: what its show commands print, its log, its debugging. Fed with the plane's events
// and with what IKE agrees on; the clock is the caller's.
import type { DataPlane } from "../../data-plane.js";
import type { Event } from "../../event.js";
import type { Explanation } from "../../explain/explain.js";
import type { Peer } from "../../liveness/peer.js";
import type { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { Verdict } from "../../verdict.js";
import { negotiationLines } from "../debug-ipsec.js";
import { type DebugPeer, destroyed, detectionEnabled, notResponding, probeSent } from "../debug-isakmp.js";
import type { Diagnostic } from "../diagnostic.js";
import { Log, type LogOptions } from "../logging.js";
import { invalidSpi, type Message, replayFailed, sessionStatus } from "../messages.js";
import type { IosConfig } from "../model.js";
import { saSettingsOf } from "../precedence.js";
import type { Ident, IsakmpSa } from "../show/state.js";
import type { Keying, LiveIdent } from "./live-ident.js";

export interface SessionOptions {
  /**
   * Asked when an identity needs SAs: on the first packet, and when they grow old. Answers at once, or answers nothing
   * and calls `session.install` later.
   */
  readonly negotiate?: (ident: LiveIdent, now: number) => Keying | undefined;
  /** A probe is to be sent inside the IKE SA; what comes back goes to `plane.heard`. */
  readonly probe?: (peer: Peer, sequence: number, now: number) => void;
  /** Every event of the plane, after the session has taken note of it. */
  readonly event?: (event: Event, now: number) => void;
  readonly log?: LogOptions;
  /** Milliseconds since 1970 when `now` is 0. Default 0. */
  readonly epoch?: number;
  /** Numbers from 0 to below 1, for reduced volumes and exchange numbers. Default: from crypto.getRandomValues. */
  readonly chance?: () => number;
}

/** How long a deleted IKE SA is still shown. */
const DELETED_MILLISECONDS = 60_000;
/** IOS's first connection id, and how many ids a negotiation takes. */
const FIRST_CONNECTION = 5121;

export class IosSession {
  readonly config: IosConfig;
  readonly idents: readonly LiveIdent[];
  /** What of the configuration could not be applied. */
  readonly diagnostics: readonly Diagnostic[];
  readonly log: Log;
  readonly debugging = { ipsec: false, isakmp: false };
  readonly #plane: DataPlane;
  readonly #options: SessionOptions;
  readonly #policies: readonly Policy[];
  readonly #chance: () => number;
  #isakmp: (IsakmpSa & { readonly deletedAt?: number; readonly peer: Peer })[] = [];
  #nextConnection = FIRST_CONNECTION;
  #nextFlow = 1;
  #nextIke = 1;
  readonly #replays = new Map<number, number>();

  /** What the plane tells of a verdict. */
  explain(verdict: Verdict): Explanation {
    return this.#plane.explain(verdict);
  }

  /** @internal `applyConfig` makes it. */
  constructor(
    plane: DataPlane,
    config: IosConfig,
    parts: { idents: LiveIdent[]; policies: Policy[]; diagnostics: Diagnostic[] },
    options: SessionOptions,
  ) {
    this.config = config;
    this.idents = parts.idents;
    this.diagnostics = parts.diagnostics;
    this.log = new Log(options.log);
    this.#plane = plane;
    this.#policies = parts.policies;
    this.#options = options;
    this.#chance = options.chance ?? (() => (crypto.getRandomValues(new Uint32Array(1))[0] as number) / 2 ** 32);
  }

  /** Runs the plane's timers and takes its events. */
  tick(now: number): void {
    this.#plane.tick(now);
    this.takeEvents(now);
  }

  /** Takes the plane's events; call it after packets were offered. */
  takeEvents(now: number): void {
    this.log.counts.dropped = this.#plane.eventsLost;
    for (let event = this.#plane.nextEvent(); event !== undefined; event = this.#plane.nextEvent()) {
      this.#take(event, now);
      this.#options.event?.(event, now);
    }
    this.#reportReplays(now);
    for (const ident of this.idents) ident.age(now);
    this.#isakmp = this.#isakmp.filter((sa) => now - (sa.deletedAt ?? now) < DELETED_MILLISECONDS);
  }

  #take(event: Event, now: number): void {
    switch (event.kind) {
      case "acquire":
        this.#negotiate(
          this.idents.find((ident) => ident.policies.includes(event.policy)),
          now,
        );
        return;
      case "soft-expired":
        // One of the pair is enough, and the other side may have been first.
        if (this.#identOf(event.sa)?.isNewest(event.sa)) this.#negotiate(this.#identOf(event.sa), now);
        return;
      case "hard-expired":
      case "idle":
        this.#saGone(event.sa, now);
        return;
      case "probe":
        this.#debug("isakmp", now, () => probeSent(this.#debugPeer(event.peer), this.#node(), event.missed));
        this.#options.probe?.(event.peer, event.sequence, now);
        return;
      case "peer-dead":
        this.#peerDead(event.peer, event.address, now);
        return;
      case "peer-idle":
        this.#peerGone(event.peer, event.address, now);
        return;
      case "invalid-spi":
        this.log.counts.rateLimited += event.suppressed;
        this.#say(now, invalidSpi({ ...event, target: event.target ?? "0.0.0.0", source: event.source ?? "0.0.0.0" }));
    }
  }

  #negotiate(ident: LiveIdent | undefined, now: number): void {
    if (ident === undefined) return;
    const keying = this.#options.negotiate?.(ident, now);
    if (keying !== undefined) this.install(now, ident, keying);
  }

  /** Puts SAs under an identity. Throws IpsecError as `addSa` does, and leaves nothing half installed. */
  install(now: number, ident: LiveIdent, keying: Keying): void {
    const ids = { connection: this.#nextConnection, flow: this.#nextFlow };
    const wasUp = this.#isUp(ident.peer);
    ident.install(this.#plane, now, keying, ids, this.#chance());
    this.#nextConnection += 2 * ident.suites.length;
    this.#nextFlow += 2;
    this.#debug("ipsec", now, () => this.#negotiationLines(ident, ids));
    if (!this.#isakmp.some((sa) => sa.peer === ident.peer && !sa.deleted)) this.#ikeUp(ident, now);
    if (!wasUp) this.#say(now, sessionStatus(true, ident.peer.address, ident.peer.port));
  }

  #ikeUp({ peer, planned }: LiveIdent, now: number): void {
    const connectionId = this.#nextIke++;
    const ends = { target: peer.address, source: planned.localAddress };
    this.#isakmp.push({ ...ends, peer, state: "QM_IDLE", connectionId, deleted: false });
    if (peer.deadPeerDetection === undefined) return;
    this.#debug("isakmp", now, () => detectionEnabled(this.#debugPeer(peer)));
  }

  #negotiationLines(ident: LiveIdent, ids: { connection: number; flow: number }): Message[] {
    const shown = ident.shown(0);
    const { lifetimeSeconds, lifetimeKilobytes } = saSettingsOf(this.config, ident.planned.settings);
    const sas = shown.sas.filter(({ connectionId }) => connectionId >= ids.connection);
    const negotiation = {
      local: shown.localAddress,
      remote: shown.peer,
      localProxy: shown.local,
      remoteProxy: shown.remote,
      map: shown.map,
      lifetimeSeconds,
      lifetimeKilobytes,
      flowIds: [ids.flow, ids.flow + 1],
      sas: sas.map((sa) => ({ ...sa, protocol: sa.protocol === "ah" ? ("ah" as const) : ("esp" as const) })),
    };
    return negotiationLines(negotiation, "local");
  }

  #isUp(peer: Peer): boolean {
    return this.idents.some((ident) => ident.peer === peer && ident.hasSas);
  }

  #identOf(sa: Sa): LiveIdent | undefined {
    return this.idents.find((ident) => ident.installed.some((one) => one.sa === sa));
  }

  #saGone(sa: Sa, now: number): void {
    const ident = this.#identOf(sa);
    if (ident === undefined) return;
    ident.lose(sa);
    if (!this.#isUp(ident.peer)) this.#say(now, sessionStatus(false, ident.peer.address, ident.peer.port));
  }

  #peerDead(peer: Peer, address: string, now: number): void {
    const debugPeer = { ...this.#debugPeer(peer), address };
    this.#debug("isakmp", now, () => notResponding(debugPeer));
    this.#say(now, sessionStatus(false, address, peer.port));
    this.#debug("isakmp", now, () => destroyed(debugPeer, this.#node()));
    this.#forget(peer, now);
  }

  #peerGone(peer: Peer, address: string, now: number): void {
    if (this.#isUp(peer)) this.#say(now, sessionStatus(false, address, peer.port));
    this.#forget(peer, now);
  }

  /** IKE's SA goes, and with it the SAs of the peer. */
  #forget(peer: Peer, now: number): void {
    for (const ident of this.idents) if (ident.peer === peer) ident.clear();
    this.#isakmp = this.#isakmp.map((sa) =>
      sa.peer === peer && !sa.deleted ? { ...sa, state: "MM_NO_STATE", deleted: true, deletedAt: now } : sa,
    );
  }

  /** Deletes the SAs of some identities. With `ike`, those of IKE to their peers too: `clear crypto session`. */
  clear(now: number, which: (ident: LiveIdent) => boolean, ike: boolean): void {
    for (const ident of this.idents.filter(which)) {
      const wasUp = this.#isUp(ident.peer);
      ident.clear();
      if (wasUp && !this.#isUp(ident.peer)) this.#say(now, sessionStatus(false, ident.peer.address, ident.peer.port));
      if (ike) this.#forget(ident.peer, now);
    }
  }

  /** Identities and their SAs, as the show commands print them. */
  shown(now: number): Ident[] {
    for (const ident of this.idents) ident.retire();
    return this.idents.map((ident) => ident.shown(now));
  }

  get isakmpSas(): readonly IsakmpSa[] {
    return this.#isakmp;
  }

  /** Deletes policies, SAs and peers. The plane stays. */
  close(): void {
    for (const ident of this.idents) ident.clear();
    for (const policy of this.#policies) policy.delete();
    for (const peer of new Set(this.idents.map((ident) => ident.peer))) peer.delete();
  }

  /** Packets outside the window have no event: they are counted, and a change is reported. */
  #reportReplays(now: number): void {
    for (const { installed } of this.idents) {
      for (const { sa, connectionId } of installed) {
        const { stale = 0, replayed = 0 } = sa.stats.dropped;
        const before = this.#replays.get(connectionId) ?? 0;
        if (stale + replayed === before) continue;
        this.#replays.set(connectionId, stale + replayed);
        for (let packet = before; packet < stale + replayed; packet++) this.#say(now, replayFailed(connectionId));
      }
    }
  }

  #debugPeer(peer: Peer): DebugPeer {
    const ike = this.#isakmp.filter((sa) => sa.peer === peer).at(-1);
    return { address: peer.address, port: peer.port, connectionId: ike?.connectionId ?? 0 };
  }

  /** The number of an exchange, as IOS prints it: 32 bits with a sign. */
  #node(): number {
    return Math.floor(this.#chance() * 2 ** 32) | 0;
  }

  #debug(what: "ipsec" | "isakmp", now: number, lines: () => Message[]): void {
    if (this.debugging[what]) for (const line of lines()) this.#say(now, line);
  }

  #say(now: number, message: Message): void {
    this.log.write((this.#options.epoch ?? 0) + now, message);
  }
}
