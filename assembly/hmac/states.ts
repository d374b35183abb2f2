// The lanes of a hash side by side: word w of lane l lies at vector w, lane l. A prepared state and a tag are rows of words.
//
//   | 8 vectors: the states | u32 a lane: whose packet, the descriptor |
import { permute } from "../aes/permute";
import { D_SA, D_TAG, INT_MD5 } from "../layout";
import { stateWordsOf, wordLengthOf } from "./sizes";

export const L_DESCRIPTORS = 128;
export const LANE_SET_SIZE: usize = 144;
export const ALL_LANES = 15;

/** The lane that a bit stands for: of four lanes, of two. */
const LANE_BITS = memory.data<u32>([1, 2, 4, 8, 1, 1, 2, 2], 16);

/** The order of bytes in a digest: of MD5 as they are, then each of four words reversed, then each of two. */
// biome-ignore format: an order a line
export const DIGEST_ORDERS = memory.data<u8>(
  [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
    7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8,
  ],
  16,
);

/** The lanes of which `chosen` has the bit begin with the row at `field` of their packet's SA. */
export function loadStates(integrity: i32, set: usize, field: usize, chosen: i32): void {
  const row0 = rowOf(set, 0, field);
  const row1 = rowOf(set, 4, field);
  const bits = v128.load(LANE_BITS + (wordLengthOf(integrity) == 8 ? 16 : 0));
  const lanes = i32x4.eq(v128.and(i32x4.splat(chosen), bits), bits);
  if (wordLengthOf(integrity) == 8) {
    for (let at: usize = 0; at < 64; at += 16) {
      const w0 = v128.load(row0 + at);
      const w1 = v128.load(row1 + at);
      put(set + (at << 1), v128.shuffle<i64>(w0, w1, 0, 2), lanes);
      put(set + (at << 1) + 16, v128.shuffle<i64>(w0, w1, 1, 3), lanes);
    }
    return;
  }
  const row2 = rowOf(set, 8, field);
  const row3 = rowOf(set, 12, field);
  for (let at: usize = 0, end = (<usize>stateWordsOf(integrity)) << 2; at < end; at += 16) {
    const w0 = v128.load(row0 + at);
    const w1 = v128.load(row1 + at);
    const w2 = v128.load(row2 + at);
    const w3 = v128.load(row3 + at);
    const low01 = v128.shuffle<i32>(w0, w1, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(w0, w1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(w2, w3, 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(w2, w3, 2, 6, 3, 7);
    const place = set + (at << 2);
    put(place, v128.shuffle<i64>(low01, low23, 0, 2), lanes);
    put(place + 16, v128.shuffle<i64>(low01, low23, 1, 3), lanes);
    put(place + 32, v128.shuffle<i64>(high01, high23, 0, 2), lanes);
    put(place + 48, v128.shuffle<i64>(high01, high23, 1, 3), lanes);
  }
}

/** A lane without a packet has descriptor 0: of it, and of its SA, nothing but zeroes is read. */
function rowOf(set: usize, lane: usize, field: usize): usize {
  const descriptor = <usize>load<u32>(set + lane, L_DESCRIPTORS);
  return <usize>load<u32>(descriptor, D_SA) + field;
}

function put(place: usize, words: v128, lanes: v128): void {
  v128.store(place, v128.bitselect(words, v128.load(place), lanes));
}

/** The first 32 bytes of the digests of the first `count` lanes, with zeroes behind a shorter one, to D_TAG. */
export function storeTags(integrity: i32, set: usize, count: i32): void {
  if (wordLengthOf(integrity) == 8) {
    const order = v128.load(DIGEST_ORDERS + 32);
    for (let half: usize = 0; half < 32; half += 16) {
      const w0 = permute(v128.load(set + (half << 1)), order);
      const w1 = permute(v128.load(set + (half << 1), 16), order);
      storeTag(set, 0, half, v128.shuffle<i64>(w0, w1, 0, 2));
      if (count > 1) storeTag(set, 4, half, v128.shuffle<i64>(w0, w1, 1, 3));
    }
    return;
  }
  const order = v128.load(DIGEST_ORDERS + (LEGACY && integrity == INT_MD5 ? 0 : 16));
  for (let half: usize = 0; half < 32; half += 16) {
    const w0 = permute(v128.load(set + (half << 2)), order);
    const w1 = permute(v128.load(set + (half << 2), 16), order);
    const w2 = permute(v128.load(set + (half << 2), 32), order);
    const w3 = permute(v128.load(set + (half << 2), 48), order);
    const low01 = v128.shuffle<i32>(w0, w1, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(w0, w1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(w2, w3, 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(w2, w3, 2, 6, 3, 7);
    storeTag(set, 0, half, v128.shuffle<i64>(low01, low23, 0, 2));
    if (count > 1) storeTag(set, 4, half, v128.shuffle<i64>(low01, low23, 1, 3));
    if (count > 2) storeTag(set, 8, half, v128.shuffle<i64>(high01, high23, 0, 2));
    if (count > 3) storeTag(set, 12, half, v128.shuffle<i64>(high01, high23, 1, 3));
  }
}

function storeTag(set: usize, lane: usize, half: usize, bytes: v128): void {
  v128.store(<usize>load<u32>(set + lane, L_DESCRIPTORS) + half, bytes, D_TAG);
}

/** One lane of `from`, packet and state, to one lane of `to`. */
export function copyLane(integrity: i32, to: usize, toLane: i32, from: usize, fromLane: i32): void {
  const wordLength = <usize>wordLengthOf(integrity);
  store<u32>(to + ((<usize>toLane) << 2), load<u32>(from + ((<usize>fromLane) << 2), L_DESCRIPTORS), L_DESCRIPTORS);
  copyWords(integrity, to + <usize>toLane * wordLength, 16, from + <usize>fromLane * wordLength, 16);
}

/** The words of a state, which lie `step` apart here and `fromStep` there: side by side, or in a lane. */
export function copyWords(integrity: i32, to: usize, step: usize, from: usize, fromStep: usize): void {
  const isLong = wordLengthOf(integrity) == 8;
  for (const end = to + <usize>stateWordsOf(integrity) * step; to < end; to += step) {
    if (isLong) store<u64>(to, load<u64>(from));
    else store<u32>(to, load<u32>(from));
    from += fromStep;
  }
}
