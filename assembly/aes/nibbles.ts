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
import {
  after,
  changed,
  firstOf,
  intoTower,
  LOW,
  OUT_OF_TOWER,
  SBOX_BYTES,
  secondOf,
  sums,
  TABLES,
} from "./nibble-round";
import { permute } from "./permute";
import { arrangedKey } from "./planes";
import { SHIFT_ROWS } from "./tables";

/** Round keys of up to 14 rounds. */
export const NIBBLE_KEYS_SIZE: usize = 15 * 16;

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

function lastRound(state: v128, rounds: i32, key: usize): v128 {
  const sbox0 = v128.load(TABLES + SBOX_BYTES);
  const bytes = sums(sbox0, v128.load(TABLES + SBOX_BYTES, 16), firstOf(state), secondOf(state));
  return v128.xor(permute(bytes, v128.load(SHIFT_ROWS + ((<usize>rounds & 3) << 4))), v128.load(key));
}
