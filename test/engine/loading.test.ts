// The road of create() from bytes to a plane: what it must not wake, and that the other roads still lead there.
import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { DataPlane } from "../../src/index.js";

const bytes = Uint8Array.from(readFileSync(new URL("../../build/simd.wasm", import.meta.url)));
const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);

function verdictOf(plane: DataPlane): string {
  const { verdict } = plane.protect(0, packet);
  plane.close();
  return verdict;
}

afterEach(() => vi.unstubAllGlobals());

it("create() does not look at the global Response, which costs a cold Node 40 ms", async () => {
  const looks = vi.fn(() => undefined);
  const own = Object.getOwnPropertyDescriptor(globalThis, "Response") as PropertyDescriptor;
  Object.defineProperty(globalThis, "Response", { configurable: true, get: looks });
  try {
    expect(verdictOf(await DataPlane.create())).toBe("discarded");
    expect(verdictOf(await DataPlane.create({ wasm: bytes }))).toBe("discarded");
    expect(verdictOf(DataPlane.createSync({ wasm: bytes }))).toBe("discarded");
  } finally {
    Object.defineProperty(globalThis, "Response", own);
  }
  expect(looks).not.toHaveBeenCalled();
});

it("a Response is compiled as it comes in; createSync refuses it", async () => {
  const response = () => new Response(bytes, { headers: { "content-type": "application/wasm" } });
  expect(verdictOf(await DataPlane.create({ wasm: response() }))).toBe("discarded");
  expect(() => DataPlane.createSync({ wasm: response() })).toThrow(/needs create\(\)/);
});

it("on a page's main thread create() compiles asynchronously", async () => {
  vi.stubGlobal("document", {});
  const compile = vi.spyOn(WebAssembly, "compile");
  expect(verdictOf(await DataPlane.create({ wasm: bytes }))).toBe("discarded");
  expect(compile).toHaveBeenCalledOnce();
  compile.mockRestore();
});

it("what is no kernel is refused on every road", async () => {
  for (const wasm of [new Uint8Array(8), 5, "kernel"]) {
    await expect(DataPlane.create({ wasm: wasm as Uint8Array<ArrayBuffer> })).rejects.toThrow(
      expect.objectContaining({ code: "wasm" }),
    );
  }
});
