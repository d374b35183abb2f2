// The kernel as the default entry has it: inlined, so that no bundler needs to know about it.
import { DataPlane } from "../data-plane.js";
import { relaxedSimdBase64 } from "./generated/relaxed-simd.js";
import { simdBase64 } from "./generated/simd.js";

DataPlane.source = {
  load: (variant) => decode(variant === "simd" ? simdBase64 : relaxedSimdBase64),
  loadLegacy: async () => decode((await import("./generated/legacy.js")).legacyBase64),
};

/** By the realm's own decoder where it has one: a loop that runs once is slow, 1 to 3 ms for 49 kB. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, base64);
  if (globalThis.Buffer !== undefined) return Buffer.from(base64, "base64");
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export { DataPlane };
