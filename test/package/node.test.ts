// The packed package in Node.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage, SMOKE, SMOKE_PASSED, type SmokeResult } from "./installed.js";

describe("in Node", () => {
  let installed: Installed;
  beforeAll(() => {
    installed = installPackage();
    writeFileSync(join(installed.folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(installed.folder, "smoke.js"), SMOKE);
  });
  afterAll(() => installed.remove());

  function node(script: string): string {
    const options = { cwd: installed.folder, encoding: "utf8" } as const;
    return execFileSync(process.execPath, ["--input-type=module", "--eval", script], options);
  }

  it.each(["simd", "auto"])("an SA, a packet sealed and opened: variant %s", (variant) => {
    const output = node(`
      import { run } from "./smoke.js";
      console.log(JSON.stringify(await run("${variant}")));
    `);
    expect(JSON.parse(output) as SmokeResult).toMatchObject(SMOKE_PASSED);
  });

  it("every export can be imported", () => {
    const { exports } = JSON.parse(readFileSync(join(installed.package, "package.json"), "utf8"));
    const names = Object.keys(exports).map((path) => `wasm-ipsec${path.slice(1)}`);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      if (/\.(wasm|json)$/.test(name)) node(`import.meta.resolve("${name}"); new URL(import.meta.resolve("${name}"))`);
      else node(`await import("${name}")`);
    }
  });

  it("a module made from the wasm file works too", () => {
    const output = node(`
      import { readFileSync } from "node:fs";
      import { fileURLToPath } from "node:url";
      import { DataPlane } from "wasm-ipsec";
      const bytes = readFileSync(fileURLToPath(import.meta.resolve("wasm-ipsec/wasm/simd.wasm")));
      const plane = await DataPlane.create({ wasm: new WebAssembly.Module(bytes) });
      console.log(plane.variant);
    `);
    expect(output).toBe("simd\n");
  });

  it("the command says what it can", () => {
    const command = join(installed.package, "dist/src/cli.js");
    const output = execFileSync(process.execPath, [command, "--help"], { encoding: "utf8" });
    expect(output).toContain("decrypt");
  });
});
