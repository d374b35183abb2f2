// Counter mode, for AES-CTR (RFC 3686), AES-GCM (RFC 4106) and AES-CCM (RFC 4309). The counter blocks of consecutive
// packets of one SA fill a pool, which the cipher turns into key stream. Sealing and opening are the same.
//
//   | salt, 4 bytes, from the key         | IV, 8 bytes, on the wire | counter, 4 bytes |    CTR: text from 1, GCM: from 2
//   | 3, salt, 3 bytes, from the key      | IV, 8 bytes, on the wire | counter, 4 bytes |    CCM: text from 1
//
// One block below the text's first masks the tag of GCM and CCM.
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  AES_POOL,
  AES_POOL_END,
  AES_STRETCHES,
  AES_STRETCHES_END,
  D_IV,
  D_SA,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  ENC_CCM,
  HOT_PLANES,
  SA_ENCRYPTION,
  SA_ROUNDS,
  SA_SALT,
} from "../layout";
import { PENDING } from "../status";
import { aesEncrypt } from "./encrypt";

/** AES-CTR: encrypts or decrypts the texts of `count` descriptors in place, of any length. */
export function ctrApply(list: usize, count: i32): void {
  counterText(list, count, 1, false);
}

/** Adds the encrypted counter block `counter` of each of `count` descriptors to its D_TAG. */
export function counterMasks(list: usize, count: i32, counter: u32): void {
  for (let first = 0; first < count; ) {
    const sa: usize = load<u32>(descriptorAt(list, first), D_SA);
    let pool: usize = AES_POOL;
    let next = first;
    for (; next < count && pool < <usize>AES_POOL_END && load<u32>(descriptorAt(list, next), D_SA) == sa; next++) {
      const block = firstCounterBlock(sa, load<u32>(descriptorAt(list, next), D_IV));
      v128.store(pool, i32x4.replace_lane(block, 3, bswap<u32>(counter)));
      pool += 16;
    }
    const groups = <i32>((pool - AES_POOL + 127) >> 7);
    aesEncrypt(hotFor(sa) + HOT_PLANES, load<u8>(sa, SA_ROUNDS), AES_POOL, groups);
    pool = AES_POOL;
    for (; first < next; first++) {
      const tag = descriptorAt(list, first) + D_TAG;
      v128.store(tag, v128.xor(v128.load(tag), v128.load(pool)));
      pool += 16;
    }
    wipe(AES_POOL, (<usize>groups) << 7);
  }
}

/**
 * Encrypts or decrypts the texts of the PENDING ones of `count` descriptors in place; `from` is the first counter. With
 * `masked` the block before it is added to D_TAG in the same pass.
 */
export function counterText(list: usize, count: i32, from: u32, masked: bool): void {
  let sa: usize = 0;
  let planes: usize = 0;
  let pool: usize = AES_POOL; // where the next block goes
  let stretches: usize = AES_STRETCHES; // and where the next stretch is noted
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const owner: usize = load<u32>(descriptor, D_SA);
    if (owner != sa || isFull(pool, stretches)) {
      applyPool(sa, planes, pool, stretches);
      pool = AES_POOL;
      stretches = AES_STRETCHES;
      sa = owner;
      planes = hotFor(sa) + HOT_PLANES;
    }
    const block = firstCounterBlock(sa, load<u32>(descriptor, D_IV));
    if (masked) {
      v128.store(pool, i32x4.replace_lane(block, 3, bswap<u32>(from - 1)));
      pool += 16;
      stretches = noteStretch(stretches, descriptor + D_TAG, 16);
    }
    let counter = from;
    let text: usize = load<u32>(descriptor, D_TEXT);
    const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
    while (text < end) {
      if (isFull(pool, stretches)) {
        applyPool(sa, planes, pool, stretches);
        pool = AES_POOL;
        stretches = AES_STRETCHES;
      }
      const bytes = min(end - text, <usize>AES_POOL_END - pool);
      for (const last = pool + bytes; pool < last; pool += 16) {
        v128.store(pool, i32x4.replace_lane(block, 3, bswap<u32>(counter++)));
      }
      stretches = noteStretch(stretches, text, bytes);
      text += bytes;
    }
  }
  applyPool(sa, planes, pool, stretches);
}

function isFull(pool: usize, stretches: usize): bool {
  return pool == AES_POOL_END || stretches == AES_STRETCHES_END;
}

function noteStretch(stretches: usize, at: usize, bytes: usize): usize {
  store<u32>(stretches, <u32>at);
  store<u32>(stretches, <u32>bytes, 4);
  return stretches + 8;
}

/** A packet's counter block, its counter still to be written. */
function firstCounterBlock(sa: usize, iv: usize): v128 {
  const salt = load<u32>(sa, SA_SALT);
  // RFC 3610 section 2.3: CCM's blocks begin with a byte that says how long the counter is, 4 bytes less one.
  const nonce = i32x4.splat(load<u8>(sa, SA_ENCRYPTION) == ENC_CCM ? (salt << 8) | 3 : salt);
  return i32x4.replace_lane(i32x4.replace_lane(nonce, 1, load<u32>(iv)), 2, load<u32>(iv, 4));
}

/** Turns the counter blocks before `poolEnd` into key stream and adds it to their stretches of text. */
function applyPool(sa: usize, planes: usize, poolEnd: usize, stretchesEnd: usize): void {
  if (poolEnd == AES_POOL) return;
  const groups = <i32>((poolEnd - AES_POOL + 127) >> 7);
  aesEncrypt(planes, load<u8>(sa, SA_ROUNDS), AES_POOL, groups);
  let keyStream: usize = AES_POOL;
  for (let stretch: usize = AES_STRETCHES; stretch < stretchesEnd; stretch += 8) {
    addKeyStream(load<u32>(stretch), load<u32>(stretch, 4), keyStream);
    keyStream += (load<u32>(stretch, 4) + 15) & ~15;
  }
  wipe(AES_POOL, (<usize>groups) << 7);
  wipe(AES_STRETCHES, stretchesEnd - AES_STRETCHES);
}

/** Whole blocks, then words and bytes: nothing behind the text may be written. */
function addKeyStream(text: usize, bytes: usize, keyStream: usize): void {
  const end = text + bytes;
  for (; text + 16 <= end; text += 16) {
    v128.store(text, v128.xor(v128.load(text), v128.load(keyStream)));
    keyStream += 16;
  }
  for (; text + 4 <= end; text += 4) {
    store<u32>(text, load<u32>(text) ^ load<u32>(keyStream));
    keyStream += 4;
  }
  for (; text < end; text++) {
    store<u8>(text, load<u8>(text) ^ load<u8>(keyStream));
    keyStream++;
  }
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
