// Compression, as the guide has it beside encryption: IPComp, RFC 3173.
import { inflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig } from "../../src/index.js";
import { deflate } from "../../src/ipcomp/deflate.js";
import { ipv4 } from "../packets.js";
import { openEsp, readTrailer } from "../reference/esp.js";

const CONFIG = {
  direction: "out",
  protocol: "esp",
  spi: 0x249c5062,
  mode: "tunnel",
  tunnel: { source: "10.1.1.1", target: "10.2.2.2" },
  encryption: "aes-gcm-16",
  encryptionKey: Uint8Array.from({ length: 20 }, (_, i) => i),
  prefragment: "equal",
  compression: { algorithm: "deflate" },
} as const satisfies SaConfig;

const sentence = Buffer.from("the same sentence over and over, ");
const prose = (length: number) => Uint8Array.from({ length }, (_, i) => sentence[i % sentence.length] as number);

async function world(config: SaConfig): Promise<{ plane: DataPlane; out: Sa; peer: DataPlane; incoming: Sa }> {
  const options = { carrier: "ip", limits: "edge", compression: deflate } as const;
  const [plane, peer] = [await DataPlane.create(options), await DataPlane.create(options)];
  return { plane, out: plane.addSa(config), peer, incoming: peer.addSa({ ...config, direction: "in" }) };
}

it("15: with compression a packet is cut first, and each piece is compressed by itself", async () => {
  const { plane, out, peer, incoming } = await world(CONFIG);
  // Compressed as a whole it would have gone in one datagram.
  const packet = ipv4({ payload: prose(4000) });
  const { verdict, datagrams } = plane.protect(0, packet, out);
  expect([verdict, datagrams.length]).toEqual(["sealed", 3]);
  expect(out.stats).toMatchObject({ compressed: 3, packets: 3 });
  const pieces = datagrams.map((datagram) => peer.unprotect(0, datagram).packet as Uint8Array);
  const offsets = pieces.map((piece) => (((piece[6] as number) & 0x1f) * 256 + (piece[7] as number)) * 8);
  expect(offsets[0]).toBe(0);
  expect(offsets[1]).toBe((pieces[0]?.length ?? 0) - 20);
  expect(Buffer.concat(pieces.map((piece) => piece.subarray(20))).equals(Buffer.from(packet.subarray(20)))).toBe(true);
  expect(incoming.stats).toMatchObject({ decompressed: 3 });
});

it("29: compressed and not, failed and not: the six counters of compression", async () => {
  const { plane, out, peer, incoming } = await world(CONFIG);
  const noise = new Uint8Array(1000);
  crypto.getRandomValues(noise);
  for (const payload of [prose(1000), prose(1000), noise, prose(20)]) {
    const { datagrams } = plane.protect(0, ipv4({ payload }), out);
    expect(peer.unprotect(0, datagrams[0] as Uint8Array).verdict).toBe("delivered");
  }
  expect(out.stats).toMatchObject({ packets: 4, compressed: 2, compressFailed: 1, notCompressed: 1 });
  expect(incoming.stats).toMatchObject({ packets: 4, decompressed: 2, decompressFailed: 0, notDecompressed: 2 });
  const { compression: _, ...plain } = CONFIG;
  const without = plane.addSa({ ...plain, spi: 0x1001 });
  plane.protect(0, ipv4({ payload: prose(1000) }), without);
  expect(without.stats).toMatchObject({ packets: 1, compressed: 0, compressFailed: 0, notCompressed: 0 });
});

it("34: an IPComp SA is a CPI inside the ESP SA, under next header 108", async () => {
  const { plane, out, peer } = await world({ ...CONFIG, compression: { algorithm: "deflate", cpi: 0x1234 } as const });
  const packet = ipv4({ payload: prose(1000) });
  const [datagram] = plane.protect(0, packet, out).datagrams as [Uint8Array];
  const inside = readTrailer(openEsp(CONFIG, 1n, datagram.subarray(20)) as Uint8Array);
  expect(inside?.nextHeader).toBe(108);
  expect([...(inside?.payload.subarray(0, 4) ?? [])]).toEqual([4, 0, 0x12, 0x34]);
  expect(Uint8Array.from(inflateRawSync(inside?.payload.subarray(4) ?? packet))).toEqual(packet);
  expect(peer.unprotect(0, datagram).packet).toEqual(packet);
});
