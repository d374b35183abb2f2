// The outer hash of HMAC: H(key + opad, inner digest), RFC 2104 section 2. All of them are one block long, so they run
// apart from the packets, a full set of lanes at a time, and the digests go into the message schedule as they are: word
// by word they lie there already.
//
//   | digest | 0x80, zeroes .. | length in bits |
import { copy, wipe } from "../bytes";
import { D_SA, D_TAG, HMAC_OUTER_WORK, INT_MD5, SA_OUTER_STATE, SHA_WORK } from "../layout";
import { compressSchedule } from "./compress";
import { blockLengthOf, digestLengthOf, wordLengthOf } from "./sizes";
import { copyState, loadState, storeState } from "./states";

const DIGESTS: usize = HMAC_OUTER_WORK; // 8 vectors: the inner digests that wait, a lane each
const STATES: usize = HMAC_OUTER_WORK + 128; // 8 vectors
const WAITING: usize = HMAC_OUTER_WORK + 256; // u32 a lane: the descriptor

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

/** The digest of `descriptor`, in lane `from` of `states`, waits in lane `lane`. */
export function waitForOuter(integrity: i32, lane: i32, descriptor: u32, states: usize, from: i32): void {
  store<u32>(WAITING + ((<usize>lane) << 2), descriptor);
  copyState(integrity, DIGESTS, lane, states, from);
}

/** Computes the tags of the `waiting` ones: min(32, digest) bytes to D_TAG. */
export function outerTags(integrity: i32, waiting: i32): void {
  for (let lane = 0; lane < waiting; lane++) {
    loadState(integrity, STATES, lane, <usize>load<u32>(descriptorOf(lane), D_SA) + SA_OUTER_STATE);
  }
  schedule(integrity);
  compressSchedule(integrity, STATES, waiting == 1);
  for (let lane = 0; lane < waiting; lane++) {
    storeState(integrity, STATES, lane, descriptorOf(lane) + D_TAG, min<u32>(32, digestLengthOf(integrity)));
  }
}

/** Zeroes what both have used. */
export function outerWipe(): void {
  wipe(HMAC_OUTER_WORK, 272);
}

/** Words 0 to 15 of the message schedule, the same in every lane but for the digest: FIPS 180-4 section 5.1. */
function schedule(integrity: i32): void {
  const digest = digestLengthOf(integrity);
  const wordLength = wordLengthOf(integrity);
  const end = SHA_WORK + ((<usize>(digest / wordLength)) << 4);
  const bits = (digest + blockLengthOf(integrity)) << 3; // the outer pad is a block of its own
  copy(SHA_WORK, DIGESTS, end - SHA_WORK);
  wipe(end, SHA_WORK + 256 - end);
  if (LEGACY && integrity == INT_MD5) {
    v128.store(end, v128.load(FIRST_BYTE, 0));
    v128.store(SHA_WORK, i32x4.splat(bits), 14 * 16);
  } else if (wordLength == 4) {
    v128.store(end, v128.load(FIRST_BYTE, 16));
    v128.store(SHA_WORK, i32x4.splat(bits), 15 * 16);
  } else {
    v128.store(end, v128.load(FIRST_BYTE, 32));
    v128.store(SHA_WORK, i64x2.splat(bits), 15 * 16);
  }
}

function descriptorOf(lane: i32): usize {
  return load<u32>(WAITING + ((<usize>lane) << 2));
}
