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
    const a0 = v128.load(state, 0);
    const a1 = v128.load(state, 16);
    const d0 = difference(a0, a1, bits, 1);
    const b0 = v128.xor(a0, i64x2.shl(d0, 1));
    const b1 = v128.xor(a1, d0);
    const a2 = v128.load(state, 32);
    const a3 = v128.load(state, 48);
    const d2 = difference(a2, a3, bits, 1);
    const b2 = v128.xor(a2, i64x2.shl(d2, 1));
    const b3 = v128.xor(a3, d2);
    const e0 = difference(b0, b2, pairs, 2);
    const c0 = v128.xor(b0, i64x2.shl(e0, 2));
    const c2 = v128.xor(b2, e0);
    const e1 = difference(b1, b3, pairs, 2);
    const c1 = v128.xor(b1, i64x2.shl(e1, 2));
    const c3 = v128.xor(b3, e1);

    const a4 = v128.load(state, 64);
    const a5 = v128.load(state, 80);
    const d4 = difference(a4, a5, bits, 1);
    const b4 = v128.xor(a4, i64x2.shl(d4, 1));
    const b5 = v128.xor(a5, d4);
    const a6 = v128.load(state, 96);
    const a7 = v128.load(state, 112);
    const d6 = difference(a6, a7, bits, 1);
    const b6 = v128.xor(a6, i64x2.shl(d6, 1));
    const b7 = v128.xor(a7, d6);
    const e4 = difference(b4, b6, pairs, 2);
    const c4 = v128.xor(b4, i64x2.shl(e4, 2));
    const c6 = v128.xor(b6, e4);
    const e5 = difference(b5, b7, pairs, 2);
    const c5 = v128.xor(b5, i64x2.shl(e5, 2));
    const c7 = v128.xor(b7, e5);

    const f0 = difference(c0, c4, fours, 4);
    v128.store(state, v128.xor(c0, i64x2.shl(f0, 4)), 0);
    v128.store(state, v128.xor(c4, f0), 64);
    const f1 = difference(c1, c5, fours, 4);
    v128.store(state, v128.xor(c1, i64x2.shl(f1, 4)), 16);
    v128.store(state, v128.xor(c5, f1), 80);
    const f2 = difference(c2, c6, fours, 4);
    v128.store(state, v128.xor(c2, i64x2.shl(f2, 4)), 32);
    v128.store(state, v128.xor(c6, f2), 96);
    const f3 = difference(c3, c7, fours, 4);
    v128.store(state, v128.xor(c3, i64x2.shl(f3, 4)), 48);
    v128.store(state, v128.xor(c7, f3), 112);
  }
}

/** Where the upper halves of `a` differ from the lower ones of `b`: adding it to both exchanges them. */
function difference(a: v128, b: v128, half: v128, distance: i32): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, distance), b), half);
}
