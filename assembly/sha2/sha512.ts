// SHA-512 and SHA-384 (FIPS 180-4 section 6.4.2) on two messages at once: 64-bit lane l belongs to message l.
// One message alone takes words instead of vectors, in the place of its lane.
//
//   states   a b c d e f g h, 16 bytes each
import { permute } from "../aes/permute";
import { load64 } from "../bytes";
import { SHA_WORK } from "../layout";
import { add64, and, rotateRight64, same64, shiftRight64, xor } from "./words";

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
  for (let block: usize = 0; block < (<usize>blocks) << 7; block += 128) {
    sha512Load(sources, block, 128);
    sha512Compress<v128>(states);
  }
}

/** Loads the 128-byte blocks at `offset` of the two messages, or their first `bytes`. */
export function sha512Load(sources: usize, offset: usize, bytes: usize): void {
  const reversed = v128.load(REVERSED_WORDS);
  const source0 = <usize>load<u32>(sources, 0) + offset;
  const source1 = <usize>load<u32>(sources, 4) + offset;
  for (let at: usize = 0; at < bytes; at += 16) {
    const w0 = permute(v128.load(source0 + at), reversed);
    const w1 = permute(v128.load(source1 + at), reversed);
    v128.store(SCHEDULE + (at << 1), v128.shuffle<i64>(w0, w1, 0, 2), 0);
    v128.store(SCHEDULE + (at << 1), v128.shuffle<i64>(w0, w1, 1, 3), 16);
  }
}

/** The same of one message at `source`. The words of its state lie side by side. */
export function sha512One(state: usize, source: usize, blocks: i32): void {
  for (; blocks > 0; blocks--) {
    for (let at: usize = 0; at < 128; at += 8) store<u64>(SCHEDULE + (at << 1), load64(source + at));
    sha512Compress<u64>(state);
    source += 128;
  }
}

/** Words 16 to 23 behind `word`, each from four before it. */
function expand<T>(word: usize): void {
  for (const end = word + 128; word < end; word += 16) {
    const next = add64(sigma1(load<T>(word, 14 * 16)), load<T>(word, 9 * 16));
    store<T>(word, add64(add64(next, sigma0(load<T>(word, 16))), load<T>(word)), 16 * 16);
  }
}

/**
 * The block whose words are the first 16 of the message schedule. 80 rounds; at the end of every eight the names are back
 * where they were.
 */
export function sha512Compress<T>(states: usize): void {
  let a = load<T>(states);
  let b = load<T>(states, sizeof<T>());
  let c = load<T>(states, 2 * sizeof<T>());
  let d = load<T>(states, 3 * sizeof<T>());
  let e = load<T>(states, 4 * sizeof<T>());
  let f = load<T>(states, 5 * sizeof<T>());
  let g = load<T>(states, 6 * sizeof<T>());
  let h = load<T>(states, 7 * sizeof<T>());
  let t1: T;
  let word = SCHEDULE;
  for (let k = K; word < SCHEDULE + 80 * 16; k += 64) {
    t1 = first(e, f, g, h, same64<T>(k), load<T>(word));
    d = add64(d, t1);
    h = add64(t1, second(a, b, c));
    t1 = first(d, e, f, g, same64<T>(k + 8), load<T>(word, 16));
    c = add64(c, t1);
    g = add64(t1, second(h, a, b));
    t1 = first(c, d, e, f, same64<T>(k + 16), load<T>(word, 32));
    b = add64(b, t1);
    f = add64(t1, second(g, h, a));
    t1 = first(b, c, d, e, same64<T>(k + 24), load<T>(word, 48));
    a = add64(a, t1);
    e = add64(t1, second(f, g, h));
    t1 = first(a, b, c, d, same64<T>(k + 32), load<T>(word, 64));
    h = add64(h, t1);
    d = add64(t1, second(e, f, g));
    t1 = first(h, a, b, c, same64<T>(k + 40), load<T>(word, 80));
    g = add64(g, t1);
    c = add64(t1, second(d, e, f));
    t1 = first(g, h, a, b, same64<T>(k + 48), load<T>(word, 96));
    f = add64(f, t1);
    b = add64(t1, second(c, d, e));
    t1 = first(f, g, h, a, same64<T>(k + 56), load<T>(word, 112));
    e = add64(e, t1);
    a = add64(t1, second(b, c, d));
    if (word < SCHEDULE + 64 * 16) expand<T>(word);
    word += 128;
  }
  store<T>(states, add64(a, load<T>(states)));
  store<T>(states, add64(b, load<T>(states, sizeof<T>())), sizeof<T>());
  store<T>(states, add64(c, load<T>(states, 2 * sizeof<T>())), 2 * sizeof<T>());
  store<T>(states, add64(d, load<T>(states, 3 * sizeof<T>())), 3 * sizeof<T>());
  store<T>(states, add64(e, load<T>(states, 4 * sizeof<T>())), 4 * sizeof<T>());
  store<T>(states, add64(f, load<T>(states, 5 * sizeof<T>())), 5 * sizeof<T>());
  store<T>(states, add64(g, load<T>(states, 6 * sizeof<T>())), 6 * sizeof<T>());
  store<T>(states, add64(h, load<T>(states, 7 * sizeof<T>())), 7 * sizeof<T>());
}

/** T1 = h + Sigma1(e) + Ch(e, f, g) + K + W. */
function first<T>(e: T, f: T, g: T, h: T, k: T, word: T): T {
  const sigma = xor(xor(rotateRight64(e, 14), rotateRight64(e, 18)), rotateRight64(e, 41));
  const choice = xor(g, and(e, xor(f, g)));
  return add64(add64(add64(h, add64(k, word)), choice), sigma);
}

/** T2 = Sigma0(a) + Maj(a, b, c). */
function second<T>(a: T, b: T, c: T): T {
  const sigma = xor(xor(rotateRight64(a, 28), rotateRight64(a, 34)), rotateRight64(a, 39));
  return add64(sigma, xor(b, and(xor(a, b), xor(b, c))));
}

function sigma0<T>(x: T): T {
  return xor(xor(rotateRight64(x, 1), rotateRight64(x, 8)), shiftRight64(x, 7));
}

function sigma1<T>(x: T): T {
  return xor(xor(rotateRight64(x, 19), rotateRight64(x, 61)), shiftRight64(x, 6));
}
