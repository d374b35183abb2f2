// `npm test`: the compiler, the linter, the as-pect specs, then vitest. Everything runs, also after something failed, and
// the closing line counts all of it.

import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("../", import.meta.url)));

const REPORT = "build/vitest.json";
// Node 20 has relaxed SIMD behind a flag; later versions have it and know no such flag.
const relaxed = Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-wasm-relaxed-simd"] : [];
const total = { passed: 0, failed: 0, skipped: 0 };
const started = performance.now();

console.log("types and format ...");
await step("tsc", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
await step("biome", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]);
console.log("\nkernel specs inside wasm ...");
await step("as-pect", [...relaxed, "test/kernel/as/run.mjs"], asPectCounts);
console.log("\ntests; about two minutes ...");
rmSync(REPORT, { force: true });
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
await step(
  "vitest",
  ["node_modules/vitest/vitest.mjs", "run", "--config=test/vitest.config.ts", ...reporters],
  vitestCounts,
);

const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(`\nin ${seconds} s: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Runs a Node script. It counts as one, passed or failed, unless `counts` can read more from what it left. */
async function step(name, args, counts) {
  const { status, output } = await run(args);
  const found = counts?.(output) ?? { passed: 0, failed: 0, skipped: 0 };
  if (counts === undefined && status === 0) found.passed = 1;
  if (status !== 0 && found.failed === 0) found.failed = 1; // failed without telling how
  if (status !== 0) console.error(`${name} failed, see above`);
  for (const kind of Object.keys(total)) total[kind] += found[kind];
}

function run(args) {
  const child = spawn(process.execPath, args, { stdio: ["inherit", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => {
    process.stdout.write(data);
    output += data;
  });
  return new Promise((resolve) => child.on("close", (status) => resolve({ status, output })));
}

function asPectCounts(output) {
  const [, passed = 0, failed = 0, skipped = 0] =
    /as-pect: (\d+) passed, (\d+) failed, (\d+) skipped/.exec(output) ?? [];
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

function vitestCounts() {
  const report = JSON.parse(readFileSync(REPORT, "utf8"));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}
