// Every script of the bench runs and prints what it promises. How fast anything is stands in no test.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BROWSER } from "./chromium.js";

/** What a script prints; it must end well and complain of nothing but its progress. */
function run(script: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`bench/${script}`, ...words], { encoding: "utf8" });
  expect(stderr.replace(/^\d+\/\d+ .*$/gm, "").trim()).toBe("");
  expect(status).toBe(0);
  return stdout;
}

it("a quick run: bytes compared with every JavaScript peer, the tables, the goals, a chart that is XML", () => {
  const words = [
    "--quick",
    "--rounds",
    "1",
    "--milliseconds",
    "1",
    "--peers",
    "web,noble,sodium",
    "--goals",
    "--no-record",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, ["bench/main.mjs", ...words, "chacha"], {
    encoding: "utf8",
  });
  expect(stderr).toMatch(/^1\/4 chacha20-poly1305, 64 bytes, encrypt\n/);
  expect(status).toBe(0);
  const row =
    /^chacha20-poly1305 +(relaxed-)?simd +\d+ (ns|us) +\d+(\.\d+)?x \(\d+\.\d+\) +\d+ (ns|us) +\d+(\.\d+)?x \(\d+\.\d+\)$/gm;
  for (const direction of ["encrypt", "decrypt"]) {
    const from = stdout.indexOf(`\n${direction}, against node:crypto\n`);
    expect(from).toBeGreaterThan(0);
    expect(stdout.slice(from).match(row)?.length).toBeGreaterThan(0);
    expect(stdout).toMatch(
      new RegExp(`\n${direction}, (relaxed-)?simd, against the others\n\n.*@noble +libsodium.js\n`),
    );
  }
  expect(stdout).toMatch(/\d+ goals reached, \d+ floors held, \d+ below the floor/);
  expect(readFileSync("out/bench.svg", "utf8")).toMatch(/^<svg .*<\/svg>\n$/s);
});

it("the kernel alone: every build seals and opens what it is timed with", () => {
  const stdout = run("kernel.mjs", "--rounds", "1", "gcm-16", "128");
  for (const direction of ["seal", "open"])
    expect(stdout).toMatch(new RegExp(`aes-gcm-16 128 ${direction} .*simd.wasm`));
});

it("bench:check passes what holds, and fails what fell", () => {
  const file = "build/expected-of-a-test.json";
  const { machine, paired } = JSON.parse(readFileSync("bench/expected.json", "utf8"));
  const check = (wanted: number) => {
    mkdirSync("build", { recursive: true });
    const all = Object.fromEntries(Object.keys(paired).map((key) => [key, wanted]));
    writeFileSync(file, JSON.stringify({ machine, paired: all }));
    const words = ["bench/check.mjs", "--expected", file, "chacha"];
    return spawnSync(process.execPath, words, { encoding: "utf8" });
  };
  const held = check(0.001);
  expect(held.stdout).toMatch(/^encrypt chacha20-poly1305 1400 (relaxed-)?simd +\d+\.\d\d +0\.00 +\d+ %$/m);
  expect(held.status).toBe(0);
  const fallen = check(1000);
  expect(fallen.stderr).toMatch(/^fell: encrypt chacha20-poly1305 64 /m);
  expect(fallen.status).toBe(1);
});

it("bench:cold: a first packet in Node and in workerd", () => {
  const stdout = run("cold.mjs", "--runs", "1", "--workerd", "1");
  expect(stdout).toMatch(/^create\(\) +\d+\.\d\d ms +\d+\.\d\d ms +under 10 ms (\+|--)$/m);
  expect(stdout).toMatch(/^workerd: create\(\), addSa\(\), first packet +-?\d+\.\d+ ms/m);
  expect(stdout).toMatch(/^simd\.wasm +\d+\.\d kB +\d+\.\d kB +\d+\.\d kB +\+$/m);
});

it("bench:garbage: every packet comes through", () => {
  expect(run("garbage.mjs", "--packets", "6400").match(/^[\w+-]+ +\d+ +-?\d+\.\d\d MB +(\+|--)$/gm)).toHaveLength(5);
});

it("bench:scale: SAs in turn, a table of them, policies, the engine's share", () => {
  const stdout = run("scale.mjs", "--rounds", "1", "--sas", "64");
  for (const figure of [
    /^aes-gcm-128 +1400 B +\d+ (ns|us) +\d+ (ns|us) +[+-]\d+ % of 5 (\+|--)$/m,
    /^an SA added +\d+\.\d us +under 50 us +(\+|--)$/m,
    /^a flow seen before, 64 of them in turn +\d+ (ns|us) +\+-?\d+ (ns|us) +40 ns allowed (\+|--)$/m,
    /^chacha20-poly1305 +64 B +\d+ ns +\d+ ns +\d+ ns +-?\d+ ns +50 ns allowed (\+|--)$/m,
  ])
    expect(stdout).toMatch(figure);
});

it("bench:tunnel: a tunnel over loopback beside the sockets alone", () => {
  const stdout = run("tunnel.mjs", "--loopback", "--rounds", "1");
  for (const size of [64, 576, 1400])
    expect(stdout).toMatch(new RegExp(`^${size} B +\\d+ +\\d+k +\\d+k +\\d+\\.\\d times as many$`, "m"));
});

it.skipIf(BROWSER === undefined)("bench:page: beside crypto.subtle in Chromium", () => {
  expect(run("page.mjs", "--quick")).toMatch(
    /^aes-gcm-128 +encrypt +64 +\d+ (ns|us) +\d+ (ns|us) +\d+(\.\d+)?x of 20 /m,
  );
});
