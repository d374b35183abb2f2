// An identity with its SAs: installing them, counting over their generations, printing them.
import type { DataPlane } from "../../data-plane.js";
import type { Peer } from "../../liveness/peer.js";
import type { NatTraversal } from "../../sad/config.js";
import type { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { AccessRule, AddressMatch } from "../access-rule.js";
import { invertMask } from "../address.js";
import type { IosConfig, TransformSet } from "../model.js";
import { ipMtu, saSettingsOf } from "../precedence.js";
import { type Ident, type IdentCounters, newCounters, type ProxyIdentity, type ShownSa } from "../show/state.js";
import { type Suite, suitesOf } from "../transforms.js";
import { count, type InstalledSa } from "./installed-sa.js";
import type { PlannedIdent } from "./plan.js";
import { compresses, type SaKeys, saConfigOf } from "./sa-config.js";

/** What a negotiation has agreed on: an SA each way for each suite, innermost first. */
export interface Keying {
  readonly inbound: readonly SaKeys[];
  readonly outbound: readonly SaKeys[];
  /** Which of the identity's sets. Default: its first. */
  readonly transformSet?: TransformSet;
  /** There is a NAT on the path: outbound ports and marker. */
  readonly natTraversal?: NatTraversal;
}

/** DEFLATE's well-known number, where an SA has its SPI (RFC 3173 section 3.3). */
const DEFLATE_CPI = 2;
const SUPERSEDED_MILLISECONDS = 30_000;

export class LiveIdent {
  readonly planned: PlannedIdent;
  readonly peer: Peer;
  readonly policies: Policy[] = [];
  /** Their mirrors: what comes clear and should not. */
  readonly inboundPolicies: Policy[] = [];
  installed: InstalledSa[] = [];
  /** A successor of its SAs has been asked for. */
  rekeying = false;
  /** Whether SAs are wanted: of an Easy VPN remote with `connect manual` only once it was told to connect. */
  wanted: boolean;
  /** When it was last asked to come up without traffic. */
  askedAt = -Infinity;
  /** What SAs counted that are gone. */
  readonly #past = newCounters();
  readonly #config: IosConfig;
  #hadSas = false;

  constructor(planned: PlannedIdent, peer: Peer, config: IosConfig) {
    this.planned = planned;
    this.peer = peer;
    this.#config = config;
    this.wanted = !this.#isManual;
  }

  get #isManual(): boolean {
    return this.planned.client?.connect === "manual";
  }

  /** Whether this side may ask the peer for SAs. */
  get mayAsk(): boolean {
    return this.wanted && (this.planned.origin !== "dynamic map" || this.hasSas);
  }

  /** Installs all SAs of a negotiation, or none. `ids`: its first connection id and flow id. */
  install(
    plane: DataPlane,
    now: number,
    keying: Keying,
    ids: { connection: number; flow: number },
    chance: number,
  ): void {
    const { lifetimeSeconds, lifetimeKilobytes } = saSettingsOf(this.#config, this.planned.settings);
    // IOS lets the volume begin up to five percent lower, so that not all SAs are rekeyed together.
    const kilobytes = Math.floor(lifetimeKilobytes * (1 - chance * 0.05));
    const transformSet = keying.transformSet ?? (this.planned.transformSets[0] as TransformSet);
    const suites = suitesOf(transformSet.transforms);
    const made: InstalledSa[] = [];
    const udp = this.#config.ipsec.udpEncapsulation ? keying.natTraversal : undefined;
    // AH before ESP, inbound before outbound: so IOS numbers them.
    const order = [...suites.keys()].reverse();
    try {
      for (const [nth, suiteIndex] of order.entries()) {
        for (const [way, direction] of (["in", "out"] as const).entries()) {
          const suite = suites[suiteIndex] as Suite;
          const keys = (direction === "in" ? keying.inbound : keying.outbound)[suiteIndex] as SaKeys;
          const lifetime = { seconds: lifetimeSeconds, kilobytes };
          const innermost = suiteIndex === 0;
          const wanted = { direction, transformSet, suite, innermost, keys, natTraversal: udp, lifetime, now };
          const sa = plane.addSa(saConfigOf(this.#config, this.planned, this.peer, wanted));
          made.push({
            sa,
            suite,
            transformSet,
            generation: ids.flow,
            connectionId: ids.connection + 2 * nth + way,
            flowId: ids.flow + way,
            installedAt: now,
            kilobytes,
            seconds: lifetimeSeconds,
            natTraversal: udp !== undefined,
            counts: innermost,
            supersededAt: Infinity,
          });
        }
      }
      const way = (direction: "in" | "out") =>
        suites.map((suite) => made.find((one) => one.suite === suite && one.sa.direction === direction)?.sa as Sa);
      for (const policy of this.policies) policy.use(way("out"));
      // What comes for the inner SA of a bundle must have come out of the outer one.
      if (suites.length > 1) for (const policy of this.inboundPolicies) policy.use(way("in"));
    } catch (error) {
      for (const { sa } of made) sa.delete();
      throw error;
    }
    for (const one of this.installed) one.supersededAt = Math.min(one.supersededAt, now);
    this.installed.push(...made);
    this.rekeying = false;
    this.#hadSas = true;
  }

  /** Outbound SAs that others have replaced go once what was staged for them has left; inbound ones drain. */
  age(now: number): void {
    for (const { sa, supersededAt } of this.installed) {
      if (sa.direction === "out" && now - supersededAt >= SUPERSEDED_MILLISECONDS) sa.delete();
    }
    this.retire();
  }

  /** Forgets SAs that are gone, keeping what they counted. */
  retire(): void {
    const gone = this.installed.filter(({ sa }) => sa.state !== "live");
    for (const one of gone) count(one, this.#past);
    this.installed = this.installed.filter(({ sa }) => sa.state === "live");
    if (!this.#hadSas || this.installed.length > 0) return;
    this.#hadSas = false;
    this.wanted = !this.#isManual; // each connection of a manual remote waits for its command
  }

  /** An SA went by itself: of a bundle, the others of its way go with it. Answers those. */
  lose(sa: Sa): Sa[] {
    const lost = this.installed.find((one) => one.sa === sa);
    return this.#delete((one) => one.flowId === lost?.flowId);
  }

  /** The peer has had outbound SAs deleted: they go in pairs and bundles. Answers what went along. */
  followPeer(): Sa[] {
    const isLost = ({ sa, supersededAt }: InstalledSa) =>
      sa.direction === "out" && sa.state !== "live" && supersededAt === Infinity;
    const generations = new Set(this.installed.filter(isLost).map(({ generation }) => generation));
    return this.#delete(({ generation }) => generations.has(generation));
  }

  /** Deletes all its SAs, and answers them. */
  clear(): Sa[] {
    return this.#delete(() => true);
  }

  #delete(which: (one: InstalledSa) => boolean): Sa[] {
    const going = this.installed.filter((one) => which(one) && one.sa.state === "live").map(({ sa }) => sa);
    for (const sa of going) sa.delete();
    this.retire();
    return going;
  }

  /** Whether no later negotiation has replaced the SA. */
  isNewest(sa: Sa): boolean {
    return this.installed.some((one) => one.sa === sa && one.supersededAt === Infinity);
  }

  get hasSas(): boolean {
    return this.installed.some(({ sa }) => sa.state === "live");
  }

  /** What the show commands print of it. */
  shown(now: number): Ident {
    const { planned, peer } = this;
    const counters: IdentCounters = { ...this.#past };
    for (const one of this.installed) count(one, counters);
    const outbound = this.installed.find(({ sa }) => sa.direction === "out")?.sa;
    const media = ipMtu(planned.egress);
    const { localProxy: local, remoteProxy: remote } = proxiesOf(planned.rule);
    return {
      interface: planned.interface.name,
      map: planned.map,
      origin: planned.origin,
      localAddress: planned.localAddress,
      rule: planned.rule,
      local,
      remote,
      peer: peer.address,
      peerPort: peer.port,
      counters,
      pathMtu: outbound === undefined ? media : Math.min(media, outbound.path.mtu ?? media),
      mediaMtu: media,
      sas: this.installed.filter(({ sa }) => sa.state === "live").flatMap((one) => this.#shownSas(one, now)),
    };
  }

  /** An SA, and the IPComp association in it. */
  #shownSas(one: InstalledSa, now: number): ShownSa[] {
    const shown = this.#shownSa(one, now);
    if (!one.counts || !compresses(one.transformSet)) return [shown];
    return [shown, { ...shown, protocol: "pcp", spi: DEFLATE_CPI, transform: "comp-deflate ", ivLength: 0 }];
  }

  #shownSa(one: InstalledSa, now: number): ShownSa {
    const { sa, suite } = one;
    return {
      direction: sa.direction,
      protocol: suite.protocol,
      spi: sa.spi,
      transform: suite.label,
      mode: one.transformSet.mode,
      udpEncapsulation: one.natTraversal,
      connectionId: one.connectionId,
      flowId: one.flowId,
      map: this.planned.map,
      remainingKilobytes: Math.max(0, Math.ceil(one.kilobytes - sa.stats.bytes / 1024)),
      remainingSeconds: Math.max(0, Math.ceil(one.seconds - (now - one.installedAt) / 1000)),
      ivLength: suite.ivLength,
      replayDetection: saSettingsOf(this.#config, this.planned.settings).replayWindow > 0,
    };
  }
}

/** A rule in IKE's words. */
export function proxiesOf({ protocol, source, sourcePort, target, targetPort }: AccessRule) {
  return {
    localProxy: proxy(source, protocol, sourcePort?.ports),
    remoteProxy: proxy(target, protocol, targetPort?.ports),
  };
}

function proxy(match: AddressMatch, protocol: number | undefined, ports: readonly number[] | undefined): ProxyIdentity {
  const mask = invertMask(match.wildcard);
  const port = ports?.length === 1 ? (ports[0] as number) : 0;
  return { address: match.address, mask, protocol: protocol ?? 0, port };
}
