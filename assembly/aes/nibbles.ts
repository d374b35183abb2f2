// The AES cipher (FIPS 197 section 5.1) on one block: for one chain or few, which would leave most lanes of the bitsliced
// cipher empty. Constant time, for its tables are looked up in registers: M. Hamburg, "Accelerating AES with vector
// permute instructions", CHES 2009.
//
// A byte is i u + k, where i and k are nibbles of GF(2^4), whose generator, a root of x^4 + x + 1, is 0x5c in the field of
// FIPS 197, and u is 0xb2: so it is written | i | k |. With j = i + k and a = 2 its inverse is a sum of two terms, each a
// function of one nibble:
//
//   1 / (1/(1/i + a/k) + j)  and  1 / (1/(1/j + a/k) + i)
//
// What is behind the inversion, the affine map and the doubling of MixColumns, is part of the tables. Infinity is 0x80: a
// lookup there answers 0. The rows are not shifted before the last round, as in encrypt.ts.
import { permute } from "./permute";
import { arrangedKey } from "./planes";
import { ROWS_DOWN, SHIFT_ROWS } from "./tables";

/** Round keys of up to 14 rounds. */
export const NIBBLE_KEYS_SIZE: usize = 15 * 16;

export const INVERSES: usize = 0; // 1 / x
export const A_OVER: usize = 16; // a / x
export const SBOX: usize = 32; // the S-box less its constant: of the first term, of the second
export const DOUBLED: usize = 64; // twice that
const SBOX_BYTES: usize = 96; // the S-box, as bytes of FIPS 197
const TOWER: usize = 128; // the two nibbles of a byte of FIPS 197: of its low, of its high nibble
export const LOW: usize = 160; // the low nibble of every byte
const OUT_OF_TOWER: usize = 176; // the byte of FIPS 197: of its low, of its high nibble in the tower

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

/** Round keys of aesExpand, to `keys` as encryptBlock takes them: (rounds + 1) * 16 bytes. */
export function nibbleKeys(roundKeys: usize, rounds: i32, keys: usize): void {
  const low = v128.load(TABLES + LOW);
  for (let round = 0; round <= rounds; round++) {
    const key = arrangedKey(roundKeys, round, rounds);
    v128.store(keys, round == rounds ? key : intoTower(key, low));
    keys += 16;
  }
}

/** One block under keys of nibbleKeys. */
export function encryptBlock(keys: usize, rounds: i32, block: v128): v128 {
  let state = firstKey(keys, block);
  for (let round = 1; round < rounds; round++) {
    keys += 16;
    state = after(keys, round, firstOf(state), secondOf(state));
  }
  return lastRound(state, rounds, keys + 16);
}

/** What comes before the first round. */
function firstKey(keys: usize, block: v128): v128 {
  return v128.xor(intoTower(block, v128.load(TABLES + LOW)), v128.load(keys));
}

/** What comes before the last ten rounds. */
export function startBlock(keys: usize, rounds: i32, block: v128): v128 {
  let state = firstKey(keys, block);
  for (let round = 1; round <= rounds - 10; round++) {
    keys += 16;
    state = after(keys, round, firstOf(state), secondOf(state));
  }
  return state;
}

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

/** What a round whose key is at `key`, and which is not the last, makes of them. The tables are two of each: see sums. */
export function roundAfter(
  key: usize,
  round: i32,
  first: v128,
  second: v128,
  sbox0: v128,
  sbox1: v128,
  doubled0: v128,
  doubled1: v128,
): v128 {
  const bytes = sums(sbox0, sbox1, first, second);
  const twice = sums(doubled0, doubled1, first, second);
  return mixed(bytes, twice, ROWS_DOWN + ((<usize>round & 3) << 5), v128.load(key));
}

// The same where nobody stores between rounds.

function firstOf(state: v128): v128 {
  return firstTerm(state, v128.load(TABLES + LOW), v128.load(TABLES + INVERSES), v128.load(TABLES + A_OVER));
}

function secondOf(state: v128): v128 {
  return secondTerm(state, v128.load(TABLES + LOW), v128.load(TABLES + INVERSES), v128.load(TABLES + A_OVER));
}

function after(key: usize, round: i32, first: v128, second: v128): v128 {
  const sbox0 = v128.load(TABLES + SBOX);
  const sbox1 = v128.load(TABLES + SBOX, 16);
  const doubled0 = v128.load(TABLES + DOUBLED);
  return roundAfter(key, round, first, second, sbox0, sbox1, doubled0, v128.load(TABLES + DOUBLED, 16));
}

/** The state after one round, as the bitsliced cipher has it. */
export function firstRound(keys: usize, block: v128): v128 {
  const state = firstKey(keys, block);
  const next = after(keys + 16, 1, firstOf(state), secondOf(state));
  return changed(OUT_OF_TOWER, next, v128.load(TABLES + LOW));
}

/** The state after two rounds. */
export function firstRounds(keys: usize, block: v128): v128 {
  const state = firstKey(keys, block);
  const next = after(keys + 16, 1, firstOf(state), secondOf(state));
  return after(keys + 32, 2, firstOf(next), secondOf(next));
}

/** What a difference between states of the bitsliced cipher is here. */
export function differenceHere(difference: v128): v128 {
  return intoTower(difference, v128.load(TABLES + LOW));
}

/** Blocks from `blocks` to `end` in place. */
export function encryptThrees(keys: usize, rounds: i32, blocks: usize, end: usize): void {
  for (let block = blocks; block < end; block += 16) v128.store(block, firstKey(keys, v128.load(block)));
  laterThrees(keys, 0, rounds, blocks, end, 0);
}

/**
 * The states from `states` to `end`, `done` rounds behind them, become blocks, three at a time: a round of one fills the time
 * that another waits. Nothing waits for memory: so a word is loaded of every line from `near` on, three a round, that is
 * needed next. 0: nothing is.
 */
export function laterThrees(keys: usize, done: i32, rounds: i32, states: usize, end: usize, near: usize): void {
  keys += (<usize>done) << 4;
  for (; states < end; states += 48) {
    let key = keys;
    let a = v128.load(states);
    let b = v128.load(states, 16);
    let c = v128.load(states, 32);
    for (let round = done + 1; round < rounds; round++) {
      key += 16;
      if (near > 0) {
        load<u32>(near);
        load<u32>(near, 64);
        load<u32>(near, 128);
        near += 192;
      }
      a = after(key, round, firstOf(a), secondOf(a));
      b = after(key, round, firstOf(b), secondOf(b));
      c = after(key, round, firstOf(c), secondOf(c));
    }
    v128.store(states, lastRound(a, rounds, key + 16));
    v128.store(states, lastRound(b, rounds, key + 16), 16);
    v128.store(states, lastRound(c, rounds, key + 16), 32);
  }
}

/**
 * Three blocks from `blocks` on, each under keys of its own, NIBBLE_KEYS_SIZE apart, to `to`. Their states after two rounds
 * take their place, as the bitsliced cipher has them.
 */
export function encryptThreeApart(keys: usize, rounds: i32, blocks: usize, to: usize): void {
  const low = v128.load(TABLES + LOW);
  let a = firstKey(keys, v128.load(blocks));
  let b = firstKey(keys + NIBBLE_KEYS_SIZE, v128.load(blocks, 16));
  let c = firstKey(keys + 2 * NIBBLE_KEYS_SIZE, v128.load(blocks, 32));
  for (let round = 1; round < rounds; round++) {
    keys += 16;
    a = after(keys, round, firstOf(a), secondOf(a));
    b = after(keys + NIBBLE_KEYS_SIZE, round, firstOf(b), secondOf(b));
    c = after(keys + 2 * NIBBLE_KEYS_SIZE, round, firstOf(c), secondOf(c));
    if (round != 2) continue;
    v128.store(blocks, changed(OUT_OF_TOWER, a, low));
    v128.store(blocks, changed(OUT_OF_TOWER, b, low), 16);
    v128.store(blocks, changed(OUT_OF_TOWER, c, low), 32);
  }
  v128.store(to, lastRound(a, rounds, keys + 16));
  v128.store(to, lastRound(b, rounds, keys + NIBBLE_KEYS_SIZE + 16), 16);
  v128.store(to, lastRound(c, rounds, keys + 2 * NIBBLE_KEYS_SIZE + 16), 32);
}

/** The same with one block. */
export function encryptOneApart(keys: usize, rounds: i32, block: usize, to: usize): void {
  let state = firstKey(keys, v128.load(block));
  for (let round = 1; round < rounds; round++) {
    keys += 16;
    state = after(keys, round, firstOf(state), secondOf(state));
    if (round == 2) v128.store(block, changed(OUT_OF_TOWER, state, v128.load(TABLES + LOW)));
  }
  v128.store(to, lastRound(state, rounds, keys + 16));
}

export function lastRound(state: v128, rounds: i32, key: usize): v128 {
  const sbox0 = v128.load(TABLES + SBOX_BYTES);
  const bytes = sums(sbox0, v128.load(TABLES + SBOX_BYTES, 16), firstOf(state), secondOf(state));
  return v128.xor(permute(bytes, v128.load(SHIFT_ROWS + ((<usize>rounds & 3) << 4))), v128.load(key));
}

function highNibbles(state: v128, low: v128): v128 {
  return v128.and(i32x4.shr_u(state, 4), low);
}

/** What looks up the first term of 1 / (i u + k): 1/i + a/k inverted, + j. With i and j exchanged, the second. */
function term(inverses: v128, i: v128, j: v128, aOverK: v128): v128 {
  return v128.xor(permute(inverses, v128.xor(permute(inverses, i), aOverK)), j);
}

/** Both terms, each in its table. */
function sums(table0: v128, table1: v128, first: v128, second: v128): v128 {
  return v128.xor(permute(table0, first), permute(table1, second));
}

/**
 * A column a b c d, counted downwards from itself, becomes (2a + b) + d + (2b + c): FIPS 197 section 5.1.3. The key is added
 * where nothing waits for it.
 */
function mixed(bytes: v128, twice: v128, order: usize, key: v128): v128 {
  const oneDown = v128.load(order);
  const b = permute(bytes, oneDown);
  const pair = v128.xor(twice, b);
  return v128.xor(v128.xor(v128.xor(pair, key), permute(b, v128.load(order, 16))), permute(pair, oneDown));
}

/** The bytes of a block, or of a key, as | i | k |. */
function intoTower(block: v128, low: v128): v128 {
  return changed(TOWER, block, low);
}

/** Every byte as the two tables at `table` write its nibbles. */
function changed(table: usize, block: v128, low: v128): v128 {
  return v128.xor(
    permute(v128.load(TABLES + table), v128.and(block, low)),
    permute(v128.load(TABLES + table, 16), highNibbles(block, low)),
  );
}
