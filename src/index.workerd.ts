// wasm-ipsec in workerd: bytes may not be compiled there; a .wasm import is a WebAssembly.Module.

// @ts-expect-error resolved by wrangler
import relaxedSimd from "../wasm/relaxed-simd.wasm";
// @ts-expect-error resolved by wrangler
import simd from "../wasm/simd.wasm";
import { DataPlane } from "./data-plane.js";

DataPlane.source = { load: (variant) => (variant === "simd" ? simd : relaxedSimd) as WebAssembly.Module };

export * from "./surface.js";
