// SHA-1 (FIPS 180-4 section 6.1.2) on four messages at once: 32-bit lane l of every vector belongs to message l.
// One message alone: see one.ts.
//
//   states   a b c d e, 16 bytes each
import { loadBlocks, SCHEDULE_32 } from "../sha2/lanes32";
import { add32, and, rotateRight32, xor } from "../sha2/words";

/** FIPS 180-4 section 4.2.1, each in four lanes. */
// biome-ignore format: a constant a line
export const K = memory.data<u32>(
  [
    0x5a827999, 0x5a827999, 0x5a827999, 0x5a827999,
    0x6ed9eba1, 0x6ed9eba1, 0x6ed9eba1, 0x6ed9eba1,
    0x8f1bbcdc, 0x8f1bbcdc, 0x8f1bbcdc, 0x8f1bbcdc,
    0xca62c1d6, 0xca62c1d6, 0xca62c1d6, 0xca62c1d6,
  ],
  16,
);

/** Compresses `blocks` blocks of 64 bytes of each of four messages; `sources` holds their addresses, u32 each. */
export function sha1Lanes(states: usize, sources: usize, blocks: i32): void {
  for (let block: usize = 0; block < (<usize>blocks) << 6; block += 64) {
    loadBlocks(sources, block, 64);
    sha1Compress(states);
  }
}

/**
 * The block whose words are the first 16 of the message schedule. 80 rounds; at the end of every five the names are back
 * where they were. `word` runs through the schedule.
 */
export function sha1Compress(states: usize): void {
  for (let t: usize = 0; t < 4; t++) prepare(SCHEDULE_32 + (t << 4) - 64);
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  let e = v128.load(states, 64);
  let word = SCHEDULE_32;
  for (let k = v128.load(K, 0); word < SCHEDULE_32 + 20 * 16; word += 80) {
    e = round(e, a, choice(b, c, d), k, wordAndLater(word));
    b = rotateRight32(b, 2);
    d = round(d, e, choice(a, b, c), k, wordAndLater(word + 16));
    a = rotateRight32(a, 2);
    c = round(c, d, choice(e, a, b), k, wordAndLater(word + 32));
    e = rotateRight32(e, 2);
    b = round(b, c, choice(d, e, a), k, wordAndLater(word + 48));
    d = rotateRight32(d, 2);
    a = round(a, b, choice(c, d, e), k, wordAndLater(word + 64));
    c = rotateRight32(c, 2);
  }
  for (let k = v128.load(K, 16); word < SCHEDULE_32 + 40 * 16; word += 80) {
    e = round(e, a, parity(b, c, d), k, wordAndLater(word));
    b = rotateRight32(b, 2);
    d = round(d, e, parity(a, b, c), k, wordAndLater(word + 16));
    a = rotateRight32(a, 2);
    c = round(c, d, parity(e, a, b), k, wordAndLater(word + 32));
    e = rotateRight32(e, 2);
    b = round(b, c, parity(d, e, a), k, wordAndLater(word + 48));
    d = rotateRight32(d, 2);
    a = round(a, b, parity(c, d, e), k, wordAndLater(word + 64));
    c = rotateRight32(c, 2);
  }
  for (let k = v128.load(K, 32); word < SCHEDULE_32 + 60 * 16; word += 80) {
    e = round(e, a, majority(b, c, d), k, wordAndLater(word));
    b = rotateRight32(b, 2);
    d = round(d, e, majority(a, b, c), k, wordAndLater(word + 16));
    a = rotateRight32(a, 2);
    c = round(c, d, majority(e, a, b), k, wordAndLater(word + 32));
    e = rotateRight32(e, 2);
    b = round(b, c, majority(d, e, a), k, wordAndLater(word + 48));
    d = rotateRight32(d, 2);
    a = round(a, b, majority(c, d, e), k, wordAndLater(word + 64));
    c = rotateRight32(c, 2);
  }
  for (let k = v128.load(K, 48); word < SCHEDULE_32 + 80 * 16; word += 80) {
    e = round(e, a, parity(b, c, d), k, v128.load(word));
    b = rotateRight32(b, 2);
    d = round(d, e, parity(a, b, c), k, v128.load(word, 16));
    a = rotateRight32(a, 2);
    c = round(c, d, parity(e, a, b), k, v128.load(word, 32));
    e = rotateRight32(e, 2);
    b = round(b, c, parity(d, e, a), k, v128.load(word, 48));
    d = rotateRight32(d, 2);
    a = round(a, b, parity(c, d, e), k, v128.load(word, 64));
    c = rotateRight32(c, 2);
  }
  v128.store(states, add32(a, v128.load(states, 0)), 0);
  v128.store(states, add32(b, v128.load(states, 16)), 16);
  v128.store(states, add32(c, v128.load(states, 32)), 32);
  v128.store(states, add32(d, v128.load(states, 48)), 48);
  v128.store(states, add32(e, v128.load(states, 64)), 64);
}

/** e + rotl5(a) + f + K + W. */
function round(e: v128, a: v128, f: v128, k: v128, word: v128): v128 {
  return add32(add32(add32(add32(e, k), word), f), rotateRight32(a, 27));
}

/** The word at `word`; and prepares the one 20 further on, for the rounds leave time for it. */
function wordAndLater(word: usize): v128 {
  prepare(word);
  return v128.load(word);
}

/** Word t + 20 of the message schedule, where word t is at `word`. */
function prepare(word: usize): void {
  const far = xor(v128.load(word, 4 * 16), v128.load(word, 6 * 16));
  const near = xor(xor(far, v128.load(word, 12 * 16)), v128.load(word, 17 * 16));
  v128.store(word, rotateRight32(near, 31), 20 * 16);
}

// Ch, Parity and Maj: FIPS 180-4 section 4.1.1.

export function choice<T>(x: T, y: T, z: T): T {
  return xor(z, and(x, xor(y, z)));
}

export function parity<T>(x: T, y: T, z: T): T {
  return xor(x, xor(y, z));
}

export function majority<T>(x: T, y: T, z: T): T {
  return xor(and(x, y), and(z, xor(x, y)));
}
