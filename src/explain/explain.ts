// plane.explain: why packets end in a verdict, what the last one was, and what would have accepted it.
import type { Engine } from "../engine.js";
import { IpsecError } from "../errors.js";
import { VERDICTS, type Verdict } from "../verdict.js";
import { type Fact, factsOf } from "./facts.js";
import { RULES, type Rule } from "./rules.js";
import { type Setting, settingFor } from "./settings.js";

export interface Explanation {
  readonly verdict: Verdict;
  /** Of the last packet that ended so; undefined when none is remembered. */
  readonly direction: "out" | "in" | undefined;
  /** Packets that ended so since the plane was made. */
  readonly packets: number;
  /** The rule, and the section of the RFC or the guide where it stands. */
  readonly rules: readonly Rule[];
  /** The numbers of the last packet. Empty for what is no drop: `sealed`, `delivered`, `bypassed` and the like. */
  readonly facts: readonly Fact[];
  /** The smallest change that would have accepted that packet; absent when there is none. */
  readonly setting?: Setting;
}

/** Throws `option` for what is no verdict. */
export function explain(engine: Engine, verdict: Verdict): Explanation {
  if (!VERDICTS.includes(verdict))
    throw new IpsecError("option", `verdict "${String(verdict)}" is unknown: ${VERDICTS.join(", ")} are there`);
  const packets = engine.counters[verdict];
  const last = engine.lastEnds.get(verdict);
  if (last === undefined)
    return Object.freeze({ verdict, direction: undefined, packets, rules: rulesOf(verdict), facts: Object.freeze([]) });
  const { direction } = last;
  const rules = rulesOf(verdict, direction);
  const facts = Object.freeze(factsOf(verdict, last));
  const setting = settingFor(verdict, last, engine.limits.fragments);
  const told = { verdict, direction, packets, rules, facts };
  return Object.freeze(setting === undefined ? told : { ...told, setting: Object.freeze(setting) });
}

/** Those of one direction, or of both. */
export function rulesOf(verdict: Verdict, direction?: "out" | "in"): readonly Rule[] {
  const { out, in: inbound } = RULES[verdict];
  const wanted = direction === undefined ? [out, inbound] : [direction === "out" ? out : inbound];
  return Object.freeze(wanted.filter((rule) => rule !== undefined));
}
