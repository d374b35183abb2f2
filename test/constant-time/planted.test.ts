// What finds leaks must be seen to find them: kernels with one leak each, and two without.
import { main as asc } from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { type Instrumented, instrument } from "./instrument.js";
import { type Build, functionNames } from "./names.js";
import { Shadowed } from "./shadowed.js";

const KEY = 0x8000;
const SECRET_BYTES = 64;

/** Kernel, and what must be found in it: one leak, or none. */
const KERNELS: readonly (readonly [name: string, leak: RegExp | undefined])[] = [
  ["branch", /branch \((if|br_if)\)/],
  ["loopBound", /branch \((if|br_if)\)/],
  ["earlyExit", /branch \((if|br_if)\)/],
  ["anyTrue", /branch \((if|br_if)\)/],
  ["table", /address \(i32\.load8_u\)/],
  ["tableInVector", /address \(i32\.load8_u\)/],
  ["storeAt", /address \(i32\.store8\)/],
  ["chosen", /select \(select\)/],
  ["switched", /branch \(br_table\)/],
  ["called", /call target \(call_indirect\)/],
  ["divided", /division \(i32\.div_u\)/],
  ["remainder", /division \(i64\.rem_u\)/],
  ["copyLength", /length \(memory/],
  ["copySource", /address \(memory/],
  ["fillLength", /length \(memory/],
  ["roundabout", /branch \((if|br_if)\)/],
  ["clean", undefined],
  ["publicOnly", undefined],
];

async function compile(): Promise<Build> {
  const files = new Map<string, string | Uint8Array>();
  const entry = "test/kernel/entries/leaks.ts";
  const config = ["--config", "test/kernel/entries/asconfig.json", "--target", "simd"];
  const { error, stderr } = await asc([entry, ...config, "--outFile", "leaks.wasm", "--textFile", "leaks.wat"], {
    writeFile: (name: string, data: string | Uint8Array) => void files.set(name, data),
  });
  if (error !== null) throw new Error(`${error.message}\n${stderr.toString()}`);
  const bytes = new Uint8Array(files.get("leaks.wasm") as Uint8Array);
  return { name: "leaks", bytes, names: functionNames(files.get("leaks.wat") as string) };
}

describe("a planted leak is found", () => {
  let build: Build;
  let instrumented: Instrumented;
  beforeAll(async () => {
    build = await compile();
    instrumented = instrument(build.bytes, new Set());
  });

  /** The kernel has run over a secret and over what is public behind it. */
  function ran(name: string, secret: Uint8Array): Shadowed {
    const kernel = new Shadowed(build, instrumented);
    kernel.bytes.set(new Random(1).bytes(256), KEY);
    kernel.bytes.set(secret, KEY);
    kernel.makeSecret(KEY, SECRET_BYTES);
    kernel.call(name, KEY);
    return kernel;
  }

  it.each(KERNELS)("%s", (name, leak) => {
    const { leaks, executed } = ran(name, new Random(2).bytes(SECRET_BYTES));
    expect(executed).toBeGreaterThan(3);
    expect(leaks.length).toBe(leak === undefined ? 0 : 1);
    for (const found of leaks) {
      expect(found).toMatch(new RegExp(`^test/kernel/entries/leaks/${name} at 0x[0-9a-f]+: secret `));
      expect(found).toMatch(leak as RegExp);
    }
  });

  it("other secrets make another trace; without a leak the same", () => {
    for (const name of [
      "branch",
      "table",
      "chosen",
      "switched",
      "called",
      "divided",
      "copyLength",
      "clean",
      "publicOnly",
    ]) {
      const traces = Array.from({ length: 12 }, (_, i) => ran(name, new Random(i).bytes(SECRET_BYTES)).trace);
      expect(new Set(traces).size > 1, name).toBe(name !== "clean" && name !== "publicOnly");
    }
  });
});
