// Law 3: nothing is allocated per packet on the fast verbs. Eight bytes a packet would grow the heap by 2 MB here.
import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";

const PACKETS = 250_000;
const MB = 1e6;

it("no collection and no megabyte of heap: the short ways, the flow cache, selectors, TFC, a carrier of IP packets", () => {
  const child = spawnSync(process.execPath, ["test/engine/garbage-child.mjs", String(PACKETS)], { encoding: "utf8" });
  expect(child.stderr).toBe("");
  const results = JSON.parse(child.stdout) as { ways: object; collections: number; growth: number }[];
  expect(results.length).toBe(6);
  for (const { ways, collections, growth } of results) {
    expect(collections, JSON.stringify(ways)).toBe(0);
    expect(growth, JSON.stringify(ways)).toBeLessThan(MB);
  }
});
