// ChaCha20-Poly1305 in ESP (RFC 7634, RFC 8439 section 2.8). Block 0 of a packet's key stream is its Poly1305 key, the
// text begins with block 1. The list is one stream of blocks, key 0, text 0, key 1, text 1, ..., cut into groups of
// three across packets and SAs; while a group is ciphered, Poly1305 takes in what is ready of a message (chacha20.ts). Of a
// long text, groups follow each other with little between them:
//
//   seal   a text is encrypted by its group, and ready as far as that
//   open   a text is ready at once. Its first KEPT_BLOCKS blocks of key stream are kept until its ICV has verified; only
//          then are they added to it, and what is behind them ciphered
//
//   nonce   | salt, 4 bytes, from the key | IV, 8 bytes, on the wire |
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { CHACHA_WORK, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { BLOCK_SIZE, chachaBlocks, GROUP, nextOrders, O_TO, ORDER_SIZE, orderStream, orderText } from "./chacha20";
import { addKeyStream, keyAddress, nonceOf } from "./keystream";
import { MESSAGE_BLOCKS, messageBlocks, stageMessage } from "./message";
import { POLY_SIZE, polyBlocks, polyFinish, polyStart } from "./poly1305";
import { areShort, shortRun } from "./short";

const ORDERS: usize = CHACHA_WORK; // a group
const NOBODYS: usize = CHACHA_WORK + 128; // a block, where a group is not full
const KEYS: usize = CHACHA_WORK + 768; // one-time keys of packets that are not authenticated yet, a block each
const KEYS_KEPT = 4;
const GROUP_SIZE: u32 = GROUP * BLOCK_SIZE;
const GROUP_TEXT: u32 = GROUP_SIZE >> 4; // in blocks of a message

// How far the list is.
const ORDERED: usize = CHACHA_WORK + 1024; // u32 orders waiting for their group
const ADDS: usize = CHACHA_WORK + 1028; // u32: whether texts are among them
const KEYS_ORDERED: usize = CHACHA_WORK + 1032; // u32 packets whose one-time key is ordered,
const TEXT_ORDERED: usize = CHACHA_WORK + 1036; // u32 and the address up to which the text of the last will be ready then
const KEYED: usize = CHACHA_WORK + 1040; // u32 packets that have or had a one-time key,
const READY: usize = CHACHA_WORK + 1044; // u32 and the address up to which the text of the last is ready
const AUTHENTICATED: usize = CHACHA_WORK + 1048; // u32 packets whose tag is computed
const TAKEN: usize = CHACHA_WORK + 1052; // u32 blocks of the next one's message that Poly1305 has taken in
const POLY: usize = CHACHA_WORK + 1056; // its Poly1305 state
const END: usize = POLY + POLY_SIZE;

// Opening: key stream of the packet that is ordered and of the one before, which is opened meanwhile.
const KEPT: usize = CHACHA_WORK + 1536;
const KEPT_BLOCKS: u32 = 23;
const KEPT_SIZE: u32 = KEPT_BLOCKS * BLOCK_SIZE;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function chachaSeal(list: usize, count: i32): void {
  if (areShort(list, count)) return shortRun(list, count, true);
  for (let at = 0; at < count; at++) {
    const descriptor = descriptorAt(list, at);
    orderKey(list, at, load<u32>(descriptor, D_TEXT));
    orderTexts(list, descriptor, 0);
  }
  runGroup(list);
  while (<i32>load<u32>(AUTHENTICATED) < count) authenticate(list);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

/** Verifies `count` descriptors, then decrypts those that are not FORGED. */
export function chachaOpen(list: usize, count: i32): void {
  if (areShort(list, count)) return shortRun(list, count, false);
  let most: u32 = 0;
  for (let at = 0; at < count; at++) {
    const descriptor = descriptorAt(list, at);
    orderKey(list, at, load<u32>(descriptor, D_TEXT) + load<u32>(descriptor, D_TEXT_LENGTH));
    const blocks = orderKept(list, at);
    most = max<u32>(most, blocks);
    if (at > 0) openText(list, at - 1, 1 + blocks);
  }
  openText(list, count - 1, 0);
  runGroup(list);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
  wipe(keptOf(0), most * BLOCK_SIZE);
  wipe(keptOf(1), most * BLOCK_SIZE);
}

/** Since the last order for what is kept of this text, `behind` orders were given. */
function openText(list: usize, at: i32, behind: u32): void {
  if (load<u32>(ORDERED) > behind) runGroup(list);
  while (<i32>load<u32>(AUTHENTICATED) <= at) authenticate(list);
  const descriptor = descriptorAt(list, at);
  if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  if (load<u32>(descriptor, D_STATUS) != PENDING) return;
  const length = min<u32>(KEPT_SIZE, load<u32>(descriptor, D_TEXT_LENGTH));
  addKeyStream(load<u32>(descriptor, D_TEXT), length, keptOf(at));
  orderTexts(list, descriptor, KEPT_BLOCKS);
}

// ---------------------------------------------------------------- ChaCha20

/** Block 0. As soon as it is there, the packet's message may be authenticated up to `ready`. */
function orderKey(list: usize, at: i32, ready: u32): void {
  while (<i32>load<u32>(AUTHENTICATED) + KEYS_KEPT <= at) authenticate(list);
  const descriptor = descriptorAt(list, at);
  store<u32>(KEYS_ORDERED, at + 1);
  store<u32>(TEXT_ORDERED, ready);
  orderStream(nextOrder(), nonceOf(descriptor), keyAddress(descriptor), <u32>keyOf(at));
  ordered(list);
}

/** The text from its block `first` on, in place. */
function orderTexts(list: usize, descriptor: usize, first: u32): void {
  const key = keyAddress(descriptor);
  const nonce = nonceOf(descriptor);
  const start = load<u32>(descriptor, D_TEXT);
  const end = start + load<u32>(descriptor, D_TEXT_LENGTH);
  let text = start + first * BLOCK_SIZE;
  for (let counter = first + 1; text < end; counter++) {
    if (text + 2 * GROUP_SIZE <= end && load<u32>(ORDERED) == 0) {
      for (let i: u32 = 0; i < GROUP; i++) {
        const row = i32x4.replace_lane(nonce, 0, counter + i);
        orderText(ORDERS + <usize>i * ORDER_SIZE, row, key, text + i * BLOCK_SIZE, BLOCK_SIZE);
      }
      const groups = (end - text) / GROUP_SIZE;
      runGroups(list, groups, true, first == 0 ? GROUP_SIZE : 0);
      text += groups * GROUP_SIZE;
      counter += groups * GROUP;
      if (text == end) break;
    }
    const bytes = min<u32>(BLOCK_SIZE, end - text);
    store<u32>(ADDS, 1);
    orderText(nextOrder(), i32x4.replace_lane(nonce, 0, counter), key, text, bytes);
    text += BLOCK_SIZE;
    if (first == 0) store<u32>(TEXT_ORDERED, min<u32>(text, end)); // opening, it is ready already
    ordered(list);
  }
}

/** Key stream for a text's first KEPT_BLOCKS, to be kept. Answers how many blocks that are. */
function orderKept(list: usize, at: i32): u32 {
  const descriptor = descriptorAt(list, at);
  const key = keyAddress(descriptor);
  const nonce = nonceOf(descriptor);
  const blocks = min<u32>(KEPT_BLOCKS, (load<u32>(descriptor, D_TEXT_LENGTH) + BLOCK_SIZE - 1) / BLOCK_SIZE);
  let kept = <u32>keptOf(at);
  for (let counter: u32 = 1; counter <= blocks; counter++) {
    if (counter + 2 * GROUP <= blocks + 1 && load<u32>(ORDERED) == 0) {
      for (let i: u32 = 0; i < GROUP; i++) {
        const row = i32x4.replace_lane(nonce, 0, counter + i);
        orderStream(ORDERS + <usize>i * ORDER_SIZE, row, key, kept + i * BLOCK_SIZE);
      }
      const groups = (blocks + 1 - counter) / GROUP;
      runGroups(list, groups, false, 0);
      kept += groups * GROUP_SIZE;
      counter += groups * GROUP;
      if (counter > blocks) break;
    }
    orderStream(nextOrder(), i32x4.replace_lane(nonce, 0, counter), key, kept);
    kept += BLOCK_SIZE;
    ordered(list);
  }
  return blocks;
}

function keptOf(at: i32): usize {
  return KEPT + <usize>(at & 1) * KEPT_SIZE;
}

function nextOrder(): usize {
  return ORDERS + <usize>load<u32>(ORDERED) * ORDER_SIZE;
}

function ordered(list: usize): void {
  const ordered = load<u32>(ORDERED) + 1;
  store<u32>(ORDERED, ordered);
  if (ordered == GROUP) runGroup(list);
}

/** Where a group is not full, its last orders are those of an earlier one or empty: nobody uses their blocks. */
function runGroup(list: usize): void {
  const ordered = load<u32>(ORDERED);
  if (ordered == 0) return;
  for (let order = nextOrder(); order < ORDERS + GROUP * ORDER_SIZE; order += ORDER_SIZE) {
    store<u32>(order, <u32>NOBODYS, O_TO);
  }
  const blocks = blocksReady(list, MESSAGE_BLOCKS);
  chachaBlocks(ORDERS, load<u32>(ADDS) != 0, POLY, blocks ? nextMessage(list, blocks) : 0, blocks);
  if (blocks) took(list, blocks);
  store<u32>(ORDERED, 0);
  store<u32>(ADDS, 0);
  store<u32>(KEYED, load<u32>(KEYS_ORDERED));
  store<u32>(READY, load<u32>(TEXT_ORDERED));
}

/** Whole groups for one packet, of which the first is in ORDERS. Each makes `growth` more bytes of its text ready. */
function runGroups(list: usize, groups: u32, adds: bool, growth: u32): void {
  while (groups > 0) {
    const together = groupsTogether(list, groups);
    const blocks = blocksReady(list, together > 1 ? GROUP_TEXT : MESSAGE_BLOCKS);
    let message = blocks ? nextMessage(list, blocks * together) : 0;
    for (let group: u32 = 0; group < together; group++) {
      chachaBlocks(ORDERS, adds, POLY, message, blocks);
      message += (<usize>blocks) << 4;
      nextOrders(ORDERS);
    }
    if (blocks) took(list, blocks * together);
    groups -= together;
    store<u32>(READY, load<u32>(READY) + together * growth);
  }
  store<u32>(TEXT_ORDERED, load<u32>(READY));
}

/** With how many of them the message can be read in its text, GROUP_TEXT with each. */
function groupsTogether(list: usize, groups: u32): u32 {
  const at = load<u32>(AUTHENTICATED);
  if (at == load<u32>(KEYED)) return groups;
  const taken = load<u32>(TAKEN);
  if (taken == 0) return 1; // the AAD comes first
  const left = messageBlocks(descriptorAt(list, at)) - taken;
  if (blocksReady(list, left) < left) return groups; // of the text in hand: as much becomes ready with each
  return left < 2 + GROUP_TEXT ? 1 : min<u32>(groups, (left - 2) / GROUP_TEXT); // the end and the lengths come last
}

// ---------------------------------------------------------------- Poly1305

/** Without a group to go with. */
function authenticate(list: usize): void {
  const blocks = blocksReady(list, MESSAGE_BLOCKS);
  polyBlocks(POLY, nextMessage(list, blocks), blocks);
  took(list, blocks);
}

/** How much of the next message can be taken in now, at most `most`. */
function blocksReady(list: usize, most: u32): u32 {
  const at = load<u32>(AUTHENTICATED);
  const keyed = load<u32>(KEYED);
  if (at == keyed) return 0;
  const descriptor = descriptorAt(list, at);
  const text = load<u32>(descriptor, D_TEXT);
  let blocks = messageBlocks(descriptor);
  if (at + 1 == keyed && load<u32>(READY) < text + load<u32>(descriptor, D_TEXT_LENGTH)) {
    blocks = 1 + ((load<u32>(READY) - text) >> 4);
  }
  return min<u32>(blocks - load<u32>(TAKEN), most);
}

/** The address of the next `blocks` blocks. */
function nextMessage(list: usize, blocks: u32): usize {
  const at = load<u32>(AUTHENTICATED);
  const taken = load<u32>(TAKEN);
  if (taken == 0) polyStart(POLY, keyOf(at));
  return stageMessage(descriptorAt(list, at), taken, blocks);
}

function took(list: usize, blocks: u32): void {
  const at = load<u32>(AUTHENTICATED);
  const descriptor = descriptorAt(list, at);
  const taken = load<u32>(TAKEN) + blocks;
  const isWhole = taken == messageBlocks(descriptor);
  if (isWhole) polyFinish(POLY, descriptor + D_TAG);
  store<u32>(TAKEN, isWhole ? 0 : taken);
  store<u32>(AUTHENTICATED, at + <u32>isWhole);
}

function keyOf(at: u32): usize {
  return KEYS + <usize>(at & (KEYS_KEPT - 1)) * BLOCK_SIZE;
}

function descriptorAt(list: usize, at: i32): usize {
  return load<u32>(list + ((<usize>at) << 2));
}
