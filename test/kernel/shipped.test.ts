// The bytes that are shipped: what they import and export, and that every main suite spends its time in functions of
// vector instructions. For that every function of the module gets a mark that it sets when it is entered.
import { readFileSync } from "node:fs";
import binaryen from "binaryen";
import { beforeAll, describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { type KernelExports, loadKernelSync } from "../../src/wasm/kernel.js";
import { algorithms, inbound } from "../differential/arbitrary.js";
import { ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { LEGACY_SUITES, SUITES } from "../reference/suites.js";

const VECTOR = /\((v128|i8x16|i16x8|i32x4|i64x2)\./g;
const ABI = [
  "cutNext",
  "cutPiece",
  "join",
  "joined",
  "laterHeaderLength",
  "memory",
  "open",
  "saDelete",
  "saExpire",
  "saInstall",
  "seal",
  "unwrapInflated",
  "variant",
];

/** The kernel with an exported global for every function, 1 once it has been entered. */
function marked(bytes: Uint8Array): { wasm: Uint8Array<ArrayBuffer>; vectors: number[] } {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  const vectors: number[] = [];
  const functions = Array.from({ length: module.getNumFunctions() }, (_, i) =>
    binaryen.getFunctionInfo(module.getFunctionByIndex(i)),
  );
  for (const [i, { name, params, results, vars, body }] of functions.entries()) {
    vectors.push([...binaryen.emitText(body).matchAll(VECTOR)].length);
    module.addGlobal(`entered${i}`, binaryen.i32, true, module.i32.const(0));
    module.addGlobalExport(`entered${i}`, `entered${i}`);
    const mark = module.global.set(`entered${i}`, module.i32.const(1));
    module.removeFunction(name);
    module.addFunction(name, params, results, vars, module.block(null, [mark, body], binaryen.getExpressionType(body)));
  }
  return { wasm: Uint8Array.from(module.emitBinary()), vectors };
}

/** The first row of the first S-box of DES; the first constants of MD5. */
const LEGACY_TABLES = [
  Buffer.of(14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7),
  Buffer.of(0x78, 0xa4, 0x6a, 0xd7, 0x56, 0xb7, 0xc7, 0xe8, 0xdb, 0x70, 0x20, 0x24),
];

it("DES and MD5 are in the legacy build alone, and cost the others nothing but a branch", () => {
  const held = (target: string) => LEGACY_TABLES.map((table) => readFileSync(`build/${target}.wasm`).includes(table));
  expect(held("legacy")).toEqual([true, true]);
  expect(held("simd")).toEqual([false, false]);
  expect(held("relaxed-simd")).toEqual([false, false]);
});

describe.each(["simd", "relaxed-simd", "legacy"])("%s.wasm", (target) => {
  const bytes = readFileSync(`build/${target}.wasm`);
  const { wasm, vectors } = marked(bytes);
  let kernel: KernelExports;
  let plane: DataPlane;
  let sas = 0;

  beforeAll(() => {
    kernel = loadKernelSync(wasm).exports;
    const profile = target === "legacy" ? "legacy" : "interop";
    plane = Reflect.construct(DataPlane, [kernel, { carrier: "udp", profile }]);
  });

  it("imports nothing and exports the ABI", () => {
    const module = new WebAssembly.Module(bytes);
    expect(WebAssembly.Module.imports(module)).toEqual([]);
    expect(
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(ABI);
  });

  /** The functions that sealing and opening eight packets with `config` enters. */
  function entered(config: SaConfig): Set<number> {
    const spi = 0x9000 + sas++;
    const out = plane.addSa({ ...config, spi });
    plane.addSa(inbound({ ...config, spi }));
    const marks = vectors.map((_, i) => kernel[`entered${i}`] as WebAssembly.Global);
    for (const mark of marks) mark.value = 0;
    const item = plane.createItem();
    for (let i = 0; i < 8; i++) plane.outbound(0, ipv4({ length: 700 }), out);
    plane.flush(0);
    const sealed: Uint8Array[] = [];
    while (plane.poll(item)) sealed.push(item.copy());
    for (const datagram of sealed) plane.inbound(0, datagram);
    plane.flush(0);
    while (plane.poll(item)) expect(item.verdict).toBe("delivered");
    return new Set([...vectors.keys()].filter((i) => (marks[i] as WebAssembly.Global).value === 1));
  }

  const configOf = (name: string): SaConfig => {
    const suite = [...SUITES, ...LEGACY_SUITES].find((candidate) => candidate.name === name);
    if (suite === undefined) throw new Error(`no suite ${name}`);
    const fixed = { direction: "out", protocol: "esp", mode: "tunnel", spi: 0x9000 };
    const tunnel = { source: "192.0.2.1", target: "192.0.2.2" };
    return { ...fixed, tunnel, ...algorithms(suite, new Random(1)) } as unknown as SaConfig;
  };

  // A suite and one that differs in the part in question only: what is entered for the first alone is that part.
  const legacy: [string, string][] = [
    ["des-cbc 64 hmac-sha1-96", "null hmac-sha1-96"],
    ["3des-cbc 192 hmac-sha1-96", "null hmac-sha1-96"],
    ["null hmac-md5-96", "aes-gcm-16 128"],
  ];
  it.each([
    ...(target === "legacy" ? legacy : []),
    ["aes-gcm-16 128", "null hmac-sha1-96"],
    ["aes-gcm-16 256", "null hmac-sha1-96"],
    ["chacha20-poly1305 256", "null hmac-sha1-96"],
    ["aes-ccm-16 128", "null hmac-sha1-96"],
    ["aes-gmac 128", "null hmac-sha1-96"],
    ["aes-cbc 128 hmac-sha1-96", "null hmac-sha1-96"],
    ["aes-ctr 128 hmac-sha1-96", "null hmac-sha1-96"],
    ["null hmac-sha1-96", "aes-gcm-16 128"],
    ["null hmac-sha2-256-128", "aes-gcm-16 128"],
    ["null hmac-sha2-384-192", "aes-gcm-16 128"],
    ["null hmac-sha2-512-256", "aes-gcm-16 128"],
    ["null aes-xcbc-96", "null hmac-sha1-96"],
    ["null aes-cmac-96", "null hmac-sha1-96"],
  ])("%s runs in vector instructions", (name, other) => {
    const common = entered(configOf(other));
    const own = [...entered(configOf(name))].filter((i) => !common.has(i));
    const count = own.reduce((sum, i) => sum + (vectors[i] as number), 0);
    expect(count, `functions ${own.join(" ")}`).toBeGreaterThan(50);
  });
});
