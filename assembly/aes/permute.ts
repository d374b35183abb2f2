/** The bytes of `bytes` in the order that `order` names; its indices are 0..15. */
export function permute(bytes: v128, order: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(bytes, order);
  return i8x16.swizzle(bytes, order);
}
