// MD5 (RFC 1321) on four messages at once: 32-bit lane l of every vector belongs to message l. For HMAC-MD5-96 (RFC 2403)
// alone, in the legacy build alone: RFC 8221 section 6 says MUST NOT.
//
//   states   a b c d, 16 bytes each
//
// The tables stand in functions: so a build that calls none of them carries none of them.
import { loadWords, SCHEDULE_32 } from "../sha2/lanes32";

/** The initial state, RFC 1321 section 3.3; zeroes where SHA-1 and SHA-256 have more words. */
export function md5Initial(): usize {
  return memory.data<u32>([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0, 0, 0, 0], 16);
}

/** RFC 1321 section 3.4: the first 32 bits of the fractional part of |sin(i)|, i from 1 on, in radians. */
function sines(): usize {
  // biome-ignore format: eight a line
  return memory.data<u32>(
    [
      0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
      0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
      0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
      0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
      0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
      0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
      0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
      0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
    ],
    16,
  );
}

/** How far a step rotates: four amounts a round, taken in turn. */
function rotations(): usize {
  // biome-ignore format: a round a line
  return memory.data<u8>([
    7, 12, 17, 22,
    5, 9, 14, 20,
    4, 11, 16, 23,
    6, 10, 15, 21,
  ]);
}

/** Which message word a step takes: i, 5i + 1, 3i + 5, 7i, modulo 16. */
function words(): usize {
  // biome-ignore format: a round a line
  return memory.data<u8>([
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    1, 6, 11, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12,
    5, 8, 11, 14, 1, 4, 7, 10, 13, 0, 3, 6, 9, 12, 15, 2,
    0, 7, 14, 5, 12, 3, 10, 1, 8, 15, 6, 13, 4, 11, 2, 9,
  ]);
}

/** Message words are little-endian: bytes stay in place. */
function inPlace(): usize {
  return memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 16);
}

/** Compresses `blocks` blocks of 64 bytes of each of four messages; `sources` holds their addresses, u32 each. */
export function md5Lanes(states: usize, sources: usize, blocks: i32): void {
  for (let block: usize = 0; block < (<usize>blocks) << 6; block += 64) {
    md5Load(sources, block, 64);
    md5Compress(states);
  }
}

/** Loads the blocks at `offset` of the four messages whose addresses are at `sources`, or their first `bytes`. */
export function md5Load(sources: usize, offset: usize, bytes: usize): void {
  loadWords(sources, offset, bytes, inPlace());
}

/** The block whose words are the first 16 at SCHEDULE_32. */
export function md5Compress(states: usize): void {
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  for (let t: usize = 0; t < 64; t += 4) {
    // Four steps, after which the names are back where they were.
    a = step(a, b, c, d, t);
    d = step(d, a, b, c, t + 1);
    c = step(c, d, a, b, t + 2);
    b = step(b, c, d, a, t + 3);
  }
  v128.store(states, i32x4.add(a, v128.load(states, 0)), 0);
  v128.store(states, i32x4.add(b, v128.load(states, 16)), 16);
  v128.store(states, i32x4.add(c, v128.load(states, 32)), 32);
  v128.store(states, i32x4.add(d, v128.load(states, 48)), 48);
}

/** b + ((a + mix(b, c, d) + X[k] + T[i]) <<< s). */
function step(a: v128, b: v128, c: v128, d: v128, t: usize): v128 {
  const round = t >> 4;
  const word = v128.load(SCHEDULE_32 + ((<usize>load<u8>(words() + t)) << 4));
  const sum = i32x4.add(i32x4.add(a, mix(<i32>round, b, c, d)), i32x4.add(word, v128.load32_splat(sines() + (t << 2))));
  const amount = <i32>load<u8>(rotations() + (round << 2) + (t & 3));
  return i32x4.add(b, v128.or(i32x4.shl(sum, amount), i32x4.shr_u(sum, 32 - amount)));
}

/** F, G, H, I of RFC 1321 section 3.4. */
function mix(round: i32, x: v128, y: v128, z: v128): v128 {
  if (round == 0) return v128.xor(z, v128.and(x, v128.xor(y, z)));
  if (round == 1) return v128.xor(y, v128.and(z, v128.xor(x, y)));
  if (round == 2) return v128.xor(v128.xor(x, y), z);
  return v128.xor(y, v128.or(x, v128.not(z)));
}
