// Short packets in GCM, sealed and opened whole: the counter blocks of as many packets of one SA as the pool takes, the
// cipher once over all of them, and then packet by packet its text and its tag.
//
//   | mask | text | text | mask | text | text | text | mask | ..        counters 1 2 3, 1 2 3 4, 1 ..
//
// So opening a short packet costs as much when it is forged; but nothing is done to its text before its ICV verified.
import { counterBlock } from "../aes/counter-block";
import { counterStart, startCounters, startEights, wipeCounters, writeEight } from "../aes/counter-start";
import { addKeyStream, countOfSa, encryptPool, putCounters } from "../aes/ctr";
import { aesLaterRounds } from "../aes/encrypt";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import { AES_POOL, D_IV, D_SA, D_TEXT, D_TEXT_LENGTH, HOT_PLANES, SA_ROUNDS, WHOLE_POOL_END } from "../layout";
import { verify, writeTag } from "./tag";

/** SP 800-38D section 7.1: block 1 masks the tag, the text begins with block 2. */
export const MASK_COUNTER: u32 = 1;
export const TEXT_COUNTER: u32 = 2;

/** Blocks of a packet that goes this way, the mask's included: so many pay, and more than eight fit in the pool. */
const MOST_BLOCKS: u32 = 24;

export function isShort(descriptor: usize): bool {
  return blocksOf(descriptor) <= MOST_BLOCKS;
}

/** Seals or opens `count` descriptors, all of them short. */
export function gcmShort(list: usize, count: i32, opening: bool): void {
  for (let first = 0; first < count; ) {
    const here = list + ((<usize>first) << 2);
    const ofSa = countOfSa(here, count - first);
    const eights = startEights(here, ofSa, TEXT_COUNTER);
    if (eights) {
      for (let done = 0; done < eights; ) done += runEights(here, done, eights, opening);
      wipeCounters();
      first += eights;
      continue;
    }
    const sharers = startCounters(here, ofSa, TEXT_COUNTER);
    const some = sharers ? sharers : ofSa;
    for (let done = 0; done < some; ) done += runPool(here, done, some, sharers > 0, opening);
    if (sharers) wipeCounters();
    first += some;
  }
}

/** The descriptors from `from` to `count`, of one SA, or as many as the pool takes. Answers how many. */
function runPool(list: usize, from: i32, count: i32, started: bool, opening: bool): i32 {
  const sa: usize = load<u32>(descriptorAt(list, from), D_SA);
  const entry = hotFor(sa);
  let pool: usize = AES_POOL;
  let next = from;
  for (; next < count; next++) {
    const descriptor = descriptorAt(list, next);
    const end = pool + ((<usize>blocksOf(descriptor)) << 4);
    if (end > <usize>WHOLE_POOL_END) break;
    const block = started ? counterStart(next) : counterBlock(sa, load<u32>(descriptor, D_IV));
    pool = putCounters(pool, end, block, MASK_COUNTER, started);
  }
  encryptPool(sa, entry, pool, started);
  let keyStream: usize = AES_POOL;
  for (let i = from; i < next; i++) {
    const descriptor = descriptorAt(list, i);
    finish(entry, descriptor, keyStream, 16, opening);
    keyStream += (<usize>blocksOf(descriptor)) << 4;
  }
  wipe(AES_POOL, (pool - AES_POOL + 127) & ~127); // a group is encrypted whole
  return next - from;
}

/** The same for sharers of startEights. A group is one counter of eight packets. */
function runEights(list: usize, from: i32, count: i32, opening: bool): i32 {
  const sa: usize = load<u32>(descriptorAt(list, from), D_SA);
  const entry = hotFor(sa);
  const blocks = blocksOf(descriptorAt(list, from));
  const eights = min((count - from) >> 3, <i32>(MOST_BLOCKS / blocks));
  let pool: usize = AES_POOL;
  for (let eight = 0; eight < eights; eight++) {
    writeEight(pool, (from >> 3) + eight, MASK_COUNTER, blocks);
    pool += (<usize>blocks) << 7;
  }
  aesLaterRounds(entry + HOT_PLANES, load<u8>(sa, SA_ROUNDS), AES_POOL, <i32>((pool - AES_POOL) >> 7));
  for (let eight = 0; eight < eights; eight++) {
    const keyStream = AES_POOL + ((<usize>(eight * blocks)) << 7);
    for (let lane = 0; lane < 8; lane++) {
      finish(entry, descriptorAt(list, from + (eight << 3) + lane), keyStream + ((<usize>lane) << 4), 128, opening);
    }
  }
  wipe(AES_POOL, pool - AES_POOL);
  return eights << 3;
}

/** Tag and text of a packet whose key stream lies at `keyStream`, its blocks `apart`. */
function finish(entry: usize, descriptor: usize, keyStream: usize, apart: usize, opening: bool): void {
  const text: usize = load<u32>(descriptor, D_TEXT);
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  if (!opening) addKeyStream(text, length, keyStream + apart, apart);
  writeTag(entry, descriptor, v128.load(keyStream));
  if (opening && verify(descriptor)) addKeyStream(text, length, keyStream + apart, apart);
}

/** Those of the text, and the mask's. */
function blocksOf(descriptor: usize): u32 {
  return 1 + ((load<u32>(descriptor, D_TEXT_LENGTH) + 15) >> 4);
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
