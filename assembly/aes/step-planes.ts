// Counter steps (counter-start.ts) as the bitsliced cipher takes them: eight counters a group, in planes. A packet's start,
// splat over all lanes, added to a group of them gives that packet's states of eight counters. So a long packet that goes by
// itself begins with round 3, and needs no transposition before it.
import { wipe } from "../bytes";
import { hotFillTo } from "../hot";
import {
  AES_POOL,
  HOT_PLANES,
  HOT_STEP_PLANES,
  HOT_STEP_PLANES_COUNT,
  HOT_STEP_PLANES_END,
  HOT_STEP_PLANES_OF,
} from "../layout";
import { withCounter } from "./counter-block";
import { isMetAgain, stepsOf } from "./counter-start";
import { aesFirstRounds } from "./encrypt";
import { BITS } from "./tables";

const MOST_GROUPS: u32 = (HOT_STEP_PLANES_END - HOT_STEP_PLANES) >> 7;

/**
 * Whether the hot entry has the steps of `groups` groups, from the state of counter `from` to those of the counters behind
 * it; `block` is the packet's counter block. They are made when they are asked for a second time.
 */
export function hasStepPlanes(entry: usize, iv: usize, block: v128, from: u32, groups: u32): bool {
  if (groups > MOST_GROUPS) return false;
  const steps = stepsOf(iv);
  if (load<u32>(entry, HOT_STEP_PLANES_OF) == steps && groups <= load<u32>(entry, HOT_STEP_PLANES_COUNT)) return true;
  if (!isMetAgain(entry, iv)) return false;
  makeStepPlanes(entry, block, from, groups);
  store<u32>(entry, steps, HOT_STEP_PLANES_OF);
  store<u32>(entry, groups, HOT_STEP_PLANES_COUNT);
  return true;
}

/** The states of `groups` groups of counters, in planes, to `pool`: of the packet whose state of counter `from` is `start`. */
export function writeStates(pool: usize, entry: usize, start: v128, groups: u32): void {
  const length = (<usize>groups) << 7;
  for (let bit: usize = 0; bit < 128; bit += 16) {
    const mask = v128.load(BITS + bit);
    const splat = i8x16.eq(v128.and(start, mask), mask);
    for (let group = bit; group < length; group += 128) {
      v128.store(pool + group, v128.xor(v128.load(entry + HOT_STEP_PLANES + group), splat));
    }
  }
}

function makeStepPlanes(entry: usize, block: v128, from: u32, groups: u32): void {
  const steps = entry + HOT_STEP_PLANES;
  const end = steps + ((<usize>groups) << 7);
  hotFillTo(entry, HOT_STEP_PLANES + ((<usize>groups) << 7));
  for (let lane: usize = 0; lane < 128; lane += 16) v128.store(AES_POOL + lane, withCounter(block, from));
  for (let step = steps; step < end; step += 16) v128.store(step, withCounter(block, ++from));
  aesFirstRounds(entry + HOT_PLANES, AES_POOL, 1);
  aesFirstRounds(entry + HOT_PLANES, steps, groups);
  for (let step = steps; step < end; step += 16) {
    v128.store(step, v128.xor(v128.load(step), v128.load(AES_POOL + ((step - steps) & 127))));
  }
  wipe(AES_POOL, 128);
}
