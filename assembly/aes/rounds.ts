// The linear steps of a round. Each passes over all states from `state` to `end`, 128 bytes each: a step of one state
// waits for the step before it, and the states beside it fill the wait. The keys of two states lie `apart`, 0 if it is one.
import { permute } from "./permute";

/**
 * FIPS 197 section 5.1.3: a byte becomes 2a + 3b + c + d of its column a b c d, counted downwards from itself. With
 * t = a + b that is 2t + b + (c + d), and c + d is t two rows down. Doubling moves each bit up by one, and bit 7 comes
 * back as x^4 + x^3 + x + 1: into the bits 0, 1, 3 and 4.
 */
export function mixColumnsAddRoundKey(state: usize, end: usize, key: usize, apart: usize, rowsDown: usize): void {
  const oneDown = v128.load(rowsDown);
  const twoDown = v128.load(rowsDown, 16);
  for (; state < end; state += 128) {
    const a7 = v128.load(state, 112);
    const b7 = permute(a7, oneDown);
    const t7 = v128.xor(a7, b7);

    const a0 = v128.load(state, 0);
    const b0 = permute(a0, oneDown);
    const t0 = v128.xor(a0, b0);
    v128.store(state, sum(t7, b0, permute(t0, twoDown), v128.load(key, 0)), 0);

    const a1 = v128.load(state, 16);
    const b1 = permute(a1, oneDown);
    const t1 = v128.xor(a1, b1);
    v128.store(state, sum(v128.xor(t0, t7), b1, permute(t1, twoDown), v128.load(key, 16)), 16);

    const a2 = v128.load(state, 32);
    const b2 = permute(a2, oneDown);
    const t2 = v128.xor(a2, b2);
    v128.store(state, sum(t1, b2, permute(t2, twoDown), v128.load(key, 32)), 32);

    const a3 = v128.load(state, 48);
    const b3 = permute(a3, oneDown);
    const t3 = v128.xor(a3, b3);
    v128.store(state, sum(v128.xor(t2, t7), b3, permute(t3, twoDown), v128.load(key, 48)), 48);

    const a4 = v128.load(state, 64);
    const b4 = permute(a4, oneDown);
    const t4 = v128.xor(a4, b4);
    v128.store(state, sum(v128.xor(t3, t7), b4, permute(t4, twoDown), v128.load(key, 64)), 64);

    const a5 = v128.load(state, 80);
    const b5 = permute(a5, oneDown);
    const t5 = v128.xor(a5, b5);
    v128.store(state, sum(t4, b5, permute(t5, twoDown), v128.load(key, 80)), 80);

    const a6 = v128.load(state, 96);
    const b6 = permute(a6, oneDown);
    const t6 = v128.xor(a6, b6);
    v128.store(state, sum(t5, b6, permute(t6, twoDown), v128.load(key, 96)), 96);

    v128.store(state, sum(t6, b7, permute(t7, twoDown), v128.load(key, 112)), 112);
    key += apart;
  }
}

function sum(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}
