// wasm-ipsec on Vercel's edge runtime: the `?module` suffix makes a .wasm import a WebAssembly.Module.

// @ts-expect-error resolved by the bundler
import simd from "../wasm/simd.wasm?module";
import { DataPlane } from "./data-plane.js";

DataPlane.source = { load: () => simd as WebAssembly.Module };

export * from "./surface.js";
