// `npm run bench:page`: the bench in headless Chromium beside crypto.subtle.
//
//   npm run bench:page -- --open      serves the page for a person, in any browser
//   npm run bench:page -- --quick     one size and one round: does it run?
//   npm run bench:page -- --record    keeps the run in bench/page/: chromium.json and chromium.png
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { commit, machine } from "./machine.mjs";
import { nanoseconds, table, times } from "./table.mjs";

const LONGEST_MILLISECONDS = 180_000;
/** Times faster than crypto.subtle, one packet after the other, encrypt, by size. */
const GOALS = { 64: 20, 1400: 2 };
const { values } = parseArgs({
  options: {
    open: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

async function bundle() {
  const build = await rolldown({ input: here("page/page.mjs"), platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  return output[0].code;
}

async function serve(port) {
  const code = await bundle();
  const server = createServer(({ url }, response) => {
    // Isolated pages get the finer clock.
    response.setHeader("cross-origin-opener-policy", "same-origin");
    response.setHeader("cross-origin-embedder-policy", "require-corp");
    response.setHeader("content-type", url === "/page.js" ? "text/javascript" : "text/html");
    response.end(url === "/page.js" ? code : readFileSync(here("page/index.html")));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}/` };
}

async function inChromium() {
  const browserPath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser"].map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (browserPath === undefined) throw new Error("no Chromium on the PATH: apt-get install chromium");
  const { server, address } = await serve(0);
  const browser = await chromium.launch({ executablePath: browserPath });
  try {
    const page = await browser.newPage();
    await page.goto(values.quick ? `${address}?quick` : address);
    if (!values.quick) console.error("measuring in Chromium, about half a minute ...");
    await page.waitForFunction("globalThis.result", undefined, { timeout: LONGEST_MILLISECONDS });
    const { failed, subtitle, rows } = await page.evaluate("globalThis.result");
    if (failed !== undefined) throw new Error(failed);
    mkdirSync("out", { recursive: true });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `out/bench-page-${colorScheme}.png`, fullPage: true });
    }
    print(subtitle, rows);
    if (values.record) record(subtitle, rows);
  } finally {
    await browser.close();
    server.close();
  }
}

function print(subtitle, rows) {
  const head = ["", "", "bytes", "ours", ...rows[0].peers.map(({ name }) => name)];
  const lines = rows.map(({ suite, direction, size, ours, peers }) => [
    suite,
    direction,
    size,
    nanoseconds(ours),
    ...peers.map(({ least, ratio }, i) => {
      const goal = i === 0 && direction === "encrypt" ? GOALS[size] : undefined;
      const mark = goal === undefined ? "" : ` of ${goal} ${ratio >= goal ? "++" : "--"}`;
      return `${nanoseconds(least)}  ${times(ratio)}${mark}`;
    }),
  ]);
  console.log(`${subtitle}: times faster than crypto.subtle, batches of 64; "of 20 ++": the goal, and reached\n`);
  console.log(table([head, ...lines]));
  console.log("\npage: out/bench-page-light.png, out/bench-page-dark.png");
}

function record(subtitle, rows) {
  const run = { commit: commit(), ...machine(), runtime: subtitle, rows };
  writeFileSync(here("page/chromium.json"), `${JSON.stringify(run, undefined, 2)}\n`);
  copyFileSync("out/bench-page-light.png", here("page/chromium.png"));
}

if (values.open) console.log(`open ${(await serve(8080)).address}`);
else await inChromium();
