// `npm run bench:cold`: what the first packet costs. create() in a fresh Node process, with nothing warm and with option
// `warm`; the first packet in workerd; and how many bytes the kernel is.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { firstPackets } from "./cold/workerd.mjs";
import { median } from "./statistics.mjs";
import { table } from "./table.mjs";

const KB = 1000;
const { values } = parseArgs({
  options: { runs: { type: "string", default: "20" }, workerd: { type: "string", default: "5" } },
});

function inFreshProcesses(runs, words) {
  const started = new URL("cold/first-packet.mjs", import.meta.url).pathname;
  return Array.from({ length: runs }, () =>
    JSON.parse(execFileSync(process.execPath, [started, ...words], { encoding: "utf8" })),
  );
}

const spread = (values) =>
  [Math.min(...values), median(values)].map((value) => `${value.toFixed(value < 0.1 ? 4 : 2)} ms`);
const mark = (held) => (held ? "+" : "--");

const cold = inFreshProcesses(Number(values.runs), []);
const loaded = inFreshProcesses(Number(values.runs), ["--crypto"]);
const warm = inFreshProcesses(Number(values.runs), ["aes-gcm-16"]);
const workerd = await firstPackets(Number(values.workerd));
const row = (what, of, limit) => [
  what,
  ...spread(of),
  limit === undefined ? "" : `under ${limit} ms ${mark(median(of) < limit)}`,
];
console.log(`Node ${process.versions.node}, ${cold.length} processes; workerd, ${workerd.length} starts\n`);
console.log(
  table([
    ["", "least", "median", "goal, of the median"],
    row(
      "import",
      cold.map((run) => run.import),
    ),
    row(
      "create()",
      cold.map((run) => run.create),
      10,
    ),
    row(
      "Node's `crypto`, at its first use",
      loaded.map((run) => run.crypto),
    ),
    row(
      "create(), after that",
      loaded.map((run) => run.create),
    ),
    row(
      "addSa()",
      cold.map((run) => run.addSa),
    ),
    row(
      "first packet sealed",
      cold.map((run) => run.firstPacket),
    ),
    row(
      "a hundred more, each",
      cold.map((run) => run.next),
    ),
    row(
      "then 1024 of 1400 bytes in batches of 64, each",
      cold.map((run) => run.batched),
    ),
    row(
      "create(), its suite in `warm`",
      warm.map((run) => run.create),
    ),
    row(
      "first packet sealed after it",
      warm.map((run) => run.firstPacket),
    ),
    row(
      "a hundred more, each",
      warm.map((run) => run.next),
    ),
    row(
      "then 1024 of 1400 bytes in batches of 64, each",
      warm.map((run) => run.batched),
    ),
    row("workerd: create(), addSa(), first packet", workerd, 5),
  ]),
);
const sizes = ["simd", "relaxed-simd"].map((variant) => {
  const bytes = readFileSync(new URL(`../dist/wasm/${variant}.wasm`, import.meta.url));
  const [gzip, brotli] = [gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  const held = bytes.length < 96 * KB && gzip < 40 * KB;
  return [`${variant}.wasm`, ...[bytes.length, gzip, brotli].map((size) => `${(size / KB).toFixed(1)} kB`), mark(held)];
});
console.log(`\n${table([["", "raw", "gzip", "brotli", "under 96 kB, 40 kB gzip"], ...sizes])}`);
