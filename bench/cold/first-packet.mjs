// One fresh process of cold.mjs: milliseconds from nothing to packets, as JSON.
const started = performance.now();
const { DataPlane } = await import("wasm-ipsec");
const imported = performance.now();
const plane = await DataPlane.create({ carrier: "udp" });
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
const times = {
  import: imported - started,
  create: created - imported,
  addSa: added - created,
  firstPacket: sealed - added,
  next: (performance.now() - sealed) / MORE,
};
console.log(JSON.stringify(times));
