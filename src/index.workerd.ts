// wasm-ipsec in workerd: bytes may not be compiled there; a .wasm import is a WebAssembly.Module.
import { DataPlane } from "./data-plane.js";
// @ts-expect-error resolved by wrangler
import relaxedSimd from "../wasm/relaxed-simd.wasm";
// @ts-expect-error resolved by wrangler
import simd from "../wasm/simd.wasm";

DataPlane.source = { load: (variant) => (variant === "simd" ? simd : relaxedSimd) as WebAssembly.Module };

export * from "./surface.js";
