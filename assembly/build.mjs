// Compiles the kernel (every target of asconfig.json) and the TypeScript in src/.
//
//   node assembly/build.mjs           everything that is out of date
//   node assembly/build.mjs kernel    the wasm files only        node assembly/build.mjs --force   all of it

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { main as asc } from "assemblyscript/asc";

process.chdir(new URL("../", import.meta.url).pathname);
const force = process.argv.includes("--force");
const kernelOnly = process.argv.includes("kernel");
const TARGETS = ["simd", "relaxed-simd"];

/** A fingerprint of everything below `folders`: file names and contents. */
function fingerprint(folders) {
  const hash = createHash("sha256");
  for (const folder of folders) {
    const files = statSync(folder).isFile() ? [""] : readdirSync(folder, { recursive: true }).sort();
    for (const file of files) {
      const path = file === "" ? folder : `${folder}/${file}`;
      if (path.includes("generated") || !statSync(path).isFile()) continue;
      hash.update(`${path}\0`).update(readFileSync(path));
    }
  }
  return hash.digest("hex");
}

/** Runs `build` unless `stamp` says that it has been run on the same sources. */
async function whenChanged(name, folders, build) {
  const stamp = `build/${name}.stamp`;
  const now = fingerprint([...folders, "asconfig.json", "assembly/build.mjs", "package.json"]);
  if (!force && existsSync(stamp) && readFileSync(stamp, "utf8") === now) return;
  const started = performance.now();
  await build();
  writeFileSync(stamp, now);
  console.log(`  built ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function compile(target) {
  const result = await asc(["--config", "asconfig.json", "--target", target], {
    stdout: process.stdout,
    stderr: process.stderr,
  });
  if (result.error) {
    console.error(`asc: ${result.error.message}`);
    process.exit(1);
  }
}

mkdirSync("build", { recursive: true });
for (const target of TARGETS) {
  await whenChanged(`kernel-${target}`, ["assembly"], async () => {
    await compile(target);
    const bytes = readFileSync(`build/${target}.wasm`);
    mkdirSync("src/wasm/generated", { recursive: true });
    const name = target === "simd" ? "simdBase64" : "relaxedSimdBase64";
    const text = `export const ${name}: string =\n  "${bytes.toString("base64")}";\n`;
    writeFileSync(`src/wasm/generated/${target}.ts`, text);
  });
}
if (!kernelOnly) {
  await whenChanged(
    "dist",
    ["src", "assembly/layout.ts", "assembly/status.ts", "tsconfig.json", "build/simd.wasm"],
    () => {
      rmSync("dist", { recursive: true, force: true });
      const tsc = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
        stdio: "inherit",
      });
      if (tsc.status !== 0) process.exit(1);
      mkdirSync("dist/wasm", { recursive: true });
      for (const target of TARGETS) cpSync(`build/${target}.wasm`, `dist/wasm/${target}.wasm`);
    },
  );
}
