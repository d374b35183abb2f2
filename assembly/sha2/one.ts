// SHA-256 (FIPS 180-4 section 6.2.2) on one message. Its state and its working variables are words side by side.
import { earlier, firstWords, keep, prepare, SUMS, WORDS, WORDS_SIZE } from "./schedule";
import { first, second } from "./sha256";
import { row } from "./words";

/** Of the words of sixteen rounds. */
export const SIXTEEN: usize = 64;

/** Compresses `blocks` blocks of 64 bytes at `source`. */
export function sha256One(state: usize, source: usize, blocks: i32): void {
  for (const end = source + ((<usize>blocks) << 6); source < end; source += 64) {
    firstWords(source);
    sha256Rest(state, state, 0);
  }
}

/**
 * The rounds from that on whose word is at `at`, eight by eight, after which the names are back where they were, and the end;
 * `variables` are as that round finds them.
 */
export function sha256Rest(state: usize, variables: usize, at: usize): void {
  let a = load<u32>(variables);
  let b = load<u32>(variables, 4);
  let c = load<u32>(variables, 8);
  let d = load<u32>(variables, 12);
  let e = load<u32>(variables, 16);
  let f = load<u32>(variables, 20);
  let g = load<u32>(variables, 24);
  let h = load<u32>(variables, 28);
  let near = v128.load(at, WORDS + 48);
  for (; at < WORDS_SIZE; at += 32) {
    // biome-ignore format: a round a line
    {
      h = first(e, f, g, h, load<u32>(at, SUMS)); d += h; h += second(a, b, c);
      if (at < WORDS_SIZE - 64) {
        near = prepare(earlier(at, near), near);
        keep(at, near);
      }
      g = first(d, e, f, g, load<u32>(at, SUMS + 4)); c += g; g += second(h, a, b);
      f = first(c, d, e, f, load<u32>(at, SUMS + 8)); b += f; f += second(g, h, a);
      e = first(b, c, d, e, load<u32>(at, SUMS + 12)); a += e; e += second(f, g, h);
      d = first(a, b, c, d, load<u32>(at, SUMS + 16)); h += d; d += second(e, f, g);
      if (at < WORDS_SIZE - 64) {
        near = prepare(earlier(at + 16, near), near);
        keep(at + 16, near);
      }
      c = first(h, a, b, c, load<u32>(at, SUMS + 20)); g += c; c += second(d, e, f);
      b = first(g, h, a, b, load<u32>(at, SUMS + 24)); f += b; b += second(c, d, e);
      a = first(f, g, h, a, load<u32>(at, SUMS + 28)); e += a; a += second(b, c, d);
    }
  }
  v128.store(state, i32x4.add(row(a, b, c, d), v128.load(state)));
  v128.store(state, i32x4.add(row(e, f, g, h), v128.load(state, 16)), 16);
}
