// HMAC (RFC 2104) over many packets at once. SHA-1, SHA-256 and MD5 have four lanes, SHA-384 and SHA-512 two; a lane that
// finishes its packet takes the next one of the list at once, whatever its length and its SA.
//
//   a lane's way     body: the packet's whole blocks    tail: its last bytes, 0x80, zeroes, the length
//                    outer: the inner digest, padded, under the outer state
//
//   a lane's record  u32 descriptor (0 = idle) | u32 source | u32 blocks left | u32 phase
import { copy, store64, wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_SA,
  D_STATUS,
  D_TAG,
  HMAC_WORK,
  INT_MD5,
  INT_SHA1,
  INT_SHA256,
  SA_INNER_STATE,
  SA_OUTER_STATE,
  SHA_WORK,
} from "../layout";
import { md5Lanes } from "../legacy/md5";
import { sha1Lanes } from "../sha1/sha1";
import { sha256Lanes } from "../sha2/sha256";
import { sha512Lanes } from "../sha2/sha512";
import { PENDING } from "../status";
import { blockLengthOf, digestLengthOf, SCHEDULE_SIZE, stateWordsOf, wordLengthOf } from "./sizes";

const STATES: usize = HMAC_WORK; // 8 vectors
const SOURCES: usize = HMAC_WORK + 128; // u32 a lane, for the compression
const LANES: usize = HMAC_WORK + 256; // 16 bytes a lane
const TAILS: usize = HMAC_WORK + 512; // 256 bytes a lane
const IDLE: usize = HMAC_WORK + 2048; // what an idle lane reads: 128 bytes of nothing

const LANE_SOURCE = 4;
const LANE_BLOCKS = 8;
const LANE_PHASE = 12;
const BODY: u32 = 0;
const TAIL: u32 = 1;
const OUTER: u32 = 2;

/** Computes the tags of the PENDING ones of `count` descriptors: min(32, digest) bytes to D_TAG. */
export function hmacTags(integrity: i32, list: usize, count: i32): void {
  const lanes = 16 / wordLengthOf(integrity);
  let next = 0;
  let busy = 0;
  for (let lane = 0; lane < lanes; lane++) {
    next = start(integrity, list, count, next, lane);
    if (load<u32>(laneAt(lane))) busy++;
  }
  while (busy > 0) {
    const blocks = fewestBlocks(lanes);
    compress(integrity, lanes, blocks);
    for (let lane = 0; lane < lanes; lane++) {
      if (load<u32>(laneAt(lane)) == 0 || !advance(integrity, lane, blocks)) continue;
      next = start(integrity, list, count, next, lane);
      if (load<u32>(laneAt(lane)) == 0) busy--;
    }
  }
  wipe(STATES, 128);
  wipe(SOURCES, 128);
  wipe(LANES, 256);
  wipe(TAILS, (<usize>lanes) << 8);
  wipe(SHA_WORK, SCHEDULE_SIZE);
}

/** Gives the lane the next packet of the list from place `next` on; answers the place behind it. */
function start(integrity: i32, list: usize, count: i32, next: i32, lane: i32): i32 {
  const record = laneAt(lane);
  store<u32>(record, 0);
  for (; next < count; next++) {
    const descriptor = <usize>load<u32>(list + ((<usize>next) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    store<u32>(record, <u32>descriptor);
    loadState(integrity, lane, <usize>load<u32>(descriptor, D_SA) + SA_INNER_STATE);
    const blocks = load<u32>(descriptor, D_AUTH_LENGTH) / blockLengthOf(integrity);
    store<u32>(record, load<u32>(descriptor, D_AUTH), LANE_SOURCE);
    store<u32>(record, blocks, LANE_BLOCKS);
    store<u32>(record, BODY, LANE_PHASE);
    if (blocks == 0) padMessage(integrity, lane);
    return next + 1;
  }
  return next;
}

/** The lane has gone through `blocks` blocks; true when its packet is done and its tag written. */
function advance(integrity: i32, lane: i32, blocks: u32): bool {
  const record = laneAt(lane);
  const left = load<u32>(record, LANE_BLOCKS) - blocks;
  store<u32>(record, left, LANE_BLOCKS);
  store<u32>(record, load<u32>(record, LANE_SOURCE) + blocks * blockLengthOf(integrity), LANE_SOURCE);
  if (left > 0) return false;
  const phase = load<u32>(record, LANE_PHASE);
  if (phase == BODY) {
    padMessage(integrity, lane);
    return false;
  }
  if (phase == TAIL) {
    padDigest(integrity, lane);
    return false;
  }
  const tag = <usize>load<u32>(record) + D_TAG;
  storeState(integrity, lane, tag, min<u32>(32, digestLengthOf(integrity)));
  return true;
}

/** What remains behind the whole blocks, 0x80, zeroes and the length in bits: FIPS 180-4 section 5.1. */
function padMessage(integrity: i32, lane: i32): void {
  const record = laneAt(lane);
  const descriptor = <usize>load<u32>(record);
  const block = <usize>blockLengthOf(integrity);
  const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
  const rest = length & (block - 1);
  const tail = tailAt(lane);
  // One block if the 0x80 and the length (8 bytes, SHA-512: 16) still fit behind the rest, else two.
  const blocks: usize = rest + 1 + (block >> 3) <= block ? 1 : 2;
  copy(tail, <usize>load<u32>(descriptor, D_AUTH) + length - rest, rest);
  wipe(tail + rest, blocks * block - rest);
  store<u8>(tail + rest, 0x80);
  storeBits(integrity, tail + blocks * block - 8, length + block); // the inner pad is a block of its own
  store<u32>(record, <u32>tail, LANE_SOURCE);
  store<u32>(record, <u32>blocks, LANE_BLOCKS);
  store<u32>(record, TAIL, LANE_PHASE);
}

/** The inner digest becomes the message under the outer state. */
function padDigest(integrity: i32, lane: i32): void {
  const record = laneAt(lane);
  const block = <usize>blockLengthOf(integrity);
  const digest = <usize>digestLengthOf(integrity);
  const tail = tailAt(lane);
  storeState(integrity, lane, tail, <u32>digest);
  wipe(tail + digest, block - digest);
  store<u8>(tail + digest, 0x80);
  storeBits(integrity, tail + block - 8, digest + block);
  loadState(integrity, lane, <usize>load<u32>(<usize>load<u32>(record), D_SA) + SA_OUTER_STATE);
  store<u32>(record, <u32>tail, LANE_SOURCE);
  store<u32>(record, 1, LANE_BLOCKS);
  store<u32>(record, OUTER, LANE_PHASE);
}

/** The length of a message at its end, in bits. */
export function storeBits(integrity: i32, at: usize, length: usize): void {
  const bits = (<u64>length) << 3;
  if (LEGACY && integrity == INT_MD5) store<u64>(at, bits);
  else store64(at, bits);
}

function fewestBlocks(lanes: i32): u32 {
  let fewest: u32 = 0xffffffff;
  for (let lane = 0; lane < lanes; lane++) {
    if (load<u32>(laneAt(lane))) fewest = min(fewest, load<u32>(laneAt(lane), LANE_BLOCKS));
  }
  return fewest;
}

/** All lanes through `blocks` blocks. An idle one goes one block at a time over nothing, so that it never runs far. */
function compress(integrity: i32, lanes: i32, blocks: u32): void {
  let idle = false;
  for (let lane = 0; lane < lanes; lane++) {
    const record = laneAt(lane);
    const rests = load<u32>(record) == 0;
    if (rests) idle = true;
    store<u32>(SOURCES + ((<usize>lane) << 2), rests ? <u32>IDLE : load<u32>(record, LANE_SOURCE));
  }
  if (!idle) {
    run(integrity, blocks);
    return;
  }
  for (; blocks > 0; blocks--) {
    run(integrity, 1);
    for (let lane = 0; lane < lanes; lane++) {
      if (load<u32>(laneAt(lane)) == 0) continue;
      const source = SOURCES + ((<usize>lane) << 2);
      store<u32>(source, load<u32>(source) + blockLengthOf(integrity));
    }
  }
}

function run(integrity: i32, blocks: u32): void {
  if (LEGACY && integrity == INT_MD5) md5Lanes(STATES, SOURCES, blocks);
  else if (integrity == INT_SHA1) sha1Lanes(STATES, SOURCES, blocks);
  else if (integrity == INT_SHA256) sha256Lanes(STATES, SOURCES, blocks);
  else sha512Lanes(STATES, SOURCES, blocks);
}

// A prepared state is a row of words; in STATES word w of lane l lies at vector w, lane l.

function loadState(integrity: i32, lane: i32, from: usize): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const words = stateWordsOf(integrity);
  let place = STATES + <usize>lane * wordLength;
  for (let word = 0; word < words; word++) {
    if (wordLength == 8) store<u64>(place, load<u64>(from));
    else store<u32>(place, load<u32>(from));
    from += wordLength;
    place += 16;
  }
}

/** The first `length` bytes of the lane's digest, big-endian but for MD5. */
function storeState(integrity: i32, lane: i32, to: usize, length: u32): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const end = to + length;
  for (let place = STATES + <usize>lane * wordLength; to < end; place += 16) {
    if (LEGACY && integrity == INT_MD5) store<u32>(to, load<u32>(place));
    else if (wordLength == 8) store<u64>(to, bswap<u64>(load<u64>(place)));
    else store<u32>(to, bswap<u32>(load<u32>(place)));
    to += wordLength;
  }
}

function laneAt(lane: i32): usize {
  return LANES + ((<usize>lane) << 4);
}

function tailAt(lane: i32): usize {
  return TAILS + ((<usize>lane) << 8);
}
