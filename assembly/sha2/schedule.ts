// The message schedule of SHA-256 (FIPS 180-4 section 6.2.2) for one message: four words at a time in vectors, which the
// rounds leave idle. A round adds a word and its constant, so their sum is kept too.
import { permute } from "../aes/permute";
import { ONE_WORDS } from "../layout";
import { REVERSED_WORDS } from "./lanes32";
import { K } from "./sha256";

/** u32 a word. */
export const WORDS: usize = ONE_WORDS;
export const WORDS_SIZE: usize = 256;
/** u32 a word: the word plus its constant. */
export const SUMS: usize = WORDS + WORDS_SIZE;

/** The block at `source` as words 0 to 15. */
export function firstWords(source: usize): void {
  const order = v128.load(REVERSED_WORDS);
  for (let at: usize = 0; at < 64; at += 16) {
    const words = permute(v128.load(source + at), order);
    v128.store(at, words, WORDS);
    v128.store(at, i32x4.add(words, v128.load(at, K)), SUMS);
  }
}

// Words t + 16 to t + 19 in three steps, each small enough to be inlined among the rounds. Word t is at 4 t, `at`, and `near`
// are words t + 12 to t + 15.

/** W(t) + W(t + 9) + sigma0(W(t + 1)). */
export function earlier(at: usize, near: v128): v128 {
  const w0 = v128.load(at, WORDS);
  const w1 = v128.shuffle<i32>(w0, v128.load(at, WORDS + 16), 1, 2, 3, 4);
  const w9 = v128.shuffle<i32>(v128.load(at, WORDS + 32), near, 1, 2, 3, 4);
  return i32x4.add(i32x4.add(w0, w9), sigma0(w1));
}

/** That + sigma1(W(t + 14)): the last two words need the first two. */
export function prepare(sum: v128, near: v128): v128 {
  const none = i64x2.splat(0);
  const two = i32x4.add(sum, v128.shuffle<i32>(sigma1(v128.shuffle<i32>(near, near, 2, 2, 3, 3)), none, 0, 2, 4, 4));
  const last = v128.shuffle<i32>(sigma1(v128.shuffle<i32>(two, two, 0, 0, 1, 1)), none, 4, 4, 0, 2);
  return i32x4.add(two, last);
}

export function keep(at: usize, words: v128): void {
  v128.store(at, words, WORDS + 64);
  v128.store(at, i32x4.add(words, v128.load(at, K + 64)), SUMS + 64);
}

function sigma0(x: v128): v128 {
  const r7 = v128.xor(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
  const r18 = v128.xor(i32x4.shr_u(x, 18), i32x4.shl(x, 14));
  return v128.xor(v128.xor(r7, r18), i32x4.shr_u(x, 3));
}

/** Of two words, each of which stands there twice, as a shift of both rotates it: to words 0 and 2. */
function sigma1(x: v128): v128 {
  return v128.xor(v128.xor(i64x2.shr_u(x, 17), i64x2.shr_u(x, 19)), i32x4.shr_u(x, 10));
}
