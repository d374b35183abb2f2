// ChaCha20-Poly1305 in ESP (RFC 7634, RFC 8439 section 2.8). Block 0 of a packet's key stream is its Poly1305 key, the
// text begins with block 1. The blocks of many packets and SAs go through the cipher together.
//
//   nonce   | salt, 4 bytes, from the key | IV, 8 bytes, on the wire |
import { copy, wipe } from "../bytes";
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

const POOL_BLOCKS = 32; // 2 KiB of key stream
const EDGES: usize = CHACHA_WORK + 384; // 48 bytes: the AAD block, the text's padded end, the lengths
const ORDERS: usize = CHACHA_WORK + 512; // POOL_BLOCKS orders of 32 bytes
const STRETCHES: usize = CHACHA_WORK + 1536; // for every block: u32 address of its text, u32 bytes

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

/** Whole vectors, then single bytes: nothing behind the text may be written. */
function addBlock(text: usize, bytes: usize, keyStream: usize): void {
  const end = text + bytes;
  for (; text + 16 <= end; text += 16) {
    v128.store(text, v128.xor(v128.load(text), v128.load(keyStream)));
    keyStream += 16;
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
  const text: usize = load<u32>(descriptor, D_TEXT);
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  const rest = length & 15;
  polyStart(key);
  v128.store(EDGES, aadBlock(descriptor));
  copy(EDGES + 16, text + length - rest, rest);
  store<u64>(EDGES, aadBits(load<u32>(descriptor, D_SA)) >> 3, 32);
  store<u64>(EDGES, length, 40);
  polyBlocks(EDGES, 1);
  polyBlocks(text, length >> 4);
  if (rest) polyBlocks(EDGES + 16, 1);
  polyBlocks(EDGES + 32, 1);
  polyFinish(key, descriptor + D_TAG);
  wipe(EDGES, 48);
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
