// The packed package, bundled, in a headless Chromium: on a page and in a worker, under a Content Security Policy.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage, SMOKE, SMOKE_PASSED, type SmokeResult } from "./installed.js";

const BROWSER = findBrowser();
const WITH_WASM = "script-src 'self' 'wasm-unsafe-eval'";
const WITHOUT_WASM = "script-src 'self'";

const PAGE = `
import { run } from "./smoke.js";
globalThis.onPage = run;
globalThis.inWorker = (variant) => new Promise((resolve, reject) => {
  const worker = new Worker("/worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = reject;
  worker.postMessage(variant);
});
`;
const WORKER = `
import { run } from "./smoke.js";
onmessage = async ({ data }) => postMessage(await run(data));
`;

function findBrowser(): string | undefined {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    } catch {}
  }
  return undefined;
}

describe("a browser", () => {
  // Where the tests are to prove something, a missing browser is a failure, not a skip.
  it.skipIf(BROWSER === undefined && process.env["CI"] === undefined)("is there: apt-get install chromium", () => {
    expect(BROWSER).toBeDefined();
  });
});

describe.skipIf(BROWSER === undefined)("in Chromium", () => {
  let installed: Installed;
  let server: Server;
  let browser: Browser;
  let policy = WITH_WASM;

  beforeAll(async () => {
    installed = installPackage();
    for (const [name, source] of Object.entries({ smoke: SMOKE, page: PAGE, worker: WORKER })) {
      writeFileSync(join(installed.folder, `${name}.js`), source);
    }
    for (const name of ["page", "worker"]) {
      const bundle = await rolldown({
        input: join(installed.folder, `${name}.js`),
        platform: "browser",
        logLevel: "silent",
      });
      await bundle.write({ file: join(installed.folder, `bundle/${name}.js`), format: "esm" });
      await bundle.close();
    }
    server = createServer((request, response) => {
      const script = request.url?.endsWith(".js");
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.setHeader("content-security-policy", policy);
      if (request.url === "/favicon.ico") response.writeHead(404).end();
      else if (script) response.end(readFileSync(join(installed.folder, "bundle", request.url as string)));
      else response.end(`<!doctype html><title>wasm-ipsec</title><script type="module" src="/page.js"></script>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: BROWSER as string, args: ["--no-sandbox"] });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
    installed?.remove();
  });

  async function evaluate(where: "onPage" | "inWorker", variant: string): Promise<SmokeResult | string> {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const answer = await page.evaluate(
      `globalThis.${where}("${variant}").catch(({ code, message }) => code + ": " + message)`,
    );
    await page.close();
    return answer as SmokeResult | string;
  }

  it.each(["onPage", "inWorker"] as const)("%s: an SA, a packet sealed and opened, both builds", async (where) => {
    policy = WITH_WASM;
    for (const variant of ["simd", "relaxed-simd"]) {
      expect(await evaluate(where, variant)).toMatchObject({ ...SMOKE_PASSED, variant });
    }
  });

  it("a Content Security Policy without 'wasm-unsafe-eval' is an error that names it", async () => {
    policy = WITHOUT_WASM;
    expect(await evaluate("onPage", "auto")).toMatch(/^wasm: .*'wasm-unsafe-eval'/);
  });
});
