// wasm-ipsec on Vercel's edge runtime: the `?module` suffix makes a .wasm import a WebAssembly.Module.
import { DataPlane } from "./data-plane.js";
// @ts-expect-error resolved by the bundler
import simd from "../wasm/simd.wasm?module";

DataPlane.source = { load: () => simd as WebAssembly.Module };

export * from "./surface.js";
