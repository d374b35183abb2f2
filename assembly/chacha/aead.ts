// ChaCha20-Poly1305 in ESP (RFC 7634, RFC 8439 section 2.8). Block 0 of a packet's key stream is its Poly1305 key, the
// text begins with block 1. The list is one stream of blocks, cut into groups of three across packets and SAs; while a
// group is ciphered, Poly1305 takes in what is ready of an earlier one (chacha20.ts):
//
//   seal   key 0, text 0, key 1, text 1, ...          a text is ready as far as it is encrypted
//   open   key 0, key 1, key 2, text 0, key 3, ...    a text is ready at once, and decrypted when its ICV has verified
//
//   nonce   | salt, 4 bytes, from the key | IV, 8 bytes, on the wire |
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { CHACHA_WORK, D_IV, D_SA, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH, SA_ROUND_KEYS, SA_SALT } from "../layout";
import { FORGED, PENDING } from "../status";
import { BLOCK_SIZE, chachaBlocks, GROUP, ORDER_SIZE } from "./chacha20";
import { MESSAGE_BLOCKS, messageBlocks, stageMessage } from "./message";
import { polyBlocks, polyFinish, polyStart } from "./poly1305";

const ORDERS: usize = CHACHA_WORK; // a group
const O_TEXT = 20; // u32 address of the text the block is for
const O_BYTES = 24; // u32 bytes of it; 0 for a key
const KEY_STREAM: usize = CHACHA_WORK + 96;
const KEYS: usize = CHACHA_WORK + 768; // one-time keys of packets that are not authenticated yet
const KEY_SIZE = 32;
const KEYS_KEPT = 4;
const AHEAD = 2; // open: the key of the packet after the one that is authenticated while a text is decrypted

// How far the list is.
const ORDERED: usize = CHACHA_WORK + 896; // u32 orders waiting for their group
const KEYED: usize = CHACHA_WORK + 900; // u32 packets that have or had a one-time key
const READY: usize = CHACHA_WORK + 904; // u32 address up to which the text of the last of those is ready
const AUTHENTICATED: usize = CHACHA_WORK + 908; // u32 packets whose tag is computed
const TAKEN: usize = CHACHA_WORK + 912; // u32 blocks of the next one's message that Poly1305 has taken in
const END: usize = CHACHA_WORK + 928;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function chachaSeal(list: usize, count: i32): void {
  for (let at = 0; at < count; at++) {
    const descriptor = descriptorAt(list, at);
    orderKey(list, at, load<u32>(descriptor, D_TEXT));
    orderText(list, descriptor);
  }
  runGroup(list);
  while (<i32>load<u32>(AUTHENTICATED) < count) authenticate(list);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

/** Verifies `count` descriptors, then decrypts those that are not FORGED. */
export function chachaOpen(list: usize, count: i32): void {
  for (let at = 0; at < count + AHEAD; at++) {
    if (at < count) {
      const descriptor = descriptorAt(list, at);
      orderKey(list, at, load<u32>(descriptor, D_TEXT) + load<u32>(descriptor, D_TEXT_LENGTH));
    }
    if (at >= AHEAD) openText(list, at - AHEAD);
  }
  runGroup(list);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

function openText(list: usize, at: i32): void {
  while (<i32>load<u32>(KEYED) <= at) runGroup(list);
  while (<i32>load<u32>(AUTHENTICATED) <= at) authenticate(list);
  const descriptor = descriptorAt(list, at);
  if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  if (load<u32>(descriptor, D_STATUS) == PENDING) orderText(list, descriptor);
}

// ---------------------------------------------------------------- ChaCha20

/** Block 0. As soon as it is there, the packet's message may be authenticated up to `ready`. */
function orderKey(list: usize, at: i32, ready: u32): void {
  while (<i32>load<u32>(AUTHENTICATED) + KEYS_KEPT <= at) authenticate(list);
  const descriptor = descriptorAt(list, at);
  order(list, nonceOf(descriptor), keyAddress(descriptor), ready, 0);
}

function orderText(list: usize, descriptor: usize): void {
  const key = keyAddress(descriptor);
  let text = load<u32>(descriptor, D_TEXT);
  const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
  const nonce = nonceOf(descriptor);
  for (let counter: u32 = 1; text < end; counter++) {
    order(list, i32x4.replace_lane(nonce, 0, counter), key, text, min<u32>(BLOCK_SIZE, end - text));
    text += BLOCK_SIZE;
  }
}

/** The last row of the state, counter 0. */
function nonceOf(descriptor: usize): v128 {
  const iv = i64x2.replace_lane(i64x2.splat(0), 1, load<u64>(<usize>load<u32>(descriptor, D_IV)));
  return i32x4.replace_lane(iv, 1, load<u32>(<usize>load<u32>(descriptor, D_SA), SA_SALT));
}

function keyAddress(descriptor: usize): u32 {
  return load<u32>(descriptor, D_SA) + SA_ROUND_KEYS;
}

function order(list: usize, row: v128, key: u32, text: u32, bytes: u32): void {
  const ordered = load<u32>(ORDERED);
  const place = ORDERS + <usize>ordered * ORDER_SIZE;
  v128.store(place, row); // one store, for it is loaded as one: a load of several would wait until all are written
  store<u32>(place, key, 16);
  store<u32>(place, text, O_TEXT);
  store<u32>(place, bytes, O_BYTES);
  store<u32>(ORDERED, ordered + 1);
  if (ordered + 1 == GROUP) runGroup(list);
}

/** Where a group is not full, its last orders are those of the group before, or the key is at address 0. */
function runGroup(list: usize): void {
  const ordered = load<u32>(ORDERED);
  if (ordered == 0) return;
  const blocks = blocksReady(list);
  chachaBlocks(ORDERS, KEY_STREAM, blocks ? nextMessage(list, blocks) : 0, blocks);
  if (blocks) took(list, blocks);
  let keyStream = KEY_STREAM;
  const end = ORDERS + <usize>ordered * ORDER_SIZE;
  for (let place = ORDERS; place < end; place += ORDER_SIZE) {
    useBlock(place, keyStream);
    keyStream += BLOCK_SIZE;
  }
  store<u32>(ORDERED, 0);
}

function useBlock(place: usize, keyStream: usize): void {
  const text = load<u32>(place, O_TEXT);
  const bytes = load<u32>(place, O_BYTES);
  if (bytes == BLOCK_SIZE) {
    for (let i: usize = 0; i < 64; i += 16) {
      v128.store(<usize>text + i, v128.xor(v128.load(<usize>text + i), v128.load(keyStream + i)));
    }
  } else if (bytes > 0) {
    addBlock(text, bytes, keyStream);
  } else {
    const keyed = load<u32>(KEYED);
    const key = keyOf(keyed);
    v128.store(key, v128.load(keyStream));
    v128.store(key, v128.load(keyStream, 16), 16);
    store<u32>(KEYED, keyed + 1);
    store<u32>(READY, text);
  }
  if (text == load<u32>(READY)) store<u32>(READY, text + bytes); // never when opening: there it is the end of a text
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

// ---------------------------------------------------------------- Poly1305

/** Without a group to go with. */
function authenticate(list: usize): void {
  const blocks = blocksReady(list);
  polyBlocks(nextMessage(list, blocks), blocks);
  took(list, blocks);
}

/** How much of the next message can be taken in now, at most MESSAGE_BLOCKS. */
function blocksReady(list: usize): u32 {
  const at = load<u32>(AUTHENTICATED);
  const keyed = load<u32>(KEYED);
  if (at == keyed) return 0;
  const descriptor = descriptorAt(list, at);
  const text = load<u32>(descriptor, D_TEXT);
  let blocks = messageBlocks(descriptor);
  if (at + 1 == keyed && load<u32>(READY) < text + load<u32>(descriptor, D_TEXT_LENGTH)) {
    blocks = 1 + ((load<u32>(READY) - text) >> 4);
  }
  return min<u32>(blocks - load<u32>(TAKEN), MESSAGE_BLOCKS);
}

/** The address of the next `blocks` blocks. */
function nextMessage(list: usize, blocks: u32): usize {
  const at = load<u32>(AUTHENTICATED);
  const taken = load<u32>(TAKEN);
  if (taken == 0) polyStart(keyOf(at));
  return stageMessage(descriptorAt(list, at), taken, blocks);
}

function took(list: usize, blocks: u32): void {
  const at = load<u32>(AUTHENTICATED);
  const descriptor = descriptorAt(list, at);
  const taken = load<u32>(TAKEN) + blocks;
  const isWhole = taken == messageBlocks(descriptor);
  if (isWhole) polyFinish(keyOf(at), descriptor + D_TAG);
  store<u32>(TAKEN, isWhole ? 0 : taken);
  store<u32>(AUTHENTICATED, at + <u32>isWhole);
}

function keyOf(at: u32): usize {
  return KEYS + <usize>(at & (KEYS_KEPT - 1)) * KEY_SIZE;
}

function descriptorAt(list: usize, at: i32): usize {
  return load<u32>(list + ((<usize>at) << 2));
}
