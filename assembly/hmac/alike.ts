// Packets of one length, as many as the hash has lanes, side by side. They end together: so no lane waits for another, and
// what stands behind their last words is the same in all lanes, made where the message schedule wants it.
import { wipe } from "../bytes";
import { D_AUTH, D_AUTH_LENGTH, D_STATUS, HMAC_WORK, SA_INNER_STATE, SHA_WORK } from "../layout";
import { PENDING } from "../status";
import { compressLanes, compressSchedule, loadLanes } from "./compress";
import { outerTags } from "./outer";
import { endMessages, storeLengths, zeroWords } from "./schedule";
import { blockLengthOf, blockShiftOf, lanesOf, SCHEDULE_SIZE, wordLengthOf } from "./sizes";
import { ALL_LANES, L_DESCRIPTORS, LANE_SET_SIZE, loadStates } from "./states";

const SET: usize = HMAC_WORK;
const SOURCES: usize = SET + LANE_SET_SIZE; // u32 a lane: where its message begins

export const REACH = 16; // so far gatheredTags looks, and so often in vain before it gives up

/** Computes the tags of the first ones of `count` descriptors, while as many as lanes are alike. Answers how many. */
export function alikeTags(integrity: i32, list: usize, count: i32): i32 {
  const lanes = lanesOf(integrity);
  let done = 0;
  for (; done + lanes <= count && areAlike(integrity, list + ((<usize>done) << 2), lanes); done += lanes) {
    tagsTogether(integrity, list + ((<usize>done) << 2), lanes);
  }
  if (done > 0) {
    wipe(HMAC_WORK, LANE_SET_SIZE + 16);
    wipe(SHA_WORK, SCHEDULE_SIZE);
  }
  return done;
}

/**
 * The same of those that are alike but not side by side. Answers how many are left: the first ones of the list, whose
 * order changes.
 */
export function gatheredTags(integrity: i32, list: usize, count: i32): i32 {
  const lanes = lanesOf(integrity);
  let left = 0;
  for (let i = 0; i < count; ) {
    if (left == REACH && i == left) return count; // hardly two are alike
    const here = list + ((<usize>i) << 2);
    if (gather(here, min(count - i, REACH), lanes) && areAlike(integrity, here, lanes)) {
      tagsTogether(integrity, here, lanes);
      i += lanes;
    } else {
      swap(list, left++, i++);
    }
  }
  wipe(HMAC_WORK, LANE_SET_SIZE + 16);
  wipe(SHA_WORK, SCHEDULE_SIZE);
  return left;
}

/** Brings descriptors of the first one's length to its side. False if there are too few among `count`. */
function gather(list: usize, count: i32, lanes: i32): bool {
  const length = load<u32>(<usize>load<u32>(list), D_AUTH_LENGTH);
  let found = 1;
  for (let i = 1; i < count && found < lanes; i++) {
    if (load<u32>(<usize>load<u32>(list + ((<usize>i) << 2)), D_AUTH_LENGTH) == length) swap(list, found++, i);
  }
  return found == lanes;
}

function swap(list: usize, i: i32, j: i32): void {
  const one = list + ((<usize>i) << 2);
  const other = list + ((<usize>j) << 2);
  const descriptor = load<u32>(one);
  store<u32>(one, load<u32>(other));
  store<u32>(other, descriptor);
}

/** All PENDING, and of one length in whole words: as all are in ESP, but for 64-bit words with ESN. */
function areAlike(integrity: i32, list: usize, lanes: i32): bool {
  const length = load<u32>(<usize>load<u32>(list), D_AUTH_LENGTH);
  if (length & (wordLengthOf(integrity) - 1)) return false;
  for (let lane = 0; lane < lanes; lane++) {
    const descriptor = <usize>load<u32>(list + ((<usize>lane) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING || load<u32>(descriptor, D_AUTH_LENGTH) != length) return false;
  }
  return true;
}

function tagsTogether(integrity: i32, list: usize, lanes: i32): void {
  for (let place: usize = 0; place < (<usize>lanes) << 2; place += 4) {
    const descriptor = <usize>load<u32>(list + place);
    store<u32>(SET + place, <u32>descriptor, L_DESCRIPTORS);
    store<u32>(SOURCES + place, load<u32>(descriptor, D_AUTH));
  }
  const length = load<u32>(<usize>load<u32>(list), D_AUTH_LENGTH);
  const blocks = length >> blockShiftOf(integrity);
  loadStates(integrity, SET, SA_INNER_STATE, ALL_LANES);
  compressLanes(integrity, SET, SOURCES, blocks);
  lastBlock(integrity, <usize>(blocks << blockShiftOf(integrity)), length);
  outerTags(integrity, SET, lanes);
}

/** What is left from `offset` on of messages of `length` bytes; two blocks if the length does not fit behind it. */
function lastBlock(integrity: i32, offset: usize, length: u32): void {
  const rest = <usize>length - offset;
  loadLanes(integrity, SOURCES, offset, rest);
  if (!endMessages(integrity, (rest / wordLengthOf(integrity)) << 4)) {
    compressSchedule(integrity, SET);
    zeroWords(0);
  }
  storeLengths(integrity, length + blockLengthOf(integrity)); // the inner pad is a block of its own
  compressSchedule(integrity, SET);
}
