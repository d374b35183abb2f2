// `npm start -- --browser`, as somebody sees it: the page in Chromium, its relay and its gateway.
import { type ChildProcess, spawn } from "node:child_process";
import { type Browser, chromium } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { BROWSER, MISSING, REQUIRED } from "../chromium.js";

const LONGEST_MILLISECONDS = 120_000;

let demo: ChildProcess | undefined;
let browser: Browser | undefined;

afterEach(async () => {
  await browser?.close();
  demo?.kill();
});

/** Starts the demo; answers where its page is. */
function start(): Promise<string> {
  const env = { ...process.env, PORT: "0" };
  const child = spawn(process.execPath, ["examples/main-job.mjs", "--browser"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  demo = child;
  let output = "";
  return new Promise((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`the demo ended with ${status}: ${output}`)));
    child.stdout.on("data", (data) => {
      output += data;
      const [, address] = /open (\S+)\s/.exec(output) ?? [];
      if (address !== undefined) resolve(address);
    });
  });
}

async function everyPingIsAnswered(): Promise<void> {
  const address = await start();
  browser = await chromium.launch({ executablePath: BROWSER as string });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => complaints.push(message.text()));
  await page.goto(address);
  await page.waitForSelector("body[data-done]", { timeout: LONGEST_MILLISECONDS });
  const rows = new Map((await page.locator("tr").allInnerTexts()).map((row) => row.split("\t") as [string, string]));
  expect(complaints).toEqual([]);
  expect(rows.get("answered")).toBe("20 of 20 pings");
  expect(rows.get("burst")).toMatch(/^5000 of 5000 pings of 1400 bytes in \d+\.\d\d s$/);
  expect(rows.get("verdicts")).toBe('{"sealed":5020,"delivered":5020}');
}

if (BROWSER === undefined) {
  console.warn(MISSING); // The reporter does not name what it skips.
  it.skipIf(!REQUIRED)(MISSING, () => expect.unreachable(MISSING));
} else {
  describe("in Chromium", () => {
    it("pings through the tunnel are answered, all of them", everyPingIsAnswered, LONGEST_MILLISECONDS + 10_000);
  });
}
