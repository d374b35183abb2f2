// ChaCha20 (RFC 8439 section 2.3), four blocks at a time: a vector holds one word of all four. They may be of different
// packets and SAs, and cost an eighth less than in rows (chacha20.ts), which need no fourth block and no transposition.
// Sixteen words do not leave room for what rotations need, so row 2 of the state is in memory.
//
// Poly1305 takes in a block every double round, of messages which are ready. Its steps stand between those of the
// rounds, as they keep other units of the machine busy: all at one place they would cost a fifth more.
//
//   a segment, 12 bytes   u32 Poly1305 state | u32 message, what is not taken in of it | u32 where that ends, not 0
//
// Behind the last segment is one without end, the spill: what is taken in there is nothing anybody asked for.
import { permute } from "../aes/permute";
import { CHACHA_WORK } from "../layout";
import { H0, H1, H2, H3, H4, R0, R1, R2, R3, S1, S2, S3, low, polyBlocks } from "./poly1305";

export const LANES = 4;

const DOUBLE_ROUNDS: u32 = 10;

/** Every 32-bit word rotated left by 16 and by 8. */
const ROTATED_16 = memory.data<u8>([2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], 16);
const ROTATED_8 = memory.data<u8>([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14], 16);

/** What the four blocks begin as, without their counter: sixteen vectors. */
export const STATE: usize = CHACHA_WORK;
/** Their key stream. */
export const WORDS: usize = CHACHA_WORK + 256;

const SEGMENT_SIZE = 12;
const S_POLY = 0;
const S_MESSAGE = 4;
const S_END = 8;
const SEGMENTS: usize = CHACHA_WORK + 512; // four and the spill
const AT: usize = CHACHA_WORK + 576; // u32 address of the segment in hand
const SPILL_AT: usize = CHACHA_WORK + 580; // u32 address behind the last one
const SPILL: usize = CHACHA_WORK + 640; // the Poly1305 state of the spill, 448 bytes

/** From here on, segments are what is added. */
export function clearSegments(): void {
  store<u32>(AT, <u32>SEGMENTS);
  endSegments(SEGMENTS);
}

/** The message from `message` to `end`, whole blocks of 16 bytes, for the Poly1305 state at `poly`. Four at most. */
export function addSegment(poly: usize, message: usize, end: usize): void {
  const segment: usize = load<u32>(SPILL_AT);
  store<u32>(segment, <u32>poly, S_POLY);
  store<u32>(segment, <u32>message, S_MESSAGE);
  store<u32>(segment, <u32>end, S_END);
  endSegments(segment + SEGMENT_SIZE);
}

function endSegments(spill: usize): void {
  store<u32>(SPILL_AT, <u32>spill);
  store<u32>(spill, <u32>SPILL, S_POLY);
  store<u32>(spill, <u32>STATE, S_MESSAGE);
  store<u32>(spill, 0, S_END);
}

/** Takes in what is left of the segments. */
export function finishSegments(): void {
  const end: usize = load<u32>(SPILL_AT);
  for (let segment: usize = load<u32>(AT); segment < end; segment += SEGMENT_SIZE) {
    const message: usize = load<u32>(segment, S_MESSAGE);
    polyBlocks(load<u32>(segment, S_POLY), message, (load<u32>(segment, S_END) - <u32>message) >> 4);
  }
  clearSegments();
}

/** Block `counter` of all four, to WORDS. Poly1305 takes in the next ten blocks of the segments. */
export function laneBlocks(counter: u32): void {
  let segment: usize = load<u32>(AT);
  let poly: usize = load<u32>(segment, S_POLY);
  let message: usize = load<u32>(segment, S_MESSAGE);
  let end: usize = load<u32>(segment, S_END);
  let h0 = load<u64>(poly, H0);
  let h1 = load<u64>(poly, H1);
  let h2 = load<u64>(poly, H2);
  let h3 = load<u64>(poly, H3);
  let h4 = load<u64>(poly, H4);

  v128.store(STATE, i32x4.splat(counter), 192);
  let a0 = v128.load(STATE, 0);
  let a1 = v128.load(STATE, 16);
  let a2 = v128.load(STATE, 32);
  let a3 = v128.load(STATE, 48);
  let b0 = v128.load(STATE, 64);
  let b1 = v128.load(STATE, 80);
  let b2 = v128.load(STATE, 96);
  let b3 = v128.load(STATE, 112);
  let d0 = v128.load(STATE, 192);
  let d1 = v128.load(STATE, 208);
  let d2 = v128.load(STATE, 224);
  let d3 = v128.load(STATE, 240);
  v128.store(WORDS, v128.load(STATE, 128), 128);
  v128.store(WORDS, v128.load(STATE, 144), 144);
  v128.store(WORDS, v128.load(STATE, 160), 160);
  v128.store(WORDS, v128.load(STATE, 176), 176);
  for (let doubleRound: u32 = 0; doubleRound < DOUBLE_ROUNDS; doubleRound++) {
    if (message == end) {
      // lengths and addresses: public
      storeValue(poly, h0, h1, h2, h3, h4);
      segment += SEGMENT_SIZE;
      poly = load<u32>(segment, S_POLY);
      message = load<u32>(segment, S_MESSAGE);
      end = load<u32>(segment, S_END);
      h0 = load<u64>(poly, H0);
      h1 = load<u64>(poly, H1);
      h2 = load<u64>(poly, H2);
      h3 = load<u64>(poly, H3);
      h4 = load<u64>(poly, H4);
    }
    let c0: v128;
    let c1: v128;
    let c2: v128;
    let c3: v128;

    // RFC 8439 section 2.1, four quarter rounds side by side, and one block of a message.
    // The columns.
    a0 = i32x4.add(a0, b0);
    a1 = i32x4.add(a1, b1);
    a2 = i32x4.add(a2, b2);
    a3 = i32x4.add(a3, b3);
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));
    d2 = rotate16(v128.xor(d2, a2));
    d3 = rotate16(v128.xor(d3, a3));
    c0 = i32x4.add(v128.load(WORDS, 128), d0);
    c1 = i32x4.add(v128.load(WORDS, 144), d1);
    c2 = i32x4.add(v128.load(WORDS, 160), d2);
    c3 = i32x4.add(v128.load(WORDS, 176), d3);
    b0 = rotateLeft(v128.xor(b0, c0), 12);
    b1 = rotateLeft(v128.xor(b1, c1), 12);
    b2 = rotateLeft(v128.xor(b2, c2), 12);
    b3 = rotateLeft(v128.xor(b3, c3), 12);
    h0 += load<u32>(message, 0);
    h1 += load<u32>(message, 4);
    h2 += load<u32>(message, 8);
    h3 += load<u32>(message, 12);
    h4 += 1;
    message += 16;
    a0 = i32x4.add(a0, b0);
    a1 = i32x4.add(a1, b1);
    a2 = i32x4.add(a2, b2);
    a3 = i32x4.add(a3, b3);
    d0 = rotate8(v128.xor(d0, a0));
    d1 = rotate8(v128.xor(d1, a1));
    d2 = rotate8(v128.xor(d2, a2));
    d3 = rotate8(v128.xor(d3, a3));
    const p0 =
      h0 * load<u64>(poly, R0) + h1 * load<u64>(poly, S3) + h2 * load<u64>(poly, S2) + h3 * load<u64>(poly, S1);
    c0 = i32x4.add(c0, d0);
    v128.store(WORDS, c0, 128);
    c1 = i32x4.add(c1, d1);
    v128.store(WORDS, c1, 144);
    c2 = i32x4.add(c2, d2);
    v128.store(WORDS, c2, 160);
    c3 = i32x4.add(c3, d3);
    v128.store(WORDS, c3, 176);
    b0 = rotateLeft(v128.xor(b0, c0), 7);
    b1 = rotateLeft(v128.xor(b1, c1), 7);
    b2 = rotateLeft(v128.xor(b2, c2), 7);
    b3 = rotateLeft(v128.xor(b3, c3), 7);

    // The diagonals.
    let p1 = h0 * load<u64>(poly, R1) + h1 * load<u64>(poly, R0) + h2 * load<u64>(poly, S3) + h3 * load<u64>(poly, S2);
    p1 += h4 * load<u64>(poly, S1);
    a0 = i32x4.add(a0, b1);
    a1 = i32x4.add(a1, b2);
    a2 = i32x4.add(a2, b3);
    a3 = i32x4.add(a3, b0);
    d3 = rotate16(v128.xor(d3, a0));
    d0 = rotate16(v128.xor(d0, a1));
    d1 = rotate16(v128.xor(d1, a2));
    d2 = rotate16(v128.xor(d2, a3));
    c2 = i32x4.add(v128.load(WORDS, 160), d3);
    c3 = i32x4.add(v128.load(WORDS, 176), d0);
    c0 = i32x4.add(v128.load(WORDS, 128), d1);
    c1 = i32x4.add(v128.load(WORDS, 144), d2);
    b1 = rotateLeft(v128.xor(b1, c2), 12);
    b2 = rotateLeft(v128.xor(b2, c3), 12);
    b3 = rotateLeft(v128.xor(b3, c0), 12);
    b0 = rotateLeft(v128.xor(b0, c1), 12);
    let p2 = h0 * load<u64>(poly, R2) + h1 * load<u64>(poly, R1) + h2 * load<u64>(poly, R0) + h3 * load<u64>(poly, S3);
    p2 += h4 * load<u64>(poly, S2);
    a0 = i32x4.add(a0, b1);
    a1 = i32x4.add(a1, b2);
    a2 = i32x4.add(a2, b3);
    a3 = i32x4.add(a3, b0);
    d3 = rotate8(v128.xor(d3, a0));
    d0 = rotate8(v128.xor(d0, a1));
    d1 = rotate8(v128.xor(d1, a2));
    d2 = rotate8(v128.xor(d2, a3));
    let p3 = h0 * load<u64>(poly, R3) + h1 * load<u64>(poly, R2) + h2 * load<u64>(poly, R1) + h3 * load<u64>(poly, R0);
    p3 += h4 * load<u64>(poly, S3);
    const p4 = h4 * load<u64>(poly, R0) + (p3 >> 32);
    c2 = i32x4.add(c2, d3);
    v128.store(WORDS, c2, 160);
    c3 = i32x4.add(c3, d0);
    v128.store(WORDS, c3, 176);
    c0 = i32x4.add(c0, d1);
    v128.store(WORDS, c0, 128);
    c1 = i32x4.add(c1, d2);
    v128.store(WORDS, c1, 144);
    b1 = rotateLeft(v128.xor(b1, c2), 7);
    b2 = rotateLeft(v128.xor(b2, c3), 7);
    b3 = rotateLeft(v128.xor(b3, c0), 7);
    b0 = rotateLeft(v128.xor(b0, c1), 7);
    h0 = low(p0) + (p4 >> 2) + (p4 & ~3);
    h1 = low(p1) + (p0 >> 32);
    h2 = low(p2) + (p1 >> 32);
    h3 = low(p3) + (p2 >> 32);
    h4 = p4 & 3;
  }

  v128.store(WORDS, i32x4.add(a0, v128.load(STATE, 0)), 0);
  v128.store(WORDS, i32x4.add(a1, v128.load(STATE, 16)), 16);
  v128.store(WORDS, i32x4.add(a2, v128.load(STATE, 32)), 32);
  v128.store(WORDS, i32x4.add(a3, v128.load(STATE, 48)), 48);
  v128.store(WORDS, i32x4.add(b0, v128.load(STATE, 64)), 64);
  v128.store(WORDS, i32x4.add(b1, v128.load(STATE, 80)), 80);
  v128.store(WORDS, i32x4.add(b2, v128.load(STATE, 96)), 96);
  v128.store(WORDS, i32x4.add(b3, v128.load(STATE, 112)), 112);
  v128.store(WORDS, i32x4.add(v128.load(WORDS, 128), v128.load(STATE, 128)), 128);
  v128.store(WORDS, i32x4.add(v128.load(WORDS, 144), v128.load(STATE, 144)), 144);
  v128.store(WORDS, i32x4.add(v128.load(WORDS, 160), v128.load(STATE, 160)), 160);
  v128.store(WORDS, i32x4.add(v128.load(WORDS, 176), v128.load(STATE, 176)), 176);
  v128.store(WORDS, i32x4.add(d0, v128.load(STATE, 192)), 192);
  v128.store(WORDS, i32x4.add(d1, v128.load(STATE, 208)), 208);
  v128.store(WORDS, i32x4.add(d2, v128.load(STATE, 224)), 224);
  v128.store(WORDS, i32x4.add(d3, v128.load(STATE, 240)), 240);
  storeValue(poly, h0, h1, h2, h3, h4);
  store<u32>(segment, <u32>message, S_MESSAGE);
  store<u32>(AT, <u32>segment);
}

function storeValue(poly: usize, h0: u64, h1: u64, h2: u64, h3: u64, h4: u64): void {
  store<u64>(poly, h0, H0);
  store<u64>(poly, h1, H1);
  store<u64>(poly, h2, H2);
  store<u64>(poly, h3, H3);
  store<u64>(poly, h4, H4);
}

function rotate16(x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return permute(x, v128.load(ROTATED_16));
  return v128.shuffle<i16>(x, x, 1, 0, 3, 2, 5, 4, 7, 6); // two instructions, where a swizzle is two and a load
}

function rotate8(x: v128): v128 {
  return permute(x, v128.load(ROTATED_8));
}

function rotateLeft(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}
