// `explain VERDICT`: what plane.explain tells, for a terminal.
import type { Explanation } from "../../explain/explain.js";
import type { Rule } from "../../explain/rules.js";

export function explainText({ verdict, packets, rules, facts, setting }: Explanation): string {
  const lines = [`${verdict}: ${packets} packet${packets === 1 ? "" : "s"}`, ...rules.map(ruleText)];
  if (facts.length > 0) lines.push("  the last one:", ...facts.map(({ name, value }) => `    ${name}: ${value}`));
  if (setting !== undefined)
    lines.push(`  would have passed with this ${setting.of}'s setting: ${JSON.stringify(setting.options)}`);
  return lines.join("\n");
}

export function ruleText({ rule, source }: Rule): string {
  return `  ${rule} (${source})`;
}
