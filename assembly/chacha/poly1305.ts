// Poly1305 (RFC 8439 section 2.5): the message as a polynomial over 2^130 - 5, at r. The value is four words of 32 bits
// and what is above them, r is four words of 28: section 2.5 clears the upper four bits of each, and the lower two of
// r1, r2 and r3. So what leaves at the top comes back whole: 2^128 r3 = 2^130 r3 / 4, and 2^130 is 5: 5/4 r3.
//
//   state at POLY   u64 h[5] | u64 r[4]
//
// Carries move up by one word a block, all of them side by side, so h[0..3] are a little more than 32 bits. If no sum
// of products is above D, a word with the next block added is at most 2^33 + D / 2^32, word 0 takes back 5/4 of what is
// above, and D <= 2^28 (2^33 + 5/4 (2^30 + D / 2^32)) + 3 * 5/4 2^28 (2^33 + D / 2^32) + 2^31: D is under 2^63.9.
import { CHACHA_WORK } from "../layout";

const POLY: usize = CHACHA_WORK + 384;
export const POLY_H: usize = POLY;
export const POLY_R: usize = POLY + 40;

/** Begins under the first 16 bytes of the one-time key, clamped as section 2.5 says. */
export function polyStart(key: usize): void {
  for (let word: usize = 0; word < 40; word += 8) store<u64>(POLY_H + word, 0);
  store<u64>(POLY_R, load<u32>(key) & 0x0fffffff);
  store<u64>(POLY_R, load<u32>(key, 4) & 0x0ffffffc, 8);
  store<u64>(POLY_R, load<u32>(key, 8) & 0x0ffffffc, 16);
  store<u64>(POLY_R, load<u32>(key, 12) & 0x0ffffffc, 24);
}

/** Takes in `blocks` whole blocks of 16 bytes. */
export function polyBlocks(message: usize, blocks: u32): void {
  const r0 = load<u64>(POLY_R, 0);
  const r1 = load<u64>(POLY_R, 8);
  const r2 = load<u64>(POLY_R, 16);
  const r3 = load<u64>(POLY_R, 24);
  const s1 = r1 + (r1 >> 2);
  const s2 = r2 + (r2 >> 2);
  const s3 = r3 + (r3 >> 2);
  let h0 = load<u64>(POLY_H, 0);
  let h1 = load<u64>(POLY_H, 8);
  let h2 = load<u64>(POLY_H, 16);
  let h3 = load<u64>(POLY_H, 24);
  let h4 = load<u64>(POLY_H, 32);
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
  store<u64>(POLY_H, h0, 0);
  store<u64>(POLY_H, h1, 8);
  store<u64>(POLY_H, h2, 16);
  store<u64>(POLY_H, h3, 24);
  store<u64>(POLY_H, h4, 32);
}

/** The tag, 16 bytes: the value modulo 2^130 - 5, plus the last 16 bytes of the one-time key. */
export function polyFinish(key: usize, tag: usize): void {
  let h0 = load<u64>(POLY_H, 0);
  let h1 = load<u64>(POLY_H, 8) + (h0 >> 32);
  let h2 = load<u64>(POLY_H, 16) + (h1 >> 32);
  let h3 = load<u64>(POLY_H, 24) + (h2 >> 32);
  let h4 = load<u64>(POLY_H, 32) + (h3 >> 32);
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

  const key0 = load<u64>(key, 16);
  const sum = first + key0;
  const carry = ((first & key0) | ((first | key0) & ~sum)) >> 63;
  store<u64>(tag, sum);
  store<u64>(tag, second + load<u64>(key, 24) + carry, 8);
}

/** The lower 32 bits. */
function low(x: u64): u64 {
  return <u64>(<u32>x);
}
