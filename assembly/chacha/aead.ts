// ChaCha20-Poly1305 in ESP (RFC 7634, RFC 8439 section 2.8). Block 0 of a packet's key stream is its Poly1305 key, the
// text begins with block 1. The blocks of many packets and SAs go through the cipher together.
//
//   nonce   | salt, 4 bytes, from the key | IV, 8 bytes, on the wire |
import { paddedBlock, stageBlocks } from "../blocks";
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { aadBits, aadBlock } from "../gcm/aad";
import {
  AES_POOL,
  AES_POOL_END,
  CHACHA_WORK,
  D_IV,
  D_SA,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  SA_ROUND_KEYS,
  SA_SALT,
} from "../layout";
import { FORGED, PENDING } from "../status";
import { chachaBlocks, ORDER_SIZE } from "./chacha20";
import { polyBlocks, polyFinish, polyStart } from "./poly1305";
import { polyLanesFirst, polyLanesLast, polyLanesMiddle, polyLanesStart } from "./poly1305-lanes";

const POOL_BLOCKS = 32; // 2 KiB of key stream
const ORDERS: usize = CHACHA_WORK + 512; // POOL_BLOCKS orders of 32 bytes
const STRETCHES: usize = CHACHA_WORK + 1536; // for every block: u32 address of its text, u32 bytes
const STAGE: usize = CHACHA_WORK + 2048; // 64 bytes: blocks that do not lie in the text as Poly1305 takes them
const SHORT_BLOCKS: u32 = 24;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function chachaSeal(list: usize, count: i32): void {
  addKeyStream(list, count);
  computeTags(list, count);
}

/** Verifies `count` descriptors, then decrypts those that are not FORGED. */
export function chachaOpen(list: usize, count: i32): void {
  computeTags(list, count);
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  }
  addKeyStream(list, count);
}

/** Texts of the PENDING ones through the pool, a block an order. */
function addKeyStream(list: usize, count: i32): void {
  let blocks = 0;
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    let text = load<u32>(descriptor, D_TEXT);
    const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
    for (let counter: u32 = 1; text < end; counter++) {
      const bytes = min<u32>(64, end - text);
      writeOrder(blocks, descriptor, counter);
      store<u32>(STRETCHES + ((<usize>blocks) << 3), text);
      store<u32>(STRETCHES + ((<usize>blocks) << 3), bytes, 4);
      text += bytes;
      if (++blocks == POOL_BLOCKS) {
        applyPool(blocks);
        blocks = 0;
      }
    }
  }
  applyPool(blocks);
}

function applyPool(blocks: i32): void {
  if (blocks == 0) return;
  runPool(blocks);
  let keyStream: usize = AES_POOL;
  const end = STRETCHES + ((<usize>blocks) << 3);
  for (let stretch = STRETCHES; stretch < end; stretch += 8) {
    addBlock(load<u32>(stretch), load<u32>(stretch, 4), keyStream);
    keyStream += 64;
  }
  wipe(STRETCHES, (<usize>blocks) << 3);
  wipePool(blocks);
}

/** Whole vectors, then words and bytes: nothing behind the text may be written. */
function addBlock(text: usize, bytes: usize, keyStream: usize): void {
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

/** Poly1305 over AAD, cipher text and lengths, under each packet's block 0. */
function computeTags(list: usize, count: i32): void {
  for (let first = 0; first < count; first += POOL_BLOCKS) {
    const blocks = min(POOL_BLOCKS, count - first);
    for (let i = 0; i < blocks; i++) writeOrder(i, descriptorAt(list, first + i), 0);
    runPool(blocks);
    for (let i = 0; i < blocks; i++) computeTag(descriptorAt(list, first + i), AES_POOL + ((<usize>i) << 6));
    wipePool(blocks);
  }
}

function computeTag(descriptor: usize, key: usize): void {
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  const blocks: u32 = 2 + ((length + 15) >> 4);
  polyStart(key);
  if (blocks <= SHORT_BLOCKS) addShort(descriptor);
  else addLong(descriptor, blocks);
  polyFinish(key, descriptor + D_TAG);
}

/** One block after the other: the powers of r would cost more than they save. */
function addShort(descriptor: usize): void {
  const text: usize = load<u32>(descriptor, D_TEXT);
  const length: usize = load<u32>(descriptor, D_TEXT_LENGTH);
  const rest = length & 15;
  v128.store(STAGE, aadBlock(descriptor));
  polyBlocks(STAGE, 1);
  polyBlocks(text, <u32>(length >> 4));
  v128.store(STAGE, paddedBlock(text + length - rest, rest));
  storeLengths(descriptor, STAGE + 16);
  polyBlocks(rest ? STAGE : STAGE + 16, rest ? 2 : 1);
  wipe(STAGE, 32);
}

/** In groups of four, the first of them short, the last ending with the lengths. */
function addLong(descriptor: usize, blocks: u32): void {
  const groups: u32 = (blocks + 3) >> 2;
  const missing = <usize>((groups << 2) - blocks);
  const text: usize = load<u32>(descriptor, D_TEXT);
  const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
  polyLanesStart();
  v128.store(STAGE + (missing << 4), aadBlock(descriptor));
  const middle = stageBlocks(STAGE + (missing << 4) + 16, STAGE + 64, text, end);
  polyLanesFirst(STAGE, missing);
  polyLanesMiddle(middle, groups - 2);
  stageBlocks(STAGE, STAGE + 48, middle + <usize>((groups - 2) << 6), end);
  storeLengths(descriptor, STAGE + 48);
  polyLanesLast(STAGE);
  wipe(STAGE, 64);
}

/** RFC 8439 section 2.8: the lengths of AAD and text in bytes. */
function storeLengths(descriptor: usize, place: usize): void {
  store<u64>(place, aadBits(load<u32>(descriptor, D_SA)) >> 3);
  store<u64>(place, load<u32>(descriptor, D_TEXT_LENGTH), 8);
}

function writeOrder(block: i32, descriptor: usize, counter: u32): void {
  const order = ORDERS + <usize>block * ORDER_SIZE;
  const sa: usize = load<u32>(descriptor, D_SA);
  store<u32>(order, counter);
  store<u32>(order, load<u32>(sa, SA_SALT), 4);
  store<u64>(order, load<u64>(<usize>load<u32>(descriptor, D_IV)), 8);
  store<u32>(order, <u32>sa + SA_ROUND_KEYS, 16);
}

/** The last group of four may be short: what is left of the orders then is zero, and so the key at address 0. */
function runPool(blocks: i32): void {
  chachaBlocks(ORDERS, AES_POOL, (blocks + 3) >> 2);
}

function wipePool(blocks: i32): void {
  wipe(AES_POOL, min<usize>(<usize>AES_POOL_END - AES_POOL, (<usize>((blocks + 3) & ~3)) << 6));
  wipe(ORDERS, <usize>blocks * ORDER_SIZE);
  wipe(CHACHA_WORK, 256);
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
