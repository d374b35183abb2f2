// Poly1305 (RFC 8439 section 2.5): the message as a polynomial over 2^130 - 5, at r. Numbers are five limbs of 26 bits,
// so that products of limbs and their sums fit into 64 bits.
//
//   state at POLY   u64 h[5] | u64 r[5]
import { CHACHA_WORK } from "../layout";
import { wipe } from "../bytes";

const POLY: usize = CHACHA_WORK + 256;
const POLY_SIZE = 80;
export const POLY_H: usize = POLY;
export const POLY_R: usize = POLY + 40;
export const LIMB: u64 = 0x3ffffff;

/** Begins under the first 16 bytes of the one-time key, clamped as section 2.5 says. */
export function polyStart(key: usize): void {
  const low = load<u64>(key) & 0x0ffffffc0fffffff;
  const high = load<u64>(key, 8) & 0x0ffffffc0ffffffc;
  wipe(POLY, 40);
  store<u64>(POLY, low & LIMB, 40);
  store<u64>(POLY, (low >> 26) & LIMB, 48);
  store<u64>(POLY, ((low >> 52) | (high << 12)) & LIMB, 56);
  store<u64>(POLY, (high >> 14) & LIMB, 64);
  store<u64>(POLY, high >> 40, 72);
}

/** Takes in `blocks` whole blocks of 16 bytes. */
export function polyBlocks(source: usize, blocks: u32): void {
  const r0 = load<u64>(POLY, 40);
  const r1 = load<u64>(POLY, 48);
  const r2 = load<u64>(POLY, 56);
  const r3 = load<u64>(POLY, 64);
  const r4 = load<u64>(POLY, 72);
  const s1 = r1 * 5; // 2^130 = 5: what leaves at the top comes back times 5
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  let h0 = load<u64>(POLY, 0);
  let h1 = load<u64>(POLY, 8);
  let h2 = load<u64>(POLY, 16);
  let h3 = load<u64>(POLY, 24);
  let h4 = load<u64>(POLY, 32);
  for (; blocks > 0; blocks--) {
    const low = load<u64>(source);
    const high = load<u64>(source, 8);
    source += 16;
    h0 += low & LIMB;
    h1 += (low >> 26) & LIMB;
    h2 += ((low >> 52) | (high << 12)) & LIMB;
    h3 += (high >> 14) & LIMB;
    h4 += (high >> 40) | (1 << 24); // every block has a bit above its 128
    const d0 = h0 * r0 + h1 * s4 + h2 * s3 + h3 * s2 + h4 * s1;
    const d1 = h0 * r1 + h1 * r0 + h2 * s4 + h3 * s3 + h4 * s2 + (d0 >> 26);
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s4 + h4 * s3 + (d1 >> 26);
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s4 + (d2 >> 26);
    const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + (d3 >> 26);
    h0 = (d0 & LIMB) + (d4 >> 26) * 5;
    h1 = (d1 & LIMB) + (h0 >> 26);
    h0 &= LIMB;
    h2 = d2 & LIMB;
    h3 = d3 & LIMB;
    h4 = d4 & LIMB;
  }
  store<u64>(POLY, h0, 0);
  store<u64>(POLY, h1, 8);
  store<u64>(POLY, h2, 16);
  store<u64>(POLY, h3, 24);
  store<u64>(POLY, h4, 32);
}

/** The tag, 16 bytes: the value modulo 2^130 - 5, plus the last 16 bytes of the one-time key. Wipes the state. */
export function polyFinish(key: usize, tag: usize): void {
  let h0 = load<u64>(POLY, 0);
  let h1 = load<u64>(POLY, 8);
  let h2 = load<u64>(POLY, 16);
  let h3 = load<u64>(POLY, 24);
  let h4 = load<u64>(POLY, 32);
  h2 += h1 >> 26;
  h1 &= LIMB;
  h3 += h2 >> 26;
  h2 &= LIMB;
  h4 += h3 >> 26;
  h3 &= LIMB;
  h0 += (h4 >> 26) * 5;
  h4 &= LIMB;
  h1 += h0 >> 26;
  h0 &= LIMB;

  // h - p = h + 5 - 2^130: taken where it is not negative, without asking.
  let g0 = h0 + 5;
  let g1 = h1 + (g0 >> 26);
  let g2 = h2 + (g1 >> 26);
  let g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26) - (1 << 26);
  g0 &= LIMB;
  g1 &= LIMB;
  g2 &= LIMB;
  g3 &= LIMB;
  const reduced: u64 = (g4 >> 63) - 1; // all ones where h >= p
  h0 ^= (h0 ^ g0) & reduced;
  h1 ^= (h1 ^ g1) & reduced;
  h2 ^= (h2 ^ g2) & reduced;
  h3 ^= (h3 ^ g3) & reduced;
  h4 ^= (h4 ^ g4) & reduced;

  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const key0 = load<u64>(key, 16);
  const sum = low + key0;
  const carry = ((low & key0) | ((low | key0) & ~sum)) >> 63;
  store<u64>(tag, sum);
  store<u64>(tag, high + load<u64>(key, 24) + carry, 8);
  wipe(POLY, POLY_SIZE);
}
