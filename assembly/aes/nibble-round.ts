// A round of the cipher of nibbles.ts, where its tables are explained.
import { permute } from "./permute";
import { ROWS_DOWN } from "./tables";

export const INVERSES: usize = 0; // 1 / x
export const A_OVER: usize = 16; // a / x
export const SBOX: usize = 32; // the S-box less its constant: of the first term, of the second
export const DOUBLED: usize = 64; // twice that
export const SBOX_BYTES: usize = 96; // the S-box, as bytes of FIPS 197
const TOWER: usize = 128; // the two nibbles of a byte of FIPS 197: of its low, of its high nibble
export const LOW: usize = 160; // the low nibble of every byte
export const OUT_OF_TOWER: usize = 176; // the byte of FIPS 197: of its low, of its high nibble in the tower

// biome-ignore format: a table a line
export const TABLES = memory.data<u8>(
  [
    0x80, 0x01, 0x09, 0x0e, 0x0d, 0x0b, 0x07, 0x06, 0x0f, 0x02, 0x0c, 0x05, 0x0a, 0x04, 0x03, 0x08,
    0x80, 0x02, 0x01, 0x0f, 0x09, 0x05, 0x0e, 0x0c, 0x0d, 0x04, 0x0b, 0x0a, 0x07, 0x08, 0x06, 0x03,
    0x00, 0xc3, 0x4f, 0x0c, 0xfc, 0x7c, 0x43, 0x80, 0xcf, 0x33, 0x3f, 0x70, 0xbf, 0xb3, 0xf0, 0x8c,
    0x00, 0xe6, 0x72, 0xb7, 0xe5, 0xc6, 0xc5, 0x23, 0x51, 0xb4, 0x03, 0x71, 0x20, 0x97, 0x52, 0x94,
    0x00, 0x7c, 0x20, 0xcf, 0x92, 0x01, 0xef, 0x93, 0xb3, 0x21, 0xee, 0xce, 0x7d, 0xb2, 0x5d, 0x5c,
    0x00, 0xd1, 0xe5, 0xf7, 0xe6, 0x25, 0x12, 0xc3, 0x26, 0xc0, 0x37, 0xd2, 0xf4, 0x03, 0x11, 0x34,
    0x00, 0xcb, 0xd7, 0xb0, 0x21, 0x8d, 0x67, 0xac, 0x7b, 0x5a, 0xea, 0x3d, 0x46, 0xf6, 0x91, 0x1c,
    0x00, 0x9f, 0x61, 0x16, 0xc2, 0x2a, 0x77, 0xe8, 0x89, 0x4b, 0x5d, 0x3c, 0xb5, 0xa3, 0xd4, 0xfe,
    0x00, 0x01, 0x1c, 0x1d, 0x2d, 0x2c, 0x31, 0x30, 0x27, 0x26, 0x3b, 0x3a, 0x0a, 0x0b, 0x16, 0x17,
    0x00, 0x86, 0xfd, 0x7b, 0x8e, 0x08, 0x73, 0xf5, 0x77, 0xf1, 0x8a, 0x0c, 0xf9, 0x7f, 0x04, 0x82,
    0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f, 0x0f,
    0x00, 0x01, 0x5c, 0x5d, 0xe0, 0xe1, 0xbc, 0xbd, 0x50, 0x51, 0x0c, 0x0d, 0xb0, 0xb1, 0xec, 0xed,
    0x00, 0xb2, 0xb5, 0x07, 0x3a, 0x88, 0x8f, 0x3d, 0xac, 0x1e, 0x19, 0xab, 0x96, 0x24, 0x23, 0x91,
  ],
  16,
);

// A round in three steps, each small enough to be inlined where another chain's rounds stand between. These store, and where
// they do V8 would load a table at every use: so the tables are passed.

/** The first term of a state's inverse. */
export function firstTerm(state: v128, low: v128, inverses: v128, aOver: v128): v128 {
  const i = highNibbles(state, low);
  const k = v128.and(state, low);
  return term(inverses, i, v128.xor(i, k), permute(aOver, k));
}

/** The second. */
export function secondTerm(state: v128, low: v128, inverses: v128, aOver: v128): v128 {
  const i = highNibbles(state, low);
  const k = v128.and(state, low);
  return term(inverses, v128.xor(i, k), i, permute(aOver, k));
}

/** What a round that is not the last makes of them, whose rows are at `oneDown` and `twoDown`: see ROWS_DOWN. */
export function roundAfter(
  key: v128,
  oneDown: v128,
  twoDown: v128,
  first: v128,
  second: v128,
  sbox0: v128,
  sbox1: v128,
  doubled0: v128,
  doubled1: v128,
): v128 {
  const b = permute(sums(sbox0, sbox1, first, second), oneDown);
  const pair = v128.xor(sums(doubled0, doubled1, first, second), b);
  // A column a b c d, counted downwards from itself, becomes (2a + b) + d + (2b + c): FIPS 197 section 5.1.3. The key is added
  // where nothing waits for it.
  return v128.xor(v128.xor(v128.xor(pair, key), permute(b, twoDown)), permute(pair, oneDown));
}

// The same where nobody stores between rounds.

export function firstOf(state: v128): v128 {
  return firstTerm(state, v128.load(TABLES + LOW), v128.load(TABLES + INVERSES), v128.load(TABLES + A_OVER));
}

export function secondOf(state: v128): v128 {
  return secondTerm(state, v128.load(TABLES + LOW), v128.load(TABLES + INVERSES), v128.load(TABLES + A_OVER));
}

export function after(key: usize, round: i32, first: v128, second: v128): v128 {
  const order = ROWS_DOWN + ((<usize>round & 3) << 5);
  const sbox0 = v128.load(TABLES, SBOX);
  const sbox1 = v128.load(TABLES, SBOX + 16);
  const doubled0 = v128.load(TABLES, DOUBLED);
  const doubled1 = v128.load(TABLES, DOUBLED + 16);
  const oneDown = v128.load(order);
  return roundAfter(v128.load(key), oneDown, v128.load(order, 16), first, second, sbox0, sbox1, doubled0, doubled1);
}

function highNibbles(state: v128, low: v128): v128 {
  return v128.and(i32x4.shr_u(state, 4), low);
}

/** What looks up the first term of 1 / (i u + k): 1/i + a/k inverted, + j. With i and j exchanged, the second. */
function term(inverses: v128, i: v128, j: v128, aOverK: v128): v128 {
  return v128.xor(permute(inverses, v128.xor(permute(inverses, i), aOverK)), j);
}

/** Both terms, each in its table. */
export function sums(table0: v128, table1: v128, first: v128, second: v128): v128 {
  return v128.xor(permute(table0, first), permute(table1, second));
}

/** The bytes of a block, or of a key, as | i | k |. */
export function intoTower(block: v128, low: v128): v128 {
  return changed(TOWER, block, low);
}

/** Every byte as the two tables at `table` write its nibbles. */
export function changed(table: usize, block: v128, low: v128): v128 {
  return v128.xor(
    permute(v128.load(TABLES + table), v128.and(block, low)),
    permute(v128.load(TABLES + table, 16), highNibbles(block, low)),
  );
}
