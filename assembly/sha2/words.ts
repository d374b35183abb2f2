// A word of one message, or one of each of several messages side by side in a vector: T is u32 or u64, or v128. So the
// hash functions are written once for both.

export function xor<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.xor(a, b);
  else return a ^ b;
}

export function and<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.and(a, b);
  else return a & b;
}

/** Sum modulo 2^32. */
export function add32<T>(a: T, b: T): T {
  if (isVector<T>()) return i32x4.add(a, b);
  else return a + b;
}

export function shiftRight32<T>(x: T, n: i32): T {
  if (isVector<T>()) return i32x4.shr_u(x, n);
  else return x >> <T>n;
}

export function rotateRight32<T>(x: T, n: i32): T {
  if (isVector<T>()) return v128.or(i32x4.shr_u(x, n), i32x4.shl(x, 32 - n));
  else return rotr<T>(x, <T>n);
}

/** Sum modulo 2^64. */
export function add64<T>(a: T, b: T): T {
  if (isVector<T>()) return i64x2.add(a, b);
  else return a + b;
}

/** The word at `address`, in every lane. */
export function same64<T>(address: usize): T {
  if (isVector<T>()) return v128.load64_splat(address);
  else return load<T>(address);
}

export function shiftRight64<T>(x: T, n: i32): T {
  if (isVector<T>()) return i64x2.shr_u(x, n);
  else return x >> <T>n;
}

export function rotateRight64<T>(x: T, n: i32): T {
  if (isVector<T>()) return v128.or(i64x2.shr_u(x, n), i64x2.shl(x, 64 - n));
  else return rotr<T>(x, <T>n);
}

/** Four words of a state side by side. Stored as one vector, for who loads a vector behind four stores waits for them. */
export function row(w0: u32, w1: u32, w2: u32, w3: u32): v128 {
  const half = i32x4.replace_lane(i32x4.splat(w0), 1, w1);
  return i32x4.replace_lane(i32x4.replace_lane(half, 2, w2), 3, w3);
}
