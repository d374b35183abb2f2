// `npm run bench`: how many times faster an ESP packet is here than by other roads, in one run on your machine.
// `npm run bench -- --help` tells the options.
import { mkdirSync, writeFileSync } from "node:fs";
import { measureCell } from "./cell.mjs";
import { chart } from "./chart.mjs";
import { goalsTable } from "./goals.mjs";
import { commit, machine } from "./machine.mjs";
import { HELP, readOptions, waysOf } from "./options.mjs";
import { choosePeers } from "./peers.mjs";
import { startProgress } from "./progress.mjs";
import { writeReadme } from "./readme.mjs";
import { report } from "./report.mjs";
import { againstNode, record } from "./summary.mjs";
import { pickVariants } from "./variants.mjs";

const OUT = new URL("../out/", import.meta.url);
/** All cells are gone through again and again: seconds in which the machine is slow meet a part of a cell, never the whole. */
const ROUNDS_A_PASS = 3;

export async function runBench(options) {
  const variants = await pickVariants(options.variant);
  const { peers, absent } = choosePeers(options.peers);
  const plan = options.directions.flatMap((direction) =>
    options.suites.flatMap((suite) => options.sizes.map((size) => ({ direction, suite, size }))),
  );
  const passes = Math.ceil(options.rounds / ROUNDS_A_PASS);
  const progress = startProgress(plan.length * passes);
  const cells = plan.map(({ direction, suite, size }) => ({ suite: suite.name, size, direction, times: new Map() }));
  for (let pass = 0; pass < passes; pass++) {
    const rounds = Math.min(ROUNDS_A_PASS, options.rounds - pass * ROUNDS_A_PASS);
    for (const [index, { direction, suite, size }] of plan.entries()) {
      progress.begin(`${suite.name}, ${size === "imix" ? size : `${size} bytes`}, ${direction}`);
      const { milliseconds } = options;
      const ways = waysOf(options, size, direction);
      const taking = peers.filter((peer) => peer.supports(suite));
      const cell = { suite, size, direction, variants, ways, peers: taking, rounds, milliseconds };
      append(cells[index], await measureCell(cell));
    }
  }
  const seconds = progress.end();
  return { machine: machine(), variants, peers: peers.map(({ name }) => name), absent, cells, options, seconds };
}

function append(cell, { bytes, times }) {
  cell.bytes = bytes;
  for (const [name, rounds] of times) cell.times.set(name, [...(cell.times.get(name) ?? []), ...rounds]);
}

/** What a run leaves behind: the tables, the chart, the record, the README. */
function finish(run) {
  const { options, machine } = run;
  console.log(report(run));
  if (options.goals) console.log(`\nthe goals\n\n${goalsTable(run)}`);
  const [build] = run.variants;
  const points = againstNode(run).filter(({ who, way }) => who === build && way === "64");
  const look = {
    than: "the node:crypto API",
    subtitle: `${machine.runtime}, ${machine.cpu} at ${machine.megahertz} MHz, ${build}, batches of 64`,
  };
  mkdirSync(OUT, { recursive: true });
  writeFileSync(new URL("bench.svg", OUT), chart(points, look));
  console.log("\nchart: out/bench.svg");
  if (options.record) record(run);
  if (!options.readme) return;
  writeFileSync(new URL("chart.svg", import.meta.url), chart(points, look));
  writeReadme(run, commit());
  console.log("README.md and bench/chart.svg have this run's figures");
}

if (import.meta.filename === process.argv[1]) {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.suites.length === 0) console.error("no suite has all of these words in its name");
  else finish(await runBench(options));
}
