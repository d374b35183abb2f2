// Poly1305 (RFC 8439 section 2.5): the message as a polynomial over 2^130 - 5, at r. The value is four words of 32 bits
// and what is above them, r is four words of 28: section 2.5 clears the upper four bits of each, and the lower two of
// r1, r2 and r3. So what leaves at the top comes back whole: 2^128 r3 = 2^130 r3 / 4, and 2^130 is 5: 5/4 r3.
//
//   a state   u64 h[5] | u64 r[4] | u64 s[3], 5/4 of r1, r2 and r3 | u64 key[2], added at last
//
// Its words are 32 bytes apart, so that four states can be side by side.
//
// Carries move up by one word a block, all of them side by side, so h[0..3] are a little more than 32 bits. If no sum
// of products is above D, a word with the next block added is at most 2^33 + D / 2^32, word 0 takes back 5/4 of what is
// above, and D <= 2^28 (2^33 + 5/4 (2^30 + D / 2^32)) + 3 * 5/4 2^28 (2^33 + D / 2^32) + 2^31: D is under 2^63.9.

export const POLY_SIZE = 448; // four
export const H0 = 0;
export const H1 = 32;
export const H2 = 64;
export const H3 = 96;
export const H4 = 128;
export const R0 = 160;
export const R1 = 192;
export const R2 = 224;
export const R3 = 256;
export const S1 = 288;
export const S2 = 320;
export const S3 = 352;
const KEY0 = 384;
const KEY1 = 416;

/** What section 2.5 leaves of r0 and of the other words, for four of each. */
const CLAMPS = memory.data<u32>(
  [0x0fffffff, 0x0fffffff, 0x0fffffff, 0x0fffffff, 0x0ffffffc, 0x0ffffffc, 0x0ffffffc, 0x0ffffffc],
  16,
);

/** Begins under the one-time key, 32 bytes. */
export function polyStart(poly: usize, key: usize): void {
  const r1: u64 = load<u32>(key, 4) & 0x0ffffffc;
  const r2: u64 = load<u32>(key, 8) & 0x0ffffffc;
  const r3: u64 = load<u32>(key, 12) & 0x0ffffffc;
  store<u64>(poly, 0, H0);
  store<u64>(poly, 0, H1);
  store<u64>(poly, 0, H2);
  store<u64>(poly, 0, H3);
  store<u64>(poly, 0, H4);
  store<u64>(poly, load<u32>(key) & 0x0fffffff, R0);
  store<u64>(poly, r1, R1);
  store<u64>(poly, r2, R2);
  store<u64>(poly, r3, R3);
  store<u64>(poly, r1 + (r1 >> 2), S1);
  store<u64>(poly, r2 + (r2 >> 2), S2);
  store<u64>(poly, r3 + (r3 >> 2), S3);
  store<u64>(poly, load<u64>(key, 16), KEY0);
  store<u64>(poly, load<u64>(key, 24), KEY1);
}

/** Begins four, side by side. The words of their keys are so, too: word i of all at 16 i. */
export function polyStartFour(polys: usize, keys: usize): void {
  for (let h = polys + H0; h < polys + R0; h += 16) v128.store(h, i64x2.splat(0));
  const clamp = v128.load(CLAMPS, 16);
  const r1 = v128.and(v128.load(keys, 16), clamp);
  const r2 = v128.and(v128.load(keys, 32), clamp);
  const r3 = v128.and(v128.load(keys, 48), clamp);
  storeFour(polys + R0, v128.and(v128.load(keys), v128.load(CLAMPS)));
  storeFour(polys + R1, r1);
  storeFour(polys + R2, r2);
  storeFour(polys + R3, r3);
  storeFour(polys + S1, i32x4.add(r1, i32x4.shr_u(r1, 2)));
  storeFour(polys + S2, i32x4.add(r2, i32x4.shr_u(r2, 2)));
  storeFour(polys + S3, i32x4.add(r3, i32x4.shr_u(r3, 2)));
  const key0 = v128.load(keys, 64);
  const key1 = v128.load(keys, 80);
  const key2 = v128.load(keys, 96);
  const key3 = v128.load(keys, 112);
  v128.store(polys, v128.shuffle<i32>(key0, key1, 0, 4, 1, 5), KEY0);
  v128.store(polys, v128.shuffle<i32>(key0, key1, 2, 6, 3, 7), KEY0 + 16);
  v128.store(polys, v128.shuffle<i32>(key2, key3, 0, 4, 1, 5), KEY1);
  v128.store(polys, v128.shuffle<i32>(key2, key3, 2, 6, 3, 7), KEY1 + 16);
}

/** Four words, each as u64. */
function storeFour(place: usize, words: v128): void {
  v128.store(place, i64x2.extend_low_i32x4_u(words));
  v128.store(place, i64x2.extend_high_i32x4_u(words), 16);
}

/** Takes in `blocks` whole blocks of 16 bytes. */
export function polyBlocks(poly: usize, message: usize, blocks: u32): void {
  const r0 = load<u64>(poly, R0);
  const r1 = load<u64>(poly, R1);
  const r2 = load<u64>(poly, R2);
  const r3 = load<u64>(poly, R3);
  const s1 = load<u64>(poly, S1);
  const s2 = load<u64>(poly, S2);
  const s3 = load<u64>(poly, S3);
  let h0 = load<u64>(poly, H0);
  let h1 = load<u64>(poly, H1);
  let h2 = load<u64>(poly, H2);
  let h3 = load<u64>(poly, H3);
  let h4 = load<u64>(poly, H4);
  for (; blocks > 0; blocks--) {
    h0 += load<u32>(message, 0);
    h1 += load<u32>(message, 4);
    h2 += load<u32>(message, 8);
    h3 += load<u32>(message, 12);
    h4 += 1; // every block has a bit above its 128
    message += 16;
    const d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
    const d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + h4 * s1;
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + h4 * s2;
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s3;
    const d4 = h4 * r0 + (d3 >> 32);
    h0 = low(d0) + (d4 >> 2) + (d4 & ~3);
    h1 = low(d1) + (d0 >> 32);
    h2 = low(d2) + (d1 >> 32);
    h3 = low(d3) + (d2 >> 32);
    h4 = d4 & 3;
  }
  store<u64>(poly, h0, H0);
  store<u64>(poly, h1, H1);
  store<u64>(poly, h2, H2);
  store<u64>(poly, h3, H3);
  store<u64>(poly, h4, H4);
}

/** The tag, 16 bytes: the value modulo 2^130 - 5, plus the last 16 bytes of the key. */
export function polyFinish(poly: usize, tag: usize): void {
  let h0 = load<u64>(poly, H0);
  let h1 = load<u64>(poly, H1) + (h0 >> 32);
  let h2 = load<u64>(poly, H2) + (h1 >> 32);
  let h3 = load<u64>(poly, H3) + (h2 >> 32);
  let h4 = load<u64>(poly, H4) + (h3 >> 32);
  h0 = low(h0) + (h4 >> 2) * 5;
  h1 = low(h1) + (h0 >> 32);
  h2 = low(h2) + (h1 >> 32);
  h3 = low(h3) + (h2 >> 32);
  h4 = (h4 & 3) + (h3 >> 32);

  // h - p = h + 5 - 2^130: taken where it is not negative, without asking.
  const g0 = low(h0) + 5;
  const g1 = low(h1) + (g0 >> 32);
  const g2 = low(h2) + (g1 >> 32);
  const g3 = low(h3) + (g2 >> 32);
  const reduced: u64 = 0 - ((h4 + (g3 >> 32)) >> 2); // all ones where h >= p
  const h = low(h0) | (h1 << 32);
  const high = low(h2) | (h3 << 32);
  const g = low(g0) | (g1 << 32);
  const gHigh = low(g2) | (g3 << 32);
  const first = h ^ ((h ^ g) & reduced);
  const second = high ^ ((high ^ gHigh) & reduced);

  const key0 = load<u64>(poly, KEY0);
  const sum = first + key0;
  const carry = ((first & key0) | ((first | key0) & ~sum)) >> 63;
  store<u64>(tag, sum);
  store<u64>(tag, second + load<u64>(poly, KEY1) + carry, 8);
}

/** The lower 32 bits. */
export function low(x: u64): u64 {
  return <u64>(<u32>x);
}
