// The declarations of the packed package, as a strict TypeScript project reads them: nothing is skipped.
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKOUT, type Installed, installPackage, SETUP_MILLISECONDS } from "./installed.js";

const SOURCES = {
  "browser.ts": `
    import { DataPlane, type UnprotectResult } from "wasm-ipsec";
    import { IpsecError } from "wasm-ipsec/errors";
    import { WebSocketAdapter } from "wasm-ipsec/adapters/websocket";
    import * as pcap from "wasm-ipsec/pcap";
    const plane: DataPlane = await DataPlane.create({ carrier: "udp" });
    const result: UnprotectResult = plane.unprotect(0, new Uint8Array(40));
    console.log(result.verdict, IpsecError, pcap);
    const adapter = new WebSocketAdapter(plane, new WebSocket("wss://gateway.example/esp"), { onPacket: console.log });
    const sent: boolean = adapter.send(new Uint8Array(20));
    console.log(sent);`,
  "node.ts": `
    import * as udp from "wasm-ipsec/adapters/node-udp";
    import * as tun from "wasm-ipsec/adapters/tun";
    console.log(udp, tun);`,
  "wrong.ts": `
    import { DataPlane } from "wasm-ipsec";
    await DataPlane.create({ carrier: "pigeon" });`,
};

describe("the types", () => {
  let installed: Installed;
  beforeAll(() => {
    installed = installPackage(SOURCES);
    for (const name of ["@types", "undici-types"]) {
      symlinkSync(join(CHECKOUT, "node_modules", name), join(installed.folder, "node_modules", name));
    }
  }, SETUP_MILLISECONDS);
  afterAll(() => installed?.remove());

  /** What the compiler says about one of SOURCES, and about nobody else's declarations: those of Node and DOM quarrel. */
  function compile(source: string, module: "nodenext" | "bundler", types: string): string {
    const resolution = module === "bundler" ? ["--module", "esnext", "--moduleResolution"] : ["--module"];
    const options = ["--strict", "--noEmit", "--target", "es2022", "--lib", "es2022,dom", "--types", types];
    const compiler = join(CHECKOUT, "node_modules/typescript/bin/tsc");
    try {
      const args = [compiler, "--ignoreConfig", ...options, ...resolution, module, source];
      execFileSync(process.execPath, args, { cwd: installed.folder, encoding: "utf8", stdio: "pipe" });
      return "";
    } catch (error) {
      const complaints = (error as { stdout: string }).stdout.split("\n");
      return complaints
        .filter((line) => !line.includes("node_modules/@types/"))
        .join("\n")
        .trim();
    }
  }

  it.each(["nodenext", "bundler"] as const)("hold in a browser's project, resolution %s", (module) => {
    expect(compile("browser.ts", module, "")).toBe("");
  });

  it("hold in a Node project, with its adapters", () => {
    expect(compile("node.ts", "nodenext", "node")).toBe("");
  });

  it("refuse what is not allowed", () => {
    expect(compile("wrong.ts", "nodenext", "")).toContain(`Type '"pigeon"' is not assignable`);
  });
});
