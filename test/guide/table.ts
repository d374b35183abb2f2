// docs/guide.md: number -> behaviour -> tests -> where its removal is tried.
import type { NamedTest } from "./named-tests.js";
import { GUIDE } from "./numbers.js";

export interface Removal {
  readonly number: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const HEAD = `# The guide, number by number

The behaviours of Cisco's "IPsec Data Plane Configuration Guide, IOS XE Release 2" (1 to 62), the corrections to it (e1 to
e20), and the tests that show them. \`npm test\` runs every one and fails when a number has none;
\`node test/guide/remove.mjs\` takes each behaviour out of the source, one at a time, and asks that its test fails.
This table is generated: \`npx vitest run --config test/vitest.config.ts test/guide/coverage.test.ts -u\`.

| number | behaviour | status | tests | taken out of |
|---|---|---|---|---|
`;

export function guideTable(tests: readonly NamedTest[], removals: readonly Removal[]): string {
  return HEAD + GUIDE.map(({ number, title, fact }) => row(number, title, fact, tests, removals)).join("");
}

function row(
  number: string,
  title: string,
  fact: string | undefined,
  tests: readonly NamedTest[],
  removals: readonly Removal[],
): string {
  const own = tests.filter((named) => named.number === number);
  const status = fact === undefined ? (own.length > 0 ? "tested" : "no test") : `a fact: ${fact}`;
  const places = [...new Set(own.map(({ file }) => `\`test/guide/${file}\``))].join(", ");
  const sources = [...new Set(removals.filter((one) => one.number === number).map(({ file }) => `\`${file}\``))];
  const count = own.length > 1 ? ` (${own.length})` : "";
  return `| ${number} | ${title} | ${status} | ${places}${count} | ${sources.join(", ")} |\n`;
}
