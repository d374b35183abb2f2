// Puts a configuration into force on a plane.
import type { DataPlane } from "../../data-plane.js";
import type { DeadPeerDetection, Peer } from "../../liveness/peer.js";
import type { PlaneOptions } from "../../plane-options.js";
import type { Policy } from "../../spd/policy.js";
import type { Diagnostic } from "../diagnostic.js";
import type { IosConfig } from "../model.js";
import { timestampsOf } from "../timestamp.js";
import { suitesOf } from "../transforms.js";
import { mirrored, selectorOf } from "./box.js";
import { LiveIdent } from "./live-ident.js";
import { type PlannedIdent, type PlanOptions, planConfig } from "./plan.js";
import { IosSession, type SessionOptions } from "./session.js";

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
 * Makes peers and policies on a plane of carrier "ip"; SAs come when packets ask for them (`negotiate`, or
 * `session.install`). What cannot be applied stands in `session.diagnostics`. Throws `limit`, and leaves nothing then.
 */
export function applyConfig(plane: DataPlane, config: IosConfig, options: ApplyOptions = {}): IosSession {
  const diagnostics: Diagnostic[] = [];
  const plan = planConfig(config, options, (severity, text, reason) =>
    diagnostics.push({ line: 0, text, reason, severity }),
  );
  const peers = new Map<string, Peer>();
  const policies: Policy[] = [];
  try {
    const idents = new Map<PlannedIdent, LiveIdent>();
    for (const planned of plan.idents) {
      idents.set(planned, new LiveIdent(planned, peerFor(plane, config, planned, peers), config));
    }
    for (const { box, action } of plan.policies) {
      const protect = typeof action !== "string";
      const policy = plane.addPolicy({
        direction: "out",
        selector: selectorOf(box),
        action: protect ? "protect" : action,
      });
      policies.push(policy);
      if (protect) idents.get(action)?.policies.push(policy);
      // What is to come protected and comes clear is discarded, as a router does.
      const selector = selectorOf(mirrored(box));
      const mirror = plane.addPolicy({ direction: "in", selector, action: protect ? "protect" : action });
      policies.push(mirror);
      if (protect) idents.get(action)?.inboundPolicies.push(mirror);
    }
    for (const direction of ["out", "in"] as const) {
      policies.push(plane.addPolicy({ direction, action: options.unmatched ?? "bypass" }));
    }
    const log = { timestamps: timestampsOf(config), ...options.log };
    return new IosSession(plane, config, { idents: [...idents.values()], policies, diagnostics }, { ...options, log });
  } catch (error) {
    for (const policy of policies) policy.delete();
    for (const peer of peers.values()) peer.delete();
    throw error;
  }
}

/** One peer for each list of addresses. */
function peerFor(plane: DataPlane, config: IosConfig, planned: PlannedIdent, peers: Map<string, Peer>): Peer {
  const key = `${planned.localAddress} ${planned.peers.join(" ")}`;
  const known = peers.get(key);
  if (known !== undefined) return known;
  const { keepalive } = config.isakmp;
  const detection: DeadPeerDetection | undefined = keepalive && {
    mode: keepalive.mode,
    seconds: keepalive.seconds,
    ...(keepalive.retrySeconds === undefined ? {} : { retrySeconds: keepalive.retrySeconds }),
  };
  const peer = plane.addPeer({
    addresses: planned.peers,
    ...(detection === undefined ? {} : { deadPeerDetection: detection }),
    ...(planned.preferredIdleSeconds === undefined ? {} : { preferredIdleSeconds: planned.preferredIdleSeconds }),
  });
  peers.set(key, peer);
  return peer;
}
