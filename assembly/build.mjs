// Compiles the kernel (every target of asconfig.json) and the TypeScript in src/.
//
//   node assembly/build.mjs           everything that is out of date
//   node assembly/build.mjs kernel    the wasm files only        node assembly/build.mjs --force   all of it
//
//   assembly/ -> build/TARGET.wasm (and .wat, which names its functions) -> src/wasm/generated/TARGET.ts (base64)
//   src/      -> build/lib, a module a file -> dist/src, a file an entry and what entries share; build/TARGET.wasm -> dist/wasm

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("../", import.meta.url)));
const force = process.argv.includes("--force");
const kernelOnly = process.argv.includes("kernel");
const TARGETS = { simd: "simdBase64", "relaxed-simd": "relaxedSimdBase64", legacy: "legacyBase64" };

/** A fingerprint of everything at or below `paths`: file names and contents. */
function fingerprint(paths) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const isFile = statSync(path).isFile();
    const files = isFile ? [path] : readdirSync(path, { recursive: true }).map((file) => `${path}/${file}`);
    for (const file of files.sort()) {
      if (file.includes("generated") || !statSync(file).isFile()) continue;
      hash.update(`${file}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex");
}

/** Runs `build` unless `product` is there and its stamp says that it was made of the same sources. */
async function whenChanged(name, sources, product, build) {
  const stamp = `build/${name}.stamp`;
  const now = fingerprint([...sources, "package-lock.json", "assembly/build.mjs"]);
  const isCurrent = existsSync(product) && existsSync(stamp) && readFileSync(stamp, "utf8") === now;
  if (isCurrent && !force) return;
  const started = performance.now();
  console.log(`building ${product} ...`);
  await build();
  writeFileSync(stamp, now);
  console.log(`built ${product} in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function compileKernel(target) {
  const { main: asc } = await import("assemblyscript/asc"); // Takes half a second: only when there is something to do.
  const { default: Borders } = await import("./borders.mjs");
  const options = ["--config", "asconfig.json", "--target", target];
  const { error } = await asc(options, { stdout: process.stdout, stderr: process.stderr, transforms: [Borders] });
  if (error) {
    console.error(`asc: ${error.message}`);
    process.exit(1);
  }
  const base64 = readFileSync(`build/${target}.wasm`).toString("base64");
  mkdirSync("src/wasm/generated", { recursive: true });
  writeFileSync(`src/wasm/generated/${target}.ts`, `export const ${TARGETS[target]}: string =\n  "${base64}";\n`);
}

async function compileLibrary() {
  for (const folder of ["build/lib", "dist"]) rmSync(folder, { recursive: true, force: true });
  const compiler = fileURLToPath(import.meta.resolve("typescript/package.json")).replace("package.json", "bin/tsc");
  const tsc = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { stdio: "inherit" });
  if (tsc.status !== 0) process.exit(1);
  await bundleEntries();
  cpSync("build/lib", "dist", { recursive: true, filter: (path) => !path.endsWith(".js") });
  mkdirSync("dist/wasm", { recursive: true });
  for (const target of Object.keys(TARGETS)) cpSync(`build/${target}.wasm`, `dist/wasm/${target}.wasm`);
}

/** Node needs most of a millisecond for every file that an import leads to, and this library is a hundred of them. */
async function bundleEntries() {
  const { rolldown } = await import("rolldown"); // as above
  const { exports, bin } = JSON.parse(readFileSync("package.json", "utf8"));
  const entries = [...Object.values(exports).flatMap((entry) => Object.values(entry)), ...Object.values(bin)]
    .filter((path) => /^\.\/dist\/.*(?<!\.d)\.[jt]s$/.test(path))
    .map((path) => path.slice("./dist/".length, -".js".length));
  const build = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, `build/lib/${entry}.js`])),
    platform: "neutral",
    // Packages, Node's modules, and what only the bundler of an edge runtime can resolve.
    external: (id) => !/^[./]/.test(id) || /\.wasm(\?module)?$/.test(id),
    makeAbsoluteExternalsRelative: false,
    treeshake: { moduleSideEffects: () => true },
  });
  await build.write({
    dir: "dist",
    entryFileNames: "[name].js",
    chunkFileNames: "src/shared/[name].js",
    minifyInternalExports: false,
  });
  await build.close();
}

mkdirSync("build", { recursive: true });
const kernels = Object.keys(TARGETS).map((target) => `build/${target}.wasm`);
for (const [index, target] of Object.keys(TARGETS).entries()) {
  await whenChanged(`kernel-${target}`, ["assembly", "asconfig.json"], kernels[index], () => compileKernel(target));
}
if (!kernelOnly) {
  const shared = ["assembly/layout.ts", "assembly/status.ts"];
  const sources = ["src", ...shared, ...kernels, "tsconfig.json", "tsconfig.build.json", "package.json"];
  await whenChanged("library", sources, "dist/src/index.js", compileLibrary);
}
