// Runs the as-pect specs: kernel code tested inside wasm, compiled with assertions, once for each build.
//
//   node test/kernel/as/run.mjs [part of a file name]
//
// as-pect's own command passes when it finds no spec; this one fails.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SummaryReporter, TestContext } from "@as-pect/core";
import { instantiate } from "@assemblyscript/loader";
import { main as asc } from "assemblyscript/asc";

const FOLDER = "test/kernel/as";
const TARGETS = ["simd", "relaxed-simd"];

process.chdir(fileURLToPath(new URL("../../../", import.meta.url)));
const filter = process.argv[2] ?? "";
const specs = readdirSync(FOLDER).filter((file) => file.endsWith(".spec.ts") && file.includes(filter));
let passed = 0;
let failed = 0;

for (const spec of specs) {
  for (const target of TARGETS) {
    const context = await run(`${FOLDER}/${spec}`, target);
    passed += context.testPassCount;
    failed += context.testCount - context.testPassCount;
    if (!context.pass && context.testCount === context.testPassCount) failed++; // failed outside a test
  }
}
console.log(`as-pect: ${passed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function run(spec, target) {
  const binary = await compile(spec, target);
  const reporter = new SummaryReporter({ enableLogging: true });
  Object.assign(reporter, { stdout: process.stdout, stderr: process.stderr });
  const context = new TestContext({ reporter, binary, fileName: `${spec} [${target}]` });
  context.run(await instantiate(binary, context.createImports({ env: {} })));
  return context;
}

async function compile(spec, target) {
  let binary;
  const { error } = await asc(
    [
      ...[spec, "node_modules/@as-pect/assembly/assembly/index.ts"],
      ...["--config", `${FOLDER}/asconfig.json`, "--target", target], // else asc takes the kernel's own, without assertions
      ...["--transform", fileURLToPath(new URL("./transform.mjs", import.meta.url))],
      ...["--outFile", "spec.wasm"],
    ],
    {
      stdout: process.stdout,
      stderr: process.stderr,
      writeFile: (file, data) => {
        if (file.endsWith(".wasm")) binary = data;
      },
    },
  );
  if (error) throw error;
  return binary;
}
