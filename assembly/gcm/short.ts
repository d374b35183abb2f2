// Short packets in GCM, sealed and opened whole: the counter blocks of as many packets of one SA as the pool takes, the
// cipher once over all of them, and then packet by packet its text and its tag.
//
//   | mask | text | text | mask | text | text | text | mask | ..        counters 1 2 3, 1 2 3 4, 1 ..
//
// So opening a short packet costs as much when it is forged; but nothing is done to its text before its ICV verified.
import { counterBlock } from "../aes/counter-block";
import { counterStart, startCounters, wipeStarts } from "../aes/counter-start";
import { countOfSa, encryptPool, putCounters } from "../aes/ctr";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import { AES_POOL, D_IV, D_SA, WHOLE_POOL_END } from "../layout";
import { blocksOf, MASK_COUNTER, TEXT_COUNTER } from "./counters";
import { gcmEights } from "./eights";
import { finish } from "./tag";

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
