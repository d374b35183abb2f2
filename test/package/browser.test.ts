// The packed package in a headless Chromium, under a Content Security Policy: bundled, on a page and in a worker; and
// as it is, with an import map.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER, MISSING, REQUIRED } from "../chromium.js";
import { type Installed, installPackage, SETUP_MILLISECONDS } from "./installed.js";
import { complaints, SMOKE, type SmokeResult } from "./smoke.js";

const SOURCES = {
  "smoke.js": SMOKE,
  "page.js": `
    import { run } from "./smoke.js";
    globalThis.onPage = run;
    globalThis.inWorker = (variant) => new Promise((resolve, reject) => {
      const worker = new Worker("/bundle/worker.js", { type: "module" });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(variant);
    });`,
  "worker.js": `
    import { run } from "./smoke.js";
    onmessage = ({ data }) => run(data).catch(({ code, message }) => code + ": " + message).then(postMessage);`,
  // ipaddr.js is a script that leaves a global where there is no CommonJS; this makes it the module that is asked for.
  "ipaddr-module.js": "export default globalThis.ipaddr;",
};

const IMPORT_MAP = {
  imports: {
    "wasm-ipsec": "/node_modules/wasm-ipsec/dist/src/index.js",
    "@assemblyscript/loader": "/node_modules/@assemblyscript/loader/index.js",
    "ipaddr.js": "/ipaddr-module.js",
  },
};

const BUNDLED = `<script type="module" src="/bundle/page.js"></script>`;
const UNBUNDLED = `<script src="/node_modules/ipaddr.js/lib/ipaddr.js"></script>
  <script type="importmap">${JSON.stringify(IMPORT_MAP)}</script><script type="module" src="/page.js"></script>`;

/** The strictest policy that README promises. An import map is an inline script and needs a word more. */
const ALLOWED = "script-src 'self' 'wasm-unsafe-eval'";
const PAGES: Readonly<Record<string, { policy: string; scripts: string }>> = {
  "/bundled": { policy: ALLOWED, scripts: BUNDLED },
  "/unbundled": { policy: "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'", scripts: UNBUNDLED },
  "/forbidden": { policy: "script-src 'self'", scripts: BUNDLED },
};

function serve(folder: string, asked: string[]): Server {
  return createServer(({ url = "/" }, response) => {
    asked.push(url);
    const page = PAGES[url];
    // A worker has the policy its script is served with.
    response.setHeader("content-security-policy", page?.policy ?? ALLOWED);
    response.setHeader("content-type", page ? "text/html" : "text/javascript");
    if (page) response.end(`<!doctype html><title>wasm-ipsec</title>${page.scripts}`);
    else if (existsSync(join(folder, url))) response.end(readFileSync(join(folder, url)));
    else response.writeHead(404).end();
  });
}

async function bundle(folder: string, name: string): Promise<void> {
  const build = await rolldown({ input: join(folder, name), platform: "browser", logLevel: "silent" });
  await build.write({ dir: join(folder, "bundle"), chunkFileNames: "[name].js", format: "esm" });
  await build.close();
}

// A skip that is no test where it does not apply: the counts of a full run say "0 skipped".
if (BROWSER === undefined) {
  console.warn(MISSING); // The reporter does not name what it skips.
  it.skipIf(!REQUIRED)(MISSING, () => expect.unreachable(MISSING));
} else {
  describe("in Chromium", inChromium);
}

function inChromium(): void {
  let installed: Installed;
  let server: Server;
  let browser: Browser;
  /** What the pages have fetched. */
  const asked: string[] = [];

  beforeAll(async () => {
    installed = installPackage(SOURCES);
    for (const name of ["page.js", "worker.js"]) await bundle(installed.folder, name);
    server = serve(installed.folder, asked);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // Without Chromium's sandbox, as playwright starts it: it refuses root, and the pages are ours.
    browser = await chromium.launch({ executablePath: BROWSER as string });
  }, SETUP_MILLISECONDS);

  afterAll(async () => {
    await browser?.close();
    server?.close();
    installed?.remove();
  });

  async function answer(path: string, where: "onPage" | "inWorker", variant: string): Promise<SmokeResult | string> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    const run = `globalThis.${where}("${variant}").catch(({ code, message }) => code + ": " + message)`;
    const result = await page.evaluate(run);
    await page.close();
    return result as SmokeResult | string;
  }

  it.each([
    ["/bundled", "onPage"],
    ["/bundled", "inWorker"],
    ["/unbundled", "onPage"],
  ] as const)("%s, %s: an SA, a packet sealed and opened, every variant", async (path, where) => {
    for (const variant of ["simd", "relaxed-simd", "auto"]) {
      expect(complaints(await answer(path, where, variant), variant, "relaxed-simd")).toEqual([]);
    }
  });

  it("the legacy build is a file of its own, which nothing has asked for", () => {
    const files = readdirSync(join(installed.folder, "bundle"));
    expect(files).toContain("legacy.js");
    expect(asked.filter((url) => url.includes("legacy"))).toEqual([]);
  });

  it("a Content Security Policy without 'wasm-unsafe-eval' is an error that names it", async () => {
    expect(await answer("/forbidden", "onPage", "auto")).toMatch(/^wasm: .*'wasm-unsafe-eval'/);
  });
}
