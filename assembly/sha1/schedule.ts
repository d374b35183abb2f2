// The message schedule of SHA-1 (FIPS 180-4 section 6.1.2) for one message: four words at a time in vectors, which the
// rounds leave idle. A round adds a word and its constant, so their sum is kept too.
import { permute } from "../aes/permute";
import { SHA_WORK } from "../layout";
import { REVERSED_WORDS } from "../sha2/lanes32";
import { K } from "./sha1";

const WORDS: usize = SHA_WORK; // u32 a word: 80, and 16 that the last rounds prepare for nobody, of whatever follows K
/** u32 a word: the word plus its constant. */
export const SUMS: usize = SHA_WORK + 384;

/** The block at `source` as words 0 to 15. */
export function firstWords(source: usize): void {
  const order = v128.load(REVERSED_WORDS);
  for (let at: usize = 0; at < 64; at += 16) {
    const words = permute(v128.load(source + at), order);
    v128.store(WORDS + at, words);
    v128.store(SUMS + at, i32x4.add(words, v128.load(K)));
  }
}

// Words t + 16 to t + 19 in steps small enough to be inlined among the rounds. Word t is at 4 t, `at`.

/** What their exclusive or is, less W(t + 16), which the last of them needs. */
export function prepare(at: usize): void {
  const w0 = v128.load(WORDS + at);
  const w2 = v128.shuffle<i32>(w0, v128.load(WORDS + at, 16), 2, 3, 4, 5);
  const w13 = v128.shuffle<i32>(v128.load(WORDS + at, 48), i64x2.splat(0), 1, 2, 3, 4);
  const words = rotated(v128.xor(v128.xor(w0, w2), v128.xor(v128.load(WORDS + at, 32), w13)));
  const last = rotated(v128.shuffle<i32>(i64x2.splat(0), words, 0, 0, 0, 4));
  v128.store(WORDS + at, v128.xor(words, last), 64);
}

/** `k`: the address of their constant. */
export function addConstant(at: usize, k: usize): void {
  v128.store(SUMS + at, i32x4.add(v128.load(WORDS + at, 64), v128.load(k)), 64);
}

function rotated(x: v128): v128 {
  return v128.or(i32x4.shl(x, 1), i32x4.shr_u(x, 31));
}
