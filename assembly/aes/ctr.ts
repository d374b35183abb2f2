// Counter mode, for AES-CTR (RFC 3686), AES-GCM (RFC 4106) and AES-CCM (RFC 4309). The counter blocks of consecutive
// packets of one SA fill a pool, which the cipher turns into key stream. Sealing and opening are the same.
// See counter-block.ts, and counter-start.ts for what they have in common.
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
  HOT_HAS_NIBBLE_KEYS,
  HOT_NIBBLE_KEYS,
  HOT_PLANES,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../layout";
import { PENDING } from "../status";
import { counterBlock, withCounter } from "./counter-block";
import { counterStart, counterStep, startCounters, wipeStarts } from "./counter-start";
import { aesEncrypt, aesLaterRounds } from "./encrypt";
import { encryptThrees, nibbleKeys } from "./nibbles";
import { transpose } from "./transpose";

/** Up to so many bytes of the pool's last group go faster three blocks at a time: behind others, and alone. */
const FEW_BLOCKS: usize = 3 * 16;
const FEW_BLOCKS_ALONE: usize = 6 * 16;

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
      const block = counterBlock(sa, load<u32>(descriptorAt(list, next), D_IV));
      v128.store(pool, withCounter(block, counter));
      pool += 16;
    }
    const used = (pool - AES_POOL + 127) & ~127; // a group is encrypted whole
    encryptPool(sa, hotFor(sa), pool, false);
    pool = AES_POOL;
    for (; first < next; first++) {
      const tag = descriptorAt(list, first) + D_TAG;
      v128.store(tag, v128.xor(v128.load(tag), v128.load(pool)));
      pool += 16;
    }
    wipe(AES_POOL, used);
  }
}

/**
 * Encrypts or decrypts the texts of the PENDING ones of `count` descriptors in place; `from` is the first counter. With
 * `masked` the block before it is added to D_TAG in the same pass.
 */
export function counterText(list: usize, count: i32, from: u32, masked: bool): void {
  for (let first = 0; first < count; ) {
    const here = list + ((<usize>first) << 2);
    if (load<u32>(<usize>load<u32>(here), D_STATUS) != PENDING) {
      first++;
      continue;
    }
    const ofSa = countOfSa(here, count - first);
    const sharers = startCounters(here, ofSa, from);
    if (sharers) {
      applyText(here, sharers, from, masked, true);
      wipeStarts(sharers);
      first += sharers;
    } else {
      applyText(here, ofSa, from, masked, false);
      first += ofSa;
    }
  }
}

/** How many of the descriptors, the first ones, have one SA. */
export function countOfSa(list: usize, count: i32): i32 {
  const sa = load<u32>(descriptorAt(list, 0), D_SA);
  let next = 1;
  while (next < count && load<u32>(descriptorAt(list, next), D_SA) == sa) next++;
  return next;
}

/** The same for descriptors of one SA. `started`: they are the sharers of startCounters. */
function applyText(list: usize, count: i32, from: u32, masked: bool, started: bool): void {
  const sa: usize = load<u32>(descriptorAt(list, 0), D_SA);
  const entry = hotFor(sa);
  let pool: usize = AES_POOL; // where the next block goes
  let stretches: usize = AES_STRETCHES; // and where the next stretch is noted
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const block = started ? counterStart(i) : counterBlock(sa, load<u32>(descriptor, D_IV));
    let counter = from;
    if (masked) {
      if (isFull(pool, stretches)) {
        applyPool(sa, entry, pool, stretches, started);
        pool = AES_POOL;
        stretches = AES_STRETCHES;
      }
      pool = putCounters(pool, pool + 16, entry, block, from - 1, started);
      stretches = noteStretch(stretches, descriptor + D_TAG, 16);
    }
    let text: usize = load<u32>(descriptor, D_TEXT);
    const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
    while (text < end) {
      if (isFull(pool, stretches)) {
        applyPool(sa, entry, pool, stretches, started);
        pool = AES_POOL;
        stretches = AES_STRETCHES;
      }
      const bytes = min(end - text, <usize>AES_POOL_END - pool);
      const blocks = <u32>((bytes + 15) >> 4);
      pool = putCounters(pool, pool + ((<usize>blocks) << 4), entry, block, counter, started);
      counter += blocks;
      stretches = noteStretch(stretches, text, bytes);
      text += bytes;
    }
  }
  applyPool(sa, entry, pool, stretches, started);
}

/** Blocks, or states of startCounters, to `pool` .. `end`, which it answers. */
export function putCounters(pool: usize, end: usize, entry: usize, block: v128, counter: u32, started: bool): usize {
  if (started) {
    for (; pool < end; pool += 16) v128.store(pool, v128.xor(block, counterStep(entry, counter++)));
  } else {
    for (; pool < end; pool += 16) v128.store(pool, withCounter(block, counter++));
  }
  return pool;
}

function isFull(pool: usize, stretches: usize): bool {
  return pool == AES_POOL_END || stretches == AES_STRETCHES_END;
}

function noteStretch(stretches: usize, at: usize, bytes: usize): usize {
  store<u32>(stretches, <u32>at);
  store<u32>(stretches, <u32>bytes, 4);
  return stretches + 8;
}

/** Turns the counter blocks before `poolEnd` into key stream and adds it to their stretches of text. */
function applyPool(sa: usize, entry: usize, poolEnd: usize, stretchesEnd: usize, started: bool): void {
  if (poolEnd == AES_POOL) return;
  encryptPool(sa, entry, poolEnd, started);
  let keyStream: usize = AES_POOL;
  for (let stretch: usize = AES_STRETCHES; stretch < stretchesEnd; stretch += 8) {
    addKeyStream(load<u32>(stretch), load<u32>(stretch, 4), keyStream, 16);
    keyStream += (load<u32>(stretch, 4) + 15) & ~15;
  }
  wipe(AES_POOL, (poolEnd - AES_POOL + 127) & ~127);
  wipe(AES_STRETCHES, stretchesEnd - AES_STRETCHES);
}

/** Turns the counter blocks, or states of startCounters, before `poolEnd` into key stream. */
export function encryptPool(sa: usize, entry: usize, poolEnd: usize, started: bool): void {
  const rounds = load<u8>(sa, SA_ROUNDS);
  let groups = <i32>((poolEnd - AES_POOL + 127) >> 7);
  if (started) {
    transpose(AES_POOL, AES_POOL + ((<usize>groups) << 7));
    return aesLaterRounds(entry + HOT_PLANES, rounds, AES_POOL, groups);
  }
  const last = AES_POOL + ((<usize>(groups - 1)) << 7);
  if (poolEnd - last <= (groups > 1 ? FEW_BLOCKS : FEW_BLOCKS_ALONE)) {
    encryptThrees(nibbleKeysOf(sa, entry), rounds, last, poolEnd);
    groups--;
  }
  if (groups) aesEncrypt(entry + HOT_PLANES, rounds, AES_POOL, groups);
}

/** Round keys of encryptThrees: made when few blocks come alone. */
export function nibbleKeysOf(sa: usize, entry: usize): usize {
  if (!load<u32>(entry, HOT_HAS_NIBBLE_KEYS)) {
    nibbleKeys(sa + SA_ROUND_KEYS, load<u8>(sa, SA_ROUNDS), entry + HOT_NIBBLE_KEYS);
    store<u32>(entry, 1, HOT_HAS_NIBBLE_KEYS);
  }
  return entry + HOT_NIBBLE_KEYS;
}

/**
 * Adds blocks of key stream, the first at `keyStream` and each `apart` from the one before. Whole blocks, then words and
 * bytes: nothing behind the text may be written.
 */
export function addKeyStream(text: usize, bytes: usize, keyStream: usize, apart: usize): void {
  const end = text + bytes;
  for (; text + 16 <= end; text += 16) {
    v128.store(text, v128.xor(v128.load(text), v128.load(keyStream)));
    keyStream += apart;
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
