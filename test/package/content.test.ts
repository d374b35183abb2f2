// What is in the package: what users need, and nothing else.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Installed, installPackage } from "./installed.js";

describe("the package", () => {
  let installed: Installed;
  beforeAll(() => {
    installed = installPackage();
  });
  afterAll(() => installed.remove());

  it("holds the compiled library, the two kernels and the prose", () => {
    const strange = installed.files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/src\/.+\.(js|d\.ts)$/.test(path))
      .filter((path) => !/^dist\/assembly\/(layout|status)\.(js|d\.ts)$/.test(path))
      .sort();
    expect(strange).toEqual([
      "ARCHITECTURE.md",
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "SECURITY.md",
      "dist/wasm/relaxed-simd.wasm",
      "dist/wasm/simd.wasm",
      "package.json",
    ]);
  });

  it("each kernel is under 96 kB, 40 kB compressed", () => {
    for (const name of ["simd", "relaxed-simd"]) {
      const bytes = readFileSync(join(installed.package, `dist/wasm/${name}.wasm`));
      expect(bytes.length).toBeLessThan(96_000);
      expect(gzipSync(bytes).length).toBeLessThan(40_000);
    }
  });

  it("publint has nothing to say", async () => {
    const { messages } = await publint({ pkgDir: installed.package, strict: true });
    expect(messages).toEqual([]);
  });

  it("types resolve wherever ES modules do", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(installed.tarball))));
    if (!analysis.types) throw new Error("no types found");
    // A .wasm file has no types. The package is ES modules only: CommonJS, and resolution without `exports`, are not served.
    const problems = analysis.problems
      .filter((problem) => !("entrypoint" in problem && problem.entrypoint.endsWith(".wasm")))
      .filter(({ kind }) => kind !== "CJSResolvesToESM")
      .filter((problem) => !("resolutionKind" in problem && problem.resolutionKind === "node10"));
    expect(problems).toEqual([]);
  });

  it("who imports only the errors gets no kernel", async () => {
    const bundle = await rolldown({ input: join(installed.package, "dist/src/errors.js"), logLevel: "silent" });
    const { output } = await bundle.generate();
    await bundle.close();
    expect(output[0].code.length).toBeLessThan(2000);
  });

  it("names no machine, no registry and no tool of its making", () => {
    const found = execFileSync("sh", ["-c", "grep -rlE '/work/|/tmp/|https?://(registry|npm)' . || true"], {
      cwd: installed.package,
      encoding: "utf8",
    });
    expect(found).toBe("");
  });
});
