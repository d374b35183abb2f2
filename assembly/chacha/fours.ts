// Four packets at a time, of lists whose texts have 65 to 80 bytes, as an acknowledgement's: block 0 of all four, of which
// their one-time keys are, block 1 and block 2 are a group each (lanes.ts). While the next three groups are made, Poly1305
// takes in the four messages. Opening, key stream is kept until the ICVs have verified.
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { CHACHA_WORK, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { BLOCK_SIZE, CONSTANTS } from "./chacha20";
import { addKeyStream, keyAddress, nonceOf } from "./keystream";
import { addSegment, clearSegments, finishSegments, LANES, laneBlocks, STATE, WORDS } from "./lanes";
import { stageHead, stageRest } from "./message";
import { polyFinish, polyStartFour } from "./poly1305";

/** A message of seven blocks: four of those find room beside thirty double rounds. */
const MOST_TEXT: u32 = 80;
/** With less, the last four messages, which nothing goes along with, cost more than lanes save. */
const LEAST_PACKETS = 24;

// For each of the four:
const POLYS: usize = CHACHA_WORK + 1088; // Poly1305, side by side
const STREAMS: usize = CHACHA_WORK + 1536; // key stream
const STREAM_SIZE: usize = MOST_TEXT;
const STAGES: usize = CHACHA_WORK + 1856; // the message: AAD, text and lengths
const STAGE_SIZE = 112;
const END: usize = CHACHA_WORK + 2304;

/** How many packets, from the first on, of a list that areShort go this way. */
export function inFours(list: usize, count: i32): i32 {
  if (count < LEAST_PACKETS) return 0;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4) {
    if (load<u32>(<usize>load<u32>(list), D_TEXT_LENGTH) > MOST_TEXT) return 0;
  }
  return count & -LANES;
}

/** chachaSeal for these. */
export function foursSeal(list: usize, count: i32): void {
  begin();
  let before: usize = 0;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4 * LANES) {
    loadStates(list);
    makeKeyStream();
    laneBlocks(0);
    if (before) finishTags(before);
    for (let lane = 0; lane < LANES; lane++) addTo(descriptorAt(list, lane), lane);
    startMessages(list);
    before = list;
  }
  finishTags(before);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

/** chachaOpen for these. */
export function foursOpen(list: usize, count: i32): void {
  begin();
  let before: usize = 0;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4 * LANES) {
    loadStates(list);
    laneBlocks(0);
    if (before) finishTexts(before);
    startMessages(list);
    makeKeyStream();
    before = list;
  }
  finishTexts(before);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

/** Poly1305 of four texts begins, under the keys that laneBlocks made. */
function startMessages(list: usize): void {
  polyStartFour(POLYS, WORDS);
  for (let lane = 0; lane < LANES; lane++) {
    const descriptor = descriptorAt(list, lane);
    const stage = STAGES + lane * STAGE_SIZE;
    stageHead(stage, descriptor);
    addSegment(polyOf(lane), stage, stageRest(stage + 16 + BLOCK_SIZE, descriptor, BLOCK_SIZE));
  }
}

function finishTags(list: usize): void {
  finishSegments();
  for (let lane = 0; lane < LANES; lane++) polyFinish(polyOf(lane), descriptorAt(list, lane) + D_TAG);
}

/** Verifies four packets, then decrypts those that are not FORGED. */
function finishTexts(list: usize): void {
  finishTags(list);
  for (let lane = 0; lane < LANES; lane++) {
    const descriptor = descriptorAt(list, lane);
    if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) {
      store<u32>(descriptor, FORGED, D_STATUS);
    }
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    addTo(descriptor, lane);
  }
}

function addTo(descriptor: usize, lane: usize): void {
  addKeyStream(load<u32>(descriptor, D_TEXT), load<u32>(descriptor, D_TEXT_LENGTH), STREAMS + lane * STREAM_SIZE);
}

// ---------------------------------------------------------------- from packet to lane and back

function begin(): void {
  clearSegments();
  for (let word: usize = 0; word < 16; word += 4) v128.store(STATE + 4 * word, v128.load32_splat(CONSTANTS + word));
}

/** Keys and nonces of four packets. */
function loadStates(list: usize): void {
  const descriptor0 = descriptorAt(list, 0);
  const descriptor1 = descriptorAt(list, 1);
  const descriptor2 = descriptorAt(list, 2);
  const descriptor3 = descriptorAt(list, 3);
  const key0: usize = keyAddress(descriptor0);
  const key1: usize = keyAddress(descriptor1);
  const key2: usize = keyAddress(descriptor2);
  const key3: usize = keyAddress(descriptor3);
  for (let half: usize = 0; half < 32; half += 16) {
    const place = STATE + 64 + (half << 2);
    transpose(
      v128.load(key0 + half),
      v128.load(key1 + half),
      v128.load(key2 + half),
      v128.load(key3 + half),
      place,
      16,
    );
  }
  transpose(nonceOf(descriptor0), nonceOf(descriptor1), nonceOf(descriptor2), nonceOf(descriptor3), STATE + 192, 16);
}

/** Block 1, and of block 2 what a text of MOST_TEXT bytes needs. */
function makeKeyStream(): void {
  laneBlocks(1);
  for (let row: usize = 0; row < 4; row++) storeStreams(row << 6, row << 4);
  laneBlocks(2);
  storeStreams(0, BLOCK_SIZE);
}

/** Four of the words that laneBlocks made, from `words` on, to `offset` of the streams. */
function storeStreams(words: usize, offset: usize): void {
  const row0 = v128.load(WORDS + words, 0);
  const row1 = v128.load(WORDS + words, 16);
  const row2 = v128.load(WORDS + words, 32);
  const row3 = v128.load(WORDS + words, 48);
  transpose(row0, row1, row2, row3, STREAMS + offset, STREAM_SIZE);
}

/** Vector i gets word i of each of the four; they are stored `step` bytes apart. */
function transpose(row0: v128, row1: v128, row2: v128, row3: v128, place: usize, step: usize): void {
  const low01 = v128.shuffle<i32>(row0, row1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(row0, row1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(row2, row3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(row2, row3, 2, 6, 3, 7);
  v128.store(place, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(place + step, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(place + 2 * step, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(place + 3 * step, v128.shuffle<i64>(high01, high23, 1, 3));
}

function descriptorAt(list: usize, lane: usize): usize {
  return load<u32>(list + (lane << 2));
}

function polyOf(lane: usize): usize {
  return POLYS + (lane << 3);
}
