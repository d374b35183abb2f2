// The end of a block as it stands in the message schedule (FIPS 180-4 section 5.1), where all lanes have the same.
//
//   | words of the message | 0x80, zeroes .. | length in bits |       16 bytes a word, at SHA_WORK
import { INT_MD5, SHA_WORK } from "../layout";
import { wordLengthOf } from "./sizes";

const WORDS: usize = 16 << 4;
/** The length takes two words. */
const LENGTH: usize = 14 << 4;

/** The byte 0x80 as the first of a word: little-endian, big-endian, big-endian and 64 bits long. */
// biome-ignore format: a vector a line
const FIRST_BYTE = memory.data<u32>(
  [
    0x80, 0x80, 0x80, 0x80,
    0x80000000, 0x80000000, 0x80000000, 0x80000000,
    0, 0x80000000, 0, 0x80000000,
  ],
  16,
);

/** Ends the message whose words reach up to `at`, 16 bytes a word, in this block. True when there is room for its length. */
export function endMessages(integrity: i32, at: usize): bool {
  const wordLength = wordLengthOf(integrity);
  const firstByte: usize = LEGACY && integrity == INT_MD5 ? 0 : wordLength == 4 ? 16 : 32;
  v128.store(SHA_WORK + at, v128.load(FIRST_BYTE + firstByte));
  zeroWords(at + 16);
  return at < LENGTH;
}

export function zeroWords(from: usize): void {
  for (let at = from; at < WORDS; at += 16) v128.store(SHA_WORK + at, i64x2.splat(0));
}

/** Messages of `length` bytes, which 32 bits hold. */
export function storeLengths(integrity: i32, length: u32): void {
  const bits = length << 3;
  if (LEGACY && integrity == INT_MD5) v128.store(SHA_WORK + LENGTH, i32x4.splat(bits));
  else if (wordLengthOf(integrity) == 4) v128.store(SHA_WORK + LENGTH, i32x4.splat(bits), 16);
  else v128.store(SHA_WORK + LENGTH, i64x2.splat(bits), 16);
}
