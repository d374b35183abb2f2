// Eight blocks <-> eight planes. A plane gathers one bit of every byte: bit i of byte j of plane b is bit b of byte j
// of block i. The exchange is its own inverse.
//
//   block 0 |b7 b6 b5 b4 b3 b2 b1 b0| ...      plane 0 | block 7's b0 ... block 1's b0, block 0's b0| ...
//   block 1 |b7 b6 b5 b4 b3 b2 b1 b0| ...  ->  plane 1 | block 7's b1 ... block 1's b1, block 0's b1| ...
//     :                                          :
import { LOWER_HALVES } from "./tables";

/** Exchanges every 128 bytes from `state` to `end` in place: an 8 x 8 bit matrix in each of the 16 columns of bytes. */
export function transpose(state: usize, end: usize): void {
  const bits = v128.load(LOWER_HALVES);
  const pairs = v128.load(LOWER_HALVES, 16);
  const fours = v128.load(LOWER_HALVES, 32);
  for (; state < end; state += 128) {
    const a0 = low(v128.load(state, 0), v128.load(state, 16), bits, 1);
    const a1 = high(v128.load(state, 0), v128.load(state, 16), bits, 1);
    const a2 = low(v128.load(state, 32), v128.load(state, 48), bits, 1);
    const a3 = high(v128.load(state, 32), v128.load(state, 48), bits, 1);
    const a4 = low(v128.load(state, 64), v128.load(state, 80), bits, 1);
    const a5 = high(v128.load(state, 64), v128.load(state, 80), bits, 1);
    const a6 = low(v128.load(state, 96), v128.load(state, 112), bits, 1);
    const a7 = high(v128.load(state, 96), v128.load(state, 112), bits, 1);

    const b0 = low(a0, a2, pairs, 2);
    const b1 = low(a1, a3, pairs, 2);
    const b2 = high(a0, a2, pairs, 2);
    const b3 = high(a1, a3, pairs, 2);
    const b4 = low(a4, a6, pairs, 2);
    const b5 = low(a5, a7, pairs, 2);
    const b6 = high(a4, a6, pairs, 2);
    const b7 = high(a5, a7, pairs, 2);

    v128.store(state, low(b0, b4, fours, 4), 0);
    v128.store(state, low(b1, b5, fours, 4), 16);
    v128.store(state, low(b2, b6, fours, 4), 32);
    v128.store(state, low(b3, b7, fours, 4), 48);
    v128.store(state, high(b0, b4, fours, 4), 64);
    v128.store(state, high(b1, b5, fours, 4), 80);
    v128.store(state, high(b2, b6, fours, 4), 96);
    v128.store(state, high(b3, b7, fours, 4), 112);
  }
}

/** The low halves of a and b side by side: a's stay, b's move up by `distance` bits. */
function low(a: v128, b: v128, half: v128, distance: i32): v128 {
  return v128.bitselect(a, i64x2.shl(b, distance), half);
}

/** The high halves of a and b side by side: a's move down by `distance` bits, b's stay. */
function high(a: v128, b: v128, half: v128, distance: i32): v128 {
  return v128.bitselect(i64x2.shr_u(a, distance), b, half);
}
