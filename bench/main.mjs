// `npm run bench`: how many times faster an ESP packet is here than by other roads, in one run on your machine.
// `npm run bench -- --help` tells the options.
import { measureCell } from "./cell.mjs";
import { machine } from "./machine.mjs";
import { HELP, readOptions, waysOf } from "./options.mjs";
import { choosePeers } from "./peers.mjs";
import { startProgress } from "./progress.mjs";
import { report } from "./report.mjs";
import { pickVariants } from "./variants.mjs";

export async function runBench(options) {
  const variants = await pickVariants(options.variant);
  const { peers, absent } = choosePeers(options.peers);
  const plan = options.directions.flatMap((direction) =>
    options.suites.flatMap((suite) => options.sizes.map((size) => ({ direction, suite, size }))),
  );
  const progress = startProgress(plan.length);
  const cells = [];
  for (const { direction, suite, size } of plan) {
    progress.begin(`${suite.name}, ${size === "imix" ? size : `${size} bytes`}, ${direction}`);
    const { rounds, milliseconds } = options;
    const ways = waysOf(options, size, direction);
    const taking = peers.filter((peer) => peer.supports(suite));
    const measured = await measureCell({ suite, size, direction, variants, ways, peers: taking, rounds, milliseconds });
    cells.push({ suite: suite.name, size, direction, ...measured });
  }
  const seconds = progress.end();
  return { machine: machine(), variants, peers: peers.map(({ name }) => name), absent, cells, options, seconds };
}

if (import.meta.filename === process.argv[1]) {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(HELP);
  else if (options.suites.length === 0) console.error("no suite has all of these words in its name");
  else console.log(report(await runBench(options)));
}
