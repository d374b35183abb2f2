// What the counter blocks of several packets have in common: the first two rounds of the cipher.
//
// The first 256 counter blocks of a packet differ in byte 15 alone. Round 1 brings it, with the bytes 0, 5 and 10, into
// column 0 (ShiftRows, FIPS 197 section 5.1.2) and nowhere else. The S-box of round 2 takes each byte alone, and all that
// comes after it in that round is linear. So after two rounds
//
//   state of (packet, counter) = start of the packet + step of the counter
//
// where start is the state of counter 0, and the steps depend on the key and on bytes 0, 5 and 10: salt, the IV's second
// byte and its last but one. Packets numbered in order share those 256 at a time: the hot entry keeps them for packets to
// come. What decides is public: lengths and IVs.
import { wipe } from "../bytes";
import { hotFillTo, hotFor } from "../hot";
import {
  AES_STARTS,
  AES_STARTS_END,
  D_IV,
  D_SA,
  D_STATUS,
  D_TEXT_LENGTH,
  HOT_PLANES,
  HOT_STEPS,
  HOT_STEPS_COUNT,
  HOT_STEPS_END,
  HOT_STEPS_MET,
  HOT_STEPS_OF,
} from "../layout";
import { PENDING } from "../status";
import { counterBlock, withCounter } from "./counter-block";
import { aesFirstRounds } from "./encrypt";
import { BITS } from "./tables";
import { transpose } from "./transpose";

const MAX_SHARERS: i32 = (AES_STARTS_END - AES_STARTS) >> 4;
const LEAST_ALIKE = 8;
/** In blocks: a lone packet fills one lane of the eight that make its start. */
const FIXED_COST: u32 = 24;
const MAX_COUNTERS: u32 = (HOT_STEPS_END - HOT_STEPS) >> 4;

/**
 * How many of `count` descriptors of one SA, the first of them PENDING, share their steps: their starts are then written,
 * and the hot entry has their steps. 0 if it would not pay. `from` is the counter the texts begin with.
 */
export function startCounters(list: usize, count: i32, from: u32): i32 {
  const first: usize = load<u32>(list);
  let sharers = 0;
  let blocks: u32 = 0;
  let counters: u32 = 0;
  for (const most = min(count, MAX_SHARERS); sharers < most; sharers++) {
    const descriptor: usize = load<u32>(list + ((<usize>sharers) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const end = from + ((load<u32>(descriptor, D_TEXT_LENGTH) + 15) >> 4);
    if (end > MAX_COUNTERS || !hasSameSteps(load<u32>(first, D_IV), load<u32>(descriptor, D_IV))) break;
    blocks += end;
    counters = max(counters, end);
  }
  const entry = hotFor(load<u32>(first, D_SA));
  const iv: usize = load<u32>(first, D_IV);
  // Each block saves two rounds; a start or a step costs them, and two transpositions. What one packet does not pay for,
  // those that follow it will: steps are kept.
  const cost = 3 * (<u32>sharers + FIXED_COST);
  const toMake: u32 = areKept(entry, iv, counters) ? 0 : counters;
  if (2 * blocks < cost + 3 * toMake && (2 * blocks < cost || !isMetAgain(entry, iv))) return 0;
  makeSteps(entry, first, counters);
  writeStarts(entry, list, sharers);
  transpose(AES_STARTS, AES_STARTS + ((<usize>((sharers + 7) & ~7)) << 4));
  return sharers;
}

/**
 * How many of `count` descriptors of one SA share their steps and need equally many blocks, a multiple of eight: their
 * starts are then written, eight in planes of 128 bytes, and the hot entry has their steps. 0 if it would not pay.
 */
export function startEights(list: usize, count: i32, from: u32): i32 {
  const first: usize = load<u32>(list);
  const end = from + ((load<u32>(first, D_TEXT_LENGTH) + 15) >> 4);
  if (end > MAX_COUNTERS) return 0;
  let alike = 0;
  for (const most = min(count, MAX_SHARERS); alike < most; alike++) {
    const descriptor: usize = load<u32>(list + ((<usize>alike) << 2));
    if (from + ((load<u32>(descriptor, D_TEXT_LENGTH) + 15) >> 4) != end) break;
    if (!hasSameSteps(load<u32>(first, D_IV), load<u32>(descriptor, D_IV))) break;
  }
  alike &= ~7;
  if (alike < LEAST_ALIKE) return 0;
  const entry = hotFor(load<u32>(first, D_SA));
  makeSteps(entry, first, end);
  writeStarts(entry, list, alike);
  return alike;
}

/** The states of eight packets at the counters `from` .. `to`, in planes, to `pool`; `eight` is the number of the eight. */
export function writeEight(pool: usize, entry: usize, eight: i32, from: u32, to: u32): void {
  const starts = AES_STARTS + ((<usize>eight) << 7);
  for (let bit: usize = 0; bit < 128; bit += 16) {
    const mask = v128.load(BITS + bit);
    const start = v128.load(starts + bit);
    let group = pool + bit;
    for (let counter = from; counter <= to; counter++) {
      v128.store(group, v128.xor(i8x16.eq(v128.and(counterStep(entry, counter), mask), mask), start));
      group += 128;
    }
  }
}

/** The state of counter 0 of sharer `index`. */
export function counterStart(index: i32): v128 {
  return v128.load(AES_STARTS + ((<usize>index) << 4));
}

/** From there to the state of `counter`. */
export function counterStep(entry: usize, counter: u32): v128 {
  return v128.load(entry + HOT_STEPS + ((<usize>counter) << 4));
}

export function wipeStarts(count: i32): void {
  wipe(AES_STARTS, (<usize>((count + 7) & ~7)) << 4);
}

function hasSameSteps(iv: usize, other: usize): bool {
  return load<u8>(iv, 1) == load<u8>(other, 1) && load<u8>(iv, 6) == load<u8>(other, 6);
}

/** What the steps depend on besides the key, never 0. */
export function stepsOf(iv: usize): u32 {
  return 0x10000 | ((<u32>load<u8>(iv, 1)) << 8) | load<u8>(iv, 6);
}

function areKept(entry: usize, iv: usize, counters: u32): bool {
  return load<u32>(entry, HOT_STEPS_OF) == stepsOf(iv) && counters <= load<u32>(entry, HOT_STEPS_COUNT);
}

/** Whether the last packet that found no steps would have used the same: then more will follow, and making them pays. */
export function isMetAgain(entry: usize, iv: usize): bool {
  const met = load<u32>(entry, HOT_STEPS_MET) == stepsOf(iv);
  store<u32>(entry, stepsOf(iv), HOT_STEPS_MET);
  return met;
}

/** Whether the hot entry has the steps to the counters below `counters`: they are made when asked for a second time. */
export function hasSteps(entry: usize, descriptor: usize, counters: u32): bool {
  const iv: usize = load<u32>(descriptor, D_IV);
  if (areKept(entry, iv, counters)) return true;
  if (!isMetAgain(entry, iv)) return false;
  makeSteps(entry, descriptor, counters);
  return true;
}

/** The hot entry has the steps to the counters below `counters`. */
function makeSteps(entry: usize, descriptor: usize, counters: u32): void {
  const iv: usize = load<u32>(descriptor, D_IV);
  if (areKept(entry, iv, counters)) return;
  const block = counterBlock(load<u32>(descriptor, D_SA), iv);
  const steps = entry + HOT_STEPS;
  const groups = <i32>((counters + 7) >> 3);
  const end = steps + ((<usize>groups) << 7);
  hotFillTo(entry, HOT_STEPS + ((<usize>groups) << 7));
  for (let step = steps, counter: u32 = 0; step < end; step += 16) v128.store(step, withCounter(block, counter++));
  aesFirstRounds(entry + HOT_PLANES, steps, groups);
  transpose(steps, end);
  const start = v128.load(steps);
  for (let step = steps; step < end; step += 16) v128.store(step, v128.xor(v128.load(step), start));
  store<u32>(entry, stepsOf(iv), HOT_STEPS_OF);
  store<u32>(entry, counters, HOT_STEPS_COUNT);
}

function writeStarts(entry: usize, list: usize, count: i32): void {
  const sa: usize = load<u32>(<usize>load<u32>(list), D_SA);
  for (let i = 0; i < count; i++) {
    const iv: usize = load<u32>(<usize>load<u32>(list + ((<usize>i) << 2)), D_IV);
    v128.store(AES_STARTS + ((<usize>i) << 4), counterBlock(sa, iv));
  }
  aesFirstRounds(entry + HOT_PLANES, AES_STARTS, (count + 7) >> 3);
}
