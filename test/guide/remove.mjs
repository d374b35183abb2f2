// Takes the behaviours of the guide out of the source, one at a time, and asks that the test of each fails.
//
//   node test/guide/remove.mjs              all of test/guide/removals/*.json
//   node test/guide/remove.mjs 41 e7        these numbers
//
// Works on a copy of the project in a temporary folder. A removal in assembly/ rebuilds the kernel there.

import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
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
const wanted = process.argv.slice(2);

const folder = join(ROOT, "test/guide/removals");
const removals = readdirSync(folder)
  .sort()
  .flatMap((file) => JSON.parse(readFileSync(join(folder, file), "utf8")))
  .filter(({ number }) => wanted.length === 0 || wanted.includes(number));
const tests = new Map();
for (const file of readdirSync(join(ROOT, "test/guide")).filter((name) => name.endsWith(".test.ts")))
  tests.set(file, readFileSync(join(ROOT, "test/guide", file), "utf8"));

const copy = mkdtempSync(join(tmpdir(), "wasm-ipsec-removals-"));
const survivors = [];
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const [index, removal] of removals.entries()) {
    const started = performance.now();
    const noticed = isNoticed(removal);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `${index + 1}/${removals.length}  ${removal.number.padEnd(4)} ${removal.file}  ${noticed ? "noticed" : "NOT NOTICED"}  ${seconds} s`,
    );
    if (!noticed) survivors.push(removal);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
console.log(`removals: ${removals.length - survivors.length} passed, ${survivors.length} failed`);
process.exitCode = survivors.length === 0 && removals.length > 0 ? 0 : 1;

/** Whether a test of the removal's number fails once the behaviour is gone. */
function isNoticed({ number, file, from, to }) {
  const path = join(copy, file);
  const original = readFileSync(path, "utf8");
  if (original.split(from).length !== 2) throw new Error(`number ${number}: "${from}" must stand once in ${file}`);
  const name = new RegExp(`["'\`](?:e?\\d+, )*${number}(?:, e?\\d+)*: `);
  const files = [...tests].filter(([, text]) => name.test(text)).map(([test]) => `test/guide/${test}`);
  if (files.length === 0) throw new Error(`number ${number} has no test`);
  writeFileSync(
    path,
    original.replace(from, () => to),
  );
  try {
    if (file.startsWith("assembly/") && run(["assembly/build.mjs", "kernel"]).status !== 0)
      throw new Error(`number ${number}: the kernel does not compile without it`);
    const pattern = `(^|\\s)(e?\\d+, )*${number}(, e?\\d+)*: `;
    const { status, stdout } = run([
      "node_modules/vitest/vitest.mjs",
      "run",
      "--config=test/vitest.config.ts",
      ...files,
      "-t",
      pattern,
    ]);
    // A file that cannot be loaded any more fails without a test having run: that is no answer.
    if (!/Tests .*(passed|failed)/.test(stdout)) throw new Error(`number ${number}: no test ran\n${stdout}`);
    return status !== 0;
  } finally {
    writeFileSync(path, original);
    if (file.startsWith("assembly/")) run(["assembly/build.mjs", "kernel"]);
  }
}

function run(args) {
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: copy,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout };
}
