// The first packet in workerd. Its own clock stands still while code runs, so the time is taken outside: a request that
// makes a plane and seals a packet, less a request that does nothing.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Miniflare } from "miniflare";
import { rolldown } from "rolldown";
import { median } from "../statistics.mjs";

const IDLE_REQUESTS = 20;
const dist = (file) => fileURLToPath(new URL(`../../dist/${file}`, import.meta.url));

const WORKER = `
import { DataPlane } from "wasm-ipsec";
export default {
  async fetch(request) {
    if (new URL(request.url).pathname === "/idle") return new Response("idle");
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const sa = plane.addSa({
      direction: "out", protocol: "esp", spi: 0x1001, mode: "tunnel", encryption: "aes-gcm-16",
      encryptionKey: new Uint8Array(20).fill(7), tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
    });
    const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);
    return new Response(plane.protect(0, packet, sa).verdict);
  },
};`;

/** Milliseconds of the first packet in each of `starts` fresh workerds. */
export async function firstPackets(starts) {
  const code = await bundle();
  const times = [];
  for (let i = 0; i < starts; i++) times.push(await firstPacket(code));
  return times;
}

async function bundle() {
  const entry = "\0worker";
  const build = await rolldown({
    input: entry,
    platform: "neutral",
    plugins: [
      {
        name: "worker",
        resolveId: (id) => (id === entry ? id : id === "wasm-ipsec" ? dist("src/index.workerd.js") : null),
        load: (id) => (id === entry ? WORKER : null),
      },
    ],
    resolve: { conditionNames: ["workerd", "worker", "import", "default"], mainFields: ["module", "main"] },
    external: /\.wasm$/,
    logLevel: "silent",
  });
  const { output } = await build.generate({ format: "esm", paths: (id) => `./${basename(id)}`, codeSplitting: false });
  await build.close();
  return { code: output[0].code, wasm: output[0].imports.map((id) => basename(id)) };
}

async function firstPacket({ code, wasm }) {
  const worker = new Miniflare({
    modules: [
      { type: "ESModule", path: "worker.js", contents: code },
      ...wasm.map((path) => ({ type: "CompiledWasm", path, contents: readFileSync(dist(`wasm/${path}`)) })),
    ],
    compatibilityDate: "2026-04-01",
    cf: false, // Else it asks the internet where it is.
  });
  try {
    await worker.ready;
    const idle = [];
    for (let i = 0; i < IDLE_REQUESTS; i++) idle.push((await request(worker, "/idle", "idle")).milliseconds);
    const { milliseconds } = await request(worker, "/packet", "sealed");
    return milliseconds - median(idle);
  } finally {
    await worker.dispose();
  }
}

async function request(worker, path, wanted) {
  const started = performance.now();
  const text = await (await worker.dispatchFetch(`http://worker${path}`)).text();
  const milliseconds = performance.now() - started;
  if (text !== wanted) throw new Error(`workerd answered ${text}`);
  return { milliseconds };
}
