// DES-CBC (RFC 2405) and 3DES-CBC (RFC 2451), in the legacy build alone. Sealing, sixteen packets go side by side: a lane
// that finishes its packet takes the next of the list, whatever its length and its SA. Opening, the blocks of a packet
// are independent: sixteen of them side by side, from the end to the beginning, for then the cipher block before is
// still there.
//
//   a lane's record   u32 address of its next block | u32 bytes left, 0 = idle
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  D_SA,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  DES_BLOCKS,
  DES_KEYS,
  DES_LANES,
  DES_WORK,
  DES_WORK_END,
  HOT_DES_KEYS,
} from "../layout";
import { PENDING } from "../status";
import { desRun } from "./des";

const LANES: usize = 16;
const BLOCK: usize = 8;
const LEFT = 4;

/** Encrypts the texts of `count` descriptors in place, in 16 rounds or, 3DES, 48. */
export function desCbcEncrypt(rounds: i32, list: usize, count: i32): void {
  let next = 0;
  while (true) {
    let busy = 0;
    for (let lane: usize = 0; lane < LANES; lane++) {
      const record = laneAt(lane);
      if (load<u32>(record, LEFT) == 0) next = start(rounds, list, count, next, lane);
      if (load<u32>(record, LEFT) == 0) continue;
      const text = <usize>load<u32>(record);
      for (let i: usize = 0; i < BLOCK; i++) putByte(lane, i, load<u8>(text + i) ^ load<u8>(text + i - BLOCK));
      busy++;
    }
    if (busy == 0) break;
    desRun(rounds);
    for (let lane: usize = 0; lane < LANES; lane++) advance(lane);
  }
  wipe(DES_WORK, DES_WORK_END - DES_WORK);
}

/** Gives the lane the next packet of the list from place `next` on; answers the place behind it. */
function start(rounds: i32, list: usize, count: i32, next: i32, lane: usize): i32 {
  for (; next < count; next++) {
    const descriptor = <usize>load<u32>(list + ((<usize>next) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const keys = hotFor(<usize>load<u32>(descriptor, D_SA)) + HOT_DES_KEYS;
    for (let i: usize = 0; i < (<usize>rounds) << 3; i++) store<u8>(DES_KEYS + (i << 4) + lane, load<u8>(keys + i));
    store<u32>(laneAt(lane), load<u32>(descriptor, D_TEXT));
    store<u32>(laneAt(lane), load<u32>(descriptor, D_TEXT_LENGTH), LEFT);
    return next + 1;
  }
  return next;
}

/** Puts the lane's cipher block where its text was. */
function advance(lane: usize): void {
  const record = laneAt(lane);
  const left = load<u32>(record, LEFT);
  if (left == 0) return;
  const text = <usize>load<u32>(record);
  for (let i: usize = 0; i < BLOCK; i++) store<u8>(text + i, byteOf(lane, i));
  store<u32>(record, <u32>(text + BLOCK));
  store<u32>(record, left - <u32>BLOCK, LEFT);
}

/** Decrypts the texts of `count` descriptors in place. Each IV lies directly before its text. */
export function desCbcDecrypt(rounds: i32, list: usize, count: i32): void {
  let sa: usize = 0;
  for (let i = 0; i < count; i++) {
    const descriptor = <usize>load<u32>(list + ((<usize>i) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const owner = <usize>load<u32>(descriptor, D_SA);
    if (owner != sa) loadKeys(rounds, owner);
    sa = owner;
    const text = <usize>load<u32>(descriptor, D_TEXT);
    let end = text + load<u32>(descriptor, D_TEXT_LENGTH);
    while (end > text) {
      const blocks = min(LANES, (end - text) / BLOCK);
      decryptBefore(rounds, end, blocks);
      end -= blocks * BLOCK;
    }
  }
  wipe(DES_WORK, DES_WORK_END - DES_WORK);
}

/** The SA's round keys in every lane. */
function loadKeys(rounds: i32, sa: usize): void {
  const keys = hotFor(sa) + HOT_DES_KEYS;
  for (let i: usize = 0; i < (<usize>rounds) << 3; i++) v128.store(DES_KEYS + (i << 4), v128.load8_splat(keys + i));
}

/** Decrypts the `blocks` blocks that end at `end`, the last of them in lane 0. */
function decryptBefore(rounds: i32, end: usize, blocks: usize): void {
  for (let lane: usize = 0; lane < blocks; lane++) {
    const block = end - (lane + 1) * BLOCK;
    for (let i: usize = 0; i < BLOCK; i++) putByte(lane, i, load<u8>(block + i));
  }
  desRun(rounds);
  for (let lane: usize = 0; lane < blocks; lane++) {
    const block = end - (lane + 1) * BLOCK;
    for (let i: usize = 0; i < BLOCK; i++) store<u8>(block + i, byteOf(lane, i) ^ load<u8>(block + i - BLOCK));
  }
}

function laneAt(lane: usize): usize {
  return DES_LANES + (lane << 3);
}

function putByte(lane: usize, i: usize, value: u8): void {
  store<u8>(DES_BLOCKS + (i << 4) + lane, value);
}

function byteOf(lane: usize, i: usize): u8 {
  return load<u8>(DES_BLOCKS + (i << 4) + lane);
}
