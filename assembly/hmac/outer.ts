// The outer hash of HMAC: H(key + opad, inner digest), RFC 2104 section 2. All of them are one block long, so they run
// apart from the packets, a full set of lanes at a time, and the digests go into the message schedule as they are: word
// by word they lie there already.
//
//   | digest | 0x80, zeroes .. | length in bits |
import { INT_MD5, SA_OUTER_STATE, SHA_WORK } from "../layout";
import { compressSchedule } from "./compress";
import { blockLengthOf, digestLengthOf, wordLengthOf } from "./sizes";
import { loadStates, storeTags } from "./states";

const ALL_LANES = 15;

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

/** From the inner digests of the first `count` lanes of `set` to their tags: min(32, digest) bytes to D_TAG. */
export function outerTags(integrity: i32, set: usize, count: i32): void {
  schedule(integrity, set);
  loadStates(integrity, set, SA_OUTER_STATE, ALL_LANES);
  compressSchedule(integrity, set, count == 1);
  storeTags(integrity, set, count);
}

/** Words 0 to 15 of the message schedule, the same in every lane but for the digest: FIPS 180-4 section 5.1. */
function schedule(integrity: i32, digests: usize): void {
  const digest = digestLengthOf(integrity);
  const wordLength = wordLengthOf(integrity);
  const length = (<usize>(digest / wordLength)) << 4;
  const bits = (digest + blockLengthOf(integrity)) << 3; // the outer pad is a block of its own
  for (let at: usize = 0; at < length; at += 16) v128.store(SHA_WORK + at, v128.load(digests + at));
  for (let at = length + 16; at < 256; at += 16) v128.store(SHA_WORK + at, i64x2.splat(0));
  if (LEGACY && integrity == INT_MD5) {
    v128.store(SHA_WORK + length, v128.load(FIRST_BYTE, 0));
    v128.store(SHA_WORK, i32x4.splat(bits), 14 * 16);
  } else if (wordLength == 4) {
    v128.store(SHA_WORK + length, v128.load(FIRST_BYTE, 16));
    v128.store(SHA_WORK, i32x4.splat(bits), 15 * 16);
  } else {
    v128.store(SHA_WORK + length, v128.load(FIRST_BYTE, 32));
    v128.store(SHA_WORK, i64x2.splat(bits), 15 * 16);
  }
}
