// What one end asks for and the other may answer: transform sets in the order of preference, and the traffic.
import type { AccessRule } from "../access-rule.js";
import type { TransformSet } from "../model.js";
import { writeAccessRule } from "../write.js";
import type { LiveIdent } from "./live-ident.js";

/** As IKE's initiator sends it (RFC 2409 section 5.5). */
export interface Proposal {
  /** The first that both ends have is taken. */
  readonly transformSets: readonly TransformSet[];
  /** What is to be protected, as the initiator has it. */
  readonly rule: AccessRule;
}

/** The identity that an answer is for and the set it takes; or why there is none, in IOS's words. */
export type Answer =
  | { readonly ident: LiveIdent; readonly transformSet: TransformSet }
  | { readonly refusal: "no such traffic" | "no common transform set" };

/** The first of the initiator's sets that is also one of ours: the same transforms in any order, the same mode. */
export function firstCommon(offered: readonly TransformSet[], ours: readonly TransformSet[]): TransformSet | undefined {
  return offered.find((set) => ours.some((own) => isSame(own, set)));
}

function isSame(a: TransformSet, b: TransformSet): boolean {
  return a.mode === b.mode && [...a.transforms].sort().join() === [...b.transforms].sort().join();
}

/** The rule as the other end has it: source and target exchanged. */
export function mirroredRule(rule: AccessRule): AccessRule {
  return {
    ...rule,
    source: rule.target,
    target: rule.source,
    sourcePort: rule.targetPort,
    targetPort: rule.sourcePort,
  };
}

export function isSameRule(a: AccessRule, b: AccessRule): boolean {
  return writeAccessRule({ ...a, options: [] }) === writeAccessRule({ ...b, options: [] });
}
