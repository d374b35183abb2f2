// The guide's AH and its AH+ESP bundle: which SPI an unknown packet shows, and how often a packet counts.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { ipv4, ipv4ChecksumHolds } from "../packets.js";

const TUNNEL = { source: "10.1.1.1", target: "10.2.2.2" };
/** The guide's transform set `ah-sha-hmac esp-... esp-sha-hmac`, with an encryption of today. */
const ESP = {
  direction: "out",
  protocol: "esp",
  spi: 0x249c5062,
  mode: "tunnel",
  tunnel: TUNNEL,
  encryption: "aes-cbc",
  encryptionKey: new Uint8Array(16).fill(1),
  integrity: "hmac-sha1-96",
  integrityKey: new Uint8Array(20).fill(2),
} as const satisfies SaConfig;
const AH = {
  direction: "out",
  protocol: "ah",
  spi: 0x1214f0d,
  mode: "transport",
  integrity: "hmac-sha1-96",
  integrityKey: new Uint8Array(20).fill(3),
} as const satisfies SaConfig;

async function routers() {
  const [a, b] = (await Promise.all([0, 1].map(() => DataPlane.create({ carrier: "ip", limits: "edge" })))) as [
    DataPlane,
    DataPlane,
  ];
  const out = [a.addSa(ESP), a.addSa(AH)];
  a.addPolicy({ direction: "out", action: "protect", sa: out });
  return { a, b, out };
}

function bundleAt(plane: DataPlane) {
  const sas = [plane.addSa({ ...ESP, direction: "in" }), plane.addSa({ ...AH, direction: "in" })];
  plane.addPolicy({ direction: "in", action: "protect", sa: sas });
  return sas;
}

const seal = (plane: DataPlane, packet = ipv4({ length: 100 })) => plane.protect(0, packet).datagrams[0] as Uint8Array;

it("24: of an AH+ESP bundle the outermost SPI is reported, AH's", async () => {
  const { a, b } = await routers();
  expect(b.unprotect(0, seal(a)).verdict).toBe("unknown-spi");
  expect(b.nextEvent()).toMatchObject({ kind: "invalid-spi", spi: 0x1214f0d, protocol: 51 });
  // AH known, what is inside not: the outermost SPI that nobody knows is ESP's.
  const other = await DataPlane.create({ carrier: "ip", limits: "edge" });
  const outer = other.addSa({ ...AH, direction: "in" });
  other.addPolicy({
    direction: "in",
    action: "protect",
    sa: [other.addSa({ ...ESP, direction: "in", spi: 0x1000 }), outer],
  });
  expect(other.unprotect(0, seal(a)).verdict).toBe("unknown-spi");
  expect(other.nextEvent()).toMatchObject({ kind: "invalid-spi", spi: 0x249c5062, protocol: 50 });
});

it("29: ten pings through a bundle are ten packets, not twenty", async () => {
  const { a, b, out } = await routers();
  const incoming = bundleAt(b);
  const ping = ipv4({ protocol: 1, payload: new Uint8Array(64) });
  for (let i = 0; i < 10; i++) expect(b.unprotect(0, seal(a, ping)).packet).toEqual(ping);
  expect(a.counters).toMatchObject({ sealed: 10 });
  expect(b.counters).toMatchObject({ delivered: 10 });
  for (const sa of [...out, ...incoming]) expect(sa.stats.packets).toBe(10);
});

describe("RFC 4301 has no bundles", () => {
  it("e18: outer IP, AH, ESP, packet; opened as two passes, in one call or in two", async () => {
    const { a, b } = await routers();
    const packet = ipv4({ length: 100 });
    const datagram = seal(a, packet);
    expect(ipv4ChecksumHolds(datagram)).toBe(true);
    expect(datagram.length).toBe(20 + 24 + 8 + 16 + 112 + 12);
    expect([datagram[9], datagram[20]]).toEqual([51, 50]); // IP names AH, AH names ESP
    const single = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const sas = [single.addSa({ ...AH, direction: "in" }), single.addSa({ ...ESP, direction: "in" })];
    const first = single.unprotect(0, datagram);
    expect([first.verdict, first.sa]).toEqual(["delivered", sas[0]]);
    const second = single.unprotect(0, first.packet as Uint8Array);
    expect([second.verdict, second.sa]).toEqual(["delivered", sas[1]]);
    expect(second.packet).toEqual(packet);
    bundleAt(b);
    expect(b.unprotect(0, datagram).packet).toEqual(packet);
  });
});
