// The message schedule of SHA-1 (FIPS 180-4 section 6.1.2) for one message: four words at a time in vectors, which the
// rounds leave idle.
import { permute } from "../aes/permute";
import { ONE_WORDS } from "../layout";
import { REVERSED_WORDS } from "../sha2/lanes32";

/** u32 a word. */
export const WORDS: usize = ONE_WORDS;
export const WORDS_SIZE: usize = 320;

/** The block at `source` as words 0 to 15. */
export function firstWords(source: usize): void {
  const order = v128.load(REVERSED_WORDS);
  for (let at: usize = 0; at < 64; at += 16) v128.store(at, permute(v128.load(source + at), order), WORDS);
}

// Words t + 16 to t + 19, where word t is at 4 t, `at`, and `near` are words t + 12 to t + 15.

/** By their definition, which makes the last of them wait for the first. */
export function prepare(at: usize, near: v128): v128 {
  const w0 = v128.load(at, WORDS);
  const w2 = v128.shuffle<i32>(w0, v128.load(at, WORDS + 16), 2, 3, 4, 5);
  const w13 = v128.shuffle<i32>(near, i64x2.splat(0), 1, 2, 3, 4);
  const words = rotateLeft(v128.xor(v128.xor(w0, w2), v128.xor(v128.load(at, WORDS + 32), w13)), 1);
  const last = rotateLeft(v128.shuffle<i32>(i64x2.splat(0), words, 1, 2, 3, 4), 1);
  return kept(at, v128.xor(words, last));
}

/** From word 32 on, with the definition applied to what it names: W(t + 10), W(t), W(t - 12), W(t - 16), by two bits. */
export function prepareLater(at: usize, near: v128): v128 {
  const w10 = v128.shuffle<i32>(v128.load(at, WORDS + 32), near, 2, 3, 4, 5);
  const far = v128.xor(v128.load(at - 64, WORDS), v128.load(at - 48, WORDS));
  return kept(at, rotateLeft(v128.xor(v128.xor(w10, v128.load(at, WORDS)), far), 2));
}

function kept(at: usize, words: v128): v128 {
  v128.store(at, words, WORDS + 64);
  return words;
}

function rotateLeft(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}
