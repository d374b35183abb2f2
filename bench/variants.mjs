// Our builds that this realm can run, the faster one first.
import { DataPlane } from "wasm-ipsec";

export async function pickVariants(asked) {
  if (asked !== undefined) return [asked];
  const plane = await DataPlane.create({ limits: "edge" });
  const { variant } = plane;
  plane.close();
  return variant === "simd" ? [variant] : [variant, "simd"];
}
