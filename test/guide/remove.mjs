// Takes the behaviours of the guide out of the source, one at a time, and asks that the test of each fails.
//
//   node test/guide/remove.mjs              all of test/guide/removals/*.json
//   node test/guide/remove.mjs 41 e7        these numbers
//
// Works on copies of the project in temporary folders, two at once. A removal in assembly/ rebuilds the kernel there.

import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COPIED = [
  "assembly",
  "src",
  "test",
  "build",
  "package.json",
  "package-lock.json",
  "asconfig.json",
  "tsconfig.json",
];
const KERNEL = ["build", "src/wasm/generated"];
const wanted = process.argv.slice(2);

const folder = join(ROOT, "test/guide/removals");
const removals = readdirSync(folder)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(join(folder, file), "utf8")))
  .filter(({ number }) => wanted.length === 0 || wanted.includes(number));
const tests = new Map();
for (const file of readdirSync(join(ROOT, "test/guide")).filter((name) => name.endsWith(".test.ts")))
  tests.set(file, readFileSync(join(ROOT, "test/guide", file), "utf8"));

const survivors = [];
let taken = 0;
let done = 0;
await Promise.all(Array.from({ length: Math.min(2, availableParallelism(), removals.length) }, () => work()));
console.log(`removals: ${removals.length - survivors.length} passed, ${survivors.length} failed`);
for (const { number, file, reason } of survivors) console.log(`  ${number} ${file}: ${reason}`);
process.exitCode = survivors.length === 0 && removals.length > 0 ? 0 : 1;

async function work() {
  const copy = mkdtempSync(join(tmpdir(), "wasm-ipsec-removals-"));
  try {
    for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    while (taken < removals.length) {
      const removal = removals[taken++];
      const started = performance.now();
      const reason = await survives(copy, removal);
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      const answer = reason === undefined ? "noticed" : "NOT NOTICED";
      console.log(`${++done}/${removals.length}  ${removal.number.padEnd(4)} ${removal.file}  ${answer}  ${seconds} s`);
      if (reason !== undefined) survivors.push({ ...removal, reason });
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Undefined when a test of the removal's number fails once the behaviour is gone; otherwise what went wrong. */
async function survives(copy, { number, file, from, to }) {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  if (original.split(from).length !== 2) return `"${from}" must stand there once`;
  const name = new RegExp(`["'\`](?:e?\\d+, )*${number}(?:, e?\\d+)*: `);
  const files = [...tests].filter(([, text]) => name.test(text)).map(([test]) => `test/guide/${test}`);
  if (files.length === 0) return "the number has no test";
  writeFileSync(
    path,
    original.replace(from, () => to),
  );
  try {
    if (file.startsWith("assembly/")) {
      const { status } = await run(copy, ["assembly/build.mjs", "kernel"]);
      if (status !== 0) return "the kernel does not compile without it";
      if (kernelOf(copy) === kernelOf(ROOT)) return "the kernel is the same without it";
    }
    const pattern = `(^|\\s)(e?\\d+, )*${number}(, e?\\d+)*: `;
    const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config=test/vitest.config.ts"];
    const { status, stdout } = await run(copy, [...vitest, ...files, "-t", pattern]);
    if (status === 0) return "its tests pass without it";
    // A file that cannot be loaded any more fails without a test having run: that is no answer.
    return /Tests .*(passed|failed)/.test(stdout) ? undefined : `no test ran\n${stdout}`;
  } finally {
    writeFileSync(path, original);
    if (file.startsWith("assembly/"))
      for (const name of KERNEL) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  }
}

/** What the tests load as the kernel. */
function kernelOf(place) {
  return readFileSync(join(place, "src/wasm/generated/relaxed-simd.ts"), "utf8");
}

function run(cwd, args) {
  return new Promise((resolve, reject) => {
    // A removal that makes a test run for ever is answered "no test ran".
    const child = spawn(process.execPath, args, { cwd, env: { ...process.env, NO_COLOR: "1" }, timeout: 180_000 });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.resume();
    child.once("error", reject).once("close", (status) => resolve({ status, stdout }));
  });
}
