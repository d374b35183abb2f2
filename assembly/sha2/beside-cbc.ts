// SHA-256 of one message beside AES-CBC of one text. Each is a chain that keeps the processor waiting, this one in vectors
// and that one in words: so the rounds of one fill the time that the other waits. They stand mixed here, and as compilers
// move nothing across a branch or a store, the message schedule holds them in their places.
import { A_OVER, DOUBLED, firstTerm, INVERSES, LOW, roundAfter, SBOX, secondTerm, TABLES } from "../aes/nibble-round";
import { lastRound, startBlock } from "../aes/nibbles";
import { earlier, firstWords, keep, prepare, SUMS, WORDS, WORDS_SIZE } from "./schedule";
import { first, second } from "./sha256";

/**
 * Encrypts the text from `text` to `end`, which follows `chain`, one block of AES to four, under the `keys` of ten rounds or
 * of 14; and begins to compress the 64 bytes at `source`, sixteen rounds a block of AES: from the `state` on, up to the
 * `variables`, with which sha256Rest goes on. Answers the last block of the text.
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
  const low = v128.load(TABLES, LOW);
  const inverses = v128.load(TABLES, INVERSES);
  const aOver = v128.load(TABLES, A_OVER);
  const sbox0 = v128.load(TABLES, SBOX);
  const sbox1 = v128.load(TABLES, SBOX + 16);
  const doubled0 = v128.load(TABLES, DOUBLED);
  const doubled1 = v128.load(TABLES, DOUBLED + 16);
  const last = keys + ((<usize>(rounds - 10)) << 4);
  firstWords(source);
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  let near = v128.load(WORDS, 48);
  let at: usize = 0;
  let x: v128;
  let y: v128;
  for (; text < end; text += 16) {
    chain = startBlock(keys, rounds, v128.xor(chain, v128.load(text)));
    // Two times eight rounds beside five.
    for (let key = last + 16, round = 1; ; round += 5) {
      // biome-ignore format: a round a line
      {
        h = first(e, f, g, h, load<u32>(at, SUMS)); d += h; h += second(a, b, c);
        x = firstTerm(chain, low, inverses, aOver); y = secondTerm(chain, low, inverses, aOver);
        chain = roundAfter(key, round, x, y, sbox0, sbox1, doubled0, doubled1);
        g = first(d, e, f, g, load<u32>(at, SUMS + 4)); c += g; g += second(h, a, b);
        if (at < WORDS_SIZE - 64) {
          near = prepare(earlier(at, near), near);
          keep(at, near);
        }
        f = first(c, d, e, f, load<u32>(at, SUMS + 8)); b += f; f += second(g, h, a);
        x = firstTerm(chain, low, inverses, aOver); y = secondTerm(chain, low, inverses, aOver);
        chain = roundAfter(key + 16, round + 1, x, y, sbox0, sbox1, doubled0, doubled1);
        e = first(b, c, d, e, load<u32>(at, SUMS + 12)); a += e; e += second(f, g, h);
        d = first(a, b, c, d, load<u32>(at, SUMS + 16)); h += d; d += second(e, f, g);
        x = firstTerm(chain, low, inverses, aOver); y = secondTerm(chain, low, inverses, aOver);
        chain = roundAfter(key + 32, round + 2, x, y, sbox0, sbox1, doubled0, doubled1);
        c = first(h, a, b, c, load<u32>(at, SUMS + 20)); g += c; c += second(d, e, f);
        if (at < WORDS_SIZE - 64) {
          near = prepare(earlier(at + 16, near), near);
          keep(at + 16, near);
        }
        b = first(g, h, a, b, load<u32>(at, SUMS + 24)); f += b; b += second(c, d, e);
        x = firstTerm(chain, low, inverses, aOver); y = secondTerm(chain, low, inverses, aOver);
        chain = roundAfter(key + 48, round + 3, x, y, sbox0, sbox1, doubled0, doubled1);
        a = first(f, g, h, a, load<u32>(at, SUMS + 28)); e += a; a += second(b, c, d);
      }
      at += 32;
      if (round > 1) break;
      x = firstTerm(chain, low, inverses, aOver);
      y = secondTerm(chain, low, inverses, aOver);
      chain = roundAfter(key + 64, round + 4, x, y, sbox0, sbox1, doubled0, doubled1);
      key += 80;
    }
    chain = lastRound(chain, 10, last + 160);
    v128.store(text, chain);
  }
  store<u32>(variables, a);
  store<u32>(variables, b, 4);
  store<u32>(variables, c, 8);
  store<u32>(variables, d, 12);
  store<u32>(variables, e, 16);
  store<u32>(variables, f, 20);
  store<u32>(variables, g, 24);
  store<u32>(variables, h, 28);
  return chain;
}
