// HMAC (RFC 2104) over many packets at once. SHA-1, SHA-256 and MD5 have four lanes, SHA-384 and SHA-512 two; a lane that
// finishes its packet takes the next one of the list at once, whatever its length and its SA.
//
//   a lane's way     body: the packet's whole blocks    tail: its last bytes, 0x80, zeroes, the length
//                    then its digest waits in outer.ts until there are as many as lanes
import { wipe } from "../bytes";
import { D_AUTH, D_AUTH_LENGTH, D_SA, D_STATUS, HMAC_WORK, INT_MD5, SA_INNER_STATE, SHA_WORK } from "../layout";
import { PENDING } from "../status";
import { compressLanes, compressOne } from "./compress";
import { outerTags, outerWipe, waitForOuter } from "./outer";
import { blockLengthOf, blockShiftOf, lanesOf, SCHEDULE_SIZE, storeBits, wordLengthOf } from "./sizes";
import { loadState } from "./states";

const STATES: usize = HMAC_WORK; // 8 vectors
const SOURCES: usize = HMAC_WORK + 128; // u32 a lane: its next block
const LANES: usize = HMAC_WORK + 192; // 16 bytes a lane
const TAILS: usize = HMAC_WORK + 512; // 288 bytes a lane: two blocks of 128, and what zeroing them reaches beyond
const TAIL_SIZE: usize = 288;

// A lane's record.
const LANE_DESCRIPTOR = 0; // u32, 0 = idle
const LANE_BLOCKS = 4; // u32 blocks left
const LANE_TAIL = 8; // u32: 0 in the body | 1 in the tail

/** What stands behind a message, FIPS 180-4 section 5.1. */
const END_OF_MESSAGE = memory.data<u64>([0x80, 0], 16);

/** Computes the tags of the PENDING ones of `count` descriptors: min(32, digest) bytes to D_TAG. */
export function hmacTags(integrity: i32, list: usize, count: i32): void {
  const lanes = lanesOf(integrity);
  let next = 0;
  let busy = 0;
  let waiting = 0;
  for (let lane = 0; lane < lanes; lane++) {
    next = start(integrity, list, count, next, lane);
    if (!isIdle(lane)) busy++;
  }
  while (busy > 0) {
    const blocks = fewestBlocks(lanes);
    if (busy == 1 && !(LEGACY && integrity == INT_MD5)) compressBusy(integrity, blocks);
    else compressLanes(integrity, STATES, SOURCES, blocks);
    for (let lane = 0; lane < lanes; lane++) {
      if (isIdle(lane) || !advance(integrity, lane, blocks)) continue;
      waitForOuter(integrity, waiting++, load<u32>(laneAt(lane), LANE_DESCRIPTOR), STATES, lane);
      if (waiting == lanes) {
        outerTags(integrity, waiting);
        waiting = 0;
      }
      next = start(integrity, list, count, next, lane);
      if (isIdle(lane)) busy--;
    }
  }
  if (waiting > 0) outerTags(integrity, waiting);
  outerWipe();
  wipe(HMAC_WORK, TAILS - HMAC_WORK + <usize>lanes * TAIL_SIZE);
  wipe(SHA_WORK, SCHEDULE_SIZE);
}

/** Gives the lane the next packet of the list from place `next` on; answers the place behind it. */
function start(integrity: i32, list: usize, count: i32, next: i32, lane: i32): i32 {
  const record = laneAt(lane);
  store<u32>(record, 0, LANE_DESCRIPTOR);
  for (; next < count; next++) {
    const descriptor = <usize>load<u32>(list + ((<usize>next) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    store<u32>(record, <u32>descriptor, LANE_DESCRIPTOR);
    loadState(integrity, STATES, lane, <usize>load<u32>(descriptor, D_SA) + SA_INNER_STATE);
    const blocks = load<u32>(descriptor, D_AUTH_LENGTH) >> blockShiftOf(integrity);
    store<u32>(sourceOf(lane), load<u32>(descriptor, D_AUTH));
    store<u32>(record, blocks, LANE_BLOCKS);
    store<u32>(record, 0, LANE_TAIL);
    if (blocks == 0) padMessage(integrity, lane);
    return next + 1;
  }
  return next;
}

/** The lane has gone through `blocks` blocks; true when its digest is done. */
function advance(integrity: i32, lane: i32, blocks: u32): bool {
  const record = laneAt(lane);
  const source = sourceOf(lane);
  const left = load<u32>(record, LANE_BLOCKS) - blocks;
  store<u32>(record, left, LANE_BLOCKS);
  store<u32>(source, load<u32>(source) + (blocks << blockShiftOf(integrity)));
  if (left > 0) return false;
  if (load<u32>(record, LANE_TAIL)) return true;
  padMessage(integrity, lane);
  return false;
}

/** What remains behind the whole blocks, 0x80, zeroes and the length in bits: FIPS 180-4 section 5.1. */
function padMessage(integrity: i32, lane: i32): void {
  const record = laneAt(lane);
  const source = sourceOf(lane);
  const message = <usize>load<u32>(source);
  const block = <usize>blockLengthOf(integrity);
  const length = <usize>load<u32>(<usize>load<u32>(record, LANE_DESCRIPTOR), D_AUTH_LENGTH);
  const rest = length & (block - 1);
  // One block if the 0x80 and the length (8 bytes, SHA-512: 16) still fit behind the rest, else two.
  const blocks: usize = rest + 1 + (block >> 3) <= block ? 1 : 2;
  const tail = TAILS + <usize>lane * TAIL_SIZE;
  const end = blocks * block;
  for (let at: usize = 0; at < rest; at += 16) v128.store(tail + at, v128.load(message + at));
  v128.store(tail + rest, v128.load(END_OF_MESSAGE));
  for (let at = rest + 16; at < end; at += 16) v128.store(tail + at, i64x2.splat(0));
  storeBits(integrity, tail + end - 8, length + block); // the inner pad is a block of its own
  store<u32>(source, <u32>tail);
  store<u32>(record, <u32>blocks, LANE_BLOCKS);
  store<u32>(record, 1, LANE_TAIL);
}

/** How far the busy lanes can go together. An idle one goes with a busy one, and what it makes of that is nobody's. */
function fewestBlocks(lanes: i32): u32 {
  let fewest: u32 = 0xffffffff;
  let source: u32 = 0;
  for (let lane = 0; lane < lanes; lane++) {
    if (isIdle(lane)) continue;
    fewest = min(fewest, load<u32>(laneAt(lane), LANE_BLOCKS));
    source = load<u32>(sourceOf(lane));
  }
  for (let lane = 0; lane < lanes; lane++) if (isIdle(lane)) store<u32>(sourceOf(lane), source);
  return fewest;
}

/** The only busy lane goes alone: a vector of which one lane counts is slower than a word. */
function compressBusy(integrity: i32, blocks: u32): void {
  let lane = 0;
  while (isIdle(lane)) lane++;
  compressOne(integrity, STATES + <usize>lane * wordLengthOf(integrity), load<u32>(sourceOf(lane)), blocks);
}

function isIdle(lane: i32): bool {
  return load<u32>(laneAt(lane), LANE_DESCRIPTOR) == 0;
}

function laneAt(lane: i32): usize {
  return LANES + ((<usize>lane) << 4);
}

function sourceOf(lane: i32): usize {
  return SOURCES + ((<usize>lane) << 2);
}
