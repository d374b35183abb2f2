// Poly1305 on four blocks at a time. Lane l takes every fourth block from block l on and multiplies by r^4 each time; at
// the last group the lanes multiply by r^4, r^3, r^2 and r instead, and their sum is the value. Blocks that would be in
// front of the first are lanes of zeroes without the bit above the block.
//
//   a multiplier   10 vectors: its five limbs, then the same times 5 (2^130 = 5: what leaves at the top comes back)
import { wipe } from "../bytes";
import { CHACHA_WORK } from "../layout";
import { LIMB, POLY_H, POLY_R } from "./poly1305";

const LANES: usize = CHACHA_WORK + 2560; // 5 vectors: the limbs of the four lanes
const PRODUCTS: usize = CHACHA_WORK + 2640; // 10 vectors: limbs of lanes 0 and 1, then of 2 and 3, 64 bits each
const FOURTH: usize = CHACHA_WORK + 2800; // the multiplier r^4
const LAST: usize = CHACHA_WORK + 2960; // the multiplier r^4, r^3, r^2, r
const POWERS: usize = CHACHA_WORK + 3120; // u64[5] each: r^2, r^3, r^4
const END: usize = CHACHA_WORK + 3248;

/** The bit above a block's 128 in limb 4: loaded from 16 - 4 n on, the first n lanes lack it. */
const BITS_ABOVE = memory.data<u32>([0, 0, 0, 0, 0x1000000, 0x1000000, 0x1000000, 0x1000000], 16);
const LIMBS = memory.data<u32>([0x3ffffff, 0x3ffffff, 0x3ffffff, 0x3ffffff], 16);
const LIMBS_64 = memory.data<u64>([0x3ffffff, 0x3ffffff], 16);

/** After polyStart: the powers of r, and lanes of zero. */
export function polyLanesStart(): void {
  multiplyScalar(POLY_R, POWERS);
  multiplyScalar(POWERS, POWERS + 40);
  multiplyScalar(POWERS + 40, POWERS + 80);
  for (let limb: usize = 0; limb < 5; limb++) {
    const r1 = load<u32>(POLY_R + (limb << 3));
    const r2 = load<u32>(POWERS + (limb << 3));
    const r3 = load<u32>(POWERS + 40 + (limb << 3));
    const r4 = load<u32>(POWERS + 80 + (limb << 3));
    const fourth = i32x4.splat(r4);
    const last = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(fourth, 1, r3), 2, r2), 3, r1);
    storeLimb(FOURTH + (limb << 4), fourth);
    storeLimb(LAST + (limb << 4), last);
  }
}

/** The first group: `missing` blocks are not there. */
export function polyLanesFirst(blocks: usize, missing: usize): void {
  addGroups(blocks, 1, FOURTH, BITS_ABOVE + 16 - (missing << 2));
}

/** Groups of four blocks, neither the first nor the last. */
export function polyLanesMiddle(blocks: usize, groups: u32): void {
  addGroups(blocks, groups, FOURTH, BITS_ABOVE + 16);
}

/** The last group. The value goes to where polyFinish expects it. */
export function polyLanesLast(blocks: usize): void {
  addGroups(blocks, 1, LAST, BITS_ABOVE + 16);
  let carried: u64 = 0;
  for (let limb: usize = 0; limb < 5; limb++) {
    const lanes = v128.load(LANES + (limb << 4));
    const pairs = i64x2.add(i64x2.extend_low_i32x4_u(lanes), i64x2.extend_high_i32x4_u(lanes));
    const sum = i64x2.extract_lane(pairs, 0) + i64x2.extract_lane(pairs, 1) + carried;
    store<u64>(POLY_H + (limb << 3), limb == 4 ? sum : sum & LIMB);
    carried = sum >> 26;
  }
  wipe(LANES, END - LANES);
}

/** r times the number at `from`, as in polyBlocks. */
function multiplyScalar(from: usize, to: usize): void {
  const r0 = load<u64>(POLY_R, 0);
  const r1 = load<u64>(POLY_R, 8);
  const r2 = load<u64>(POLY_R, 16);
  const r3 = load<u64>(POLY_R, 24);
  const r4 = load<u64>(POLY_R, 32);
  const a0 = load<u64>(from, 0);
  const a1 = load<u64>(from, 8);
  const a2 = load<u64>(from, 16);
  const a3 = load<u64>(from, 24);
  const a4 = load<u64>(from, 32);
  const d0 = a0 * r0 + (a1 * r4 + a2 * r3 + a3 * r2 + a4 * r1) * 5;
  const d1 = a0 * r1 + a1 * r0 + (a2 * r4 + a3 * r3 + a4 * r2) * 5 + (d0 >> 26);
  const d2 = a0 * r2 + a1 * r1 + a2 * r0 + (a3 * r4 + a4 * r3) * 5 + (d1 >> 26);
  const d3 = a0 * r3 + a1 * r2 + a2 * r1 + a3 * r0 + a4 * r4 * 5 + (d2 >> 26);
  const d4 = a0 * r4 + a1 * r3 + a2 * r2 + a3 * r1 + a4 * r0 + (d3 >> 26);
  const low = (d0 & LIMB) + (d4 >> 26) * 5;
  store<u64>(to, low & LIMB, 0);
  store<u64>(to, (d1 & LIMB) + (low >> 26), 8);
  store<u64>(to, d2 & LIMB, 16);
  store<u64>(to, d3 & LIMB, 24);
  store<u64>(to, d4 & LIMB, 32);
}

function storeLimb(place: usize, limb: v128): void {
  v128.store(place, limb);
  v128.store(place, i32x4.add(limb, i32x4.shl(limb, 2)), 80);
}

/** Every group is added to the lanes, which are then multiplied. */
function addGroups(blocks: usize, groups: u32, by: usize, bitsAbove: usize): void {
  let h0 = v128.load(LANES, 0);
  let h1 = v128.load(LANES, 16);
  let h2 = v128.load(LANES, 32);
  let h3 = v128.load(LANES, 48);
  let h4 = v128.load(LANES, 64);
  const limb = v128.load(LIMBS);
  for (; groups > 0; groups--) {
    // From block-wise to word-wise: word w of the four blocks.
    const low01 = v128.shuffle<i32>(v128.load(blocks, 0), v128.load(blocks, 16), 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(v128.load(blocks, 0), v128.load(blocks, 16), 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(v128.load(blocks, 32), v128.load(blocks, 48), 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(v128.load(blocks, 32), v128.load(blocks, 48), 2, 6, 3, 7);
    const w0 = v128.shuffle<i64>(low01, low23, 0, 2);
    const w1 = v128.shuffle<i64>(low01, low23, 1, 3);
    const w2 = v128.shuffle<i64>(high01, high23, 0, 2);
    const w3 = v128.shuffle<i64>(high01, high23, 1, 3);
    blocks += 64;
    h0 = i32x4.add(h0, v128.and(w0, limb));
    h1 = i32x4.add(h1, v128.and(v128.or(i32x4.shr_u(w0, 26), i32x4.shl(w1, 6)), limb));
    h2 = i32x4.add(h2, v128.and(v128.or(i32x4.shr_u(w1, 20), i32x4.shl(w2, 12)), limb));
    h3 = i32x4.add(h3, v128.and(v128.or(i32x4.shr_u(w2, 14), i32x4.shl(w3, 18)), limb));
    h4 = i32x4.add(h4, v128.or(i32x4.shr_u(w3, 8), v128.load(bitsAbove)));
    multiplyLow(h0, h1, h2, h3, h4, by);
    multiplyHigh(h0, h1, h2, h3, h4, by);
    h0 = v128.shuffle<i32>(v128.load(PRODUCTS, 0), v128.load(PRODUCTS, 80), 0, 2, 4, 6);
    h1 = v128.shuffle<i32>(v128.load(PRODUCTS, 16), v128.load(PRODUCTS, 96), 0, 2, 4, 6);
    h2 = v128.shuffle<i32>(v128.load(PRODUCTS, 32), v128.load(PRODUCTS, 112), 0, 2, 4, 6);
    h3 = v128.shuffle<i32>(v128.load(PRODUCTS, 48), v128.load(PRODUCTS, 128), 0, 2, 4, 6);
    h4 = v128.shuffle<i32>(v128.load(PRODUCTS, 64), v128.load(PRODUCTS, 144), 0, 2, 4, 6);
  }
  v128.store(LANES, h0, 0);
  v128.store(LANES, h1, 16);
  v128.store(LANES, h2, 32);
  v128.store(LANES, h3, 48);
  v128.store(LANES, h4, 64);
}

/** The products of lanes 0 and 1, carried. */
function multiplyLow(h0: v128, h1: v128, h2: v128, h3: v128, h4: v128, by: usize): void {
  const r0 = v128.load(by, 0);
  const r1 = v128.load(by, 16);
  const r2 = v128.load(by, 32);
  const r3 = v128.load(by, 48);
  const r4 = v128.load(by, 64);
  const s1 = v128.load(by, 96);
  const s2 = v128.load(by, 112);
  const s3 = v128.load(by, 128);
  const s4 = v128.load(by, 144);
  const d0 = sum(
    i64x2.extmul_low_i32x4_u(h0, r0),
    i64x2.extmul_low_i32x4_u(h1, s4),
    i64x2.extmul_low_i32x4_u(h2, s3),
    i64x2.extmul_low_i32x4_u(h3, s2),
    i64x2.extmul_low_i32x4_u(h4, s1),
  );
  const d1 = sum(
    i64x2.extmul_low_i32x4_u(h0, r1),
    i64x2.extmul_low_i32x4_u(h1, r0),
    i64x2.extmul_low_i32x4_u(h2, s4),
    i64x2.extmul_low_i32x4_u(h3, s3),
    i64x2.extmul_low_i32x4_u(h4, s2),
  );
  const d2 = sum(
    i64x2.extmul_low_i32x4_u(h0, r2),
    i64x2.extmul_low_i32x4_u(h1, r1),
    i64x2.extmul_low_i32x4_u(h2, r0),
    i64x2.extmul_low_i32x4_u(h3, s4),
    i64x2.extmul_low_i32x4_u(h4, s3),
  );
  const d3 = sum(
    i64x2.extmul_low_i32x4_u(h0, r3),
    i64x2.extmul_low_i32x4_u(h1, r2),
    i64x2.extmul_low_i32x4_u(h2, r1),
    i64x2.extmul_low_i32x4_u(h3, r0),
    i64x2.extmul_low_i32x4_u(h4, s4),
  );
  const d4 = sum(
    i64x2.extmul_low_i32x4_u(h0, r4),
    i64x2.extmul_low_i32x4_u(h1, r3),
    i64x2.extmul_low_i32x4_u(h2, r2),
    i64x2.extmul_low_i32x4_u(h3, r1),
    i64x2.extmul_low_i32x4_u(h4, r0),
  );
  carry(PRODUCTS, d0, d1, d2, d3, d4);
}

/** The products of lanes 2 and 3, carried. */
function multiplyHigh(h0: v128, h1: v128, h2: v128, h3: v128, h4: v128, by: usize): void {
  const r0 = v128.load(by, 0);
  const r1 = v128.load(by, 16);
  const r2 = v128.load(by, 32);
  const r3 = v128.load(by, 48);
  const r4 = v128.load(by, 64);
  const s1 = v128.load(by, 96);
  const s2 = v128.load(by, 112);
  const s3 = v128.load(by, 128);
  const s4 = v128.load(by, 144);
  const d0 = sum(
    i64x2.extmul_high_i32x4_u(h0, r0),
    i64x2.extmul_high_i32x4_u(h1, s4),
    i64x2.extmul_high_i32x4_u(h2, s3),
    i64x2.extmul_high_i32x4_u(h3, s2),
    i64x2.extmul_high_i32x4_u(h4, s1),
  );
  const d1 = sum(
    i64x2.extmul_high_i32x4_u(h0, r1),
    i64x2.extmul_high_i32x4_u(h1, r0),
    i64x2.extmul_high_i32x4_u(h2, s4),
    i64x2.extmul_high_i32x4_u(h3, s3),
    i64x2.extmul_high_i32x4_u(h4, s2),
  );
  const d2 = sum(
    i64x2.extmul_high_i32x4_u(h0, r2),
    i64x2.extmul_high_i32x4_u(h1, r1),
    i64x2.extmul_high_i32x4_u(h2, r0),
    i64x2.extmul_high_i32x4_u(h3, s4),
    i64x2.extmul_high_i32x4_u(h4, s3),
  );
  const d3 = sum(
    i64x2.extmul_high_i32x4_u(h0, r3),
    i64x2.extmul_high_i32x4_u(h1, r2),
    i64x2.extmul_high_i32x4_u(h2, r1),
    i64x2.extmul_high_i32x4_u(h3, r0),
    i64x2.extmul_high_i32x4_u(h4, s4),
  );
  const d4 = sum(
    i64x2.extmul_high_i32x4_u(h0, r4),
    i64x2.extmul_high_i32x4_u(h1, r3),
    i64x2.extmul_high_i32x4_u(h2, r2),
    i64x2.extmul_high_i32x4_u(h3, r1),
    i64x2.extmul_high_i32x4_u(h4, r0),
  );
  carry(PRODUCTS + 80, d0, d1, d2, d3, d4);
}

function sum(a: v128, b: v128, c: v128, d: v128, e: v128): v128 {
  return i64x2.add(i64x2.add(i64x2.add(a, b), i64x2.add(c, d)), e);
}

/** To limbs of 26 bits and a little: two chains side by side, from limb 0 and from limb 3. */
function carry(to: usize, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128): void {
  const limb = v128.load(LIMBS_64);
  d1 = i64x2.add(d1, i64x2.shr_u(d0, 26));
  d4 = i64x2.add(d4, i64x2.shr_u(d3, 26));
  const top = i64x2.shr_u(d4, 26);
  d0 = i64x2.add(v128.and(d0, limb), i64x2.add(top, i64x2.shl(top, 2)));
  d2 = i64x2.add(d2, i64x2.shr_u(d1, 26));
  d3 = i64x2.add(v128.and(d3, limb), i64x2.shr_u(d2, 26));
  d1 = i64x2.add(v128.and(d1, limb), i64x2.shr_u(d0, 26));
  d4 = i64x2.add(v128.and(d4, limb), i64x2.shr_u(d3, 26));
  v128.store(to, v128.and(d0, limb), 0);
  v128.store(to, d1, 16);
  v128.store(to, v128.and(d2, limb), 32);
  v128.store(to, v128.and(d3, limb), 48);
  v128.store(to, d4, 64);
}
