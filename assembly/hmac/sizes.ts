// What differs between the hash functions, FIPS 180-4 section 1, figure 1; RFC 1321 in the legacy build. All in bytes.
import { store64 } from "../bytes";
import { INT_MD5, INT_SHA1, INT_SHA256, INT_SHA384 } from "../layout";

/** What the longest message schedule leaves in SHA_WORK: 80 vectors, to be wiped once a list is done. */
export const SCHEDULE_SIZE: usize = 80 * 16;

export function wordLengthOf(integrity: i32): i32 {
  if (LEGACY && integrity == INT_MD5) return 4;
  return integrity == INT_SHA1 || integrity == INT_SHA256 ? 4 : 8;
}

export function blockLengthOf(integrity: i32): u32 {
  return (<u32>wordLengthOf(integrity)) << 4;
}

/** The block length is 2 to this power. */
export function blockShiftOf(integrity: i32): u32 {
  return wordLengthOf(integrity) == 4 ? 6 : 7;
}

/** How many messages a vector holds a word of. */
export function lanesOf(integrity: i32): i32 {
  return 16 / wordLengthOf(integrity);
}

export function stateWordsOf(integrity: i32): i32 {
  if (LEGACY && integrity == INT_MD5) return 4;
  return integrity == INT_SHA1 ? 5 : 8;
}

export function digestLengthOf(integrity: i32): u32 {
  if (LEGACY && integrity == INT_MD5) return 16;
  if (integrity == INT_SHA1) return 20;
  if (integrity == INT_SHA256) return 32;
  return integrity == INT_SHA384 ? 48 : 64;
}

/** The length of a message at its end, in bits. */
export function storeBits(integrity: i32, at: usize, length: usize): void {
  const bits = (<u64>length) << 3;
  if (LEGACY && integrity == INT_MD5) store<u64>(at, bits);
  else store64(at, bits);
}
