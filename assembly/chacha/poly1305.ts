// Poly1305 (RFC 8439 section 2.5): the message as a polynomial over 2^130 - 5, at r. The value is four words of 32 bits
// and what is above them, r is four words of 28: section 2.5 clears the upper four bits of each, and the lower two of
// r1, r2 and r3. So what leaves at the top comes back whole: 2^128 r3 = 2^130 r3 / 4, and 2^130 is 5: 5/4 r3.
//
//   a state   u64 h[4] | u64 r[4] | u64 s[3], 5/4 of r1, r2 and r3 | u64 key[2], added at last
//
// h3 goes up to 2^34, where 2^130 begins, and h0 is a little more than a word: what was above 2^130 has come back to it.
// With a block added, h0 < 13/4 2^32, h1 and h2 < 2 2^32, h3 < 6 2^32. The largest sum of products is that of word 0,
// below 2^28 2^32 (13/4 + 5/4 (2 + 2 + 6)) < 2^64.

export const POLY_SIZE = 104;
export const H0 = 0;
export const H1 = 8;
export const H2 = 16;
export const H3 = 24;
export const R0 = 32;
export const R1 = 40;
export const R2 = 48;
export const R3 = 56;
export const S1 = 64;
export const S2 = 72;
export const S3 = 80;
const KEY = 88;

/** In word 3: every block has a bit above its 128, and of the value 34 bits are below 2^130. */
export const BLOCK_BIT: u64 = 0x100000000;
export const TOP_WORD: u64 = 0x3ffffffff;

/** Begins under the one-time key, 32 bytes. */
export function polyStart(poly: usize, key: usize): void {
  const r1: u64 = load<u32>(key, 4) & 0x0ffffffc;
  const r2: u64 = load<u32>(key, 8) & 0x0ffffffc;
  const r3: u64 = load<u32>(key, 12) & 0x0ffffffc;
  v128.store(poly, i64x2.splat(0), H0);
  v128.store(poly, i64x2.splat(0), H2);
  store<u64>(poly, load<u32>(key) & 0x0fffffff, R0);
  store<u64>(poly, r1, R1);
  store<u64>(poly, r2, R2);
  store<u64>(poly, r3, R3);
  store<u64>(poly, r1 + (r1 >> 2), S1);
  store<u64>(poly, r2 + (r2 >> 2), S2);
  store<u64>(poly, r3 + (r3 >> 2), S3);
  v128.store(poly, v128.load(key, 16), KEY);
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
  for (; blocks > 0; blocks--) {
    h0 += load<u32>(message, 0);
    h1 += load<u32>(message, 4);
    h2 += load<u32>(message, 8);
    h3 += <u64>load<u32>(message, 12) + BLOCK_BIT;
    message += 16;
    const d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
    const d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + (d0 >> 32);
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + (d1 >> 32);
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + (d2 >> 32);
    h0 = low(d0) + (d3 >> 34) * 5;
    h1 = low(d1);
    h2 = low(d2);
    h3 = d3 & TOP_WORD;
  }
  store<u64>(poly, h0, H0);
  store<u64>(poly, h1, H1);
  store<u64>(poly, h2, H2);
  store<u64>(poly, h3, H3);
}

/** The tag, 16 bytes: the value modulo p = 2^130 - 5, plus the last 16 bytes of the key, modulo 2^128. */
export function polyFinish(poly: usize, tag: usize): void {
  const h0 = load<u64>(poly, H0);
  const h1 = load<u64>(poly, H1);
  const h2 = load<u64>(poly, H2);
  const h3 = load<u64>(poly, H3);
  // h is below 2 p. Where h + 5 reaches 2^130, h - p = h + 5 - 2^130 is taken, without asking.
  const over = (h3 + ((h2 + ((h1 + ((h0 + 5) >> 32)) >> 32)) >> 32)) >> 34;
  const t0 = h0 + over * 5 + load<u32>(poly, KEY);
  const t1 = h1 + load<u32>(poly, KEY + 4) + (t0 >> 32);
  const t2 = h2 + load<u32>(poly, KEY + 8) + (t1 >> 32);
  const t3 = h3 + load<u32>(poly, KEY + 12) + (t2 >> 32);
  store<u64>(tag, low(t0) | (t1 << 32));
  store<u64>(tag, low(t2) | (t3 << 32), 8);
}

/** The lower 32 bits. */
export function low(x: u64): u64 {
  return <u64>(<u32>x);
}
