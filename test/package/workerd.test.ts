// The packed package in workerd, bundled as its deployment tools do: with the "workerd" condition, wasm as modules.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Miniflare } from "miniflare";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { WebSocketAdapter } from "../../src/adapters/websocket.js";
import { DataPlane } from "../../src/index.js";
import { config, packetsOf } from "../adapters/setting.js";
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
  // What an edge runtime needs is imported statically, so who wants the legacy kernel names it.
  "legacy.js": `
    import { DataPlane } from "wasm-ipsec";
    import legacy from "wasm-ipsec/wasm/legacy.wasm";
    export default {
      async fetch(request) {
        const refused = await DataPlane.create({ profile: "legacy" }).catch((error) => error.message);
        const plane = await DataPlane.create({ profile: "legacy", wasm: legacy, limits: "edge" });
        const association = {
          protocol: "esp",
          spi: 0x1001,
          mode: "tunnel",
          encryption: "3des-cbc",
          encryptionKey: crypto.getRandomValues(new Uint8Array(24)),
          integrity: "hmac-md5-96",
          integrityKey: crypto.getRandomValues(new Uint8Array(16)),
          tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
        };
        const out = plane.addSa({ ...association, direction: "out" });
        plane.addSa({ ...association, direction: "in" });
        const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);
        const { datagrams } = plane.protect(0, packet, out);
        return Response.json({ refused, opened: plane.unprotect(0, datagrams[0]).verdict });
      },
    };`,
  // It ends ESP at the edge: what comes in the tunnel goes back through it.
  "tunnel.js": `
    import { DataPlane } from "wasm-ipsec";
    import { WebSocketAdapter } from "wasm-ipsec/adapters/websocket";
    export default {
      async fetch(request) {
        const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
        const association = {
          protocol: "esp",
          mode: "tunnel",
          encryption: "chacha20-poly1305",
          encryptionKey: new Uint8Array(36).fill(7),
          tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
        };
        plane.addSa({ ...association, spi: 0x1001, direction: "in" });
        const out = plane.addSa({ ...association, spi: 0x1002, direction: "out" });
        const [client, server] = Object.values(new WebSocketPair());
        server.accept();
        const tunnel = new WebSocketAdapter(plane, server, { onPacket: (packet) => tunnel.send(packet, out) });
        server.addEventListener("close", () => plane.close());
        return new Response(null, { status: 101, webSocket: client });
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

async function bundle({ folder, package: root }: Installed, name: string): Promise<Bundle> {
  const build = await rolldown({
    input: join(folder, name),
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

/** The bundle in workerd, with the modules it imports. */
async function start(installed: Installed, { code, imports }: Bundle): Promise<Miniflare> {
  const wasm = imports.map((id) => ({
    type: "CompiledWasm" as const,
    path: basename(id),
    contents: readFileSync(join(installed.package, "dist/wasm", basename(id))),
  }));
  const worker = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.js", contents: code }, ...wasm],
    compatibilityDate: "2026-04-01",
    cf: false, // Else it asks the internet where it is.
  });
  await worker.ready;
  return worker;
}

describe("in workerd", () => {
  let installed: Installed;
  let bundled: Bundle;
  let worker: Miniflare;

  beforeAll(async () => {
    installed = installPackage(SOURCES);
    bundled = await bundle(installed, "worker.js");
    worker = await start(installed, bundled);
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

  it("ESP over a WebSocket ends in a worker, a burst of it too", async () => {
    const other = await start(installed, await bundle(installed, "tunnel.js"));
    const plane = await DataPlane.create({ carrier: "udp" });
    const socket = new WebSocket((await other.ready).href.replace(/^http/, "ws"));
    try {
      const back: Uint8Array[] = [];
      const tunnel = new WebSocketAdapter(plane, socket, { onPacket: (packet) => void back.push(packet) });
      const suite = { encryption: "chacha20-poly1305", encryptionKey: new Uint8Array(36).fill(7) } as const;
      const out = plane.addSa(config("out", { ...suite, spi: 0x1001 }));
      plane.addSa(config("in", { ...suite, spi: 0x1002 }));
      const packets = packetsOf(...Array.from({ length: 200 }, (_, index) => 20 + 7 * index));
      for (const packet of packets) expect(tunnel.send(packet, out)).toBe(true);
      await expect.poll(() => back.length, { timeout: 10_000 }).toBe(packets.length);
      expect(back).toEqual(packets);
      socket.close();
      await expect.poll(() => socket.readyState, { timeout: 10_000 }).toBe(WebSocket.CLOSED); // The worker's end, too.
    } finally {
      socket.close();
      plane.close();
      await other.dispose();
    }
  });

  it("profile legacy with its kernel imported by the worker; without, a sentence says where it is", async () => {
    const legacy = await bundle(installed, "legacy.js");
    expect(legacy.imports.map((id) => basename(id)).sort()).toEqual(["legacy.wasm", "relaxed-simd.wasm", "simd.wasm"]);
    const other = await start(installed, legacy);
    try {
      const { refused, opened } = (await (await other.dispatchFetch("http://worker/")).json()) as Record<
        string,
        string
      >;
      expect(opened).toBe("delivered");
      expect(refused).toContain("wasm-ipsec/wasm/legacy.wasm");
    } finally {
      await other.dispose();
    }
  });
});
