// SHA-1 of one message beside AES-CBC of one text, as in sha2/beside-cbc.ts: twenty rounds of SHA-1, which have one
// function, beside one block of AES.
import { firstTerm, lastRound, roundAfter, secondTerm, startBlock } from "../aes/nibbles";
import { SHA_WORK } from "../layout";
import { addConstant, firstWords, prepare, SUMS } from "./schedule";
import { choice, K, majority, parity } from "./sha1";

// Which function a round has, as a type: a generic is inlined, a function that is handed over is not.
type Choice = u8;
type Parity = u16;
type Majority = u32;

const VARIABLES: usize = SHA_WORK + 768; // a b c d e, u32 each, from one twenty rounds to the next

/**
 * Compresses the 64 bytes at `source` and encrypts the 64 bytes at `text`, which follow `chain`, under the `keys` of ten
 * rounds, or of 14. The words of the state lie 16 bytes apart. Answers the last block of `text`.
 */
export function sha1BesideCbc(state: usize, source: usize, keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  const last = keys + ((<usize>(rounds - 10)) << 4);
  firstWords(source);
  for (let word: usize = 0; word < 5; word++) {
    store<u32>(VARIABLES + (word << 2), load<u32>(state + (word << 4)));
  }
  chain = rounds20<Choice>(0, K, last, startBlock(keys, rounds, v128.xor(chain, v128.load(text))));
  v128.store(text, chain);
  chain = rounds20<Parity>(80, K + 16, last, startBlock(keys, rounds, v128.xor(chain, v128.load(text, 16))));
  v128.store(text, chain, 16);
  chain = rounds20<Majority>(160, K + 32, last, startBlock(keys, rounds, v128.xor(chain, v128.load(text, 32))));
  v128.store(text, chain, 32);
  chain = rounds20<Parity>(240, K + 48, last, startBlock(keys, rounds, v128.xor(chain, v128.load(text, 48))));
  v128.store(text, chain, 48);
  for (let word: usize = 0; word < 5; word++) {
    store<u32>(state + (word << 4), load<u32>(state + (word << 4)) + load<u32>(VARIABLES + (word << 2)));
  }
  return chain;
}

/** Twenty rounds whose words begin at `at` and whose constant is at `k`; the last ten rounds of `block`. */
function rounds20<F>(at: usize, k: usize, keys: usize, block: v128): v128 {
  let a = load<u32>(VARIABLES, 0);
  let b = load<u32>(VARIABLES, 4);
  let c = load<u32>(VARIABLES, 8);
  let d = load<u32>(VARIABLES, 12);
  let e = load<u32>(VARIABLES, 16);
  // biome-ignore format: a round a line
  {
    e = round(e, a, mix<F>(b, c, d), load<u32>(SUMS + at, 0)); b = rotl<u32>(b, 30);
    prepare(at);
    d = round(d, e, mix<F>(a, b, c), load<u32>(SUMS + at, 4)); a = rotl<u32>(a, 30);
    block = roundAfter(keys + 16, 1, firstTerm(block), secondTerm(block));
    c = round(c, d, mix<F>(e, a, b), load<u32>(SUMS + at, 8)); e = rotl<u32>(e, 30);
    addConstant(at, k);
    b = round(b, c, mix<F>(d, e, a), load<u32>(SUMS + at, 12)); d = rotl<u32>(d, 30);
    block = roundAfter(keys + 32, 2, firstTerm(block), secondTerm(block));
    a = round(a, b, mix<F>(c, d, e), load<u32>(SUMS + at, 16)); c = rotl<u32>(c, 30);
    prepare(at + 16);
    e = round(e, a, mix<F>(b, c, d), load<u32>(SUMS + at, 20)); b = rotl<u32>(b, 30);
    block = roundAfter(keys + 48, 3, firstTerm(block), secondTerm(block));
    d = round(d, e, mix<F>(a, b, c), load<u32>(SUMS + at, 24)); a = rotl<u32>(a, 30);
    addConstant(at + 16, k + 16);
    c = round(c, d, mix<F>(e, a, b), load<u32>(SUMS + at, 28)); e = rotl<u32>(e, 30);
    block = roundAfter(keys + 64, 4, firstTerm(block), secondTerm(block));
    b = round(b, c, mix<F>(d, e, a), load<u32>(SUMS + at, 32)); d = rotl<u32>(d, 30);
    prepare(at + 32);
    a = round(a, b, mix<F>(c, d, e), load<u32>(SUMS + at, 36)); c = rotl<u32>(c, 30);
    block = roundAfter(keys + 80, 5, firstTerm(block), secondTerm(block));
    e = round(e, a, mix<F>(b, c, d), load<u32>(SUMS + at, 40)); b = rotl<u32>(b, 30);
    addConstant(at + 32, k + 16);
    d = round(d, e, mix<F>(a, b, c), load<u32>(SUMS + at, 44)); a = rotl<u32>(a, 30);
    block = roundAfter(keys + 96, 6, firstTerm(block), secondTerm(block));
    c = round(c, d, mix<F>(e, a, b), load<u32>(SUMS + at, 48)); e = rotl<u32>(e, 30);
    prepare(at + 48);
    b = round(b, c, mix<F>(d, e, a), load<u32>(SUMS + at, 52)); d = rotl<u32>(d, 30);
    block = roundAfter(keys + 112, 7, firstTerm(block), secondTerm(block));
    a = round(a, b, mix<F>(c, d, e), load<u32>(SUMS + at, 56)); c = rotl<u32>(c, 30);
    addConstant(at + 48, k + 16);
    e = round(e, a, mix<F>(b, c, d), load<u32>(SUMS + at, 60)); b = rotl<u32>(b, 30);
    block = roundAfter(keys + 128, 8, firstTerm(block), secondTerm(block));
    d = round(d, e, mix<F>(a, b, c), load<u32>(SUMS + at, 64)); a = rotl<u32>(a, 30);
    prepare(at + 64);
    c = round(c, d, mix<F>(e, a, b), load<u32>(SUMS + at, 68)); e = rotl<u32>(e, 30);
    block = roundAfter(keys + 144, 9, firstTerm(block), secondTerm(block));
    b = round(b, c, mix<F>(d, e, a), load<u32>(SUMS + at, 72)); d = rotl<u32>(d, 30);
    addConstant(at + 64, k + 16);
    a = round(a, b, mix<F>(c, d, e), load<u32>(SUMS + at, 76)); c = rotl<u32>(c, 30);
  }
  store<u32>(VARIABLES, a, 0);
  store<u32>(VARIABLES, b, 4);
  store<u32>(VARIABLES, c, 8);
  store<u32>(VARIABLES, d, 12);
  store<u32>(VARIABLES, e, 16);
  return lastRound(block, 10, keys + 160);
}

function round(e: u32, a: u32, f: u32, sum: u32): u32 {
  return e + sum + f + rotl<u32>(a, 5);
}

function mix<F>(x: u32, y: u32, z: u32): u32 {
  if (sizeof<F>() == sizeof<Choice>()) return choice(x, y, z);
  return sizeof<F>() == sizeof<Parity>() ? parity(x, y, z) : majority(x, y, z);
}
