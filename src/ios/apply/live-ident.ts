// An identity with its SAs: installing them, counting over their generations, printing them.
import type { DataPlane } from "../../data-plane.js";
import type { Peer } from "../../liveness/peer.js";
import type { NatTraversal, SaConfig } from "../../sad/config.js";
import type { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { AddressMatch } from "../access-rule.js";
import { invertMask } from "../address.js";
import type { IosConfig } from "../model.js";
import { effectiveDfBit, effectiveFragmentation, ipMtu, saSettingsOf } from "../precedence.js";
import { type Ident, type IdentCounters, newCounters, type ProxyIdentity, type ShownSa } from "../show/state.js";
import { type Suite, suitesOf } from "../transforms.js";
import { mirrored, selectorOf } from "./box.js";
import type { PlannedIdent } from "./plan.js";

/** Keys of one SA, as IKE's KEYMAT delivers them. */
export interface SaKeys {
  /** 256 .. 2^32-1. */
  readonly spi: number;
  /** Bytes: the suite's `encryptionKeyLength`, salt included. */
  readonly encryptionKey: Uint8Array;
  /** Bytes: the suite's `integrityKeyLength`. */
  readonly integrityKey: Uint8Array;
}

/** What a negotiation has agreed on: an SA each way for each suite, innermost first. */
export interface Keying {
  readonly inbound: readonly SaKeys[];
  readonly outbound: readonly SaKeys[];
  /** There is a NAT on the path: outbound ports and marker. */
  readonly natTraversal?: NatTraversal;
}

interface InstalledSa {
  readonly sa: Sa;
  readonly suite: Suite;
  readonly connectionId: number;
  readonly flowId: number;
  readonly installedAt: number;
  readonly kilobytes: number;
  readonly seconds: number;
  readonly natTraversal: boolean;
  /** The SA that counts the packets of its generation and direction: the innermost. */
  readonly counts: boolean;
}

export class LiveIdent {
  readonly planned: PlannedIdent;
  readonly peer: Peer;
  readonly policies: Policy[] = [];
  /** The SAs to be made, innermost first. */
  readonly suites: readonly Suite[];
  installed: InstalledSa[] = [];
  /** What SAs counted that are gone. */
  readonly #past = newCounters();
  readonly #config: IosConfig;

  constructor(planned: PlannedIdent, peer: Peer, config: IosConfig) {
    this.planned = planned;
    this.peer = peer;
    this.suites = suitesOf(planned.transformSets[0]?.transforms ?? []);
    this.#config = config;
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
    const made: InstalledSa[] = [];
    const udp = this.#config.ipsec.udpEncapsulation ? keying.natTraversal : undefined;
    // AH before ESP, inbound before outbound: so IOS numbers them.
    const order = [...this.suites.keys()].reverse();
    try {
      for (const [nth, suiteIndex] of order.entries()) {
        for (const [way, direction] of (["in", "out"] as const).entries()) {
          const suite = this.suites[suiteIndex] as Suite;
          const keys = (direction === "in" ? keying.inbound : keying.outbound)[suiteIndex] as SaKeys;
          const lifetime = { seconds: lifetimeSeconds, kilobytes };
          const sa = plane.addSa(this.#saConfig(direction, suiteIndex, keys, udp, { now, lifetime }));
          made.push({
            sa,
            suite,
            connectionId: ids.connection + 2 * nth + way,
            flowId: ids.flow + way,
            installedAt: now,
            kilobytes,
            seconds: lifetimeSeconds,
            natTraversal: udp !== undefined,
            counts: suiteIndex === 0,
          });
        }
      }
      const outbound = this.suites.map(
        (_, at) => made.find((one) => one.sa.direction === "out" && one.suite === this.suites[at])?.sa as Sa,
      );
      for (const policy of this.policies) policy.use(outbound.length === 1 ? (outbound[0] as Sa) : outbound);
    } catch (error) {
      for (const { sa } of made) sa.delete();
      throw error;
    }
    const before = this.installed.filter(({ sa }) => sa.direction === "out");
    this.installed.push(...made);
    for (const one of before) one.sa.delete(); // inbound ones drain until their lifetime ends
    this.retire();
  }

  #saConfig(
    direction: "in" | "out",
    suiteIndex: number,
    keys: SaKeys,
    natTraversal: NatTraversal | undefined,
    { now, lifetime }: { now: number; lifetime: { seconds: number; kilobytes: number } },
  ): SaConfig {
    const { planned, peer } = this;
    const suite = this.suites[suiteIndex] as Suite;
    const { replayWindow, idleSeconds } = saSettingsOf(this.#config, planned.settings);
    const [here, there] = [planned.localAddress, peer.address];
    const ends = direction === "out" ? { source: here, target: there } : { source: there, target: here };
    // In a bundle only the innermost SA makes the tunnel; what is around it protects the outer header it finds.
    const mode = suiteIndex === 0 ? (planned.transformSets[0]?.mode ?? "tunnel") : "transport";
    const tunnelMtu = planned.isTunnel ? planned.interface.ipMtu : undefined;
    const cutsBefore = effectiveFragmentation(this.#config, planned.egress) === "before-encryption";
    return {
      direction,
      protocol: suite.protocol,
      spi: keys.spi,
      mode,
      ...(mode === "tunnel" ? { tunnel: ends } : {}),
      ...(suite.encryption === undefined ? {} : { encryption: suite.encryption, encryptionKey: keys.encryptionKey }),
      ...(suite.integrity === undefined ? {} : { integrity: suite.integrity, integrityKey: keys.integrityKey }),
      ...(suiteIndex === 0 ? { selectors: this.#selectors(direction) } : {}),
      ...(mode === "tunnel"
        ? {
            dfBit: effectiveDfBit(this.#config, planned.egress),
            prefragment: !planned.isTunnel && cutsBefore ? "equal" : false,
            ...(tunnelMtu === undefined ? {} : { tunnelMtu, prefragment: "equal" }),
          }
        : {}),
      ...(natTraversal === undefined
        ? {}
        : { natTraversal: direction === "out" ? natTraversal : reversed(natTraversal) }),
      replayWindow,
      ...(idleSeconds === undefined ? {} : { idleSeconds }),
      lifetime,
      addedAt: now,
      pathMtu: ipMtu(planned.egress),
      peer,
    } as SaConfig;
  }

  #selectors(direction: "in" | "out") {
    return this.planned.boxes.map((box) => selectorOf(direction === "out" ? box : mirrored(box)));
  }

  /** Forgets SAs that are gone, keeping what they counted. */
  retire(): void {
    const gone = this.installed.filter(({ sa }) => sa.state !== "live");
    for (const one of gone) count(one, this.#past);
    this.installed = this.installed.filter(({ sa }) => sa.state === "live");
  }

  clear(): void {
    for (const { sa } of this.installed) sa.delete();
    this.retire();
  }

  /** Whether no later negotiation has replaced the SA. */
  isNewest(sa: Sa): boolean {
    const flowOf = (one: InstalledSa) => Math.ceil(one.flowId / 2);
    const found = this.installed.find((one) => one.sa === sa);
    return found !== undefined && this.installed.every((one) => flowOf(one) <= flowOf(found));
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
    return {
      interface: planned.interface.name,
      map: planned.map,
      localAddress: planned.localAddress,
      rule: planned.rule,
      local: proxy(planned.rule.source, planned.rule.protocol, planned.rule.sourcePort?.ports),
      remote: proxy(planned.rule.target, planned.rule.protocol, planned.rule.targetPort?.ports),
      peer: peer.address,
      peerPort: peer.port,
      counters,
      pathMtu: outbound === undefined ? media : Math.min(media, outbound.path.mtu ?? media),
      mediaMtu: media,
      sas: this.installed.filter(({ sa }) => sa.state === "live").map((one) => this.#shownSa(one, now)),
    };
  }

  #shownSa(one: InstalledSa, now: number): ShownSa {
    const { sa, suite } = one;
    return {
      direction: sa.direction,
      protocol: suite.protocol,
      spi: sa.spi,
      transform: suite.label,
      mode: this.planned.transformSets[0]?.mode ?? "tunnel",
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

function reversed(natTraversal: NatTraversal): NatTraversal {
  return { ...natTraversal, sourcePort: natTraversal.targetPort, targetPort: natTraversal.sourcePort };
}

function proxy(match: AddressMatch, protocol: number | undefined, ports: readonly number[] | undefined): ProxyIdentity {
  const mask = invertMask(match.wildcard);
  const port = ports?.length === 1 ? (ports[0] as number) : 0;
  return { address: match.address, mask, protocol: protocol ?? 0, port };
}

/** Adds what an SA has counted. A packet of a bundle is counted by the innermost SA; drops by the SA that dropped it. */
function count({ sa, suite, counts }: InstalledSa, into: IdentCounters): void {
  const { packets, dropped } = sa.stats;
  const drops = Object.values(dropped).reduce((sum, number) => sum + number, 0);
  if (sa.direction === "out") into.sendErrors += drops;
  else into.receiveErrors += drops;
  into.replayFailed += (dropped.stale ?? 0) + (dropped.replayed ?? 0);
  into.verifyFailed += dropped.forged ?? 0;
  into.invalidIdentity += sa.direction === "in" ? (dropped["policy-mismatch"] ?? 0) : 0;
  into.invalidLength += (dropped.malformed ?? 0) + (dropped["bad-trailer"] ?? 0);
  into.noSa += dropped["no-sa"] ?? 0;
  if (!counts) return;
  const encrypted = suite.protocol === "esp" ? packets : 0;
  if (sa.direction === "out") {
    into.encaps += packets;
    into.encrypt += encrypted;
    into.digest += packets;
  } else {
    into.decaps += packets;
    into.decrypt += encrypted;
    into.verify += packets;
  }
}
