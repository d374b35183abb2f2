// Old transforms: what the guide's examples name, and what RFC 8221 says of it.
import { expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { ipv4, unhex } from "../packets.js";

const TUNNEL = { source: "192.165.200.2", target: "192.165.201.2" };
/** `transform-set basic esp-des esp-md5-hmac` of the guide's first example, and its `esp-3des esp-sha-hmac`. */
const SETS = [
  ["des-cbc", 8, "hmac-md5-96", 16],
  ["3des-cbc", 24, "hmac-sha1-96", 20],
] as const;

function sa(
  [encryption, keyLength, integrity, integrityKeyLength]: (typeof SETS)[number],
  direction: string,
): SaConfig {
  const encryptionKey = unhex("0123456789abcdef23456789abcdef01456789abcdef0123").subarray(0, keyLength);
  const suite = { encryption, encryptionKey, integrity, integrityKey: new Uint8Array(integrityKeyLength).fill(7) };
  return { direction, protocol: "esp", spi: 0x1000 + keyLength, mode: "tunnel", tunnel: TUNNEL, ...suite } as SaConfig;
}

it("e17: DES, 3DES and MD5 carry the guide's traffic under profile legacy, and under no other", async () => {
  const legacy = await DataPlane.create({ limits: "edge", profile: "legacy" });
  const others = [
    await DataPlane.create({ limits: "edge" }),
    await DataPlane.create({ limits: "edge", profile: "modern" }),
  ];
  for (const set of SETS) {
    for (const plane of others) expect(() => plane.addSa(sa(set, "out"))).toThrow(/"legacy"/);
    const out = legacy.addSa(sa(set, "out"));
    legacy.addSa(sa(set, "in"));
    const packet = ipv4({ source: "192.168.1.7", target: "172.16.2.9" });
    const { verdict, datagrams } = legacy.protect(0, packet, out);
    expect(verdict).toBe("sealed");
    expect(legacy.unprotect(0, datagrams[0] as Uint8Array).packet).toEqual(packet);
  }
});
