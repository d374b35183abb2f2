// The packed package in workerd, bundled as its deployment tools do: with the "workerd" condition, wasm as modules.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Miniflare } from "miniflare";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage, SETUP_MILLISECONDS } from "./installed.js";
import { complaints, SMOKE, type SmokeResult } from "./smoke.js";

const SOURCES = {
  "smoke.js": SMOKE,
  "worker.js": `
    import { run } from "./smoke.js";
    export default {
      async fetch(request) {
        return Response.json(await run(new URL(request.url).searchParams.get("variant")));
      },
    };`,
};

interface Bundle {
  readonly code: string;
  /** The package's files in it. */
  readonly files: readonly string[];
  /** What it imports: the wasm modules. */
  readonly imports: readonly string[];
}

async function bundle({ folder, package: root }: Installed): Promise<Bundle> {
  const build = await rolldown({
    input: join(folder, "worker.js"),
    platform: "neutral",
    resolve: { conditionNames: ["workerd", "worker", "import", "default"], mainFields: ["module", "main"] },
    external: /\.wasm$/,
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "esm", paths: (id) => `./${basename(id)}` });
  await build.close();
  const [{ code, imports, moduleIds }] = output;
  const files = moduleIds.filter((id) => id.startsWith(root)).map((id) => id.slice(root.length + 1));
  return { code, files, imports };
}

describe("in workerd", () => {
  let installed: Installed;
  let bundled: Bundle;
  let worker: Miniflare;

  beforeAll(async () => {
    installed = installPackage(SOURCES);
    bundled = await bundle(installed);
    const wasm = ["simd.wasm", "relaxed-simd.wasm"].map((path) => ({
      type: "CompiledWasm" as const,
      path,
      contents: readFileSync(join(installed.package, "dist/wasm", path)),
    }));
    worker = new Miniflare({
      modules: [{ type: "ESModule", path: "worker.js", contents: bundled.code }, ...wasm],
      compatibilityDate: "2026-04-01",
      cf: false, // Else it asks the internet where it is.
    });
    await worker.ready;
  }, SETUP_MILLISECONDS);

  afterAll(async () => {
    await worker?.dispose();
    installed?.remove();
  });

  it("the `workerd` condition leads to the entry that imports wasm modules, without the inlined kernel", () => {
    expect(bundled.files).toContain("dist/src/index.workerd.js");
    expect(bundled.files).not.toContain("dist/src/index.js");
    expect(bundled.files.filter((file) => file.includes("generated"))).toEqual([]);
    expect(bundled.imports.map((id) => basename(id)).sort()).toEqual(["relaxed-simd.wasm", "simd.wasm"]);
  });

  it.each(["simd", "auto"])("an SA, a packet sealed and opened: variant %s", async (asked) => {
    const response = await worker.dispatchFetch(`http://worker/?variant=${asked}`);
    const text = await response.text();
    const result: SmokeResult | string = response.ok ? JSON.parse(text) : text;
    expect(complaints(result, asked, "relaxed-simd")).toEqual([]);
  });
});
