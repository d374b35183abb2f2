// Makes a bare clone ready to run, before `npm test` and `npm start`: installs what package-lock.json names and builds
// what is out of date. Plain Node, since nothing is installed yet. Under a second when there is nothing to do.

import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const INSTALLED = "node_modules/.package-lock.json"; // npm writes it last.
const PROGRESS_MILLISECONDS = 5000;

process.chdir(fileURLToPath(new URL("../", import.meta.url)));
if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs < statSync("package-lock.json").mtimeMs) await install();
await import("./build.mjs");

/**
 * Without the packages' install scripts: npm 10 runs them, npm 11 asks first, and none is needed. workerd and koffi
 * bring their binaries as packages, and their scripts only shorten the way to them.
 */
async function install() {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(0)} s`;
  console.log("installing the packages of package-lock.json, once; about half a minute ...");
  const ticking = setInterval(() => console.log(`  still installing, ${seconds()}`), PROGRESS_MILLISECONDS);
  const status = await npm("ci", "--include=dev", "--include=optional", "--ignore-scripts", "--no-audit", "--no-fund");
  clearInterval(ticking);
  if (status !== 0) {
    console.error("npm ci failed, see above: is a package registry reachable?");
    process.exit(1);
  }
  console.log(`installed in ${seconds()}`);
}

/** Runs the npm that runs this script, or the one on the PATH. */
function npm(...options) {
  const self = process.env.npm_execpath;
  const [command, first] = self === undefined ? ["npm", []] : [process.execPath, [self]];
  const child = spawn(command, [...first, ...options], { stdio: "inherit" });
  return new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", resolve);
  });
}
