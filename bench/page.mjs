// `npm run bench:page`: the bench in headless Chromium beside crypto.subtle. `-- --open` serves the page for a person.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { nanoseconds, table, times } from "./table.mjs";

const LONGEST_MILLISECONDS = 180_000;
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
    await page.goto(address);
    console.error("measuring in Chromium, about half a minute ...");
    await page.waitForFunction("globalThis.result", undefined, { timeout: LONGEST_MILLISECONDS });
    const { failed, subtitle, rows } = await page.evaluate("globalThis.result");
    if (failed !== undefined) throw new Error(failed);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `out/bench-page-${colorScheme}.png`, fullPage: true });
    }
    print(subtitle, rows);
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
    ...peers.map(({ least, ratio }) => `${nanoseconds(least)}  ${times(ratio)}`),
  ]);
  console.log(`${subtitle}: times faster than crypto.subtle, batches of 64\n\n${table([head, ...lines])}`);
  console.log("\npage: out/bench-page-light.png, out/bench-page-dark.png");
}

if (process.argv.includes("--open")) console.log(`open ${(await serve(8080)).address}`);
else await inChromium();
