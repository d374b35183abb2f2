// HMAC of one message: its state is a row of words, as the SA keeps it, and what is hashed stands in memory block by block.
// For every hash but MD5.
import { permute } from "../aes/permute";
import { wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_SA,
  D_STATUS,
  D_TAG,
  ONE_WORK,
  ONE_WORK_END,
  SA_INNER_STATE,
  SA_OUTER_STATE,
  SHA_WORK,
} from "../layout";
import { PENDING } from "../status";
import { compressOne } from "./compress";
import { blockShiftOf, digestLengthOf, SCHEDULE_SIZE, wordLengthOf } from "./sizes";
import { copyWords, DIGEST_ORDERS } from "./states";
import { makeTail } from "./tail";

export const STATE: usize = ONE_WORK; // 64 bytes
export const VARIABLES: usize = STATE + 64; // 32 bytes: of rounds that stand between blocks of AES, see esp/lone.ts
const DIGEST: usize = VARIABLES + 32; // 64 bytes: as a message
const TAIL: usize = DIGEST + 64;

/** Computes its tag, if it is PENDING. */
export function oneTag(integrity: i32, descriptor: usize): void {
  if (load<u32>(descriptor, D_STATUS) != PENDING) return;
  startOne(descriptor);
  finishOne(integrity, descriptor, load<u32>(descriptor, D_AUTH));
}

/** The state in front of its message, to STATE. */
export function startOne(descriptor: usize): void {
  loadState(<usize>load<u32>(descriptor, D_SA) + SA_INNER_STATE);
}

/** From the state after the message's blocks in front of `source` to the tag in D_TAG. */
export function finishOne(integrity: i32, descriptor: usize, source: usize): void {
  const message = <usize>load<u32>(descriptor, D_AUTH);
  const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
  compressOne(integrity, STATE, source, <u32>(message + length - source) >> blockShiftOf(integrity));
  compressOne(integrity, STATE, TAIL, <u32>makeTail(integrity, TAIL, message, length));
  outerTag(integrity, descriptor);
  wipeOne(integrity);
}

/** The outer hash of the inner digest in STATE: RFC 2104 section 2. */
function outerTag(integrity: i32, descriptor: usize): void {
  const order = v128.load(DIGEST_ORDERS + (wordLengthOf(integrity) == 8 ? 32 : 16));
  for (let at: usize = 0; at < 64; at += 16) v128.store(DIGEST + at, permute(v128.load(STATE + at), order));
  loadState(<usize>load<u32>(descriptor, D_SA) + SA_OUTER_STATE);
  compressOne(integrity, STATE, TAIL, <u32>makeTail(integrity, TAIL, DIGEST, digestLengthOf(integrity)));
  v128.store(descriptor, permute(v128.load(STATE), order), D_TAG);
  v128.store(descriptor, permute(v128.load(STATE, 16), order), D_TAG + 16);
}

/** With the zeroes behind a shorter one. */
function loadState(row: usize): void {
  for (let at: usize = 0; at < 64; at += 16) v128.store(STATE + at, v128.load(row + at));
}

/** Compresses `blocks` blocks at `source` in one lane of a set, whose words begin at `lane`. */
export function compressLane(integrity: i32, lane: usize, source: usize, blocks: u32): void {
  const wordLength = <usize>wordLengthOf(integrity);
  copyWords(integrity, STATE, wordLength, lane, 16);
  compressOne(integrity, STATE, source, blocks);
  copyWords(integrity, lane, 16, STATE, wordLength);
}

/** In one call, for each costs as much as a hundred bytes. */
export function wipeOne(integrity: i32): void {
  wipe(ONE_WORK, ONE_WORK_END - ONE_WORK);
  if (wordLengthOf(integrity) == 8) wipe(SHA_WORK, SCHEDULE_SIZE);
}
