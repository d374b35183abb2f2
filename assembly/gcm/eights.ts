// Packets of one length, eight side by side: a group of the cipher is one counter of eight packets. So its planes are
// made of the planes of their starts and one step, see aes/counter-start.ts, and need not be transposed before the rounds.
import { startEights, wipeStarts, writeEight } from "../aes/counter-start";
import { addKeyStream } from "../aes/ctr";
import { aesLaterRounds } from "../aes/encrypt";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  AES_POOL,
  D_SA,
  D_STATUS,
  D_TAG,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_PLANES,
  SA_ROUNDS,
  WHOLE_POOL_END,
} from "../layout";
import { PENDING } from "../status";
import { blocksOf, MASK_COUNTER, TEXT_COUNTER } from "./counters";
import { finish, verify, writeTag } from "./tag";

const MOST_GROUPS: u32 = (WHOLE_POOL_END - AES_POOL) >> 7;

/** Seals or opens the first ones of `count` descriptors of one SA, all PENDING. Answers how many: 0 if it would not pay. */
export function gcmEights(list: usize, count: i32, opening: bool): i32 {
  const alike = startEights(list, count, TEXT_COUNTER);
  if (alike == 0) return 0;
  const blocks = blocksOf(load<u32>(list));
  if (blocks > MOST_GROUPS) runLong(list, alike, blocks, opening);
  else for (let done = 0; done < alike; ) done += runWhole(list, done, alike, blocks, opening);
  wipeStarts(alike);
  return alike;
}

/** As many eights as the pool takes, the first beginning at `from`: each packet whole. Answers how many packets. */
function runWhole(list: usize, from: i32, count: i32, blocks: u32, opening: bool): i32 {
  const eights = min((count - from) >> 3, <i32>(MOST_GROUPS / blocks));
  const entry = hotFor(load<u32>(descriptorAt(list, from), D_SA));
  for (let eight = 0; eight < eights; eight++) {
    writeEight(AES_POOL + ((<usize>(eight * blocks)) << 7), entry, (from >> 3) + eight, MASK_COUNTER, blocks);
  }
  encryptGroups(list, entry, eights * blocks);
  for (let i = 0; i < eights << 3; i++) {
    const keyStream = AES_POOL + ((<usize>((i >> 3) * blocks)) << 7) + ((<usize>(i & 7)) << 4);
    finish(entry, descriptorAt(list, from + i), keyStream, 128, opening);
  }
  wipe(AES_POOL, (<usize>(eights * blocks)) << 7);
  return eights << 3;
}

/** Long packets. Opening, first all masks and tags; the text of what has verified follows. */
function runLong(list: usize, count: i32, blocks: u32, opening: bool): void {
  const entry = hotFor(load<u32>(descriptorAt(list, 0), D_SA));
  if (opening) verifyAll(list, entry, count);
  for (let i = 0; i < count; i += 8) {
    const here = list + ((<usize>i) << 2);
    const from = opening ? TEXT_COUNTER : MASK_COUNTER;
    for (let first = from; first <= blocks; first += MOST_GROUPS) {
      const last = min(first + MOST_GROUPS - 1, blocks);
      const groups = last + 1 - first;
      writeEight(AES_POOL, entry, i >> 3, first, last);
      encryptGroups(here, entry, groups);
      for (let lane = 0; lane < 8; lane++) {
        addPart(descriptorAt(here, lane), AES_POOL + ((<usize>lane) << 4), first, groups);
      }
      wipe(AES_POOL, (<usize>groups) << 7);
    }
    for (let lane = 0; !opening && lane < 8; lane++) {
      const descriptor = descriptorAt(here, lane);
      writeTag(entry, descriptor, v128.load(descriptor + D_TAG));
    }
  }
}

function verifyAll(list: usize, entry: usize, count: i32): void {
  for (let i = 0; i < count; i += 8)
    writeEight(AES_POOL + ((<usize>i) << 4), entry, i >> 3, MASK_COUNTER, MASK_COUNTER);
  encryptGroups(list, entry, count >> 3);
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    writeTag(entry, descriptor, v128.load(AES_POOL + ((<usize>i) << 4)));
    verify(descriptor);
  }
  wipe(AES_POOL, (<usize>count) << 4);
}

/** Key stream of `groups` counters from `first` on to where it belongs: the mask to D_TAG, the others to the text. */
function addPart(descriptor: usize, keyStream: usize, first: u32, groups: u32): void {
  if (load<u32>(descriptor, D_STATUS) != PENDING) return;
  if (first == MASK_COUNTER) {
    v128.store(descriptor + D_TAG, v128.load(keyStream));
    return addPart(descriptor, keyStream + 128, TEXT_COUNTER, groups - 1);
  }
  const before = (first - TEXT_COUNTER) << 4;
  const bytes = min(load<u32>(descriptor, D_TEXT_LENGTH) - before, groups << 4);
  addKeyStream(load<u32>(descriptor, D_TEXT) + before, bytes, keyStream, 128);
}

function encryptGroups(list: usize, entry: usize, groups: i32): void {
  const rounds = load<u8>(<usize>load<u32>(descriptorAt(list, 0), D_SA), SA_ROUNDS);
  aesLaterRounds(entry + HOT_PLANES, rounds, AES_POOL, groups);
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
