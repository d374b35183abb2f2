// Chains of blocks: CBC encryption and the MACs built on it. A chain cannot be split, so the lanes of the cipher work on
// as many packets at once, up to 32; a lane that finishes takes the next packet of the list at once, of whatever length
// and SA. Lanes may hold different keys of one length. When no packet is left, the last lane moves to where one finished.
// A list of a few packets, or what is left of a long one, goes one packet after the other: see chain-lanes.ts.
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
  SA_ROUNDS,
} from "../layout";
import { PENDING } from "../status";
import {
  CHAIN_CBC,
  CHAIN_CCM,
  CHAIN_MAC,
  FEW,
  fewestBlocks,
  L_BLOCKS,
  L_DESCRIPTOR,
  L_HEAD,
  L_LAST,
  L_PART,
  L_SA,
  L_SIZE,
  L_SOURCE,
  LANES,
  laneAt,
  runBlocks,
  runFewBlocks,
  sharedPlanes,
  stateOf,
  takeKey,
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
  const few = count <= FEW;
  const packs = !shared && !few; // the lanes' keys into AES_LANE_PLANES
  const planes = shared && !few ? sharedPlanes(kind, list) : AES_LANE_PLANES;
  let next = nextPending(list, count, 0);
  let lanes = 0;
  for (; lanes < LANES && next < count; lanes++) {
    start(kind, list, next, lanes, packs);
    next = nextPending(list, count, next + 1);
  }
  const used = <usize>lanes;
  while (lanes > 0) {
    const blocks = fewestBlocks(lanes);
    if (lanes <= FEW) runFewBlocks(kind, shared, rounds, lanes, blocks);
    else runBlocks(kind, shared, planes, rounds, lanes, blocks);
    // From the last lane down: one that moves to another's place was advanced before, and where all end, none moves.
    for (let lane = lanes - 1; lane >= 0; lane--) {
      if (!advance(kind, lane, blocks)) continue;
      if (next < count) {
        start(kind, list, next, lane, packs);
        next = nextPending(list, count, next + 1);
      } else if (lane < --lanes) {
        move(kind, lanes, lane, packs);
      }
    }
  }
  wipe(AES_POOL, (used + 7) << 4);
  wipe(AES_CHAINS, used * L_SIZE);
  if (packs || (kind == CHAIN_MAC && !few)) wipe(AES_LANE_PLANES, ((used + 7) >> 3) * LANE_PLANES_SIZE);
}

/** The list is ordered by SA: its first and its last one tell whether all are one. */
function isOneSa(list: usize, count: i32): bool {
  const first: usize = load<u32>(list);
  const last: usize = load<u32>(list + ((<usize>(count - 1)) << 2));
  return load<u32>(first, D_SA) == load<u32>(last, D_SA);
}

/** The first place from `next` on whose packet is PENDING. */
function nextPending(list: usize, count: i32, next: i32): i32 {
  while (next < count && load<u32>(<usize>load<u32>(list + ((<usize>next) << 2)), D_STATUS) != PENDING) next++;
  return next;
}

/** Gives the lane the packet at place `next` of the list. */
function start(kind: i32, list: usize, next: i32, lane: i32, packs: bool): void {
  const record = laneAt(lane);
  const descriptor: usize = load<u32>(list + ((<usize>next) << 2));
  store<u32>(record, <u32>descriptor, L_DESCRIPTOR);
  if (packs) takeKey(kind, record, lane);
  startState(kind, descriptor, lane);
  if (kind == CHAIN_CCM) {
    ccmHead(descriptor, record + L_HEAD);
    enter(record, HEAD, <u32>record + L_HEAD, 2);
    return;
  }
  startBody(kind, record);
  // A body of nothing goes on to its last block; a CBC text of nothing is done, but there is none such.
  if (load<u32>(record, L_BLOCKS) == 0) startLast(kind, record);
}

/** The chain in lane `from` goes on in lane `to`, whose own is at its end. */
function move(kind: i32, from: i32, to: i32, packs: bool): void {
  const record = laneAt(to);
  const key = load<u32>(record, L_SA);
  copy(record, laneAt(from), L_SIZE);
  store<u32>(record, key, L_SA);
  if (load<u32>(record, L_PART) != BODY) {
    store<u32>(record, load<u32>(record, L_SOURCE) - <u32>laneAt(from) + <u32>record, L_SOURCE);
  }
  if (packs) takeKey(kind, record, to);
  v128.store(stateOf(to), v128.load(stateOf(from)));
}

function startState(kind: i32, descriptor: usize, lane: i32): void {
  if (kind == CHAIN_CBC) v128.store(stateOf(lane), v128.load(<usize>load<u32>(descriptor, D_IV)));
  else v128.store(stateOf(lane), i64x2.splat(0));
}

/** The lane has gone through `blocks` blocks of its part; true when its chain is at its end. */
function advance(kind: i32, lane: i32, blocks: u32): bool {
  const record = laneAt(lane);
  const left = load<u32>(record, L_BLOCKS) - blocks;
  store<u32>(record, left, L_BLOCKS);
  if (left > 0) return false;
  const part = load<u32>(record, L_PART);
  if (part == HEAD) {
    startBody(kind, record);
    if (load<u32>(record, L_BLOCKS) > 0) return false;
    if (startLast(kind, record)) return false;
  } else if (part == BODY && kind != CHAIN_CBC && startLast(kind, record)) {
    return false;
  }
  if (kind != CHAIN_CBC) {
    const tag = <usize>load<u32>(record, L_DESCRIPTOR) + D_TAG;
    v128.store(tag, v128.xor(v128.load(tag), v128.load(stateOf(lane))));
  }
  return true;
}

/** What is taken from memory in whole blocks. A MAC's last block, whole or not, is left for startLast. */
function startBody(kind: i32, record: usize): void {
  const descriptor: usize = load<u32>(record, L_DESCRIPTOR);
  if (kind == CHAIN_MAC) {
    const length = load<u32>(descriptor, D_AUTH_LENGTH);
    enter(record, BODY, load<u32>(descriptor, D_AUTH), length == 0 ? 0 : (length - 1) >> 4);
    return;
  }
  enter(record, BODY, load<u32>(descriptor, D_TEXT), load<u32>(descriptor, D_TEXT_LENGTH) >> 4);
}

/** Prepares the last block of a MAC in the lane's record; false when there is none (CCM, a text of whole blocks). */
function startLast(kind: i32, record: usize): bool {
  const descriptor: usize = load<u32>(record, L_DESCRIPTOR);
  const last = record + L_LAST;
  if (kind == CHAIN_CCM) {
    const rest = <usize>(load<u32>(descriptor, D_TEXT_LENGTH) & 15);
    if (rest == 0) return false;
    v128.store(last, paddedBlock(load<u32>(record, L_SOURCE), rest));
  } else {
    const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
    const subkeys = hotFor(load<u32>(descriptor, D_SA)) + HOT_MAC_SUBKEYS;
    const rest = length == 0 ? 0 : ((length - 1) & 15) + 1;
    const kept = paddedBlock(load<u32>(record, L_SOURCE), rest);
    // RFC 4493 section 2.4, RFC 3566 section 4: one subkey for a whole block, the other for one that is padded.
    const padded = rest == 16 ? kept : v128.or(kept, v128.load(PAD + 16 - rest));
    v128.store(last, v128.xor(padded, v128.load(rest == 16 ? subkeys : subkeys + 16)));
  }
  enter(record, LAST, <u32>last, 1);
  return true;
}

function enter(record: usize, part: u32, source: u32, blocks: u32): void {
  store<u32>(record, source, L_SOURCE);
  store<u32>(record, blocks, L_BLOCKS);
  store<u32>(record, part, L_PART);
}
