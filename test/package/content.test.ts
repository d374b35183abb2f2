// What is in the package: what users need, and nothing else.
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkPackage, createPackageFromTarballData, type Problem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, type Installed, installPackage, SETUP_MILLISECONDS } from "./installed.js";

const SOURCES = {
  "errors.js": `import { IpsecError } from "wasm-ipsec/errors"; console.log(IpsecError);`,
  "ipcomp.js": `import { deflate } from "wasm-ipsec/ipcomp"; console.log(deflate);`,
  "pcap.js": `import * as pcap from "wasm-ipsec/pcap"; console.log(pcap);`,
  "everything.js": `import { DataPlane } from "wasm-ipsec"; console.log(DataPlane);`,
};

/** How every WebAssembly module starts, in base64: "\0asm", version 1. */
const INLINED_KERNEL = "AGFzbQEAAA";

describe("the package", () => {
  let installed: Installed;
  let tarball: Buffer<ArrayBuffer>;
  beforeAll(() => {
    installed = installPackage(SOURCES);
    tarball = readFileSync(installed.tarball);
  }, SETUP_MILLISECONDS);
  afterAll(() => installed?.remove());

  function text(path: string): string {
    return readFileSync(join(installed.package, path), "utf8");
  }

  it("holds the compiled library, the three kernels, the prose and its chart", () => {
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
      "bench/chart.svg",
      "dist/wasm/legacy.wasm",
      "dist/wasm/relaxed-simd.wasm",
      "dist/wasm/simd.wasm",
      "docs/rfc.md",
      "package.json",
    ]);
  });

  it("points to nothing that is not in it", () => {
    const paths = new Set(installed.files.map(({ path }) => path));
    const scripts = [...paths].filter((path) => /\.(js|d\.ts)$/.test(path));
    expect(scripts.length).toBeGreaterThan(100);
    expect(scripts.filter((path) => text(path).includes("sourceMappingURL="))).toEqual([]);
    // Links in the prose to other files.
    for (const path of [...paths].filter((path) => path.endsWith(".md"))) {
      const links = [...text(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link);
      expect(links.filter((link) => !paths.has(link as string))).toEqual([]);
    }
  });

  it("is a few files for who imports the default entry: every file costs Node most of a millisecond", () => {
    const read = new Set<string>();
    const follow = (path: string) => {
      if (read.has(path)) return;
      read.add(path);
      for (const [, next] of text(path).matchAll(/^import (?:.*from )?"(\.[^"]+)";$/gm)) {
        follow(join(path, "..", next as string));
      }
    };
    follow("dist/src/index.js");
    expect(read.size).toBeGreaterThan(2);
    expect(read.size).toBeLessThan(12);
  });

  it("names neither the machine that built it nor a registry", () => {
    const naming = installed.files.filter(({ path }) => {
      const bytes = readFileSync(join(installed.package, path), "latin1");
      return bytes.includes(CHECKOUT) || bytes.includes(`${homedir()}/`) || /https?:\/\/(registry|npm)\b/.test(bytes);
    });
    expect(naming).toEqual([]);
  });

  it.each(["simd", "relaxed-simd", "legacy"])("%s.wasm is under 96 kB, 40 kB compressed", (name) => {
    const bytes = readFileSync(join(installed.package, `dist/wasm/${name}.wasm`));
    expect(bytes.length).toBeLessThan(96_000);
    expect(gzipSync(bytes).length).toBeLessThan(40_000);
  });

  it("publint has nothing to say", async () => {
    const bytes = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.length);
    const { messages } = await publint({ pack: { tarball: bytes }, strict: true });
    expect(messages).toEqual([]);
  });

  it("types resolve wherever ES modules do", async () => {
    const analysis = await checkPackage(createPackageFromTarballData(tarball));
    if (!analysis.types) throw new Error("no types found");
    // The profile "esm-only" of its command line: CommonJS, and resolution without `exports`, are not served.
    const isCommonJs = (problem: Problem) =>
      "resolutionKind" in problem && ["node10", "node16-cjs"].includes(problem.resolutionKind);
    // A .wasm file has no types: what it is depends on the bundler.
    const isWasm = (problem: Problem) => "entrypoint" in problem && problem.entrypoint.endsWith(".wasm");
    expect(analysis.problems.filter((problem) => !isCommonJs(problem) && !isWasm(problem))).toEqual([]);
  });

  /** The bundle of one of SOURCES, as text: what is loaded at once, and what is fetched when it is asked for. */
  async function bundle(name: string): Promise<{ first: string; later: string }> {
    const options = { input: join(installed.folder, name), platform: "browser", logLevel: "silent" } as const;
    const build = await rolldown(options);
    const { output } = await build.generate();
    await build.close();
    const chunks = output.filter((file) => file.type === "chunk");
    const { fileName, imports } = chunks.find(({ isEntry }) => isEntry) as (typeof chunks)[number];
    const isFirst = (file: string) => file === fileName || imports.includes(file);
    const text = (wanted: boolean) =>
      chunks.filter((chunk) => isFirst(chunk.fileName) === wanted).map(({ code }) => code);
    return { first: text(true).join(""), later: text(false).join("") };
  }

  it("who imports only the errors or the captures gets no kernel", async () => {
    const { first: errors } = await bundle("errors.js");
    expect(errors).toContain("IpsecError");
    expect(errors.length).toBeLessThan(2000);
    expect(errors).not.toContain(INLINED_KERNEL);
    expect((await bundle("pcap.js")).first).not.toContain(INLINED_KERNEL);
    expect((await bundle("everything.js")).first).toContain(INLINED_KERNEL);
  });

  it("who does not compress carries no DEFLATE, and DEFLATE comes without a kernel", async () => {
    const { first } = await bundle("ipcomp.js");
    expect(first).toContain("unexpected EOF"); // fflate's words
    expect(first.length).toBeLessThan(30_000);
    expect(first).not.toContain(INLINED_KERNEL);
    const { first: everything, later } = await bundle("everything.js");
    expect(everything + later).not.toContain("unexpected EOF");
  });

  it("the legacy kernel is a chunk of its own, fetched by nobody who does not ask for it", async () => {
    const { first, later } = await bundle("everything.js");
    const legacy = readFileSync(join(installed.package, "dist/wasm/legacy.wasm")).toString("base64");
    expect(first).not.toContain(legacy);
    expect(first.split(INLINED_KERNEL)).toHaveLength(3);
    expect(later).toContain(legacy);
  });
});
