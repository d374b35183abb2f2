// Puts a configuration into force on a plane.
import type { DataPlane } from "../../data-plane.js";
import type { PlaneOptions } from "../../plane-options.js";
import type { Policy, PolicyConfig } from "../../spd/policy.js";
import type { Diagnostic } from "../diagnostic.js";
import type { IosConfig } from "../model.js";
import { timestampsOf } from "../timestamp.js";
import { suitesOf } from "../transforms.js";
import { type Box, EVERYTHING, mirrored, selectorOf } from "./box.js";
import { IdentTable } from "./ident-table.js";
import { LiveIdent } from "./live-ident.js";
import { PeerTable } from "./peer-table.js";
import { type Plan, type PlannedIdent, type PlanOptions, planConfig } from "./plan.js";
import { Responder } from "./responder.js";
import { IosSession } from "./session.js";
import type { SessionOptions } from "./session-options.js";

export interface ApplyOptions extends PlanOptions, SessionOptions {
  /** What no access list permits: "bypass", as a router does, or "discard". Default "bypass". */
  readonly unmatched?: "bypass" | "discard";
}

/** What a plane for this configuration is to be made with; `comp-deflate` needs its `compression` beside it. */
export function planeOptionsOf(config: IosConfig): PlaneOptions {
  const { natKeepaliveSeconds, invalidSpiRecovery } = config.isakmp;
  const transforms = config.transformSets.flatMap((set) => suitesOf(set.transforms));
  const isLegacy = transforms.some(
    ({ encryption, integrity }) =>
      /des-cbc/.test(encryption ?? "") || integrity === "hmac-md5-96" || integrity === "none",
  );
  return {
    carrier: "ip",
    invalidSpiRecovery,
    ...(natKeepaliveSeconds === undefined ? {} : { natKeepalive: { seconds: natKeepaliveSeconds } }),
    ...(isLegacy ? { profile: "legacy" as PlaneOptions["profile"] & string } : {}),
  };
}

/**
 * Makes peers and policies on a plane of carrier "ip"; SAs come when packets ask for them (`ike`, or
 * `session.install`). What cannot be applied stands in `session.diagnostics`. Throws `limit`, and leaves nothing then.
 */
export function applyConfig(plane: DataPlane, config: IosConfig, options: ApplyOptions = {}): IosSession {
  const diagnostics: Diagnostic[] = [];
  const plan = planConfig(config, options, (severity, text, reason) =>
    diagnostics.push({ line: 0, text, reason, severity }),
  );
  const peers = new PeerTable(plane, config.isakmp.keepalive);
  const policies: Policy[] = [];
  try {
    const idents = new Map<PlannedIdent, LiveIdent>();
    for (const planned of plan.idents) {
      const peer = peers.obtain(planned.localAddress, planned.peers, planned.preferredIdleSeconds);
      idents.set(planned, new LiveIdent(planned, peer, config));
    }
    const pairs = addPolicies(plane, plan, idents, options.unmatched ?? "bypass", policies);
    const anchors = plan.anchors.map(({ dynamic, region, before }) => ({
      dynamic,
      region,
      ...(pairs[before] as PolicyPair),
    }));
    const responder = new Responder(plane, config, { dynamics: plan.dynamics, anchors }, peers);
    const log = { timestamps: timestampsOf(config), ...options.log };
    const table = new IdentTable([...idents.values()], peers, responder);
    return new IosSession(plane, config, { idents: table, policies, diagnostics }, { ...options, log });
  } catch (error) {
    for (const policy of policies) policy.delete();
    peers.keep(() => false);
    throw error;
  }
}

interface PolicyPair {
  readonly outbound: Policy;
  readonly inbound: Policy;
}

/** The policies of the plan, each with its mirror, and behind them those for what no access list permits. */
function addPolicies(
  plane: DataPlane,
  plan: Plan,
  idents: ReadonlyMap<PlannedIdent, LiveIdent>,
  unmatched: "bypass" | "discard",
  policies: Policy[],
): PolicyPair[] {
  const add = (action: PolicyConfig["action"], box: Box): PolicyPair => {
    const outbound = plane.addPolicy({ direction: "out", selector: selectorOf(box), action });
    policies.push(outbound);
    // What is to come protected and comes clear is discarded, as a router does.
    const inbound = plane.addPolicy({ direction: "in", selector: selectorOf(mirrored(box)), action });
    policies.push(inbound);
    return { outbound, inbound };
  };
  const pairs = plan.policies.map(({ box, action }) => {
    const pair = add(typeof action === "string" ? action : "protect", box);
    const ident = typeof action === "string" ? undefined : idents.get(action);
    ident?.policies.push(pair.outbound);
    ident?.inboundPolicies.push(pair.inbound);
    return pair;
  });
  return [...pairs, add(unmatched, EVERYTHING)];
}
