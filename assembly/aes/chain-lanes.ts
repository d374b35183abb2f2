// The lanes of aes/chain.ts: their records, their keys, and the cipher going over them. Their states lie side by side in
// AES_POOL. Up to 32 go through the bitsliced cipher side by side; a few are faster one by one, a block at a time.
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
import { aesEncrypt, aesEncryptLanes } from "./encrypt";
import { encryptBlock, NIBBLE_KEYS_SIZE, nibbleKeys } from "./nibbles";
import { aesPlanes, aesPlanesLane, LANE_PLANES_SIZE } from "./planes";

export const CHAIN_CBC = 0;
export const CHAIN_CCM = 1;
export const CHAIN_MAC = 2; // XCBC and CMAC: their subkeys make the difference

export const LANES = 32; // four groups of the cipher, which then waits for nothing
export const FEW = 4; // so many are faster one by one

// A lane's record, 96 bytes.
export const L_DESCRIPTOR = 0; // u32
export const L_SOURCE = 4; // u32 address of the next block
export const L_BLOCKS = 8; // u32 blocks left of this part
export const L_PART = 12; // u32: HEAD, BODY, LAST
export const L_SA = 16; // u32 whose key the lane holds
export const L_HEAD = 32; // 32 bytes
export const L_LAST = 64; // 16 bytes
export const L_SIZE = 96;

/** The planes of the one key of all lanes. */
export function sharedPlanes(kind: i32, list: usize): usize {
  const entry = hotFor(load<u32>(<usize>load<u32>(list), D_SA));
  if (kind != CHAIN_MAC) return entry + HOT_PLANES;
  aesPlanes(entry + HOT_MAC_KEYS, 10, AES_LANE_PLANES);
  return AES_LANE_PLANES;
}

/** The lane's bits of the planes, unless it holds that key already. */
export function takeKey(kind: i32, record: usize, lane: i32): void {
  const sa: usize = load<u32>(<usize>load<u32>(record, L_DESCRIPTOR), D_SA);
  if (load<u32>(record, L_SA) == sa) return;
  store<u32>(record, <u32>sa, L_SA);
  const rounds = kind == CHAIN_MAC ? 10 : <i32>load<u8>(sa, SA_ROUNDS);
  const planes: usize = AES_LANE_PLANES + <usize>(lane >> 3) * LANE_PLANES_SIZE;
  aesPlanesLane(roundKeysOf(kind, sa), rounds, planes, lane & 7);
}

function roundKeysOf(kind: i32, sa: usize): usize {
  return kind == CHAIN_MAC ? hotFor(sa) + HOT_MAC_KEYS : sa + SA_ROUND_KEYS;
}

export function fewestBlocks(lanes: i32): u32 {
  let fewest: u32 = 0xffffffff;
  for (let lane = 0; lane < lanes; lane++) fewest = min(fewest, load<u32>(laneAt(lane), L_BLOCKS));
  return fewest;
}

/** All lanes through `blocks` blocks of their parts. */
export function runBlocks(kind: i32, shared: bool, planes: usize, rounds: i32, lanes: i32, blocks: u32): void {
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

/** The same, one lane after the other. */
export function runFewBlocks(kind: i32, shared: bool, rounds: i32, lanes: i32, blocks: u32): void {
  for (let lane = 0; lane < lanes; lane++) {
    const record = laneAt(lane);
    if (lane == 0 || !shared) {
      const sa: usize = load<u32>(<usize>load<u32>(record, L_DESCRIPTOR), D_SA);
      nibbleKeys(roundKeysOf(kind, sa), rounds, AES_CHAIN_KEYS);
    }
    let source: usize = load<u32>(record, L_SOURCE);
    const end = source + ((<usize>blocks) << 4);
    store<u32>(record, <u32>end, L_SOURCE);
    let state = v128.load(stateOf(lane));
    for (; source < end; source += 16) {
      state = encryptBlock(AES_CHAIN_KEYS, rounds, v128.xor(state, v128.load(source)));
      if (kind == CHAIN_CBC) v128.store(source, state);
    }
    v128.store(stateOf(lane), state);
  }
  wipe(AES_CHAIN_KEYS, NIBBLE_KEYS_SIZE);
}

export function laneAt(lane: i32): usize {
  return AES_CHAINS + <usize>lane * L_SIZE;
}

export function stateOf(lane: i32): usize {
  return AES_POOL + ((<usize>lane) << 4);
}
