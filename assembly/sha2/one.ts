// SHA-256 (FIPS 180-4 section 6.2.2) on one message: in words, at the place of its lane.
import { SHA_WORK } from "../layout";
import { addConstants, earlier, firstWords, prepare, SUMS } from "./schedule";
import { first, second } from "./sha256";

/** Compresses `blocks` blocks of 64 bytes at `source`. The words of the state lie 16 bytes apart from `state` on. */
export function sha256One(state: usize, source: usize, blocks: i32): void {
  for (const end = source + ((<usize>blocks) << 6); source < end; source += 64) {
    firstWords(source);
    compress(state);
  }
}

/** The block whose words are the first 16 of the message schedule of four lanes, in the first of them. */
export function sha256OneSchedule(state: usize): void {
  for (let at: usize = 0; at < 64; at += 4) store<u32>(SHA_WORK + at, bswap<u32>(load<u32>(SHA_WORK + (at << 2))));
  firstWords(SHA_WORK);
  compress(state);
}

/** 64 rounds; at the end of every eight the names are back where they were. */
function compress(state: usize): void {
  let a = load<u32>(state, 0);
  let b = load<u32>(state, 16);
  let c = load<u32>(state, 32);
  let d = load<u32>(state, 48);
  let e = load<u32>(state, 64);
  let f = load<u32>(state, 80);
  let g = load<u32>(state, 96);
  let h = load<u32>(state, 112);
  for (let at: usize = 0; at < 256; at += 32) {
    // biome-ignore format: a round a line
    {
      h = first(e, f, g, h, load<u32>(SUMS + at, 0)); d += h; h += second(a, b, c);
      prepare(at, earlier(at));
      g = first(d, e, f, g, load<u32>(SUMS + at, 4)); c += g; g += second(h, a, b);
      f = first(c, d, e, f, load<u32>(SUMS + at, 8)); b += f; f += second(g, h, a);
      addConstants(at);
      e = first(b, c, d, e, load<u32>(SUMS + at, 12)); a += e; e += second(f, g, h);
      d = first(a, b, c, d, load<u32>(SUMS + at, 16)); h += d; d += second(e, f, g);
      prepare(at + 16, earlier(at + 16));
      c = first(h, a, b, c, load<u32>(SUMS + at, 20)); g += c; c += second(d, e, f);
      b = first(g, h, a, b, load<u32>(SUMS + at, 24)); f += b; b += second(c, d, e);
      addConstants(at + 16);
      a = first(f, g, h, a, load<u32>(SUMS + at, 28)); e += a; a += second(b, c, d);
    }
  }
  store<u32>(state, a + load<u32>(state, 0), 0);
  store<u32>(state, b + load<u32>(state, 16), 16);
  store<u32>(state, c + load<u32>(state, 32), 32);
  store<u32>(state, d + load<u32>(state, 48), 48);
  store<u32>(state, e + load<u32>(state, 64), 64);
  store<u32>(state, f + load<u32>(state, 80), 80);
  store<u32>(state, g + load<u32>(state, 96), 96);
  store<u32>(state, h + load<u32>(state, 112), 112);
}
