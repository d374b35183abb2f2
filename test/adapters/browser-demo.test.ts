// `npm start -- --browser`, as somebody sees it: the page in Chromium, its relay and its gateway.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type Browser, chromium } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { BROWSER, MISSING, REQUIRED } from "../chromium.js";

const DEMO = ["examples/main-job.mjs", "--browser"];
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
  const child = spawn(process.execPath, DEMO, { env, stdio: ["ignore", "pipe", "inherit"] });
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

describe("the demo", () => {
  it("says what to do when its port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const env = { ...process.env, PORT: String((other.address() as AddressInfo).port) };
    const { stderr, status } = spawnSync(process.execPath, DEMO, { env, encoding: "utf8", timeout: 30_000 });
    other.close();
    expect(stderr).toBe(`port ${env.PORT} is taken: PORT=0 in the environment takes a free one\n`);
    expect(status).toBe(1);
  }, 60_000);

  it("outlives a client that breaks the rules, and more clients than its tables hold", async () => {
    const address = await start();
    const socket = new WebSocket(new URL("esp", address.replace("http", "ws")));
    await once(socket, "open");
    socket.send(new Uint8Array(70_000)); // No datagram is that long.
    (socket as unknown as { _socket: Socket })._socket.write(Uint8Array.of(0xff, 0xff)); // No frame begins so.
    await once(socket, "close");
    const asked: Response[] = [];
    while (asked.length < 600 && asked.at(-1)?.status !== 503) asked.push(await fetch(new URL("association", address)));
    expect(asked).toHaveLength(513);
    expect(await asked.at(-1)?.text()).toMatch(/limits\.sas/);
    expect((await fetch(address)).status).toBe(200);
  }, 60_000);
});

if (BROWSER === undefined) {
  console.warn(MISSING); // The reporter does not name what it skips.
  it.skipIf(!REQUIRED)(MISSING, () => expect.unreachable(MISSING));
} else {
  describe("in Chromium", () => {
    it("pings through the tunnel are answered, all of them", everyPingIsAnswered, LONGEST_MILLISECONDS + 10_000);
  });
}
