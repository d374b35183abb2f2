// The README's quick start is run as it stands.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";

const README = readFileSync("README.md", "utf8");

it("the quick start runs and prints what it says", () => {
  const code = /## Quick start\n\n```js\n(.*?)```/s.exec(README)?.[1];
  expect(code).toBeDefined();
  const folder = mkdtempSync("build/readme-");
  try {
    writeFileSync(`${folder}/quick-start.mjs`, code as string);
    const run = spawnSync(process.execPath, [`${folder}/quick-start.mjs`], { encoding: "utf8" });
    expect(run.stderr).toBe("");
    expect(run.stdout).toBe("sealed delivered 20 1n\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("every test file that SECURITY.md names is there", () => {
  const text = readFileSync("SECURITY.md", "utf8");
  const named = [...text.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, path]) => path as string);
  expect(named.length).toBeGreaterThan(5);
  for (const path of named) expect(readFileSync(path, "utf8").length).toBeGreaterThan(0);
});
