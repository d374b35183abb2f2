// The end of a message: what its whole blocks leave, 0x80, zeroes, its length (FIPS 180-4 section 5.1).
import { blockLengthOf, storeBits } from "./sizes";

/** Two blocks of 128 bytes, and what zeroing them reaches beyond. */
export const TAIL_SIZE: usize = 288;

const END_OF_MESSAGE = memory.data<u64>([0x80, 0], 16);

/** Of the `length` bytes at `message`, in front of which a pad was hashed, to `tail`. Answers its blocks, 1 or 2. */
export function makeTail(integrity: i32, tail: usize, message: usize, length: usize): usize {
  const block = <usize>blockLengthOf(integrity);
  const rest = length & (block - 1);
  // One block if the 0x80 and the length (8 bytes, SHA-512: 16) still fit behind the rest, else two.
  const blocks: usize = rest + 1 + (block >> 3) <= block ? 1 : 2;
  const end = blocks * block;
  for (let at: usize = 0; at < rest; at += 16) v128.store(tail + at, v128.load(message + length - rest + at));
  v128.store(tail + rest, v128.load(END_OF_MESSAGE));
  for (let at = rest + 16; at < end; at += 16) v128.store(tail + at, i64x2.splat(0));
  storeBits(integrity, tail + end - 8, length + block); // the inner pad is a block of its own
  return blocks;
}
