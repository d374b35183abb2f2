// Sums of blocks times powers of the hash key H (NIST SP 800-38D section 6.3), by nibble tables and byte shuffles: constant
// time.
//
// An element is 16 bytes as in the standard: the most significant bit of byte 0 is the coefficient of x^0.
// A table is that of one power P of H, 512 bytes: row j, 32 bytes, holds byte j of
//
//   0..15    n * P           for the 16 values n of a high nibble
//   16..31   n * P * x^4     for the 16 values n of a low nibble
//
// Shuffling row j by the nibbles of a block gives, at byte i, byte j of that byte's product with P: it belongs i bytes
// further on. So the rows of all blocks are summed before the shifting, and a Horner pass over the 16 rows, from the
// last to the first, shifts by one byte each. The sum of 31 bytes is reduced once.
import { permute } from "../aes/permute";

/** Of a power's table, bytes. */
export const TABLE_SIZE = 512;

const LOW_NIBBLES = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);
const REVERSED = memory.data<u8>([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 16);
const ZERO = memory.data<u64>([0, 0, 0, 0], 16); // two blocks

/** One block times H. The tables behind are those of other powers, or zero. */
export function product(tables: usize, block: v128): v128 {
  return addFour(tables, v128.load(ZERO), ZERO, block);
}

/**
 * block 0 * H^4 + the two blocks at `next` times H^3 and H^2 + block 3 * H. The lower half of the sum goes round instead of
 * shifting, so that the upper half is in it as well, and is taken away at the end. The sum is a chain: so it needs the
 * fewest registers.
 */
export function addFour(tables: usize, block0: v128, next: usize, block3: v128): v128 {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const block1 = v128.load(next);
  const block2 = v128.load(next, 16);
  const high0 = v128.and(i16x8.shr_u(block0, 4), lowNibbles);
  const high1 = v128.and(i16x8.shr_u(block1, 4), lowNibbles);
  const high2 = v128.and(i16x8.shr_u(block2, 4), lowNibbles);
  const high3 = v128.and(i16x8.shr_u(block3, 4), lowNibbles);
  const low0 = v128.and(block0, lowNibbles);
  const low1 = v128.and(block1, lowNibbles);
  const low2 = v128.and(block2, lowNibbles);
  const low3 = v128.and(block3, lowNibbles);
  let low = v128.load(ZERO);
  let high = v128.load(ZERO);
  for (let row = tables + 480; row >= tables; row -= 32) {
    high = v128.shuffle<i8>(low, high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    low = v128.shuffle<i8>(low, low, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1536), high0), permute(v128.load(row, 1552), low0)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1024), high1), permute(v128.load(row, 1040), low1)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 512), high2), permute(v128.load(row, 528), low2)));
    low = v128.xor(low, v128.xor(permute(v128.load(row), high3), permute(v128.load(row, 16), low3)));
  }
  return reduce(v128.xor(low, high), high);
}

/** block 0 * H^6 + the four blocks at `next` times H^5 .. H^2 + block 5 * H. */
export function addSix(tables: usize, block0: v128, next: usize, block5: v128): v128 {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const block1 = v128.load(next);
  const block2 = v128.load(next, 16);
  const block3 = v128.load(next, 32);
  const block4 = v128.load(next, 48);
  const high0 = v128.and(i16x8.shr_u(block0, 4), lowNibbles);
  const high1 = v128.and(i16x8.shr_u(block1, 4), lowNibbles);
  const high2 = v128.and(i16x8.shr_u(block2, 4), lowNibbles);
  const high3 = v128.and(i16x8.shr_u(block3, 4), lowNibbles);
  const high4 = v128.and(i16x8.shr_u(block4, 4), lowNibbles);
  const high5 = v128.and(i16x8.shr_u(block5, 4), lowNibbles);
  const low0 = v128.and(block0, lowNibbles);
  const low1 = v128.and(block1, lowNibbles);
  const low2 = v128.and(block2, lowNibbles);
  const low3 = v128.and(block3, lowNibbles);
  const low4 = v128.and(block4, lowNibbles);
  const low5 = v128.and(block5, lowNibbles);
  let low = v128.load(ZERO);
  let high = v128.load(ZERO);
  for (let row = tables + 480; row >= tables; row -= 32) {
    high = v128.shuffle<i8>(low, high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    low = v128.shuffle<i8>(low, low, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    low = v128.xor(low, v128.xor(permute(v128.load(row, 2560), high0), permute(v128.load(row, 2576), low0)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 2048), high1), permute(v128.load(row, 2064), low1)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1536), high2), permute(v128.load(row, 1552), low2)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1024), high3), permute(v128.load(row, 1040), low3)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 512), high4), permute(v128.load(row, 528), low4)));
    low = v128.xor(low, v128.xor(permute(v128.load(row), high5), permute(v128.load(row, 16), low5)));
  }
  return reduce(v128.xor(low, high), high);
}

/** x^128 = 1 + x + x^2 + x^7: every bit of `high`, which lies 128 places on, comes back in four places. */
function reduce(low: v128, high: v128): v128 {
  const reversed = v128.load(REVERSED);
  const bits = permute(high, reversed); // now a number of 128 bits, x^0 its highest
  const carried = v128.xor(v128.xor(i64x2.shl(bits, 63), i64x2.shl(bits, 62)), i64x2.shl(bits, 57));
  const shifted = v128.xor(v128.xor(i64x2.shr_u(bits, 1), i64x2.shr_u(bits, 2)), i64x2.shr_u(bits, 7));
  const across = v128.shuffle<i64>(carried, v128.load(ZERO), 1, 2); // from the upper half to the lower
  return v128.xor(low, permute(v128.xor(v128.xor(bits, shifted), across), reversed));
}
