// `wasm-ipsec explain VERDICT`: the rule behind a verdict, and where it is written.
import { rulesOf } from "../explain/explain.js";
import { ruleText } from "../ios/show/explain.js";
import { VERDICTS, type Verdict } from "../verdict.js";
import type { Streams } from "./streams.js";
import { UsageError } from "./usage.js";

export function explainVerdict(words: readonly string[], streams: Streams): number {
  const [verdict, ...rest] = words;
  if (verdict === undefined || rest.length > 0 || !VERDICTS.includes(verdict as Verdict))
    throw new UsageError(`explain takes one verdict: ${VERDICTS.join(", ")}`);
  streams.say([verdict, ...rulesOf(verdict as Verdict).map(ruleText)].join("\n"));
  return 0;
}
