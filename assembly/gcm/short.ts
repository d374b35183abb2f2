// Short packets in GCM, sealed and opened whole: the counter blocks of as many packets of one SA as the pool takes, the
// cipher once over all of them, and then packet by packet its text and its tag.
//
//   | mask | text | text | mask | text | text | text | mask | ..        counters 1 2 3, 1 2 3 4, 1 ..
//
// So opening a short packet costs as much when it is forged; but nothing is done to its text before its ICV verified.
import { counterBlock } from "../aes/counter-block";
import { counterStart, counterStep, hasSteps, startCounters, wipeStarts } from "../aes/counter-start";
import { countOfSa, encryptPool, nibbleKeysOf, putCounters } from "../aes/ctr";
import { differenceHere, encryptThrees, firstRounds, laterThrees } from "../aes/nibbles";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import { AES_POOL, D_IV, D_SA, HOT_GHASH, SA_ROUNDS, WHOLE_POOL_END } from "../layout";
import { blocksOf, MASK_COUNTER, TEXT_COUNTER } from "./counters";
import { gcmEights } from "./eights";
import { TABLE_SIZE } from "./products";
import { finish } from "./tag";

/** Blocks of a packet that goes this way, the mask's included: so many pay, and more than eight fit in the pool. */
const MOST_BLOCKS: u32 = 24;
/** Two times three: so many of a packet that comes alone go faster beside each other than in the lanes of a group. */
const FEW_BLOCKS: u32 = 6;

export function isShort(descriptor: usize): bool {
  return blocksOf(descriptor) <= MOST_BLOCKS;
}

/** Seals or opens `count` descriptors, all of them short. */
export function gcmShort(list: usize, count: i32, opening: bool): void {
  for (let first = 0; first < count; ) {
    const here = list + ((<usize>first) << 2);
    const ofSa = countOfSa(here, count - first);
    if (ofSa == 1 && blocksOf(load<u32>(here)) <= FEW_BLOCKS) {
      runAlone(load<u32>(here), opening);
      first++;
      continue;
    }
    const eights = gcmEights(here, ofSa, opening);
    if (eights) {
      first += eights;
      continue;
    }
    const sharers = startCounters(here, ofSa, TEXT_COUNTER);
    const some = sharers ? sharers : ofSa;
    for (let done = 0; done < some; ) done += runPool(here, done, some, sharers > 0, opening);
    if (sharers) wipeStarts(sharers);
    first += some;
  }
}

/**
 * A packet of few blocks, the only one of its SA: three blocks at a time, from round 3 on where the hot entry has their
 * steps. Meanwhile the tables of GHASH come near, from that of H^2 on: with many SAs in turn they have gone far.
 */
function runAlone(descriptor: usize, opening: bool): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const entry = hotFor(sa);
  const keys = nibbleKeysOf(sa, entry);
  const rounds = load<u8>(sa, SA_ROUNDS);
  const block = counterBlock(sa, load<u32>(descriptor, D_IV));
  const blocks = blocksOf(descriptor);
  const end: usize = AES_POOL + ((<usize>blocks) << 4);
  if (hasSteps(entry, descriptor, 1 + blocks)) {
    const start = firstRounds(keys, block);
    for (let counter = MASK_COUNTER; counter <= blocks; counter++) {
      const at = AES_POOL + ((<usize>(counter - MASK_COUNTER)) << 4);
      v128.store(at, v128.xor(start, differenceHere(counterStep(entry, counter))));
    }
    laterThrees(keys, 2, rounds, AES_POOL, end, entry + HOT_GHASH + TABLE_SIZE);
  } else {
    putCounters(AES_POOL, end, entry, block, MASK_COUNTER, false);
    encryptThrees(keys, rounds, AES_POOL, end);
  }
  finish(entry, descriptor, AES_POOL, 16, opening);
  wipe(AES_POOL, (<usize>FEW_BLOCKS) << 4);
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
    pool = putCounters(pool, end, entry, block, MASK_COUNTER, started);
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

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
