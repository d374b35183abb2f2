// Long packets of any SAs and lengths, one after the other. Two things of a packet come first, of three packets at a time:
// the mask of its tag, and on the way to it, after two rounds, the state from which its text's counters are few steps away.
// See aes/step-planes.ts.
import { counterBlock, withCounter } from "../aes/counter-block";
import { addKeyStream, encryptPool, nibbleKeysOf, putCounters } from "../aes/ctr";
import { aesLaterRounds, aesRoundsAfter } from "../aes/encrypt";
import { LAST_ALIKE, writeFirstRound } from "../aes/first-round";
import { encryptOneApart, encryptThreeApart, NIBBLE_KEYS_SIZE } from "../aes/nibbles";
import { hasStepPlanes, writeStates } from "../aes/step-planes";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  AES_LANE_PLANES,
  AES_POOL,
  AES_POOL_END,
  AES_STARTS,
  D_IV,
  D_SA,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_PLANES,
  SA_ROUNDS,
} from "../layout";
import { MASK_COUNTER, TEXT_COUNTER } from "./counters";
import { approachTables } from "./ghash";
import { verify, writeTag } from "./tag";

const THREE_KEYS: usize = AES_LANE_PLANES;
const POOL_SIZE: usize = AES_POOL_END - AES_POOL;

/** Seals or opens `count` descriptors, all of them PENDING and with keys of one length. */
export function gcmLong(list: usize, count: i32, opening: bool): void {
  let next = 0;
  for (; next + 3 <= count; next += 3) {
    const here = list + ((<usize>next) << 2);
    writeThreeHeads(here);
    for (let lane = 0; lane < 3; lane++)
      runPacket(descriptorAt(here, lane), AES_STARTS + ((<usize>lane) << 4), opening);
  }
  wipe(THREE_KEYS, 3 * NIBBLE_KEYS_SIZE);
  for (; next < count; next++) {
    writeHead(descriptorAt(list, next));
    runPacket(descriptorAt(list, next), AES_STARTS, opening);
  }
  wipe(AES_STARTS, 48);
}

/** The masks of three packets to D_TAG, and their starts. */
function writeThreeHeads(list: usize): void {
  for (let lane = 0; lane < 3; lane++) {
    const descriptor = descriptorAt(list, lane);
    const sa: usize = load<u32>(descriptor, D_SA);
    const entry = hotFor(sa);
    copyKeys(THREE_KEYS + <usize>lane * NIBBLE_KEYS_SIZE, nibbleKeysOf(sa, entry));
    approachTables(entry);
    v128.store(AES_STARTS + ((<usize>lane) << 4), maskBlock(sa, descriptor));
  }
  encryptThreeApart(
    THREE_KEYS,
    load<u8>(<usize>load<u32>(descriptorAt(list, 0), D_SA), SA_ROUNDS),
    AES_STARTS,
    AES_POOL,
  );
  for (let lane = 0; lane < 3; lane++) {
    v128.store(descriptorAt(list, lane) + D_TAG, v128.load(AES_POOL + ((<usize>lane) << 4)));
  }
  wipe(AES_POOL, 48);
}

/** The same of one. */
function writeHead(descriptor: usize): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const keys = nibbleKeysOf(sa, hotFor(sa));
  v128.store(AES_STARTS, maskBlock(sa, descriptor));
  encryptOneApart(keys, load<u8>(sa, SA_ROUNDS), AES_STARTS, descriptor + D_TAG);
}

function maskBlock(sa: usize, descriptor: usize): v128 {
  return withCounter(counterBlock(sa, load<u32>(descriptor, D_IV)), MASK_COUNTER);
}

/** A hot entry is valid until the next one is asked for: so the keys of three are copied. */
function copyKeys(to: usize, from: usize): void {
  for (let key: usize = 0; key < NIBBLE_KEYS_SIZE; key += 16) v128.store(to + key, v128.load(from + key));
}

function runPacket(descriptor: usize, start: usize, opening: bool): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const entry = hotFor(sa);
  if (!opening) addText(descriptor, sa, entry, v128.load(start));
  writeTag(entry, descriptor, v128.load(descriptor + D_TAG));
  if (opening && verify(descriptor)) addText(descriptor, sa, entry, v128.load(start));
}

/** A pool of key stream after the other to the text. Steps are only kept of as many counters as one pool takes. */
function addText(descriptor: usize, sa: usize, entry: usize, start: v128): void {
  const iv: usize = load<u32>(descriptor, D_IV);
  const block = counterBlock(sa, iv);
  let text: usize = load<u32>(descriptor, D_TEXT);
  let left: usize = load<u32>(descriptor, D_TEXT_LENGTH);
  const stepped = hasStepPlanes(entry, iv, block, MASK_COUNTER, <u32>((left + 127) >> 7));
  for (let counter = TEXT_COUNTER; left > 0; counter += <u32>(POOL_SIZE >> 4)) {
    const bytes = min(left, POOL_SIZE);
    if (stepped) {
      const groups = <u32>((bytes + 127) >> 7);
      writeStates(AES_POOL, entry, start, groups);
      aesLaterRounds(entry + HOT_PLANES, load<u8>(sa, SA_ROUNDS), AES_POOL, groups);
    } else {
      writeKeyStream(sa, entry, block, counter, <u32>((bytes + 15) >> 4));
    }
    addKeyStream(text, bytes, AES_POOL, 16);
    wipe(AES_POOL, (bytes + 127) & ~127);
    text += bytes;
    left -= bytes;
  }
}

/** Without steps: the first round is shared as far as counters differ in one byte. */
function writeKeyStream(sa: usize, entry: usize, block: v128, counter: u32, blocks: u32): void {
  if (counter + blocks - 1 > LAST_ALIKE) {
    const end = AES_POOL + ((<usize>blocks) << 4);
    return encryptPool(sa, entry, putCounters(AES_POOL, end, entry, block, counter, false), false);
  }
  const groups = (blocks + 7) >> 3;
  writeFirstRound(AES_POOL, sa, nibbleKeysOf(sa, entry), block, counter, groups);
  aesRoundsAfter(1, entry + HOT_PLANES, load<u8>(sa, SA_ROUNDS), AES_POOL, groups);
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
