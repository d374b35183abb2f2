// Chains of blocks: CBC encryption and the MACs built on it. A chain cannot be split, so the lanes of the cipher work on
// as many packets at once, up to 32; a lane that finishes takes the next packet of the list at once, of whatever length
// and SA. Lanes may hold different keys of one length. When no packet is left, the last lane moves to where one finished.
//
//   state = IV or 0;   for every block:  state = AES(state + block);   CBC puts the state where the block was
//
//   kind    start   head               body                          last
//   CBC     IV      -                  the text, replaced            -
//   CCM     0       B0, AAD block      whole blocks of the text      the rest, zero-padded
//   XCBC    0       -                  the message but its end       its end + K2, or padded + K3
//   CMAC    0       -                  the message but its end       its end + K1, or padded + K2
//
// The states of the lanes lie side by side in AES_POOL.
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
  D_SEQUENCE,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_PLANES,
  SA_ICV_LENGTH,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
} from "../layout";
import { PENDING } from "../status";
import { aesEncrypt, aesEncryptLanes } from "./encrypt";
import { aesPlanes, aesPlanesLane, LANE_PLANES_SIZE } from "./planes";

export const CHAIN_CBC = 0;
export const CHAIN_CCM = 1;
export const CHAIN_MAC = 2; // XCBC and CMAC: their subkeys make the difference

const LANES = 32; // four groups of the cipher, which then waits for nothing

// A lane's record, 96 bytes.
const L_DESCRIPTOR = 0; // u32
const L_SOURCE = 4; // u32 address of the next block
const L_BLOCKS = 8; // u32 blocks left of this part
const L_PART = 12; // u32: HEAD, BODY, LAST
const L_SA = 16; // u32 whose key the lane holds
const L_HEAD = 32; // 32 bytes
const L_LAST = 64; // 16 bytes
const L_SIZE = 96;

const HEAD: u32 = 0;
const BODY: u32 = 1;
const LAST: u32 = 2;

/** 0x80 behind a rest of n bytes: loaded from 16 - n on. */
const PAD = memory.data<u64>([0, 0, 0x80, 0], 16);

/** Runs the chains of the PENDING ones of `count` descriptors. MACs are added to D_TAG. */
export function runChains(kind: i32, list: usize, count: i32): void {
  const rounds = kind == CHAIN_MAC ? 10 : <i32>load<u8>(<usize>load<u32>(<usize>load<u32>(list), D_SA), SA_ROUNDS);
  const shared = isOneSa(list, count);
  const planes = shared ? sharedPlanes(kind, list) : AES_LANE_PLANES;
  let next = nextPending(list, count, 0);
  let lanes = 0;
  for (; lanes < LANES && next < count; lanes++) {
    start(kind, list, next, lanes, shared);
    next = nextPending(list, count, next + 1);
  }
  const used = <usize>lanes;
  while (lanes > 0) {
    const blocks = fewestBlocks(lanes);
    runBlocks(kind, shared, planes, rounds, lanes, blocks);
    for (let lane = 0; lane < lanes; ) {
      if (!advance(kind, lane, blocks)) {
        lane++;
      } else if (next < count) {
        start(kind, list, next, lane++, shared);
        next = nextPending(list, count, next + 1);
      } else {
        lanes--;
        if (lane < lanes) move(kind, lanes, lane, shared); // and is advanced in its new place
      }
    }
  }
  wipe(AES_POOL, (used + 7) << 4);
  wipe(AES_CHAINS, used * L_SIZE);
  if (!shared || kind == CHAIN_MAC) wipe(AES_LANE_PLANES, ((used + 7) >> 3) * LANE_PLANES_SIZE);
}

/** The list is ordered by SA: its first and its last one tell whether all are one. */
function isOneSa(list: usize, count: i32): bool {
  const first: usize = load<u32>(list);
  const last: usize = load<u32>(list + ((<usize>(count - 1)) << 2));
  return load<u32>(first, D_SA) == load<u32>(last, D_SA);
}

/** All lanes under the one key. */
function sharedPlanes(kind: i32, list: usize): usize {
  const entry = hotFor(load<u32>(<usize>load<u32>(list), D_SA));
  if (kind != CHAIN_MAC) return entry + HOT_PLANES;
  aesPlanes(entry + HOT_MAC_KEYS, 10, AES_LANE_PLANES);
  return AES_LANE_PLANES;
}

/** The first place from `next` on whose packet is PENDING. */
function nextPending(list: usize, count: i32, next: i32): i32 {
  while (next < count && load<u32>(<usize>load<u32>(list + ((<usize>next) << 2)), D_STATUS) != PENDING) next++;
  return next;
}

/** Gives the lane the packet at place `next` of the list. */
function start(kind: i32, list: usize, next: i32, lane: i32, shared: bool): void {
  const record = laneAt(lane);
  const descriptor: usize = load<u32>(list + ((<usize>next) << 2));
  store<u32>(record, <u32>descriptor, L_DESCRIPTOR);
  if (!shared) takeKey(kind, record, lane);
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
function move(kind: i32, from: i32, to: i32, shared: bool): void {
  const record = laneAt(to);
  const key = load<u32>(record, L_SA);
  copy(record, laneAt(from), L_SIZE);
  store<u32>(record, key, L_SA);
  if (load<u32>(record, L_PART) != BODY) {
    store<u32>(record, load<u32>(record, L_SOURCE) - <u32>laneAt(from) + <u32>record, L_SOURCE);
  }
  if (!shared) takeKey(kind, record, to);
  v128.store(stateOf(to), v128.load(stateOf(from)));
}

/** The lane's bits of the planes, unless it holds that key already. */
function takeKey(kind: i32, record: usize, lane: i32): void {
  const sa: usize = load<u32>(<usize>load<u32>(record, L_DESCRIPTOR), D_SA);
  if (load<u32>(record, L_SA) == sa) return;
  store<u32>(record, <u32>sa, L_SA);
  const rounds = kind == CHAIN_MAC ? 10 : <i32>load<u8>(sa, SA_ROUNDS);
  const planes: usize = AES_LANE_PLANES + <usize>(lane >> 3) * LANE_PLANES_SIZE;
  aesPlanesLane(kind == CHAIN_MAC ? hotFor(sa) + HOT_MAC_KEYS : sa + SA_ROUND_KEYS, rounds, planes, lane & 7);
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

function fewestBlocks(lanes: i32): u32 {
  let fewest: u32 = 0xffffffff;
  for (let lane = 0; lane < lanes; lane++) fewest = min(fewest, load<u32>(laneAt(lane), L_BLOCKS));
  return fewest;
}

/** All lanes through `blocks` blocks of their parts. */
function runBlocks(kind: i32, shared: bool, planes: usize, rounds: i32, lanes: i32, blocks: u32): void {
  const groups = (lanes + 7) >> 3;
  const end = laneAt(lanes);
  for (let offset: usize = 0; offset < (<usize>blocks) << 4; offset += 16) {
    let state: usize = AES_POOL;
    for (let record: usize = AES_CHAINS; record < end; record += L_SIZE) {
      v128.store(state, v128.xor(v128.load(state), v128.load(load<u32>(record, L_SOURCE) + offset)));
      state += 16;
    }
    if (shared) aesEncrypt(planes, rounds, AES_POOL, groups);
    else aesEncryptLanes(planes, rounds, AES_POOL, groups);
    if (kind != CHAIN_CBC) continue;
    state = AES_POOL;
    for (let record: usize = AES_CHAINS; record < end; record += L_SIZE) {
      v128.store(load<u32>(record, L_SOURCE) + offset, v128.load(state));
      state += 16;
    }
  }
  for (let record: usize = AES_CHAINS; record < end; record += L_SIZE) {
    store<u32>(record, load<u32>(record, L_SOURCE) + (blocks << 4), L_SOURCE);
  }
}

function laneAt(lane: i32): usize {
  return AES_CHAINS + <usize>lane * L_SIZE;
}

function stateOf(lane: i32): usize {
  return AES_POOL + ((<usize>lane) << 4);
}
