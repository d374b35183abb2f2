// From a configuration to what the engine is to do, nothing installed yet: identities, and policies in their order.
import { type AccessRule, findAccessList, rulesOf } from "../access-rule.js";
import { isAddress } from "../address.js";
import type { Severity } from "../diagnostic.js";
import type { Interface, IosConfig, MapEntry, SaSettings, TransformSet } from "../model.js";
import { type Box, boxAround, boxesOf, EVERYTHING, intersect } from "./box.js";

/** What one permitted rule protects. IOS makes a set of SAs for each. */
export interface PlannedIdent {
  readonly interface: Interface;
  readonly localAddress: string;
  /** Of the crypto map, or of the tunnel interface. */
  readonly map: string;
  readonly settings: SaSettings;
  /** Addresses, the preferred first. */
  readonly peers: readonly string[];
  readonly transformSets: readonly TransformSet[];
  readonly rule: AccessRule;
  readonly boxes: readonly Box[];
  /** A tunnel interface: its `ip mtu` governs where packets are cut. */
  readonly isTunnel: boolean;
  /** The interface that packets leave through. */
  readonly egress: Interface;
  /** Seconds without traffic after which the preferred peer is used again. */
  readonly preferredIdleSeconds: number | undefined;
}

export interface PlannedPolicy {
  readonly box: Box;
  /** "bypass": a rule denies it. "discard": it is to be protected and cannot be. */
  readonly action: PlannedIdent | "bypass" | "discard";
}

export interface Plan {
  readonly idents: PlannedIdent[];
  /** The first that matches holds. */
  readonly policies: PlannedPolicy[];
}

export interface PlanOptions {
  /** One interface alone. Default: all that have a crypto map, in order; a tunnel interface only when it is named. */
  readonly interface?: string;
  /** Addresses of peers that are configured by name. */
  readonly resolve?: (host: string) => string | undefined;
}

export type Say = (severity: Severity, about: string, reason: string) => void;

/** A rule of a map entry: what it does to what it covers. */
interface Step {
  readonly boxes: readonly Box[];
  readonly deny: boolean;
  readonly action: PlannedIdent | "discard" | "bypass";
  /** Where `deny` goes on: behind the rules of its entry. */
  readonly next: number;
}

/** Policies that a map may make. */
const POLICIES = 4096;

export function planConfig(config: IosConfig, options: PlanOptions, say: Say): Plan {
  const idents: PlannedIdent[] = [];
  const steps: Step[] = [];
  for (const found of config.interfaces) {
    if (options.interface !== undefined && found.name.toLowerCase() !== options.interface.toLowerCase()) continue;
    if (found.shutdown) continue;
    if (found.cryptoMap !== undefined) planMap(config, found, found.cryptoMap, { idents, steps, options, say });
    if (found.tunnel.profile === undefined) continue;
    if (options.interface === undefined) {
      say("note", found.name, "takes what is routed into it: apply it by name");
    } else planTunnel(config, found, { idents, steps, options, say });
  }
  for (const { name } of config.ezvpn) say("note", `ezvpn ${name}`, "an Easy VPN remote gets its policies from IKE");
  const policies: PlannedPolicy[] = [];
  walk(steps, 0, EVERYTHING, policies);
  if (policies.length >= POLICIES)
    say("error", "access lists", `make more than ${POLICIES} policies: the rest is discarded`);
  return { idents, policies };
}

interface Making {
  readonly idents: PlannedIdent[];
  readonly steps: Step[];
  readonly options: PlanOptions;
  readonly say: Say;
}

function planMap(config: IosConfig, found: Interface, name: string, making: Making): void {
  const map = config.maps.find((known) => known.name === name);
  const holder = config.interfaces.find((other) => other.name === map?.localAddress) ?? found;
  if (map === undefined || holder.address === undefined) {
    making.say("error", `crypto map ${name}`, `${found.name}: ${map === undefined ? "no such map" : "no address"}`);
    return;
  }
  for (const entry of map.entries) {
    const about = `crypto map ${name} ${entry.sequence}`;
    if (entry.dynamic !== undefined) {
      making.say("warning", about, "a dynamic map only answers: it makes no policies");
      continue;
    }
    const list = findAccessList(config.accessLists, entry.accessList ?? "");
    if (list === undefined) {
      making.say(
        "warning",
        about,
        `no access list${entry.accessList === undefined ? "" : ` ${entry.accessList}`}: protects nothing`,
      );
      continue;
    }
    const transformSets = config.transformSets.filter((set) => entry.transformSets.includes(set.name));
    const peers = peersOf(entry, making.options);
    const usable = transformSets.length > 0 && peers.length > 0;
    if (!usable) making.say("error", about, "no transform set or no peer: what it permits is discarded");
    const rules = rulesOf(list);
    const next = making.steps.length + rules.length;
    for (const rule of rules) {
      const boxes = boxesOf(rule);
      if (boxes === undefined)
        making.say("error", about, "a wildcard with too many gaps: what lies around it is discarded");
      const ident: PlannedIdent = {
        interface: found,
        localAddress: holder.address.address,
        map: name,
        settings: entry,
        peers,
        transformSets: entry.transformSets.flatMap((set) => transformSets.find((known) => known.name === set) ?? []),
        rule,
        boxes: boxes ?? [],
        isTunnel: false,
        egress: found,
        preferredIdleSeconds: preferredIdle(entry),
      };
      const protects = rule.action === "permit" && usable && boxes !== undefined;
      if (protects) making.idents.push(ident);
      const deny = rule.action === "deny" && boxes !== undefined;
      const action = protects ? ident : deny ? "bypass" : "discard";
      making.steps.push({ boxes: boxes ?? [boxAround(rule)], deny, action, next });
    }
  }
}

/** The guide's second meaning of a map's idle time: with a default peer, how long another is kept without traffic. */
function preferredIdle({ peers, idleSeconds }: MapEntry): number | undefined {
  return peers.some((peer) => peer.default) && peers.length > 1 ? idleSeconds : undefined;
}

function peersOf(entry: MapEntry, { resolve }: PlanOptions): string[] {
  const inOrder = [...entry.peers].sort((a, b) => Number(b.default) - Number(a.default));
  return inOrder.flatMap(({ host }) => (isAddress(host) ? host : (resolve?.(host) ?? [])));
}

function planTunnel(config: IosConfig, found: Interface, making: Making): void {
  const { source, destination, profile: profileName } = found.tunnel;
  const profile = config.profiles.find((known) => known.name === profileName);
  const egress = config.interfaces.find((other) => other.name === source || other.address?.address === source);
  const localAddress = source !== undefined && isAddress(source) ? source : egress?.address?.address;
  const transformSets = config.transformSets.filter((set) => profile?.transformSets.includes(set.name));
  if (profile === undefined || localAddress === undefined || destination === undefined || transformSets.length === 0) {
    making.say("error", found.name, "needs a profile with a transform set, a tunnel source and a destination");
    making.steps.push({ boxes: [EVERYTHING], deny: false, action: "discard", next: 0 });
    return;
  }
  const any = { address: "0.0.0.0", wildcard: "255.255.255.255" };
  const ports = { sourcePort: undefined, targetPort: undefined, icmpType: undefined, icmpCode: undefined };
  const ident: PlannedIdent = {
    interface: found,
    localAddress,
    map: `${found.name}-head-0`,
    settings: profile,
    peers: [destination],
    transformSets,
    rule: { action: "permit", protocol: undefined, source: any, target: any, ...ports, options: [] },
    boxes: [EVERYTHING],
    isTunnel: true,
    egress: egress ?? found,
    preferredIdleSeconds: undefined,
  };
  making.idents.push(ident);
  making.steps.push({ boxes: [EVERYTHING], deny: false, action: ident, next: making.steps.length + 1 });
}

/** Policies for what lies in `region`, by the steps from `from` on. */
function walk(steps: readonly Step[], from: number, region: Box, policies: PlannedPolicy[]): void {
  for (const step of steps.slice(from)) {
    for (const box of step.boxes) {
      const covered = intersect(region, box);
      if (covered === undefined) continue;
      if (policies.length >= POLICIES) {
        policies.push({ box: EVERYTHING, action: "discard" });
        return;
      }
      // Denied here: the entries behind this one may still protect it.
      if (step.deny) walk(steps, step.next, covered, policies);
      policies.push({ box: covered, action: step.action });
    }
  }
}
