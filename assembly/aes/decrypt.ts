// The equivalent inverse cipher (FIPS 197 section 5.3.5): the steps of the cipher, each inverted, in the same order,
// with round keys that aesInversePlanes prepares. As in encrypt.ts no rows are shifted before the last round.
import { inverseSubBytes } from "./inverse-sbox";
import { permute } from "./permute";
import { ROWS_DOWN, SHIFT_ROWS } from "./tables";
import { fromPlanes, toPlanes } from "./transpose";

/** Decrypts `groups` times eight consecutive blocks in place, under `planes` of aesInversePlanes; see aesEncrypt. */
export function aesDecrypt(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  toPlanes(blocks, end, planes, 0);
  for (let round = 1; round < rounds; round++) {
    planes += 128;
    inverseSubBytes(blocks, end);
    inverseMixColumnsAddRoundKey(blocks, end, planes, ROWS_DOWN + ((-round & 3) << 5));
  }
  inverseSubBytes(blocks, end);
  fromPlanes(blocks, end, planes + 128, 0, SHIFT_ROWS + ((-rounds & 3) << 4));
}

/**
 * InvMixColumns is MixColumns after a byte a has become v = a + 4(a + c), where c is two rows down: for the polynomial of
 * FIPS 197 section 5.3.3, 0b x^3 + 0d x^2 + 09 x + 0e, is that of section 5.1.3 times 04 x^2 + 05. Four times moves each
 * bit of u = a + c up by two; bit 6 comes back as x^4 + x^3 + x + 1, bit 7 as x times that. What follows for each bit of v
 * is mixColumnsAddRoundKey of rounds.ts.
 */
function inverseMixColumnsAddRoundKey(state: usize, end: usize, key: usize, rowsDown: usize): void {
  const oneDown = v128.load(rowsDown);
  const twoDown = v128.load(rowsDown, 16);
  for (; state < end; state += 128) {
    const u6 = withTwoDown(v128.load(state, 96), twoDown);
    const u7 = withTwoDown(v128.load(state, 112), twoDown);
    const u67 = v128.xor(u6, u7);
    const v7 = v128.xor(v128.load(state, 112), withTwoDown(v128.load(state, 80), twoDown));
    const b7 = permute(v7, oneDown);
    const t7 = v128.xor(v7, b7);

    const a0 = v128.load(state, 0);
    const u0 = withTwoDown(a0, twoDown);
    const v0 = v128.xor(a0, u6);
    const b0 = permute(v0, oneDown);
    const t0 = v128.xor(v0, b0);
    v128.store(state, sum(t7, b0, permute(t0, twoDown), v128.load(key, 0)), 0);

    const a1 = v128.load(state, 16);
    const u1 = withTwoDown(a1, twoDown);
    const v1 = v128.xor(a1, u67);
    const b1 = permute(v1, oneDown);
    const t1 = v128.xor(v1, b1);
    v128.store(state, sum(v128.xor(t0, t7), b1, permute(t1, twoDown), v128.load(key, 16)), 16);

    const a2 = v128.load(state, 32);
    const u2 = withTwoDown(a2, twoDown);
    const v2 = v128.xor(a2, v128.xor(u0, u7));
    const b2 = permute(v2, oneDown);
    const t2 = v128.xor(v2, b2);
    v128.store(state, sum(t1, b2, permute(t2, twoDown), v128.load(key, 32)), 32);

    const a3 = v128.load(state, 48);
    const u3 = withTwoDown(a3, twoDown);
    const v3 = v128.xor(a3, v128.xor(u1, u6));
    const b3 = permute(v3, oneDown);
    const t3 = v128.xor(v3, b3);
    v128.store(state, sum(v128.xor(t2, t7), b3, permute(t3, twoDown), v128.load(key, 48)), 48);

    const a4 = v128.load(state, 64);
    const u4 = withTwoDown(a4, twoDown);
    const v4 = v128.xor(a4, v128.xor(u2, u67));
    const b4 = permute(v4, oneDown);
    const t4 = v128.xor(v4, b4);
    v128.store(state, sum(v128.xor(t3, t7), b4, permute(t4, twoDown), v128.load(key, 64)), 64);

    const v5 = v128.xor(v128.load(state, 80), v128.xor(u3, u7));
    const b5 = permute(v5, oneDown);
    const t5 = v128.xor(v5, b5);
    v128.store(state, sum(t4, b5, permute(t5, twoDown), v128.load(key, 80)), 80);

    const v6 = v128.xor(v128.load(state, 96), u4);
    const b6 = permute(v6, oneDown);
    const t6 = v128.xor(v6, b6);
    v128.store(state, sum(t5, b6, permute(t6, twoDown), v128.load(key, 96)), 96);

    v128.store(state, sum(t6, b7, permute(t7, twoDown), v128.load(key, 112)), 112);
  }
}

function withTwoDown(a: v128, twoDown: v128): v128 {
  return v128.xor(a, permute(a, twoDown));
}

function sum(a: v128, b: v128, c: v128, d: v128): v128 {
  return v128.xor(v128.xor(a, b), v128.xor(c, d));
}
