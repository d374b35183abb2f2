// Chains of blocks: CBC encryption and the MACs built on it. A chain cannot be split, so the lanes of the cipher work on
// as many packets at once, up to 32; a lane that finishes takes the next packet of the list at once, of whatever length
// and SA, long ones first. Lanes may hold different keys of one length. When no packet is left, the last lane moves to
// where one finished. A list of a few packets, or what is left of a long one, goes another way: see chain-lanes.ts.
//
//   state = IV or 0;   for every block:  state = AES(state + block);   CBC puts the state where the block was
//
//   kind    start   head               body                          last
//   CBC     IV      -                  the text, replaced            -
//   CCM     0       B0, AAD block      whole blocks of the text      the rest, zero-padded
//   XCBC    0       -                  the message but its end       its end + K2, or padded + K3
//   CMAC    0       -                  the message but its end       its end + K1, or padded + K2
import { paddedBlock } from "../blocks";
import { copy, wipe } from "../bytes";
import { ccmHead } from "../ccm/head";
import { hotFor } from "../hot";
import {
  AES_CHAINS,
  AES_LANE_PLANES,
  AES_POOL,
  D_AUTH,
  D_AUTH_LENGTH,
  D_IV,
  D_SA,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_MAC_SUBKEYS,
  ORDER_WORK,
  SA_ROUNDS,
} from "../layout";
import { PENDING } from "../status";
import {
  areFew,
  blocksOf,
  CHAIN_CBC,
  CHAIN_CCM,
  CHAIN_MAC,
  cameFurther,
  fewestBlocks,
  idle,
  idleFrom,
  L_DESCRIPTOR,
  L_HEAD,
  L_LAST,
  L_PART,
  L_SA,
  L_SIZE,
  LANES,
  laneAt,
  runBlocks,
  runFewBlocks,
  setOut,
  sharedPlanes,
  sourceOf,
  stateOf,
  takeKeys,
  wipeLanes,
} from "./chain-lanes";
import { LANE_PLANES_SIZE } from "./planes";

const HEAD: u32 = 0;
const BODY: u32 = 1;
const LAST: u32 = 2;

/** 0x80 behind a rest of n bytes: loaded from 16 - n on. */
const PAD = memory.data<u64>([0, 0, 0x80, 0], 16);

/** Runs the chains of the PENDING ones of `count` descriptors. MACs are added to D_TAG. */
export function runChains(kind: i32, list: usize, count: i32): void {
  const rounds = kind == CHAIN_MAC ? 10 : <i32>load<u8>(<usize>load<u32>(<usize>load<u32>(list), D_SA), SA_ROUNDS);
  const shared = isOneSa(list, count);
  const few = areFew(count, shared);
  const packs = !shared && !few; // the lanes' keys into AES_LANE_PLANES
  const planes = shared && !few ? sharedPlanes(kind, list) : AES_LANE_PLANES;
  if (count > LANES) list = longFirst(list, count);
  let next = nextPending(list, count, 0);
  let lanes = 0;
  for (; lanes < LANES && next < count; lanes++) {
    start(kind, list, next, lanes);
    next = nextPending(list, count, next + 1);
  }
  idleFrom(lanes);
  const used = lanes;
  let fresh: u32 = 0xffffffff; // lanes that took packets, a bit each
  while (lanes > 0) {
    const blocks = fewestBlocks();
    if (areFew(lanes, shared)) {
      runFewBlocks(kind, shared, rounds, lanes, blocks);
    } else {
      if (packs) takeKeys(kind, rounds, lanes, fresh);
      fresh = 0;
      runBlocks(kind, shared, planes, rounds, lanes, blocks);
    }
    // From the last lane down: one that moves to another's place was looked at before, and where all end, none moves.
    for (let through = cameFurther(blocks); through != 0; ) {
      const lane = 31 - <i32>clz(through);
      through ^= 1 << lane;
      if (!isAtEnd(kind, lane)) continue;
      if (next < count) {
        start(kind, list, next, lane);
        fresh |= 1 << lane;
        next = nextPending(list, count, next + 1);
      } else {
        if (lane < --lanes) move(lanes, lane);
        fresh |= 1 << lane;
        idle(lanes);
      }
    }
  }
  wipeLanes(used);
  if (count > LANES) wipe(ORDER_WORK, (<usize>count) << 2);
  if (packs || (kind == CHAIN_MAC && !few)) wipe(AES_LANE_PLANES, <usize>((used + 7) >> 3) * LANE_PLANES_SIZE);
}

/** The list is ordered by SA: its first and its last one tell whether all are one. */
function isOneSa(list: usize, count: i32): bool {
  const first: usize = load<u32>(list);
  const last: usize = load<u32>(list + ((<usize>(count - 1)) << 2));
  return load<u32>(first, D_SA) == load<u32>(last, D_SA);
}

/**
 * The list with those in front that are longer than the average: of a long packet that begins last much is left when the
 * other lanes are done. The same list if all are of one length.
 */
function longFirst(list: usize, count: i32): usize {
  const first = lengthAt(list, 0);
  let sum: u32 = 0;
  let differences: u32 = 0;
  for (let i = 0; i < count; i++) {
    const length = lengthAt(list, i);
    sum += length;
    differences |= length ^ first;
  }
  if (differences == 0) return list;
  const average = sum / count;
  let place: usize = ORDER_WORK;
  for (let longer = 1; longer >= 0; longer--) {
    for (let i = 0; i < count; i++) {
      if (<i32>(lengthAt(list, i) > average) != longer) continue;
      store<u32>(place, load<u32>(list + ((<usize>i) << 2)));
      place += 4;
    }
  }
  return ORDER_WORK;
}

function lengthAt(list: usize, i: i32): u32 {
  return load<u32>(<usize>load<u32>(list + ((<usize>i) << 2)), D_AUTH_LENGTH);
}

/** The first place from `next` on whose packet is PENDING. */
function nextPending(list: usize, count: i32, next: i32): i32 {
  while (next < count && load<u32>(<usize>load<u32>(list + ((<usize>next) << 2)), D_STATUS) != PENDING) next++;
  return next;
}

/** Gives the lane the packet at place `next` of the list. */
function start(kind: i32, list: usize, next: i32, lane: i32): void {
  const record = laneAt(lane);
  const descriptor: usize = load<u32>(list + ((<usize>next) << 2));
  store<u32>(record, <u32>descriptor, L_DESCRIPTOR);
  startState(kind, descriptor, lane);
  if (kind == CHAIN_CCM) {
    ccmHead(descriptor, record + L_HEAD);
    enter(lane, HEAD, <u32>record + L_HEAD, 2);
    return;
  }
  startBody(kind, lane);
  // A body of nothing goes on to its last block; a CBC text of nothing is done, but there is none such.
  if (blocksOf(lane) == 0) startLast(kind, lane);
}

/** The chain in lane `from` goes on in lane `to`, whose own is at its end. */
function move(from: i32, to: i32): void {
  const record = laneAt(to);
  const key = load<u32>(record, L_SA);
  copy(record, laneAt(from), L_SIZE);
  store<u32>(record, key, L_SA);
  const within = load<u32>(record, L_PART) == BODY ? 0 : <u32>record - <u32>laneAt(from);
  setOut(to, sourceOf(from) + within, blocksOf(from));
  v128.store(stateOf(to), v128.load(stateOf(from)));
}

function startState(kind: i32, descriptor: usize, lane: i32): void {
  if (kind == CHAIN_CBC) v128.store(stateOf(lane), v128.load(<usize>load<u32>(descriptor, D_IV)));
  else v128.store(stateOf(lane), i64x2.splat(0));
}

/** The lane is through a part of its chain; true when that was the last. */
function isAtEnd(kind: i32, lane: i32): bool {
  const record = laneAt(lane);
  const part = load<u32>(record, L_PART);
  if (part == HEAD) {
    startBody(kind, lane);
    if (blocksOf(lane) > 0) return false;
    if (startLast(kind, lane)) return false;
  } else if (part == BODY && kind != CHAIN_CBC && startLast(kind, lane)) {
    return false;
  }
  if (kind != CHAIN_CBC) {
    const tag = <usize>load<u32>(record, L_DESCRIPTOR) + D_TAG;
    v128.store(tag, v128.xor(v128.load(tag), v128.load(stateOf(lane))));
  }
  return true;
}

/** What is taken from memory in whole blocks. A MAC's last block, whole or not, is left for startLast. */
function startBody(kind: i32, lane: i32): void {
  const descriptor: usize = load<u32>(laneAt(lane), L_DESCRIPTOR);
  if (kind == CHAIN_MAC) {
    const length = load<u32>(descriptor, D_AUTH_LENGTH);
    enter(lane, BODY, load<u32>(descriptor, D_AUTH), length == 0 ? 0 : (length - 1) >> 4);
    return;
  }
  enter(lane, BODY, load<u32>(descriptor, D_TEXT), load<u32>(descriptor, D_TEXT_LENGTH) >> 4);
}

/** Prepares the last block of a MAC in the lane's record; false when there is none (CCM, a text of whole blocks). */
function startLast(kind: i32, lane: i32): bool {
  const record = laneAt(lane);
  const descriptor: usize = load<u32>(record, L_DESCRIPTOR);
  const last = record + L_LAST;
  if (kind == CHAIN_CCM) {
    const rest = <usize>(load<u32>(descriptor, D_TEXT_LENGTH) & 15);
    if (rest == 0) return false;
    v128.store(last, paddedBlock(sourceOf(lane), rest));
  } else {
    const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
    const subkeys = hotFor(load<u32>(descriptor, D_SA)) + HOT_MAC_SUBKEYS;
    const rest = length == 0 ? 0 : ((length - 1) & 15) + 1;
    const kept = paddedBlock(sourceOf(lane), rest);
    // RFC 4493 section 2.4, RFC 3566 section 4: one subkey for a whole block, the other for one that is padded.
    const padded = rest == 16 ? kept : v128.or(kept, v128.load(PAD + 16 - rest));
    v128.store(last, v128.xor(padded, v128.load(rest == 16 ? subkeys : subkeys + 16)));
  }
  enter(lane, LAST, <u32>last, 1);
  return true;
}

function enter(lane: i32, part: u32, source: u32, blocks: u32): void {
  store<u32>(laneAt(lane), part, L_PART);
  setOut(lane, source, blocks);
}
