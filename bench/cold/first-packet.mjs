// One fresh process of cold.mjs: milliseconds from nothing to packets, as JSON. Its arguments are what to warm; "--crypto":
// something else has used the global `crypto` before, which Node loads when it is first touched.
const started = performance.now();
const { DataPlane } = await import("wasm-ipsec");
const imported = performance.now();
const words = process.argv.slice(2);
if (words.includes("--crypto")) crypto.getRandomValues(new Uint8Array(1));
const loaded = performance.now();
const plane = await DataPlane.create({ carrier: "udp", warm: words.filter((word) => word !== "--crypto") });
const created = performance.now();
const sa = plane.addSa({
  direction: "out",
  protocol: "esp",
  spi: 0x1001,
  mode: "tunnel",
  encryption: "aes-gcm-16",
  encryptionKey: new Uint8Array(20).fill(7),
  tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
});
const added = performance.now();
const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);
const { verdict } = plane.protect(0, packet, sa);
const sealed = performance.now();
if (verdict !== "sealed") throw new Error(verdict);
const MORE = 100;
for (let i = 0; i < MORE; i++) plane.protect(0, packet, sa);
const ended = performance.now();

const BATCHES = 16;
const BATCH = 64;
const LENGTH = 1400;
const long = new Uint8Array(LENGTH);
long.set(packet);
long.set([LENGTH >> 8, LENGTH & 255], 2);
const item = plane.createItem();
let polled = 0;
const batchesStarted = performance.now();
for (let batch = 0; batch < BATCHES; batch++) {
  for (let i = 0; i < BATCH; i++) plane.outbound(0, long, sa);
  plane.flush(0);
  while (plane.poll(item)) if (item.verdict === "sealed") polled++;
}
const batchesEnded = performance.now();
if (polled !== BATCHES * BATCH) throw new Error(`${polled} packets came out`);
const times = {
  import: imported - started,
  crypto: loaded - imported,
  create: created - loaded,
  addSa: added - created,
  firstPacket: sealed - added,
  next: (ended - sealed) / MORE,
  batched: (batchesEnded - batchesStarted) / (BATCHES * BATCH),
};
console.log(JSON.stringify(times));
