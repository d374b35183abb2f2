// The powers of the hash key, H = E(0) (NIST SP 800-38D section 7.1): the elements lie in the SA record, made when it is
// installed. A hot entry has tables of those that its packets needed, see products.ts.
import { encryptBlock, NIBBLE_KEYS_SIZE, nibbleKeys } from "../aes/nibbles";
import { permute } from "../aes/permute";
import { wipe } from "../bytes";
import { hotFillTo } from "../hot";
import {
  AES_CHAIN_KEYS,
  GCM_WORK,
  HOT_GHASH,
  HOT_OWNER,
  HOT_POWERS,
  SA_HASH_POWERS,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../layout";
import { product, TABLE_SIZE } from "./products";

const POWERS: u32 = 7;
const UPPER: usize = GCM_WORK + 96; // 16 * 4 bytes: by the upper two bits of a nibble,
const LOWER: usize = GCM_WORK + 160; // and by its lower two bits
const KEY_TABLE: usize = GCM_WORK + 512; // the table of H while the others are made, and zeroes behind it

const ZERO = memory.data<u64>([0, 0], 16);
const REVERSED = memory.data<u8>([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 16);
const LOWER_HALF = memory.data<u64>([0xffffffffffffffff, 0], 16);
/** 1 + x + x^2 + x^7 with its bytes reversed. */
const POLYNOMIAL = memory.data<u32>([0, 0, 0, 0xe1000000], 16);
/** The upper two bits of the numbers 0 .. 15. */
const UPPER_BITS = memory.data<u8>([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3], 16);

/** H .. H^7 to the record, which has its round keys. */
export function ghashKey(sa: usize): void {
  const rounds = load<u8>(sa, SA_ROUNDS);
  nibbleKeys(sa + SA_ROUND_KEYS, rounds, AES_CHAIN_KEYS);
  let element = encryptBlock(AES_CHAIN_KEYS, rounds, v128.load(ZERO));
  wipe(AES_CHAIN_KEYS, NIBBLE_KEYS_SIZE);
  makeTable(KEY_TABLE, element);
  v128.store(sa, element, SA_HASH_POWERS);
  for (let power: u32 = 1; power < POWERS; power++) {
    element = product(KEY_TABLE, element);
    v128.store(sa + ((<usize>power) << 4), element, SA_HASH_POWERS);
  }
  wipe(KEY_TABLE, TABLE_SIZE);
}

/** Makes the tables of the powers up to `count`, 0..7, that the entry does not have yet. */
export function ghashPowers(entry: usize, count: u32): void {
  const elements = <usize>load<u32>(entry, HOT_OWNER) + SA_HASH_POWERS;
  for (let power = load<u32>(entry, HOT_POWERS); power < count; power++) {
    hotFillTo(entry, HOT_GHASH + <usize>(power + 1) * TABLE_SIZE);
    makeTable(entry + HOT_GHASH + <usize>power * TABLE_SIZE, v128.load(elements + ((<usize>power) << 4)));
    store<u32>(entry, power + 1, HOT_POWERS);
  }
}

/**
 * The table of `element`. The highest bit of a nibble is the lowest power of x: its upper two bits are 0, x, 1 or 1 + x
 * times the element, its lower two the same times x^2.
 */
function makeTable(table: usize, element: v128): void {
  const upperBits = v128.load(UPPER_BITS);
  let first = permute(element, v128.load(REVERSED));
  for (let half: usize = 0; half < 32; half += 16) {
    const second = timesX(first);
    const third = timesX(second);
    const fourth = timesX(third);
    writeFours(UPPER, first, second);
    writeFours(LOWER, third, fourth);
    let row = table + half + 480;
    for (let fours: usize = 0; fours < 64; fours += 4) {
      const upper = permute(v128.load32_splat(UPPER + fours), upperBits);
      v128.store(row, v128.xor(upper, v128.load32_splat(LOWER + fours)));
      row -= 32;
    }
    first = timesX(fourth);
  }
  wipe(UPPER, 128);
}

/** For each byte of `a` and `b` four: 0, b, a, a + b. */
function writeFours(to: usize, a: v128, b: v128): void {
  const zero = v128.load(ZERO);
  const sum = v128.xor(a, b);
  const first = v128.shuffle<i8>(zero, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const last = v128.shuffle<i8>(a, sum, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v128.store(to, v128.shuffle<i16>(first, last, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<i16>(first, last, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  const firstUpper = v128.shuffle<i8>(zero, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const lastUpper = v128.shuffle<i8>(a, sum, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, v128.shuffle<i16>(firstUpper, lastUpper, 0, 8, 1, 9, 2, 10, 3, 11), 32);
  v128.store(to, v128.shuffle<i16>(firstUpper, lastUpper, 4, 12, 5, 13, 6, 14, 7, 15), 48);
}

/** One element, its bytes reversed, times x: a shift by one bit, and x^128 = 1 + x + x^2 + x^7. */
function timesX(element: v128): v128 {
  const lowest = i64x2.shl(element, 63); // of each half, as the highest of
  const carried = v128.shuffle<i64>(lowest, lowest, 1, 0); // the other
  const shifted = v128.xor(i64x2.shr_u(element, 1), v128.and(carried, v128.load(LOWER_HALF)));
  return v128.xor(shifted, v128.and(i32x4.shr_s(carried, 31), v128.load(POLYNOMIAL)));
}
