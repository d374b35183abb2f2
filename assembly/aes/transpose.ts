// Eight blocks <-> eight planes. A plane gathers one bit of every byte: bit i of byte j of plane b is bit b of byte j
// of block i. The exchange is its own inverse.
//
//   block 0 |b7 b6 b5 b4 b3 b2 b1 b0| ...      plane 0 | block 7's b0 ... block 1's b0, block 0's b0| ...
//   block 1 |b7 b6 b5 b4 b3 b2 b1 b0| ...  ->  plane 1 | block 7's b1 ... block 1's b1, block 0's b1| ...
//     :                                          :
import { permute } from "./permute";
import { LOWER_HALVES, SHIFT_ROWS } from "./tables";

/** Exchanges every 128 bytes from `state` to `end` in place: an 8 x 8 bit matrix in each of the 16 columns of bytes. */
export function transpose(state: usize, end: usize): void {
  exchange(state, end, 0, 0, 0, 0, 0);
}

/** Blocks to planes, and adds the round key. The keys of two states lie `apart`, 0 if it is one. */
export function toPlanes(state: usize, end: usize, key: usize, apart: usize): void {
  exchange(state, end, 0, 0, key, apart, SHIFT_ROWS);
}

/** The same; but first it adds to each block the text `offset` behind its address in `texts`, u32 each. */
export function textsToPlanes(state: usize, end: usize, texts: usize, offset: usize, key: usize, apart: usize): void {
  exchange(state, end, texts, offset, key, apart, SHIFT_ROWS);
}

/** Planes to blocks, all shifts of rows at once (`order` is one of SHIFT_ROWS), and adds the last round's key. */
export function fromPlanes(state: usize, end: usize, key: usize, apart: usize, order: usize): void {
  exchange(state, end, 0, 0, key, apart, order);
}

/** Every block to its text, `offset` behind its address in `texts`. Of those with the same text the first one remains. */
export function toTexts(state: usize, end: usize, texts: usize, offset: usize): void {
  for (; state < end; state += 128) {
    v128.store(load<u32>(texts, 28) + offset, v128.load(state, 112));
    v128.store(load<u32>(texts, 24) + offset, v128.load(state, 96));
    v128.store(load<u32>(texts, 20) + offset, v128.load(state, 80));
    v128.store(load<u32>(texts, 16) + offset, v128.load(state, 64));
    v128.store(load<u32>(texts, 12) + offset, v128.load(state, 48));
    v128.store(load<u32>(texts, 8) + offset, v128.load(state, 32));
    v128.store(load<u32>(texts, 4) + offset, v128.load(state, 16));
    v128.store(load<u32>(texts, 0) + offset, v128.load(state, 0));
    texts += 32;
  }
}

/**
 * With `texts` not 0, adds the text at each block's address there, `offset` further on. Exchanges. With `key` not 0,
 * puts the bytes into `order` and adds what stands at `key`; the keys of two states lie `apart`.
 */
function exchange(state: usize, end: usize, texts: usize, offset: usize, key: usize, apart: usize, order: usize): void {
  const bits = v128.load(LOWER_HALVES);
  const pairs = v128.load(LOWER_HALVES, 16);
  const fours = v128.load(LOWER_HALVES, 32);
  for (; state < end; state += 128) {
    let a0 = v128.load(state, 0);
    let a1 = v128.load(state, 16);
    let a2 = v128.load(state, 32);
    let a3 = v128.load(state, 48);
    let a4 = v128.load(state, 64);
    let a5 = v128.load(state, 80);
    let a6 = v128.load(state, 96);
    let a7 = v128.load(state, 112);
    if (texts != 0) {
      a0 = v128.xor(a0, v128.load(load<u32>(texts, 0) + offset));
      a1 = v128.xor(a1, v128.load(load<u32>(texts, 4) + offset));
      a2 = v128.xor(a2, v128.load(load<u32>(texts, 8) + offset));
      a3 = v128.xor(a3, v128.load(load<u32>(texts, 12) + offset));
      a4 = v128.xor(a4, v128.load(load<u32>(texts, 16) + offset));
      a5 = v128.xor(a5, v128.load(load<u32>(texts, 20) + offset));
      a6 = v128.xor(a6, v128.load(load<u32>(texts, 24) + offset));
      a7 = v128.xor(a7, v128.load(load<u32>(texts, 28) + offset));
      texts += 32;
    }
    const d0 = difference(a0, a1, bits, 1);
    const b0 = v128.xor(a0, i64x2.shl(d0, 1));
    const b1 = v128.xor(a1, d0);
    const d2 = difference(a2, a3, bits, 1);
    const b2 = v128.xor(a2, i64x2.shl(d2, 1));
    const b3 = v128.xor(a3, d2);
    const e0 = difference(b0, b2, pairs, 2);
    const c0 = v128.xor(b0, i64x2.shl(e0, 2));
    const c2 = v128.xor(b2, e0);
    const e1 = difference(b1, b3, pairs, 2);
    const c1 = v128.xor(b1, i64x2.shl(e1, 2));
    const c3 = v128.xor(b3, e1);

    const d4 = difference(a4, a5, bits, 1);
    const b4 = v128.xor(a4, i64x2.shl(d4, 1));
    const b5 = v128.xor(a5, d4);
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
    const g0 = v128.xor(c0, i64x2.shl(f0, 4));
    const g4 = v128.xor(c4, f0);
    const f1 = difference(c1, c5, fours, 4);
    const g1 = v128.xor(c1, i64x2.shl(f1, 4));
    const g5 = v128.xor(c5, f1);
    const f2 = difference(c2, c6, fours, 4);
    const g2 = v128.xor(c2, i64x2.shl(f2, 4));
    const g6 = v128.xor(c6, f2);
    const f3 = difference(c3, c7, fours, 4);
    const g3 = v128.xor(c3, i64x2.shl(f3, 4));
    const g7 = v128.xor(c7, f3);
    if (key == 0) {
      v128.store(state, g0, 0);
      v128.store(state, g1, 16);
      v128.store(state, g2, 32);
      v128.store(state, g3, 48);
      v128.store(state, g4, 64);
      v128.store(state, g5, 80);
      v128.store(state, g6, 96);
      v128.store(state, g7, 112);
    } else {
      const shifted = v128.load(order);
      v128.store(state, v128.xor(permute(g0, shifted), v128.load(key, 0)), 0);
      v128.store(state, v128.xor(permute(g1, shifted), v128.load(key, 16)), 16);
      v128.store(state, v128.xor(permute(g2, shifted), v128.load(key, 32)), 32);
      v128.store(state, v128.xor(permute(g3, shifted), v128.load(key, 48)), 48);
      v128.store(state, v128.xor(permute(g4, shifted), v128.load(key, 64)), 64);
      v128.store(state, v128.xor(permute(g5, shifted), v128.load(key, 80)), 80);
      v128.store(state, v128.xor(permute(g6, shifted), v128.load(key, 96)), 96);
      v128.store(state, v128.xor(permute(g7, shifted), v128.load(key, 112)), 112);
      key += apart;
    }
  }
}

/** Where the upper halves of `a` differ from the lower ones of `b`: adding it to both exchanges them. */
function difference(a: v128, b: v128, half: v128, distance: i32): v128 {
  return v128.and(v128.xor(i64x2.shr_u(a, distance), b), half);
}
