// SHA-256 (FIPS 180-4 section 6.2.2) on four messages at once: 32-bit lane l of every vector belongs to message l.
// One message alone: see one.ts.
//
//   states   a b c d e f g h, 16 bytes each
import { loadBlocks, SCHEDULE_32 } from "./lanes32";
import { add32, and, rotateRight32, shiftRight32, xor } from "./words";

/** FIPS 180-4 section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
// biome-ignore format: eight a line
export const K = memory.data<u32>(
  [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ],
  16,
);

const LAST_16: usize = SCHEDULE_32 + 48 * 16;

/** Compresses `blocks` blocks of 64 bytes of each of four messages; `sources` holds their addresses, u32 each. */
export function sha256Lanes(states: usize, sources: usize, blocks: i32): void {
  for (let block: usize = 0; block < (<usize>blocks) << 6; block += 64) {
    loadBlocks(sources, block, 64);
    sha256Compress(states);
  }
}

/** The word 16 behind `word`. */
function prepare(word: usize): void {
  const next = add32(sigma1(v128.load(word, 14 * 16)), v128.load(word, 9 * 16));
  v128.store(word, add32(add32(next, sigma0(v128.load(word, 16))), v128.load(word)), 16 * 16);
}

/**
 * The block whose words are the first 16 of the message schedule. 64 rounds; at the end of every eight the names are back
 * where they were. The later words are prepared two at a time among the rounds, which wait for each other and leave time
 * for it; and no compiler moves rounds past these branches, as it would to where their sums are used.
 */
export function sha256Compress(states: usize): void {
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  let e = v128.load(states, 64);
  let f = v128.load(states, 80);
  let g = v128.load(states, 96);
  let h = v128.load(states, 112);
  let t1: v128;
  let word = SCHEDULE_32;
  for (let k = K; word < SCHEDULE_32 + 64 * 16; k += 32) {
    if (word < LAST_16) {
      prepare(word);
      prepare(word + 16);
    }
    t1 = first(e, f, g, h, add32(v128.load32_splat(k), v128.load(word)));
    d = add32(d, t1);
    h = add32(t1, second(a, b, c));
    t1 = first(d, e, f, g, add32(v128.load32_splat(k, 4), v128.load(word, 16)));
    c = add32(c, t1);
    g = add32(t1, second(h, a, b));
    if (word < LAST_16) {
      prepare(word + 32);
      prepare(word + 48);
    }
    t1 = first(c, d, e, f, add32(v128.load32_splat(k, 8), v128.load(word, 32)));
    b = add32(b, t1);
    f = add32(t1, second(g, h, a));
    t1 = first(b, c, d, e, add32(v128.load32_splat(k, 12), v128.load(word, 48)));
    a = add32(a, t1);
    e = add32(t1, second(f, g, h));
    if (word < LAST_16) {
      prepare(word + 64);
      prepare(word + 80);
    }
    t1 = first(a, b, c, d, add32(v128.load32_splat(k, 16), v128.load(word, 64)));
    h = add32(h, t1);
    d = add32(t1, second(e, f, g));
    t1 = first(h, a, b, c, add32(v128.load32_splat(k, 20), v128.load(word, 80)));
    g = add32(g, t1);
    c = add32(t1, second(d, e, f));
    if (word < LAST_16) {
      prepare(word + 96);
      prepare(word + 112);
    }
    t1 = first(g, h, a, b, add32(v128.load32_splat(k, 24), v128.load(word, 96)));
    f = add32(f, t1);
    b = add32(t1, second(c, d, e));
    t1 = first(f, g, h, a, add32(v128.load32_splat(k, 28), v128.load(word, 112)));
    e = add32(e, t1);
    a = add32(t1, second(b, c, d));
    word += 128;
  }
  v128.store(states, add32(a, v128.load(states, 0)), 0);
  v128.store(states, add32(b, v128.load(states, 16)), 16);
  v128.store(states, add32(c, v128.load(states, 32)), 32);
  v128.store(states, add32(d, v128.load(states, 48)), 48);
  v128.store(states, add32(e, v128.load(states, 64)), 64);
  v128.store(states, add32(f, v128.load(states, 80)), 80);
  v128.store(states, add32(g, v128.load(states, 96)), 96);
  v128.store(states, add32(h, v128.load(states, 112)), 112);
}

/** T1 = h + Sigma1(e) + Ch(e, f, g) + (K + W). */
export function first<T>(e: T, f: T, g: T, h: T, sum: T): T {
  const sigma = xor(xor(rotateRight32(e, 6), rotateRight32(e, 11)), rotateRight32(e, 25));
  const choice = xor(g, and(e, xor(f, g)));
  return add32(add32(add32(h, sum), choice), sigma);
}

/** T2 = Sigma0(a) + Maj(a, b, c). */
export function second<T>(a: T, b: T, c: T): T {
  const sigma = xor(xor(rotateRight32(a, 2), rotateRight32(a, 13)), rotateRight32(a, 22));
  return add32(sigma, xor(b, and(xor(a, b), xor(b, c))));
}

function sigma0<T>(x: T): T {
  return xor(xor(rotateRight32(x, 7), rotateRight32(x, 18)), shiftRight32(x, 3));
}

function sigma1<T>(x: T): T {
  return xor(xor(rotateRight32(x, 17), rotateRight32(x, 19)), shiftRight32(x, 10));
}
