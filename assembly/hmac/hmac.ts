// HMAC (RFC 2104) over many packets at once. SHA-1, SHA-256 and MD5 have four lanes, SHA-384 and SHA-512 two. Packets of
// one length go side by side, see alike.ts. Of others, a lane that finishes its packet takes the next one of the list at
// once, whatever its length and its SA.
//
//   a lane's way     body: the packet's whole blocks    tail: its last bytes, 0x80, zeroes, the length
//                    then the outer hash: at once where all lanes end together, or its digest waits until there are as
//                    many as lanes
import { copy, wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_STATUS,
  HMAC_OUTER_WORK,
  HMAC_WORK,
  INT_MD5,
  ORDER_WORK,
  SA_INNER_STATE,
  SHA_WORK,
} from "../layout";
import { PENDING } from "../status";
import { alikeTags, gatheredTags, REACH } from "./alike";
import { compressLanes } from "./compress";
import { compressLane, oneTag, wipeOne } from "./one";
import { outerTags } from "./outer";
import { blockLengthOf, blockShiftOf, lanesOf, SCHEDULE_SIZE, wordLengthOf } from "./sizes";
import { copyLane, L_DESCRIPTORS, LANE_SET_SIZE, loadStates } from "./states";
import { makeTail, TAIL_SIZE } from "./tail";

const SET: usize = HMAC_WORK; // the lanes; behind them, u32 a lane:
const SOURCES: usize = SET + LANE_SET_SIZE; // where its next block is
const BLOCKS: usize = SOURCES + 16; // how many until its body or tail ends
const TAIL_BLOCKS: usize = SOURCES + 32; // how many its tail will have, 0 once it is there
const TAILS: usize = SOURCES + 48;
const WAITING: usize = HMAC_OUTER_WORK; // lanes of digests that wait for the outer hash

/** Computes the tags of the PENDING ones of `count` descriptors: min(32, digest) bytes to D_TAG. */
export function hmacTags(integrity: i32, list: usize, count: i32): void {
  const alike = alikeTags(integrity, list, count);
  const rest = list + ((<usize>alike) << 2);
  count -= alike;
  if (count > REACH) {
    copy(ORDER_WORK, rest, (<usize>count) << 2);
    const left = gatheredTags(integrity, ORDER_WORK, count);
    restTags(integrity, ORDER_WORK, left);
    wipe(ORDER_WORK, (<usize>count) << 2);
  } else {
    restTags(integrity, rest, count);
  }
}

function restTags(integrity: i32, list: usize, count: i32): void {
  if (count == 1 && !(LEGACY && integrity == INT_MD5)) oneTag(integrity, load<u32>(list));
  else if (count > 0) mixedTags(integrity, list, count);
}

/** The same where lengths differ. A bit a lane in the masks. */
function mixedTags(integrity: i32, list: usize, count: i32): void {
  const lanes = lanesOf(integrity);
  let next = nextPending(list, count, 0);
  let busy = 0;
  let waiting = 0;
  v128.store(BLOCKS, v128.not(i64x2.splat(0))); // a lane without a packet never ends
  for (let free = (1 << lanes) - 1; ; ) {
    const started = free;
    for (; free != 0 && next < count; free &= free - 1) {
      take(integrity, ctz(free), load<u32>(list + ((<usize>next) << 2)));
      next = nextPending(list, count, next + 1);
    }
    for (busy |= started; free != 0; free &= free - 1) busy ^= leave(ctz(free));
    if (busy == 0) break;
    loadStates(integrity, SET, SA_INNER_STATE, started & busy);
    while (free == 0) free = advance(integrity, lanes, busy);
    if (free == busy && (free & (free + 1)) == 0) {
      outerTags(integrity, SET, 32 - clz(free));
      continue;
    }
    for (let done = free; done != 0; done &= done - 1) {
      copyLane(integrity, WAITING, waiting++, SET, ctz(done));
      if (waiting < lanes) continue;
      outerTags(integrity, WAITING, waiting);
      waiting = 0;
    }
  }
  if (waiting > 0) outerTags(integrity, WAITING, waiting);
  wipe(WAITING, LANE_SET_SIZE);
  wipe(HMAC_WORK, TAILS - HMAC_WORK + <usize>lanes * TAIL_SIZE);
  wipe(SHA_WORK, SCHEDULE_SIZE);
  wipeOne(integrity);
}

/** The first place from `next` on whose packet is PENDING. */
function nextPending(list: usize, count: i32, next: i32): i32 {
  while (next < count && load<u32>(<usize>load<u32>(list + ((<usize>next) << 2)), D_STATUS) != PENDING) next++;
  return next;
}

/** Gives the lane a packet, and makes its tail. */
function take(integrity: i32, lane: i32, descriptor: usize): void {
  const place = (<usize>lane) << 2;
  const block = <usize>blockLengthOf(integrity);
  const message = <usize>load<u32>(descriptor, D_AUTH);
  const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
  store<u32>(SET + place, <u32>descriptor, L_DESCRIPTORS);
  store<u32>(SOURCES + place, <u32>message);
  store<u32>(BLOCKS + place, <u32>length >> blockShiftOf(integrity));
  store<u32>(TAIL_BLOCKS + place, <u32>makeTail(integrity, TAILS + <usize>lane * TAIL_SIZE, message, length));
  if (length < block) enterTail(lane);
}

function enterTail(lane: i32): void {
  const place = (<usize>lane) << 2;
  store<u32>(SOURCES + place, <u32>(TAILS + <usize>lane * TAIL_SIZE));
  store<u32>(BLOCKS + place, load<u32>(TAIL_BLOCKS + place));
  store<u32>(TAIL_BLOCKS + place, 0);
}

/** There is no packet left for the lane. Answers its bit. */
function leave(lane: i32): i32 {
  const place = (<usize>lane) << 2;
  store<u32>(SET + place, 0, L_DESCRIPTORS);
  store<u32>(BLOCKS + place, 0xffffffff);
  return 1 << lane;
}

/** As many blocks as the busy lanes can go together. Answers which lanes have their inner digest then. */
function advance(integrity: i32, lanes: i32, busy: i32): i32 {
  const left = v128.load(BLOCKS);
  const pairs = i32x4.min_u(left, v128.shuffle<i32>(left, left, 2, 3, 0, 1));
  const blocks = min<u32>(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
  if ((busy & (busy - 1)) == 0 && !(LEGACY && integrity == INT_MD5)) {
    // The only busy lane goes alone: a vector of which one lane counts is slower than a word.
    const lane = <usize>ctz(busy);
    compressLane(integrity, SET + lane * wordLengthOf(integrity), load<u32>(SOURCES + (lane << 2)), blocks);
  } else {
    // A lane without a packet goes with a busy one, and what it makes of that is nobody's.
    const source = load<u32>(SOURCES + ((<usize>ctz(busy)) << 2));
    for (let idle = busy ^ ((1 << lanes) - 1); idle != 0; idle &= idle - 1) {
      store<u32>(SOURCES + ((<usize>ctz(idle)) << 2), source);
    }
    compressLanes(integrity, SET, SOURCES, blocks);
  }
  const now = i32x4.sub(left, i32x4.splat(blocks));
  v128.store(BLOCKS, now);
  v128.store(SOURCES, i32x4.add(v128.load(SOURCES), i32x4.splat(blocks << blockShiftOf(integrity))));
  let done = 0;
  for (let ended = i32x4.bitmask(i32x4.eq(now, i64x2.splat(0))); ended != 0; ended &= ended - 1) {
    const lane = ctz(ended);
    if (load<u32>(TAIL_BLOCKS + ((<usize>lane) << 2)) == 0) done |= 1 << lane;
    else enterTail(lane);
  }
  return done;
}
