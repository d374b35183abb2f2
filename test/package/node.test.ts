// The packed package in Node.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage, SETUP_MILLISECONDS } from "./installed.js";
import { complaints, SMOKE } from "./smoke.js";

// Node 20 has relaxed SIMD behind a flag; later versions have it.
const AUTO = Number(process.versions.node.split(".")[0]) < 22 ? "simd" : "relaxed-simd";

describe("in Node", () => {
  let installed: Installed;
  beforeAll(() => {
    installed = installPackage({ "smoke.js": SMOKE });
  }, SETUP_MILLISECONDS);
  afterAll(() => installed?.remove());

  /** Runs a module in the project, with the flags users have: none. */
  function node(script: string): string {
    const options = { cwd: installed.folder, encoding: "utf8", stdio: "pipe" } as const;
    return execFileSync(process.execPath, ["--input-type=module", "--eval", script], options);
  }

  it.each(["simd", "auto"])("an SA, a packet sealed and opened: variant %s", (asked) => {
    const result = JSON.parse(
      node(`import { run } from "./smoke.js"; console.log(JSON.stringify(await run("${asked}")));`),
    );
    expect(complaints(result, asked, AUTO)).toEqual([]);
  });

  it("every export can be imported", () => {
    const { exports } = JSON.parse(readFileSync(join(installed.package, "package.json"), "utf8"));
    const names = Object.keys(exports).map((path) => `wasm-ipsec${path.slice(1)}`);
    expect(names).toContain("wasm-ipsec/adapters/node-udp");
    const modules = names.filter((name) => !/\.(wasm|json)$/.test(name));
    const counts = JSON.parse(
      node(`
        const counts = {};
        for (const name of ${JSON.stringify(modules)}) counts[name] = Object.keys(await import(name)).length;
        console.log(JSON.stringify(counts));
      `),
    );
    for (const name of modules) expect(counts[name], name).toBeGreaterThan(0);
  });

  it("every file among the exports is there", () => {
    const output = node(`
      import { readFileSync } from "node:fs";
      import { fileURLToPath } from "node:url";
      const read = (name) => readFileSync(fileURLToPath(import.meta.resolve("wasm-ipsec/" + name)));
      for (const variant of ["simd", "relaxed-simd"]) console.log(read("wasm/" + variant + ".wasm").toString("latin1", 1, 4));
      console.log(JSON.parse(read("package.json")).name);
    `);
    expect(output).toBe("asm\nasm\nwasm-ipsec\n");
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
    const { bin } = JSON.parse(readFileSync(join(installed.package, "package.json"), "utf8"));
    const command = join(installed.package, bin["wasm-ipsec"]);
    expect(readFileSync(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const output = execFileSync(process.execPath, [command, "--help"], { encoding: "utf8", stdio: "pipe" });
    expect(output).toContain("wasm-ipsec decrypt");
  });
});
