// `npm run bench:check`: a quick run, and a failure where a paired ratio fell more than 15 % below bench/expected.json.
// A cell that fell is measured again, longer, before it counts: neighbours make noise.
//
//   npm run bench:check -- gcm 128            only suites whose name has all of these words
//   npm run bench:check -- --accept           makes what is measured now the expectation
//   npm run bench:check -- --expected FILE    another file than bench/expected.json
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { runBench } from "./main.mjs";
import { readOptions } from "./options.mjs";
import { againstNode } from "./summary.mjs";
import { table } from "./table.mjs";

const TOLERANCE = 0.15;
const ATTEMPTS = 3;
const { values, positionals } = parseArgs({
  options: { accept: { type: "boolean" }, expected: { type: "string" } },
  allowPositionals: true,
});
const FILE = values.expected ?? new URL("expected.json", import.meta.url);
const CELLS = ["--size", "64,1400", "--batch", "64", "--peers", "node"];

const keyOf = ({ direction, suite, size, who }) => `${direction} ${suite} ${size} ${who}`;

async function pairedRatios(rounds, words = positionals) {
  const run = await runBench(readOptions([...CELLS, "--rounds", String(rounds), ...words]));
  return { run, ratios: new Map(againstNode(run).map((cell) => [keyOf(cell), cell.paired])) };
}

/** The least of several runs: what noise made larger once must not be demanded later. */
async function accept() {
  const runs = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) runs.push(await pairedRatios(15));
  const least = (key) => Number(Math.min(...runs.map(({ ratios }) => ratios.get(key))).toFixed(2));
  const paired = Object.fromEntries([...runs[0].ratios.keys()].map((key) => [key, least(key)]));
  writeFileSync(FILE, `${JSON.stringify({ machine: runs[0].run.machine, paired }, null, 2)}\n`);
  console.log(`accepted ${runs[0].ratios.size} ratios`);
}

async function check() {
  const expected = JSON.parse(readFileSync(FILE, "utf8"));
  const { run, ratios } = await pairedRatios(9);
  if (["cpu", "runtime"].some((what) => expected.machine[what] !== run.machine[what])) {
    const { cpu, runtime } = expected.machine;
    console.log(`expected.json is of ${runtime} on ${cpu}: its ratios may not hold here`);
  }
  const fell = () =>
    [...ratios].filter(([key, ratio]) => ratio < (expected.paired[key] ?? 0) * (1 - TOLERANCE)).map(([key]) => key);
  for (let attempt = 1; attempt < ATTEMPTS && fell().length > 0; attempt++) {
    console.log(`again, longer: ${fell().length} of ${ratios.size} are more than ${TOLERANCE * 100} % below`);
    for (const suite of new Set(fell().map((key) => key.split(" ")[1]))) {
      const again = await pairedRatios(25, [suite]);
      for (const [key, ratio] of again.ratios) ratios.set(key, Math.max(ratio, ratios.get(key)));
    }
  }
  const rows = [...ratios].map(([key, ratio]) => {
    const wanted = expected.paired[key];
    const change = wanted === undefined ? "new" : `${((ratio / wanted - 1) * 100).toFixed(0)} %`;
    return [key, ratio.toFixed(2), wanted?.toFixed(2) ?? "-", change];
  });
  console.log(table([["paired ratio to node:crypto", "now", "expected", "change"], ...rows]));
  for (const key of fell()) console.error(`fell: ${key}`);
  process.exitCode = fell().length === 0 ? 0 : 1;
}

await (values.accept ? accept() : check());
