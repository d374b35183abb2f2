import { defineConfig } from "vitest/config";

// Node 20 has relaxed SIMD behind a flag; later versions have it and know no such flag.
const node20 = Number(process.versions.node.split(".")[0]) < 22;

export default defineConfig({
  root: new URL("../", import.meta.url).pathname,
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    pool: "forks",
    execArgv: node20 ? ["--experimental-wasm-relaxed-simd"] : [],
  },
});
