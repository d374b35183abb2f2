// The equivalent inverse cipher (FIPS 197 section 5.3.5): the steps of the cipher, each inverted, in the same order,
// with round keys that aesInversePlanes prepares. As in encrypt.ts no rows are shifted before the last round.
import { permute } from "./permute";
import { addRoundKey, mixColumnsAddRoundKey, shiftRowsAddRoundKey } from "./rounds";
import { subBytes } from "./sbox";
import { ROWS_DOWN, SHIFT_ROWS } from "./tables";
import { transpose } from "./transpose";

/** Decrypts `groups` times eight consecutive blocks in place, under `planes` of aesInversePlanes; see aesEncrypt. */
export function aesDecrypt(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  transpose(blocks, end);
  addRoundKey(blocks, end, planes, 0);
  for (let round = 1; round < rounds; round++) {
    planes += 128;
    inverseSubBytes(blocks, end);
    const rowsDown = ROWS_DOWN + ((-round & 3) << 5);
    prepareMixColumns(blocks, end, rowsDown);
    mixColumnsAddRoundKey(blocks, end, planes, 0, rowsDown);
  }
  inverseSubBytes(blocks, end);
  shiftRowsAddRoundKey(blocks, end, planes + 128, 0, SHIFT_ROWS + ((-rounds & 3) << 4));
  transpose(blocks, end);
}

/**
 * The S-box inverts and then applies an affine map (FIPS 197 section 5.1.1). Its inverse undoes the map and then
 * inverts; and to invert is the S-box with the map undone behind it.
 */
function inverseSubBytes(state: usize, end: usize): void {
  undoAffine(state, end);
  subBytes(state, end);
  undoAffine(state, end);
}

/** Bit i becomes the sum of the bits i + 2, i + 5 and i + 7 modulo 8; each pair of bits here serves two of them. */
function undoAffine(state: usize, end: usize): void {
  for (; state < end; state += 128) {
    const x0 = v128.load(state, 0);
    const x1 = v128.load(state, 16);
    const x2 = v128.load(state, 32);
    const x3 = v128.load(state, 48);
    const x4 = v128.load(state, 64);
    const x5 = v128.load(state, 80);
    const x6 = v128.load(state, 96);
    const x7 = v128.load(state, 112);
    const x03 = v128.xor(x0, x3);
    const x25 = v128.xor(x2, x5);
    const x47 = v128.xor(x4, x7);
    const x61 = v128.xor(x6, x1);
    v128.store(state, v128.xor(x25, x7), 0);
    v128.store(state, v128.xor(x03, x6), 16);
    v128.store(state, v128.xor(x47, x1), 32);
    v128.store(state, v128.xor(x25, x0), 48);
    v128.store(state, v128.xor(x61, x3), 64);
    v128.store(state, v128.xor(x47, x2), 80);
    v128.store(state, v128.xor(x03, x5), 96);
    v128.store(state, v128.xor(x61, x4), 112);
  }
}

/**
 * InvMixColumns is MixColumns after this step: a byte becomes a + 4(a + c), where c is two rows down. For the
 * polynomial of FIPS 197 section 5.3.3, 0b x^3 + 0d x^2 + 09 x + 0e, is that of section 5.1.3 times 04 x^2 + 05. Four
 * times moves each bit of u = a + c up by two; bit 6 comes back as x^4 + x^3 + x + 1, bit 7 as x times that.
 */
function prepareMixColumns(state: usize, end: usize, rowsDown: usize): void {
  const twoDown = v128.load(rowsDown, 16);
  for (; state < end; state += 128) {
    const a0 = v128.load(state, 0);
    const a1 = v128.load(state, 16);
    const a2 = v128.load(state, 32);
    const a3 = v128.load(state, 48);
    const a4 = v128.load(state, 64);
    const a5 = v128.load(state, 80);
    const a6 = v128.load(state, 96);
    const a7 = v128.load(state, 112);
    const u6 = v128.xor(a6, permute(a6, twoDown));
    const u7 = v128.xor(a7, permute(a7, twoDown));
    const u67 = v128.xor(u6, u7);
    const u0 = v128.xor(a0, permute(a0, twoDown));
    const u1 = v128.xor(a1, permute(a1, twoDown));
    const u2 = v128.xor(a2, permute(a2, twoDown));
    const u3 = v128.xor(a3, permute(a3, twoDown));
    const u4 = v128.xor(a4, permute(a4, twoDown));
    const u5 = v128.xor(a5, permute(a5, twoDown));
    v128.store(state, v128.xor(a0, u6), 0);
    v128.store(state, v128.xor(a1, u67), 16);
    v128.store(state, v128.xor(a2, v128.xor(u0, u7)), 32);
    v128.store(state, v128.xor(a3, v128.xor(u1, u6)), 48);
    v128.store(state, v128.xor(a4, v128.xor(u2, u67)), 64);
    v128.store(state, v128.xor(a5, v128.xor(u3, u7)), 80);
    v128.store(state, v128.xor(a6, u4), 96);
    v128.store(state, v128.xor(a7, u5), 112);
  }
}
