// The lanes of aes/chain.ts: their records, their keys, and the cipher going over them. Their states lie side by side in
// AES_POOL. Up to 32 go through the bitsliced cipher side by side; a few are faster in the cipher for one block and for three.
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  AES_CHAIN_KEYS,
  AES_CHAINS,
  AES_LANE_PLANES,
  AES_POOL,
  D_SA,
  HOT_MAC_KEYS,
  HOT_PLANES,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../layout";
import { aesEncryptTexts } from "./encrypt";
import { encryptBlock, encryptThrees, NIBBLE_KEYS_SIZE, nibbleKeys } from "./nibbles";
import { aesBlocksLane, aesPlanes, aesPlanesLane, LANE_PLANES_SIZE } from "./planes";
import { toTexts, transpose } from "./transpose";

export const CHAIN_CBC = 0;
export const CHAIN_CCM = 1;
export const CHAIN_MAC = 2; // XCBC and CMAC: their subkeys make the difference

export const LANES = 32; // four groups of the cipher, which then waits for nothing
const FEW_OF_ONE_KEY = 6; // so many are faster three by three
const FEW = 4; // so many with keys of their own one by one
const MANY_KEYS: u32 = 3; // so many new keys in a group are faster exchanged

const SOURCES: usize = AES_CHAINS; // u32 a lane: address of the next block
const BLOCKS: usize = AES_CHAINS + 128; // u32 a lane: blocks left of its part
const RECORDS: usize = AES_CHAINS + 256;

const NEVER: u32 = 0xffffffff; // more blocks than a call goes through

// A lane's record, 64 bytes.
export const L_DESCRIPTOR = 0; // u32
export const L_PART = 4; // u32: HEAD, BODY, LAST
export const L_SA = 8; // u32 whose key the lane holds
export const L_HEAD = 16; // 32 bytes
export const L_LAST = 48; // 16 bytes
export const L_SIZE = 64;

/** The lane goes through `blocks` blocks from `source` on. */
export function setOut(lane: i32, source: u32, blocks: u32): void {
  store<u32>(SOURCES + ((<usize>lane) << 2), source);
  store<u32>(BLOCKS + ((<usize>lane) << 2), blocks);
}

export function sourceOf(lane: i32): u32 {
  return load<u32>(SOURCES + ((<usize>lane) << 2));
}

export function blocksOf(lane: i32): u32 {
  return load<u32>(BLOCKS + ((<usize>lane) << 2));
}

/** The lanes from `lane` on have no packet, and never end. */
export function idleFrom(lane: i32): void {
  for (; lane < LANES; lane++) idle(lane);
}

export function idle(lane: i32): void {
  setOut(lane, 0, NEVER);
}

/** Whether so many lanes are too few for the bitsliced cipher. */
export function areFew(lanes: i32, shared: bool): bool {
  return lanes <= (shared ? FEW_OF_ONE_KEY : FEW);
}

/** How many blocks all lanes can go. */
export function fewestBlocks(): u32 {
  let fewest = v128.load(BLOCKS);
  for (let four: usize = 16; four < 128; four += 16) fewest = i32x4.min_u(fewest, v128.load(BLOCKS + four));
  const pairs = i32x4.min_u(fewest, v128.shuffle<i32>(fewest, fewest, 2, 3, 0, 1));
  return min<u32>(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
}

/** All lanes have come `blocks` blocks further. Answers a bit for each that is through its part. */
export function cameFurther(blocks: u32): u32 {
  let through: u32 = 0;
  for (let four: usize = 0; four < 128; four += 16) {
    const left = i32x4.sub(v128.load(BLOCKS + four), i32x4.splat(blocks));
    v128.store(BLOCKS + four, left);
    v128.store(SOURCES + four, i32x4.add(v128.load(SOURCES + four), i32x4.splat(blocks << 4)));
    through |= i32x4.bitmask(i32x4.eq(left, i64x2.splat(0))) << (<u32>four >> 2);
  }
  return through;
}

/** The planes of the one key of all lanes. */
export function sharedPlanes(kind: i32, list: usize): usize {
  const entry = hotFor(load<u32>(<usize>load<u32>(list), D_SA));
  if (kind != CHAIN_MAC) return entry + HOT_PLANES;
  aesPlanes(entry + HOT_MAC_KEYS, 10, AES_LANE_PLANES);
  return AES_LANE_PLANES;
}

/**
 * The keys of the lanes in `fresh`, which took packets, a bit a lane, unless they hold them already. Of many lanes in a
 * group all keys are exchanged as blocks are; a few are put between those of the others.
 */
export function takeKeys(kind: i32, rounds: i32, lanes: i32, fresh: u32): void {
  for (let first = 0; first < lanes; first += 8) {
    const end = min(first + 8, lanes);
    const planes: usize = AES_LANE_PLANES + <usize>(first >> 3) * LANE_PLANES_SIZE;
    let changed = (fresh >> first) & ((1 << (end - first)) - 1);
    for (let took = changed; took != 0; took &= took - 1) {
      const lane = first + <i32>ctz(took);
      if (load<u32>(laneAt(lane), L_SA) == <u32>saOf(lane)) changed &= ~(took & -took);
    }
    if (popcnt(changed) < MANY_KEYS) {
      for (; changed != 0; changed &= changed - 1) {
        const lane = <i32>ctz(changed);
        aesPlanesLane(takenKey(kind, first + lane), rounds, planes, lane);
      }
      continue;
    }
    for (let lane = first; lane < end; lane++) aesBlocksLane(takenKey(kind, lane), rounds, planes, lane - first);
    transpose(planes, planes + ((<usize>rounds) << 7));
  }
}

/** The round keys of the lane's packet, which it holds from now on. */
function takenKey(kind: i32, lane: i32): usize {
  const sa = saOf(lane);
  store<u32>(laneAt(lane), <u32>sa, L_SA);
  return roundKeysOf(kind, sa);
}

function roundKeysOf(kind: i32, sa: usize): usize {
  return kind == CHAIN_MAC ? hotFor(sa) + HOT_MAC_KEYS : sa + SA_ROUND_KEYS;
}

/**
 * All lanes through `blocks` blocks of their parts. The last group's idle lanes take the text of the last lane that is not,
 * and what they make of it does not remain (toTexts).
 */
export function runBlocks(kind: i32, shared: bool, planes: usize, rounds: i32, lanes: i32, blocks: u32): void {
  const groups = (lanes + 7) >> 3;
  for (let lane = lanes; lane < groups << 3; lane++) setOut(lane, sourceOf(lanes - 1), NEVER);
  const end = AES_POOL + ((<usize>groups) << 7);
  const apart: usize = shared ? 0 : LANE_PLANES_SIZE;
  for (let offset: usize = 0; offset < (<usize>blocks) << 4; offset += 16) {
    aesEncryptTexts(planes, apart, rounds, AES_POOL, groups, SOURCES, offset);
    if (kind == CHAIN_CBC) toTexts(AES_POOL, end, SOURCES, offset);
  }
}

/** The same of few lanes, by the cipher for one block and for three. */
export function runFewBlocks(kind: i32, shared: bool, rounds: i32, lanes: i32, blocks: u32): void {
  if (shared && lanes > 2) {
    nibbleKeys(roundKeysOf(kind, saOf(0)), rounds, AES_CHAIN_KEYS);
    runThrees(kind, rounds, lanes, blocks);
  } else {
    for (let lane = 0; lane < lanes; lane++) {
      nibbleKeys(roundKeysOf(kind, saOf(lane)), rounds, AES_CHAIN_KEYS);
      runOne(kind, rounds, lane, blocks);
    }
  }
  wipe(AES_CHAIN_KEYS, NIBBLE_KEYS_SIZE);
}

/** Three lanes at a time; what is made in those that are too many is nobody's. */
function runThrees(kind: i32, rounds: i32, lanes: i32, blocks: u32): void {
  const end = stateOf(lanes);
  for (let offset: usize = 0; offset < (<usize>blocks) << 4; offset += 16) {
    for (let lane = 0; lane < lanes; lane++) {
      v128.store(stateOf(lane), v128.xor(v128.load(stateOf(lane)), v128.load(sourceOf(lane) + offset)));
    }
    encryptThrees(AES_CHAIN_KEYS, rounds, AES_POOL, end);
    if (kind != CHAIN_CBC) continue;
    for (let lane = 0; lane < lanes; lane++) v128.store(sourceOf(lane) + offset, v128.load(stateOf(lane)));
  }
}

function runOne(kind: i32, rounds: i32, lane: i32, blocks: u32): void {
  let source: usize = sourceOf(lane);
  const end = source + ((<usize>blocks) << 4);
  let state = v128.load(stateOf(lane));
  for (; source < end; source += 16) {
    state = encryptBlock(AES_CHAIN_KEYS, rounds, v128.xor(state, v128.load(source)));
    if (kind == CHAIN_CBC) v128.store(source, state);
  }
  v128.store(stateOf(lane), state);
}

function saOf(lane: i32): usize {
  return load<u32>(<usize>load<u32>(laneAt(lane), L_DESCRIPTOR), D_SA);
}

export function laneAt(lane: i32): usize {
  return RECORDS + <usize>lane * L_SIZE;
}

export function stateOf(lane: i32): usize {
  return AES_POOL + ((<usize>lane) << 4);
}

/** Wipes what the first `lanes` lanes have left. */
export function wipeLanes(lanes: i32): void {
  wipe(AES_POOL, (<usize>lanes + 7) << 4);
  wipe(AES_CHAINS, RECORDS - AES_CHAINS + <usize>lanes * L_SIZE);
}
