// The packed package in workerd, bundled as its deployment tools do: with the "workerd" condition, wasm as modules.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage, SMOKE, SMOKE_PASSED, type SmokeResult } from "./installed.js";

const WORKER = `
import { run } from "./smoke.js";
export default {
  async fetch(request) {
    return Response.json(await run(new URL(request.url).searchParams.get("variant")));
  },
};
`;

describe("in workerd", () => {
  let installed: Installed;
  let worker: Miniflare;

  beforeAll(async () => {
    installed = installPackage();
    writeFileSync(join(installed.folder, "smoke.js"), SMOKE);
    writeFileSync(join(installed.folder, "worker.js"), WORKER);
    const bundle = await rolldown({
      input: join(installed.folder, "worker.js"),
      platform: "neutral",
      resolve: { conditionNames: ["workerd", "worker", "import", "default"], mainFields: ["module", "main"] },
      external: /\.wasm$/,
      logLevel: "silent",
    });
    const { output } = await bundle.generate({ format: "esm", paths: (id) => `./${id.split("/").pop()}` });
    await bundle.close();
    const wasm = ["simd.wasm", "relaxed-simd.wasm"].map((name) => ({
      type: "CompiledWasm" as const,
      path: name,
      contents: readFileSync(join(installed.package, "dist/wasm", name)),
    }));
    worker = new Miniflare({
      modules: [{ type: "ESModule", path: "worker.js", contents: output[0].code }, ...wasm],
      compatibilityDate: "2026-04-01",
    });
    await worker.ready;
  });

  afterAll(async () => {
    await worker?.dispose();
    installed?.remove();
  });

  it.each(["simd", "auto"])("an SA, a packet sealed and opened: variant %s", async (variant) => {
    const response = await worker.dispatchFetch(`http://worker/?variant=${variant}`);
    expect((await response.json()) as SmokeResult).toMatchObject(SMOKE_PASSED);
  });
});
