// The end of a message: what its whole blocks leave, 0x80, zeroes, its length (FIPS 180-4 section 5.1).
import { INT_MD5 } from "../layout";
import { blockLengthOf } from "./sizes";

/** Two blocks of 128 bytes. */
export const TAIL_SIZE: usize = 256;

/** From 16 - n on: n bytes of the message, then 0x80. */
// biome-ignore format: a vector a line
const KEPT = memory.data<u64>([0xffffffffffffffff, 0xffffffffffffffff, 0, 0], 16);
const FIRST_BYTE = memory.data<u64>([0, 0, 0x80, 0], 16);

/**
 * Of the `length` bytes at `message`, in front of which a pad was hashed, to `tail`. Answers its blocks, 1 or 2. Every vector
 * is stored once, for who loads one behind two stores into it waits for them.
 */
export function makeTail(integrity: i32, tail: usize, message: usize, length: usize): usize {
  const block = <usize>blockLengthOf(integrity);
  const rest = length & (block - 1);
  // One block if the 0x80 and the length (8 bytes, SHA-512: 16) still fit behind the rest, else two.
  const blocks: usize = rest + 1 + (block >> 3) <= block ? 1 : 2;
  const end = blocks * block;
  const source = message + length - rest;
  const whole = rest & -16;
  for (let at: usize = 0; at < whole; at += 16) v128.store(tail + at, v128.load(source + at));
  const gap = 16 - (rest & 15);
  let last = v128.or(v128.and(v128.load(source + whole), v128.load(KEPT + gap)), v128.load(FIRST_BYTE + gap));
  for (let at = whole; at < end - 16; at += 16) {
    v128.store(tail + at, last);
    last = i64x2.splat(0);
  }
  const bits = (<u64>(length + block)) << 3; // the inner pad is a block of its own
  v128.store(tail + end - 16, i64x2.replace_lane(last, 1, LEGACY && integrity == INT_MD5 ? bits : bswap<u64>(bits)));
  return blocks;
}
