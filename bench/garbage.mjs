// `npm run bench:garbage`: a million packets each way over the fast verbs, and what the garbage collector had to do.
import { PerformanceObserver } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DataPlane } from "wasm-ipsec";
import { associationOf, opener, sealer } from "./contenders/ours.mjs";
import { innerPackets, sealedLength } from "./esp.mjs";
import { drawKeys, MAIN_SUITES } from "./suites.mjs";
import { table } from "./table.mjs";

const { values } = parseArgs({ options: { packets: { type: "string", default: "1000000" } } });
const PACKETS = Number(values.packets);
const BATCH = 64;
const WARM_UP = PACKETS / 10;
const SIZE = 64;
const MB = 1e6;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** { collections, heapGrowth }: of PACKETS packets sealed and opened, after WARM_UP of them. */
async function measure(suite) {
  const keys = drawKeys(suite);
  const plane = await DataPlane.create({ carrier: "udp" });
  const sa = plane.addSa({ ...associationOf(suite, keys), direction: "out" });
  plane.addSa({ ...associationOf(suite, keys), direction: "in" });
  const packets = innerPackets(SIZE, BATCH);
  const datagrams = packets.map(({ length }) => new Uint8Array(sealedLength(suite, length)));
  const seal = sealer(plane, sa, packets, datagrams, BATCH);
  const open = opener(plane, datagrams, packets, BATCH);
  const rounds = (count) => {
    for (let done = 0; done < count; done += BATCH) {
      seal();
      open();
    }
  };
  rounds(WARM_UP);
  collect();
  await new Promise((resolve) => setTimeout(resolve, 20)); // The observer must not see that collection.
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  const before = process.memoryUsage().heapUsed;
  rounds(PACKETS);
  const heapGrowth = process.memoryUsage().heapUsed - before;
  await new Promise((resolve) => setTimeout(resolve, 20)); // Entries arrive in a later turn.
  observer.disconnect();
  const { delivered, sealed } = plane.counters;
  if (delivered !== sealed || sealed < PACKETS) throw new Error(`only ${delivered} of ${sealed} packets came through`);
  plane.close();
  return { suite: suite.name, collections, heapGrowth };
}

const results = [];
for (const suite of MAIN_SUITES) results.push(await measure(suite));
const rows = results.map(({ suite, collections, heapGrowth }) => [
  suite,
  collections,
  `${(heapGrowth / MB).toFixed(2)} MB`,
  collections === 0 && heapGrowth < MB ? "+" : "--",
]);
console.log(
  `${PACKETS} packets of ${SIZE} bytes sealed and opened on the fast verbs; none and less than 1 MB are the goal\n`,
);
console.log(table([["", "collections", "heap growth", ""], ...rows]));
