// SHA-512 and SHA-384 (FIPS 180-4 section 6.4.2) on two messages at once: 64-bit lane l belongs to message l.
//
//   states   a b c d e f g h, 16 bytes each
import { permute } from "../aes/permute";
import { SHA_WORK } from "../layout";

/** FIPS 180-4 section 4.2.3: the first 64 bits of the fractional parts of the cube roots of the first 80 primes. */
// biome-ignore format: four a line
const K = memory.data<u64>(
  [
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
  ],
  16,
);

/** The bytes of two 64-bit words, each reversed: messages are big-endian. */
const REVERSED_WORDS = memory.data<u8>([7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8], 16);

/** The message schedule: 80 vectors. */
const SCHEDULE: usize = SHA_WORK;

/** Compresses `blocks` blocks of 128 bytes of each of two messages; `sources` holds their addresses, u32 each. */
export function sha512Lanes(states: usize, sources: usize, blocks: i32): void {
  const reversed = v128.load(REVERSED_WORDS);
  let source0 = <usize>load<u32>(sources, 0);
  let source1 = <usize>load<u32>(sources, 4);
  for (; blocks > 0; blocks--) {
    for (let at: usize = 0; at < 128; at += 16) {
      const w0 = permute(v128.load(source0 + at), reversed);
      const w1 = permute(v128.load(source1 + at), reversed);
      v128.store(SCHEDULE + (at << 1), v128.shuffle<i64>(w0, w1, 0, 2), 0);
      v128.store(SCHEDULE + (at << 1), v128.shuffle<i64>(w0, w1, 1, 3), 16);
    }
    sha512Compress(states);
    source0 += 128;
    source1 += 128;
  }
}

/** Words 16 to 23 behind `word`, each from four before it. */
function expand(word: usize): void {
  for (const end = word + 128; word < end; word += 16) {
    const next = i64x2.add(sigma1(v128.load(word, 14 * 16)), v128.load(word, 9 * 16));
    v128.store(word, i64x2.add(i64x2.add(next, sigma0(v128.load(word, 16))), v128.load(word)), 16 * 16);
  }
}

/**
 * The block whose words are the first 16 of the message schedule. 80 rounds; at the end of every eight the names are back
 * where they were.
 */
export function sha512Compress(states: usize): void {
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  let e = v128.load(states, 64);
  let f = v128.load(states, 80);
  let g = v128.load(states, 96);
  let h = v128.load(states, 112);
  let t1: v128;
  let word = SCHEDULE;
  for (let k = K; word < SCHEDULE + 80 * 16; k += 64) {
    t1 = first(e, f, g, h, v128.load64_splat(k), v128.load(word));
    d = i64x2.add(d, t1);
    h = i64x2.add(t1, second(a, b, c));
    t1 = first(d, e, f, g, v128.load64_splat(k + 8), v128.load(word, 16));
    c = i64x2.add(c, t1);
    g = i64x2.add(t1, second(h, a, b));
    t1 = first(c, d, e, f, v128.load64_splat(k + 16), v128.load(word, 32));
    b = i64x2.add(b, t1);
    f = i64x2.add(t1, second(g, h, a));
    t1 = first(b, c, d, e, v128.load64_splat(k + 24), v128.load(word, 48));
    a = i64x2.add(a, t1);
    e = i64x2.add(t1, second(f, g, h));
    t1 = first(a, b, c, d, v128.load64_splat(k + 32), v128.load(word, 64));
    h = i64x2.add(h, t1);
    d = i64x2.add(t1, second(e, f, g));
    t1 = first(h, a, b, c, v128.load64_splat(k + 40), v128.load(word, 80));
    g = i64x2.add(g, t1);
    c = i64x2.add(t1, second(d, e, f));
    t1 = first(g, h, a, b, v128.load64_splat(k + 48), v128.load(word, 96));
    f = i64x2.add(f, t1);
    b = i64x2.add(t1, second(c, d, e));
    t1 = first(f, g, h, a, v128.load64_splat(k + 56), v128.load(word, 112));
    e = i64x2.add(e, t1);
    a = i64x2.add(t1, second(b, c, d));
    if (word < SCHEDULE + 64 * 16) expand(word);
    word += 128;
  }
  v128.store(states, i64x2.add(a, v128.load(states, 0)), 0);
  v128.store(states, i64x2.add(b, v128.load(states, 16)), 16);
  v128.store(states, i64x2.add(c, v128.load(states, 32)), 32);
  v128.store(states, i64x2.add(d, v128.load(states, 48)), 48);
  v128.store(states, i64x2.add(e, v128.load(states, 64)), 64);
  v128.store(states, i64x2.add(f, v128.load(states, 80)), 80);
  v128.store(states, i64x2.add(g, v128.load(states, 96)), 96);
  v128.store(states, i64x2.add(h, v128.load(states, 112)), 112);
}

/** T1 = h + Sigma1(e) + Ch(e, f, g) + K + W. */
function first(e: v128, f: v128, g: v128, h: v128, k: v128, word: v128): v128 {
  const sigma = v128.xor(v128.xor(rotateRight(e, 14), rotateRight(e, 18)), rotateRight(e, 41));
  const choice = v128.xor(g, v128.and(e, v128.xor(f, g)));
  return i64x2.add(i64x2.add(i64x2.add(h, i64x2.add(k, word)), choice), sigma);
}

/** T2 = Sigma0(a) + Maj(a, b, c). */
function second(a: v128, b: v128, c: v128): v128 {
  const sigma = v128.xor(v128.xor(rotateRight(a, 28), rotateRight(a, 34)), rotateRight(a, 39));
  return i64x2.add(sigma, v128.xor(b, v128.and(v128.xor(a, b), v128.xor(b, c))));
}

function sigma0(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 1), rotateRight(x, 8)), i64x2.shr_u(x, 7));
}

function sigma1(x: v128): v128 {
  return v128.xor(v128.xor(rotateRight(x, 19), rotateRight(x, 61)), i64x2.shr_u(x, 6));
}

function rotateRight(x: v128, n: i32): v128 {
  return v128.or(i64x2.shr_u(x, n), i64x2.shl(x, 64 - n));
}
