// What must hold at scale without a clock. `npm run bench:scale` and `npm run bench:cold` say how fast it is.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { DataPlane } from "../src/index.js";

it.each(["simd", "relaxed-simd"])("%s: the kernel is smaller than 96 kB, and than 40 kB compressed", (variant) => {
  const bytes = readFileSync(`build/${variant}.wasm`);
  expect(bytes.length).toBeLessThan(96_000);
  expect(gzipSync(bytes, { level: 9 }).length).toBeLessThan(40_000);
});

it('limits "gateway": 100,000 SAs in less than 128 MiB of the kernel\'s memory, every one of them at work', () => {
  const plane = DataPlane.createSync({ carrier: "udp", limits: "gateway" });
  const association = {
    protocol: "esp",
    mode: "tunnel",
    encryption: "chacha20-poly1305",
    encryptionKey: new Uint8Array(36).fill(7),
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
  } as const;
  for (let i = 0; i < 100_000; i++) plane.addSa({ ...association, direction: "in", spi: 0x1000 + i });
  expect(plane.memoryBytes).toBeLessThan(128 * 2 ** 20);
  expect(() => plane.addSa({ ...association, direction: "in", spi: 0x8000_0000 })).toThrow(/sas/);

  // What another plane seals under any of the SPIs is opened by the SA that has it.
  const peer = DataPlane.createSync({ carrier: "udp" });
  const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);
  for (const i of [0, 1, 4095, 50_000, 99_999]) {
    const spi = 0x1000 + i;
    const { datagrams } = peer.protect(0, packet, peer.addSa({ ...association, direction: "out", spi }));
    const opened = plane.unprotect(0, datagrams[0] as Uint8Array);
    expect([opened.verdict, opened.sa?.spi]).toEqual(["delivered", spi]);
  }
  plane.close();
  peer.close();
});
