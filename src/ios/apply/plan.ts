// From a configuration to what the engine is to do, nothing installed yet: identities, policies in their order, and the
// places among them for peers that nobody has named.
import type { AccessRule } from "../access-rule.js";
import type { Severity } from "../diagnostic.js";
import type { EzvpnClient, Interface, IosConfig, SaSettings, TransformSet } from "../model.js";
import { type Box, covers, EVERYTHING, intersect } from "./box.js";
import { planEzvpn } from "./plan-ezvpn.js";
import { planMap } from "./plan-map.js";
import { planTunnels } from "./plan-tunnel.js";

/** What SAs are made with, whoever asks for them. */
export interface PlannedEntry {
  readonly interface: Interface;
  readonly localAddress: string;
  /** The name that the show commands print: of the crypto map, or made from the interface's. */
  readonly map: string;
  readonly settings: SaSettings;
  /** Addresses, the preferred first. Of a dynamic map: those that may ask; empty for anybody. */
  readonly peers: readonly string[];
  /** In the order of preference. */
  readonly transformSets: readonly TransformSet[];
  /** The interface that packets leave through. */
  readonly egress: Interface;
}

/** What one permitted rule protects. IOS makes a set of SAs for each. */
export interface PlannedIdent extends PlannedEntry {
  readonly origin: "map" | "dynamic map" | "tunnel" | "ezvpn";
  readonly rule: AccessRule;
  readonly boxes: readonly Box[];
  /** What is routed into it, of a tunnel interface that takes what routes say. */
  readonly routed: readonly Box[];
  /** Seconds without traffic after which the preferred peer is used again. */
  readonly preferredIdleSeconds: number | undefined;
  /** Of origin "ezvpn". */
  readonly client: EzvpnClient | undefined;
}

/** An entry of a dynamic map: what a peer may ask for that is not named. It only answers. */
export interface PlannedDynamic extends PlannedEntry {
  /** The first that covers what is asked decides. Undefined: anything may be asked for. */
  readonly allowed: readonly { readonly permit: boolean; readonly box: Box }[] | undefined;
}

export interface PlannedPolicy {
  readonly box: Box;
  /** "bypass": a rule denies it. "discard": it is to be protected and cannot be. */
  readonly action: PlannedIdent | "bypass" | "discard";
}

/** Where policies of a dynamic map's peers go, for traffic of `region`: in front of the policy with this index. */
export interface Anchor {
  readonly dynamic: PlannedDynamic;
  readonly region: Box;
  readonly before: number;
}

export interface Plan {
  readonly idents: readonly PlannedIdent[];
  /** The first that matches holds. */
  readonly policies: readonly PlannedPolicy[];
  readonly dynamics: readonly PlannedDynamic[];
  readonly anchors: readonly Anchor[];
}

export interface PlanOptions {
  /** One interface alone; a tunnel interface takes everything then. Default: all that protect something, in order. */
  readonly interface?: string;
  /** Addresses of peers that are configured by name. */
  readonly resolve?: (host: string) => string | undefined;
}

export type Say = (severity: Severity, about: string, reason: string) => void;

/** A rule, in the order of search: what it does to what it covers. */
export interface Step {
  readonly boxes: readonly Box[];
  /** Left to the steps from `next` on; what none of them covers ends in `action`. */
  readonly deny: boolean;
  readonly action: PlannedIdent | "discard" | "bypass" | PlannedDynamic;
  readonly next: number;
}

/** A plan while it is made. */
export interface Making {
  readonly config: IosConfig;
  readonly idents: PlannedIdent[];
  readonly steps: Step[];
  readonly options: PlanOptions;
  readonly say: Say;
}

/** Policies that a configuration may make. */
const POLICIES = 4096;

export function planConfig(config: IosConfig, options: PlanOptions, say: Say): Plan {
  const making: Making = { config, idents: [], steps: [], options, say };
  const wanted = options.interface?.toLowerCase();
  const found = config.interfaces.filter(
    ({ name, shutdown }) => !shutdown && (wanted === undefined || name.toLowerCase() === wanted),
  );
  // A packet is routed first: what goes into a tunnel meets no crypto map of the interface that it leaves through.
  planTunnels(making, found);
  for (const one of found) {
    if (one.cryptoMap !== undefined) planMap(making, one, one.cryptoMap);
    planEzvpn(making, one);
  }
  const dynamics = making.steps.map(({ action }) => action).filter(isDynamic);
  const plan = { idents: making.idents, policies: [] as PlannedPolicy[], dynamics, anchors: [] as Anchor[] };
  walk(making.steps, 0, EVERYTHING, plan);
  if (plan.policies.length >= POLICIES)
    say("error", "access lists", `make more than ${POLICIES} policies: the rest is discarded`);
  return plan;
}

function isDynamic(action: Step["action"]): action is PlannedDynamic {
  return typeof action !== "string" && "allowed" in action;
}

/** Policies for what lies in `region`, by the steps from `from` on. */
function walk(
  steps: readonly Step[],
  from: number,
  region: Box,
  plan: { policies: PlannedPolicy[]; anchors: Anchor[] },
): void {
  const { policies, anchors } = plan;
  for (const { boxes, deny, action, next } of steps.slice(from)) {
    if (isDynamic(action)) {
      anchors.push({ dynamic: action, region, before: policies.length });
      continue;
    }
    for (const box of boxes) {
      const covered = intersect(region, box);
      if (covered === undefined) continue;
      if (policies.length >= POLICIES) {
        policies.push({ box: EVERYTHING, action: "discard" });
        return;
      }
      // Denied here: the entries behind this one may still protect it.
      if (deny) walk(steps, next, covered, plan);
      policies.push({ box: covered, action });
      if (covers(box, region)) return; // nothing is left for the steps behind
    }
  }
}
