// SHA-256 of one message beside AES-CBC of one text. Each is a chain that keeps the processor waiting, this one in vectors
// and that one in words: so the rounds of one fill the time that the other waits. They stand mixed here, and as compilers
// leave no store behind, the stores of the message schedule hold them in their places.
import { firstKey, firstTerm, lastRound, roundAfter, secondTerm } from "../aes/nibbles";
import { addConstants, earlier, firstWords, prepare, SUMS } from "./schedule";
import { first, second } from "./sha256";

/**
 * Compresses the 64 bytes at `source` and encrypts the 64 bytes at `text`, which follow `chain`, under the `keys` of ten
 * rounds, or of 14. The words of the state lie 16 bytes apart. Answers the last block of `text`.
 */
export function sha256BesideCbc(state: usize, source: usize, keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  const last = keys + ((<usize>(rounds - 10)) << 4);
  firstWords(source);
  let a = load<u32>(state, 0);
  let b = load<u32>(state, 16);
  let c = load<u32>(state, 32);
  let d = load<u32>(state, 48);
  let e = load<u32>(state, 64);
  let f = load<u32>(state, 80);
  let g = load<u32>(state, 96);
  let h = load<u32>(state, 112);
  for (let at: usize = 0; at < 256; at += 64) {
    chain = firstKey(keys, v128.xor(chain, v128.load(text)));
    for (let round = 1; round <= rounds - 10; round++) {
      chain = roundAfter(keys + ((<usize>round) << 4), round, firstTerm(chain), secondTerm(chain));
    }
    // biome-ignore format: a round a line
    {
      h = first(e, f, g, h, load<u32>(SUMS + at, 0)); d += h; h += second(a, b, c);
      prepare(at, earlier(at));
      chain = roundAfter(last + 16, 1, firstTerm(chain), secondTerm(chain));
      g = first(d, e, f, g, load<u32>(SUMS + at, 4)); c += g; g += second(h, a, b);
      f = first(c, d, e, f, load<u32>(SUMS + at, 8)); b += f; f += second(g, h, a);
      addConstants(at);
      chain = roundAfter(last + 32, 2, firstTerm(chain), secondTerm(chain));
      e = first(b, c, d, e, load<u32>(SUMS + at, 12)); a += e; e += second(f, g, h);
      chain = roundAfter(last + 48, 3, firstTerm(chain), secondTerm(chain));
      d = first(a, b, c, d, load<u32>(SUMS + at, 16)); h += d; d += second(e, f, g);
      prepare(at + 16, earlier(at + 16));
      c = first(h, a, b, c, load<u32>(SUMS + at, 20)); g += c; c += second(d, e, f);
      chain = roundAfter(last + 64, 4, firstTerm(chain), secondTerm(chain));
      b = first(g, h, a, b, load<u32>(SUMS + at, 24)); f += b; b += second(c, d, e);
      addConstants(at + 16);
      a = first(f, g, h, a, load<u32>(SUMS + at, 28)); e += a; a += second(b, c, d);
      chain = roundAfter(last + 80, 5, firstTerm(chain), secondTerm(chain));
      h = first(e, f, g, h, load<u32>(SUMS + at, 32)); d += h; h += second(a, b, c);
      prepare(at + 32, earlier(at + 32));
      chain = roundAfter(last + 96, 6, firstTerm(chain), secondTerm(chain));
      g = first(d, e, f, g, load<u32>(SUMS + at, 36)); c += g; g += second(h, a, b);
      f = first(c, d, e, f, load<u32>(SUMS + at, 40)); b += f; f += second(g, h, a);
      addConstants(at + 32);
      chain = roundAfter(last + 112, 7, firstTerm(chain), secondTerm(chain));
      e = first(b, c, d, e, load<u32>(SUMS + at, 44)); a += e; e += second(f, g, h);
      d = first(a, b, c, d, load<u32>(SUMS + at, 48)); h += d; d += second(e, f, g);
      prepare(at + 48, earlier(at + 48));
      chain = roundAfter(last + 128, 8, firstTerm(chain), secondTerm(chain));
      c = first(h, a, b, c, load<u32>(SUMS + at, 52)); g += c; c += second(d, e, f);
      b = first(g, h, a, b, load<u32>(SUMS + at, 56)); f += b; b += second(c, d, e);
      addConstants(at + 48);
      chain = roundAfter(last + 144, 9, firstTerm(chain), secondTerm(chain));
      a = first(f, g, h, a, load<u32>(SUMS + at, 60)); e += a; a += second(b, c, d);
      chain = lastRound(chain, 10, last + 160);
    }
    v128.store(text, chain);
    text += 16;
  }
  store<u32>(state, a + load<u32>(state, 0), 0);
  store<u32>(state, b + load<u32>(state, 16), 16);
  store<u32>(state, c + load<u32>(state, 32), 32);
  store<u32>(state, d + load<u32>(state, 48), 48);
  store<u32>(state, e + load<u32>(state, 64), 64);
  store<u32>(state, f + load<u32>(state, 80), 80);
  store<u32>(state, g + load<u32>(state, 96), 96);
  store<u32>(state, h + load<u32>(state, 112), 112);
  return chain;
}
