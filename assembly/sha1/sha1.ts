// SHA-1 (FIPS 180-4 section 6.1.2) on four messages at once: 32-bit lane l of every vector belongs to message l.
//
//   states   a b c d e, 16 bytes each
import { loadBlocks, SCHEDULE_32 } from "../sha2/lanes32";
import { wipe } from "../bytes";

/** FIPS 180-4 section 4.2.1, each in four lanes. */
// biome-ignore format: a constant a line
const K = memory.data<u32>(
  [
    0x5a827999, 0x5a827999, 0x5a827999, 0x5a827999,
    0x6ed9eba1, 0x6ed9eba1, 0x6ed9eba1, 0x6ed9eba1,
    0x8f1bbcdc, 0x8f1bbcdc, 0x8f1bbcdc, 0x8f1bbcdc,
    0xca62c1d6, 0xca62c1d6, 0xca62c1d6, 0xca62c1d6,
  ],
  16,
);

/** Compresses `blocks` blocks of 64 bytes of each of four messages; `sources` holds their addresses, u32 each. */
export function sha1Lanes(states: usize, sources: usize, blocks: i32): void {
  for (let block: usize = 0; block < (<usize>blocks) << 6; block += 64) {
    loadBlocks(sources, block);
    compress(states);
  }
  wipe(SCHEDULE_32, 256);
}

function compress(states: usize): void {
  let a = v128.load(states, 0);
  let b = v128.load(states, 16);
  let c = v128.load(states, 32);
  let d = v128.load(states, 48);
  let e = v128.load(states, 64);
  for (let t: usize = 0; t < 80; t += 5) {
    // Five rounds, after which the names are back where they were.
    const k = K + ((t / 20) << 4);
    const part = <i32>(t / 20);
    e = round(e, a, mix(part, b, c, d), k, t);
    b = rotateLeft(b, 30);
    d = round(d, e, mix(part, a, b, c), k, t + 1);
    a = rotateLeft(a, 30);
    c = round(c, d, mix(part, e, a, b), k, t + 2);
    e = rotateLeft(e, 30);
    b = round(b, c, mix(part, d, e, a), k, t + 3);
    d = rotateLeft(d, 30);
    a = round(a, b, mix(part, c, d, e), k, t + 4);
    c = rotateLeft(c, 30);
  }
  v128.store(states, i32x4.add(a, v128.load(states, 0)), 0);
  v128.store(states, i32x4.add(b, v128.load(states, 16)), 16);
  v128.store(states, i32x4.add(c, v128.load(states, 32)), 32);
  v128.store(states, i32x4.add(d, v128.load(states, 48)), 48);
  v128.store(states, i32x4.add(e, v128.load(states, 64)), 64);
}

/** e + rotl5(a) + f + K + W. */
function round(e: v128, a: v128, f: v128, k: usize, t: usize): v128 {
  const sum = i32x4.add(i32x4.add(e, rotateLeft(a, 5)), i32x4.add(f, v128.load(k)));
  return i32x4.add(sum, word(t));
}

/** Word t of the message schedule; from 16 on it replaces the word 16 before it. */
function word(t: usize): v128 {
  const place = SCHEDULE_32 + ((t & 15) << 4);
  if (t < 16) return v128.load(place);
  const near = v128.xor(v128.load(SCHEDULE_32 + (((t - 3) & 15) << 4)), v128.load(SCHEDULE_32 + (((t - 8) & 15) << 4)));
  const far = v128.xor(v128.load(SCHEDULE_32 + (((t - 14) & 15) << 4)), v128.load(place));
  const next = rotateLeft(v128.xor(near, far), 1);
  v128.store(place, next);
  return next;
}

/** Ch, Parity, Maj, Parity: FIPS 180-4 section 4.1.1. */
function mix(part: i32, x: v128, y: v128, z: v128): v128 {
  if (part == 0) return v128.xor(z, v128.and(x, v128.xor(y, z)));
  if (part == 2) return v128.xor(v128.and(x, y), v128.and(z, v128.xor(x, y)));
  return v128.xor(v128.xor(x, y), z);
}

function rotateLeft(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}
