// SHA-256 of one message beside AES-CBC of one text. Each is a chain that keeps the processor waiting, this one in vectors
// and that one in words: so the rounds of one fill the time that the other waits. They stand mixed here, and as compilers
// move nothing across a branch or a store, the message schedule holds them in their places.
import { endBlock, startBlock } from "../aes/nibble-chain";
import { A_OVER, DOUBLED, firstTerm, INVERSES, LOW, roundAfter, SBOX, secondTerm, TABLES } from "../aes/nibble-round";
import { ROWS_DOWN } from "../aes/tables";
import { SIXTEEN } from "./one";
import { earlier, firstWords, keep, prepare, SUMS, WORDS, WORDS_SIZE } from "./schedule";
import { first, second } from "./sha256";

/**
 * Encrypts the text from `text` to `end`, one block of AES to four, after what `chain` hands to it, under the `keys` of ten
 * rounds or of 14; and begins to compress the 64 bytes at `source`, sixteen rounds a block of AES: from the `state` on, up to
 * the `variables`, with which sha256Rest goes on. Answers what the text hands on.
 */
export function sha256BesideCbc(
  state: usize,
  variables: usize,
  source: usize,
  keys: usize,
  rounds: i32,
  text: usize,
  end: usize,
  chain: v128,
): v128 {
  firstWords(source);
  for (let at: usize = 0; text < end; at += SIXTEEN) {
    chain = rounds16(state, variables, at, keys, rounds, text, chain);
    state = variables;
    text += 16;
  }
  return chain;
}

/** Sixteen rounds whose words begin at `at`, and one block of AES. */
function rounds16(from: usize, to: usize, at: usize, keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  let block = startBlock(keys, rounds, text, chain);
  let key = keys + ((<usize>(rounds - 9)) << 4);
  const low = v128.load(TABLES, LOW);
  const inverses = v128.load(TABLES, INVERSES);
  const aOver = v128.load(TABLES, A_OVER);
  const sbox0 = v128.load(TABLES, SBOX);
  const sbox1 = v128.load(TABLES, SBOX + 16);
  const doubled0 = v128.load(TABLES, DOUBLED);
  const doubled1 = v128.load(TABLES, DOUBLED + 16);
  let a = load<u32>(from);
  let b = load<u32>(from, 4);
  let c = load<u32>(from, 8);
  let d = load<u32>(from, 12);
  let e = load<u32>(from, 16);
  let f = load<u32>(from, 20);
  let g = load<u32>(from, 24);
  let h = load<u32>(from, 28);
  let near = v128.load(at, WORDS + 48);
  let order = ROWS_DOWN + 32;
  let x: v128;
  let y: v128;
  // Two times eight rounds beside five.
  for (let half = 0; ; half++) {
    // biome-ignore format: a round a line
    {
      h = first(e, f, g, h, load<u32>(at, SUMS)); d += h; h += second(a, b, c);
      x = firstTerm(block, low, inverses, aOver); y = secondTerm(block, low, inverses, aOver);
      block = roundAfter(v128.load(key), v128.load(order), v128.load(order, 16), x, y, sbox0, sbox1, doubled0, doubled1);
      g = first(d, e, f, g, load<u32>(at, SUMS + 4)); c += g; g += second(h, a, b);
      if (at < WORDS_SIZE - 64) {
        near = prepare(earlier(at, near), near);
        keep(at, near);
      }
      f = first(c, d, e, f, load<u32>(at, SUMS + 8)); b += f; f += second(g, h, a);
      x = firstTerm(block, low, inverses, aOver); y = secondTerm(block, low, inverses, aOver);
      block = roundAfter(v128.load(key, 16), v128.load(order, 32), v128.load(order, 48), x, y, sbox0, sbox1, doubled0, doubled1);
      e = first(b, c, d, e, load<u32>(at, SUMS + 12)); a += e; e += second(f, g, h);
      d = first(a, b, c, d, load<u32>(at, SUMS + 16)); h += d; d += second(e, f, g);
      x = firstTerm(block, low, inverses, aOver); y = secondTerm(block, low, inverses, aOver);
      block = roundAfter(v128.load(key, 32), v128.load(order, 64), v128.load(order, 80), x, y, sbox0, sbox1, doubled0, doubled1);
      c = first(h, a, b, c, load<u32>(at, SUMS + 20)); g += c; c += second(d, e, f);
      if (at < WORDS_SIZE - 64) {
        near = prepare(earlier(at + 16, near), near);
        keep(at + 16, near);
      }
      b = first(g, h, a, b, load<u32>(at, SUMS + 24)); f += b; b += second(c, d, e);
      x = firstTerm(block, low, inverses, aOver); y = secondTerm(block, low, inverses, aOver);
      block = roundAfter(v128.load(key, 48), v128.load(order, 96), v128.load(order, 112), x, y, sbox0, sbox1, doubled0, doubled1);
      a = first(f, g, h, a, load<u32>(at, SUMS + 28)); e += a; a += second(b, c, d);
    }
    at += 32;
    if (half > 0) break;
    x = firstTerm(block, low, inverses, aOver);
    y = secondTerm(block, low, inverses, aOver);
    block = roundAfter(
      v128.load(key, 64),
      v128.load(order, 128),
      v128.load(order, 144),
      x,
      y,
      sbox0,
      sbox1,
      doubled0,
      doubled1,
    );
    key += 80;
    order += 160;
  }
  store<u32>(to, a);
  store<u32>(to, b, 4);
  store<u32>(to, c, 8);
  store<u32>(to, d, 12);
  store<u32>(to, e, 16);
  store<u32>(to, f, 20);
  store<u32>(to, g, 24);
  store<u32>(to, h, 28);
  return endBlock(text, block, key + 64);
}
