// Profile "legacy": DES, 3DES and MD5, in a build of their own that only it loads.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DataPlane, IpsecError, type SaConfig } from "../../src/index.js";
import { ipv4, unhex } from "../packets.js";
import { TUNNEL } from "./world.js";

const bytes = (target: string) => readFileSync(`build/${target}.wasm`) as Buffer<ArrayBuffer>;
const TRIPLE = unhex("0123456789abcdef23456789abcdef01456789abcdef0123");

function sa(options: object): SaConfig {
  const fixed = { direction: "out", protocol: "esp", spi: 0x1001, mode: "tunnel", tunnel: TUNNEL };
  const suite = {
    encryption: "3des-cbc",
    encryptionKey: TRIPLE,
    integrity: "hmac-md5-96",
    integrityKey: TRIPLE.slice(8),
  };
  return { ...fixed, ...suite, ...options } as SaConfig;
}

/** The code and the sentence of what `call` throws. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof IpsecError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}

it("the other profiles refuse by a sentence that names profile legacy", async () => {
  for (const profile of ["modern", "interop"] as const) {
    const plane = await DataPlane.create({ limits: "edge", profile });
    const integrity = { integrity: "hmac-sha2-256-128", integrityKey: new Uint8Array(32) };
    const aes = { encryption: "aes-cbc", encryptionKey: new Uint8Array(16) };
    expect(await refusal(() => plane.addSa(sa(integrity)))).toMatch(/^algorithm: encryption "3des-cbc".*"legacy"$/);
    expect(await refusal(() => plane.addSa(sa({ ...integrity, encryption: "des-cbc" })))).toMatch(
      /^algorithm.*"legacy"$/,
    );
    expect(await refusal(() => plane.addSa(sa(aes)))).toMatch(/^algorithm: integrity "hmac-md5-96".*"legacy"$/);
    expect(plane.counters.sealed).toBe(0);
  }
});

it("every way to make a plane of it: the build fetched, bytes, a module; at once only with `wasm`", async () => {
  const wasm = bytes("legacy");
  const planes = [
    await DataPlane.create({ profile: "legacy", limits: "edge" }),
    await DataPlane.create({ profile: "legacy", limits: "edge", wasm }),
    await DataPlane.create({ profile: "legacy", limits: "edge", wasm: new WebAssembly.Module(wasm) }),
    DataPlane.createSync({ profile: "legacy", limits: "edge", wasm }),
  ];
  for (const plane of planes) {
    const out = plane.addSa(sa({}));
    plane.addSa(sa({ direction: "in" }));
    const { datagrams } = plane.protect(0, ipv4(), out);
    expect(plane.unprotect(0, datagrams[0] as Uint8Array).verdict).toBe("delivered");
    expect(plane.variant).toBe("simd");
  }
  expect(await refusal(() => DataPlane.createSync({ profile: "legacy" }))).toMatch(/^wasm: .*use create\(\)/);
});

it("a kernel without its algorithms is refused, and so is a variant it does not come in", async () => {
  const wrong = { profile: "legacy", limits: "edge", wasm: bytes("simd") } as const;
  expect(await refusal(() => DataPlane.create(wrong))).toMatch(/^wasm: .*wasm-ipsec\/wasm\/legacy\.wasm/);
  const relaxed = { profile: "legacy", variant: "relaxed-simd" } as const;
  expect(await refusal(() => DataPlane.create(relaxed))).toMatch(/^option: .*plain SIMD/);
  expect(await refusal(() => DataPlane.create({ profile: "old" as "legacy" }))).toMatch(/^option: profile is "old"/);
});

it("an entry without that build says where to get it", async () => {
  const { source } = DataPlane;
  DataPlane.source = { load: () => bytes("simd") };
  try {
    expect(await refusal(() => DataPlane.create({ profile: "legacy" }))).toMatch(
      /^wasm: .*wasm-ipsec\/wasm\/legacy\.wasm/,
    );
  } finally {
    DataPlane.source = source;
  }
});

it("weak keys of DES, and 3DES keys that make it DES, are refused whatever their parity bits", async () => {
  const plane = await DataPlane.create({ profile: "legacy", limits: "edge" });
  const des = (encryptionKey: Uint8Array) => refusal(() => plane.addSa(sa({ encryption: "des-cbc", encryptionKey })));
  for (const weak of [
    "0101010101010101",
    "e0e0e0e0f1f1f1f1",
    "1ffe1ffe0efe0efe",
    "0000000000000000",
    "ffffffffffffffff",
  ])
    expect(await des(unhex(weak))).toMatch(/^weak-key: /);
  const triple = (encryptionKey: Uint8Array) => refusal(() => plane.addSa(sa({ encryptionKey })));
  const [a, b] = [TRIPLE.slice(0, 8), TRIPLE.slice(8, 16)] as const;
  const otherParity = a.map((byte) => byte ^ 1);
  for (const keys of [
    [a, a, b],
    [b, a, a],
    [a, otherParity, b],
    [a, a, a],
  ])
    expect(await triple(Uint8Array.from(Buffer.concat(keys)))).toMatch(/^weak-key: .*RFC 2451/);
  expect(await des(unhex("0101010101010103"))).toBe("nothing was thrown");
  expect(await triple(Uint8Array.from(Buffer.concat([a, b, a])))).toMatch(/^duplicate-spi/); // Two-key 3DES is no weak key.
});

it("encryption without integrity stays refused", async () => {
  const plane = await DataPlane.create({ profile: "legacy", limits: "edge" });
  const bare = sa({ integrity: undefined, integrityKey: undefined });
  expect(await refusal(() => plane.addSa(bare))).toMatch(/^algorithm: integrity is missing/);
});
