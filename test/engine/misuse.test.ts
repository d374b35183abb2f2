// Misuse throws an IpsecError with a code and a sentence that says what is allowed, and leaves nothing half installed.
import { describe, expect, it } from "vitest";
import { DataPlane, IpsecError, type SaConfig } from "../../src/index.js";
import { ipv4 } from "../packets.js";
import { GCM_KEY, gcm, TUNNEL } from "./world.js";

const CBC = {
  encryption: "aes-cbc",
  encryptionKey: new Uint8Array(16),
  integrity: "hmac-sha2-256-128",
  integrityKey: new Uint8Array(32),
};

const WRONG: readonly [string, string, Record<string, unknown>][] = [
  ["key-length", "GCM key without its salt", { encryptionKey: new Uint8Array(16) }],
  ["key-length", "GCM key as text", { encryptionKey: "0123456789abcdef0123" }],
  ["key-length", "CCM key with four bytes of salt", { encryption: "aes-ccm-16", encryptionKey: new Uint8Array(20) }],
  ["key-length", "ChaCha20 key of 16 bytes", { encryption: "chacha20-poly1305", encryptionKey: new Uint8Array(20) }],
  ["key-length", "short HMAC key", { ...CBC, integrityKey: new Uint8Array(16) }],
  ["key-length", "NULL with a key", { ...CBC, encryption: "null" }],
  ["algorithm", "unknown cipher", { encryption: "rot13" }],
  ["algorithm", "a name of Object.prototype", { encryption: "constructor" }],
  ["algorithm", "CBC without integrity", { ...CBC, integrity: undefined, integrityKey: undefined }],
  ["algorithm", "NULL without integrity", { encryption: "null", encryptionKey: undefined }],
  ["algorithm", "an AEAD with integrity", { integrity: "hmac-sha1-96", integrityKey: new Uint8Array(20) }],
  ["algorithm", "unknown integrity", { ...CBC, integrity: "crc32" }],
  ["spi", "a reserved SPI", { spi: 255 }],
  ["spi", "an SPI of 33 bits", { spi: 2 ** 32 }],
  ["spi", "a fractional SPI", { spi: 1000.5 }],
  ["mode", "unknown direction", { direction: "both" }],
  ["mode", "unknown mode", { mode: "beet" }],
  ["mode", "TFC in transport mode", { mode: "transport", endpoints: TUNNEL, tunnel: undefined, tfcPadding: 100 }],
  ["mode", "AH over a socket", { protocol: "ah" }],
  ["option", "unknown protocol", { protocol: "wesp" }],
  ["address", "no tunnel", { tunnel: undefined }],
  ["address", "a name", { tunnel: { source: "gateway", target: "192.0.2.2" } }],
  ["address", "two versions", { tunnel: { source: "2001:db8::1", target: "192.0.2.2" } }],
  ["address", "an octal address", { tunnel: { source: "010.0.0.1", target: "192.0.2.2" } }],
  ["port", "port 0", { natTraversal: { sourcePort: 0, targetPort: 4500 } }],
  ["replay-window", "a window of 32", { replayWindow: 32 }],
  ["replay-window", "a window of 4160", { replayWindow: 4160 }],
  ["sequence", "a number beyond 32 bits", { initialSequence: 2n ** 32n }],
  ["sequence", "a number, no bigint", { initialSequence: 5 }],
  ["lifetime", "no packets at all", { lifetime: { packets: 0 } }],
  ["lifetime", "more than all", { lifetime: { softPercent: 101 } }],
  ["mtu", "an MTU of 100", { pathMtu: 100 }],
  ["option", "idle 0", { idleSeconds: 0 }],
  ["option", "DSCP 64", { dscp: 64 }],
  ["option", "unknown dfBit", { dfBit: "maybe" }],
  ["selector", "ports without a protocol", { selectors: [{ targetPort: 80 }] }],
  ["selector", "a range backwards", { selectors: [{ protocol: 6, targetPort: [443, 80] }] }],
  ["address", "a prefix of 33 bits", { selectors: [{ source: "10.0.0.0/33" }] }],
];

describe("addSa refuses", () => {
  it.each(WRONG)("%s: %s", async (code, _what, wrong) => {
    const plane = await DataPlane.create({ limits: "edge" });
    const before = plane.createItem().memory.slice();
    let error: unknown;
    try {
      plane.addSa({ ...gcm("in"), ...wrong } as unknown as SaConfig);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(IpsecError);
    const { code: given, message } = error as IpsecError;
    expect(given).toBe(code);
    expect(message.length).toBeGreaterThan(30);
    expect(Buffer.from(plane.createItem().memory).equals(before)).toBe(true);
    expect(plane.addSa(gcm("in")).state).toBe("live");
  });

  it("a duplicate SPI, an SA too many, another carrier: and what was there goes on", async () => {
    const plane = await DataPlane.create({ limits: { sas: 3, windowBytes: 512 } });
    const first = plane.addSa(gcm("in"));
    expect(() => plane.addSa(gcm("in"))).toThrowError(expect.objectContaining({ code: "duplicate-spi" }));
    expect(() => plane.addSa({ ...gcm("in", { spi: 0x5000 }), carrier: "ip" })).toThrowError(
      expect.objectContaining({ code: "carrier-mismatch" }),
    );
    plane.addSa(gcm("in", { spi: 0x2000, replayWindow: 4096 }));
    expect(() => plane.addSa(gcm("in", { spi: 0x3000, replayWindow: 4096 }))).toThrowError(/limits\.windowBytes/);
    const third = plane.addSa(gcm("in", { spi: 0x3000, replayWindow: 64 }));
    expect(() => plane.addSa(gcm("in", { spi: 0x4000 }))).toThrowError(/limits\.sas/);
    third.delete();
    plane.addSa(gcm("in", { spi: 0x4000 }));
    const peer = await DataPlane.create({ limits: "edge" });
    const datagram = peer.protect(0, ipv4(), peer.addSa(gcm("out"))).datagrams[0] as Uint8Array;
    expect(plane.unprotect(0, datagram).sa).toBe(first);
  });
});

it("profile modern refuses what RFC 8221 no longer wants", async () => {
  const plane = await DataPlane.create({ limits: "edge", profile: "modern" });
  const sha1 = { ...CBC, integrity: "hmac-sha1-96", integrityKey: new Uint8Array(20) };
  expect(() => plane.addSa({ ...gcm("in"), ...sha1 } as unknown as SaConfig)).toThrowError(
    expect.objectContaining({ code: "algorithm" }),
  );
  expect(plane.addSa({ ...gcm("in"), ...CBC } as unknown as SaConfig).state).toBe("live");
});

it("options, policies and handles of the wrong plane are refused", async () => {
  const code = (expected: string) => expect.objectContaining({ code: expected });
  await expect(DataPlane.create({ limits: { packets: 100 } })).rejects.toThrowError(code("option"));
  await expect(DataPlane.create({ variant: "avx" as "simd" })).rejects.toThrowError(code("option"));
  await expect(DataPlane.create({ wasm: new Uint8Array(8) })).rejects.toThrowError(code("wasm"));
  const [plane, other] = await Promise.all([
    DataPlane.create({ limits: "edge" }),
    DataPlane.create({ limits: "edge" }),
  ]);
  const sa = plane.addSa(gcm("out"));
  expect(() => other.addPolicy({ direction: "out", action: "protect", sa })).toThrowError(code("policy"));
  expect(() => plane.addPolicy({ direction: "out", action: "bypass", sa })).toThrowError(code("policy"));
  expect(() => plane.addPolicy({ direction: "out", action: "protect", sa: plane.addSa(gcm("in")) })).toThrowError(
    code("policy"),
  );
  expect(other.protect(0, ipv4(), sa).verdict).toBe("no-sa");
  plane.close();
  expect(() => plane.protect(0, ipv4(), sa)).toThrowError(code("closed"));
  expect(sa.state).toBe("deleted");
  expect(GCM_KEY[0]).toBe(1); // the caller's key is the caller's
});
