// The bench runs and prints what it promises. How fast anything is stands in no test.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

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
    /^chacha20-poly1305 +(relaxed-)?simd +\d+ ns +\d+(\.\d+)?x \(\d+\.\d+\) +\d+ ns +\d+(\.\d+)?x \(\d+\.\d+\)$/gm;
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
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["bench/kernel.mjs", "--rounds", "1", "gcm-16", "128"],
    {
      encoding: "utf8",
    },
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  for (const direction of ["seal", "open"])
    expect(stdout).toMatch(new RegExp(`aes-gcm-16 128 ${direction} .*simd.wasm`));
});
