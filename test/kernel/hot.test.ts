import { expect, it } from "vitest";
import { loadEntry } from "./entry.js";
it.each(["simd", "relaxed-simd"] as const)("%s loads", async (target) => {
  const entry = await loadEntry("hot", target);
  expect(entry.call("hotFor", 0x10000)).toBe(0);
});
