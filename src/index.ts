// wasm-ipsec: the default entry. The kernel is inlined, so no bundler needs to know about it.
// The declarations name Symbol.dispose, which a project below "lib": ["ESNext"] does not know.
/// <reference lib="esnext.disposable" preserve="true" />
import { DataPlane } from "./data-plane.js";
import { relaxedSimdBase64 } from "./wasm/generated/relaxed-simd.js";
import { simdBase64 } from "./wasm/generated/simd.js";

DataPlane.source = {
  load: (variant) => decode(variant === "simd" ? simdBase64 : relaxedSimdBase64),
  loadLegacy: async () => decode((await import("./wasm/generated/legacy.js")).legacyBase64),
};

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export * from "./surface.js";
