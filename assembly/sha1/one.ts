// SHA-1 (FIPS 180-4 section 6.1.2) on one message. Its state and its working variables are words side by side.
import { row } from "../sha2/words";
import { firstWords, prepare, prepareLater, WORDS } from "./schedule";
import { choice, majority, parity } from "./sha1";

// Which function and constant a round has (FIPS 180-4 sections 4.1.1 and 4.2.1), as a type: a generic is inlined, a function
// that is handed over is not.
export type Choice = u8;
export type Parity = u16;
export type Majority = u32;
export type LastParity = u64;

/** Of the words of twenty rounds, which have one function. */
export const TWENTY: usize = 80;

/** Compresses `blocks` blocks of 64 bytes at `source`. */
export function sha1One(state: usize, source: usize, blocks: i32): void {
  for (const end = source + ((<usize>blocks) << 6); source < end; source += 64) {
    firstWords(source);
    sha1Rest(state, state, 0);
  }
}

/**
 * The rounds from that on whose word is at `word`, which is a multiple of TWENTY, and the end; `variables` are as that round
 * finds them. Four words are prepared every five rounds, so there are just enough: 16 + 4 n in front of round 5 n.
 */
export function sha1Rest(state: usize, variables: usize, word: usize): void {
  let a = load<u32>(variables);
  let b = load<u32>(variables, 4);
  let c = load<u32>(variables, 8);
  let d = load<u32>(variables, 12);
  let e = load<u32>(variables, 16);
  let at = (word / 5) << 2;
  let near = v128.load(at, WORDS + 48);
  for (; word < TWENTY; word += 20) {
    near = prepare(at, near);
    at += 16;
    // biome-ignore format: a round a line
    {
      e = round<Choice>(e, a, b, c, d, load<u32>(word, WORDS)); b = rotl<u32>(b, 30);
      d = round<Choice>(d, e, a, b, c, load<u32>(word, WORDS + 4)); a = rotl<u32>(a, 30);
      c = round<Choice>(c, d, e, a, b, load<u32>(word, WORDS + 8)); e = rotl<u32>(e, 30);
      b = round<Choice>(b, c, d, e, a, load<u32>(word, WORDS + 12)); d = rotl<u32>(d, 30);
      a = round<Choice>(a, b, c, d, e, load<u32>(word, WORDS + 16)); c = rotl<u32>(c, 30);
    }
  }
  for (; word < 2 * TWENTY; word += 20) {
    near = prepareLater(at, near);
    at += 16;
    // biome-ignore format: a round a line
    {
      e = round<Parity>(e, a, b, c, d, load<u32>(word, WORDS)); b = rotl<u32>(b, 30);
      d = round<Parity>(d, e, a, b, c, load<u32>(word, WORDS + 4)); a = rotl<u32>(a, 30);
      c = round<Parity>(c, d, e, a, b, load<u32>(word, WORDS + 8)); e = rotl<u32>(e, 30);
      b = round<Parity>(b, c, d, e, a, load<u32>(word, WORDS + 12)); d = rotl<u32>(d, 30);
      a = round<Parity>(a, b, c, d, e, load<u32>(word, WORDS + 16)); c = rotl<u32>(c, 30);
    }
  }
  for (; word < 3 * TWENTY; word += 20) {
    near = prepareLater(at, near);
    at += 16;
    // biome-ignore format: a round a line
    {
      e = round<Majority>(e, a, b, c, d, load<u32>(word, WORDS)); b = rotl<u32>(b, 30);
      d = round<Majority>(d, e, a, b, c, load<u32>(word, WORDS + 4)); a = rotl<u32>(a, 30);
      c = round<Majority>(c, d, e, a, b, load<u32>(word, WORDS + 8)); e = rotl<u32>(e, 30);
      b = round<Majority>(b, c, d, e, a, load<u32>(word, WORDS + 12)); d = rotl<u32>(d, 30);
      a = round<Majority>(a, b, c, d, e, load<u32>(word, WORDS + 16)); c = rotl<u32>(c, 30);
    }
  }
  for (; word < 4 * TWENTY; word += 20) {
    near = prepareLater(at, near);
    at += 16;
    // biome-ignore format: a round a line
    {
      e = round<LastParity>(e, a, b, c, d, load<u32>(word, WORDS)); b = rotl<u32>(b, 30);
      d = round<LastParity>(d, e, a, b, c, load<u32>(word, WORDS + 4)); a = rotl<u32>(a, 30);
      c = round<LastParity>(c, d, e, a, b, load<u32>(word, WORDS + 8)); e = rotl<u32>(e, 30);
      b = round<LastParity>(b, c, d, e, a, load<u32>(word, WORDS + 12)); d = rotl<u32>(d, 30);
      a = round<LastParity>(a, b, c, d, e, load<u32>(word, WORDS + 16)); c = rotl<u32>(c, 30);
    }
  }
  v128.store(state, i32x4.add(row(a, b, c, d), v128.load(state)));
  v128.store(state, i32x4.add(row(e, 0, 0, 0), v128.load(state, 16)), 16);
}

export function round<F>(e: u32, a: u32, b: u32, c: u32, d: u32, word: u32): u32 {
  if (sizeof<F>() == sizeof<Choice>()) e += word + 0x5a827999 + choice(b, c, d);
  else if (sizeof<F>() == sizeof<Parity>()) e += word + 0x6ed9eba1 + parity(b, c, d);
  else if (sizeof<F>() == sizeof<Majority>()) e += word + 0x8f1bbcdc + majority(b, c, d);
  else e += word + 0xca62c1d6 + parity(b, c, d);
  return e + rotl<u32>(a, 5);
}
