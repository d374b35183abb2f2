// GHASH (NIST SP 800-38D section 6.4) of what GCM authenticates, in groups of six blocks, or of four: see products.ts.
import { paddedBlock, stageBlocks } from "../blocks";
import { GCM_WORK, HOT_GHASH, HOT_HASHED, HOT_LENGTHS, HOT_POWERS } from "../layout";
import { ghashPowers } from "./powers";
import { addFour, addSix, product, TABLE_SIZE } from "./products";

const GROUP: u32 = 6;
const FRESH: u32 = 8; // packets after which the tables of all powers pay
const STAGE: usize = GCM_WORK; // 6 * 16 bytes: blocks that do not lie in the text as they are to be hashed
const STAGE_END: usize = GCM_WORK + 96;

const ZERO = memory.data<u64>([0, 0, 0, 0], 16); // two blocks

/**
 * GHASH over one block, `length` bytes padded with zeroes, and the block of the two lengths in bits: what GCM
 * authenticates of an ESP packet (SP 800-38D section 7.1). The blocks before the lengths go in groups of six, and first
 * what is more, in a group of four or six that zeroes fill up: in front of all they change nothing.
 */
export function ghash(entry: usize, first: v128, bytes: usize, length: u32, firstBits: u64, lastBits: u64): v128 {
  const hashed = load<u32>(entry, HOT_HASHED);
  if (hashed < FRESH) {
    store<u32>(entry, hashed + 1, HOT_HASHED);
    return freshGhash(entry, first, bytes, length, lengthsBlock(firstBits, lastBits));
  }
  const end = bytes + length;
  const total: u32 = 1 + ((length + 15) >> 4);
  const more = total % GROUP;
  ghashPowers(entry, min<u32>(total, GROUP) + 1);
  const tables = entry + HOT_GHASH;
  const lastTables = tables + TABLE_SIZE; // the lengths are one power behind the last block
  const lengths = productOfLengths(entry, firstBits, lastBits);
  let head = first; // the first block of a group, with the hash of those before it
  let next = bytes; // where its others lie
  if (more) {
    next = stage(first, more, bytes, end);
    const hash = addStage(total == more ? lastTables : tables, more);
    if (total == more) return v128.xor(hash, lengths);
    head = v128.xor(hash, v128.load(next));
    next += 16;
  }
  for (let left = total - more; left > GROUP; left -= GROUP) {
    head = v128.xor(addSix(tables, head, next, v128.load(next, 64)), v128.load(next, 80));
    next += 96;
  }
  const last = paddedBlock(next + 64, end - next - 64);
  return v128.xor(addSix(lastTables, head, next, last), lengths);
}

/**
 * Loads a word of every line of the entry's tables: with many SAs in turn they have gone far, and arrive while something
 * else is computed.
 */
export function approachTables(entry: usize): void {
  const tables = entry + HOT_GHASH;
  const end = tables + <usize>load<u32>(entry, HOT_POWERS) * TABLE_SIZE;
  for (let line = tables; line < end; line += 64) load<u32>(line);
}

/** The same in groups of four: an entry that may not last gets four powers, and the lengths a product of their own. */
function freshGhash(entry: usize, first: v128, bytes: usize, length: u32, lengths: v128): v128 {
  const end = bytes + length;
  const total: u32 = 1 + ((length + 15) >> 4);
  const more = total & 3;
  ghashPowers(entry, min<u32>(total, 4));
  const tables = entry + HOT_GHASH;
  let head = first;
  let next = bytes;
  if (more) {
    next = stage(first, more, bytes, end);
    head = addStage(tables, more);
  }
  if (total != more) {
    if (more) {
      head = v128.xor(head, v128.load(next));
      next += 16;
    }
    for (let left = total - more; left > 4; left -= 4) {
      head = v128.xor(addFour(tables, head, next, v128.load(next, 32)), v128.load(next, 48));
      next += 64;
    }
    head = addFour(tables, head, next, paddedBlock(next + 32, end - next - 32));
  }
  return product(tables, v128.xor(head, lengths));
}

function lengthsBlock(firstBits: u64, lastBits: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(bswap<u64>(firstBits)), 1, bswap<u64>(lastBits));
}

/** The first `count` blocks to the end of the stage. Answers where the text goes on. */
function stage(first: v128, count: u32, bytes: usize, end: usize): usize {
  const place = STAGE_END - ((<usize>count) << 4);
  v128.store(place, first);
  return stageBlocks(place + 16, STAGE_END, bytes, end);
}

/** The hash of the `count` blocks, 1..5, on the stage, which is then zero again. */
function addStage(tables: usize, count: u32): v128 {
  const last = v128.load(STAGE, 80);
  const hash =
    count > 4
      ? addSix(tables, v128.load(STAGE), STAGE + 16, last)
      : addFour(tables, v128.load(STAGE, 32), STAGE + 48, last);
  for (let block: usize = STAGE; block < STAGE_END; block += 16) v128.store(block, v128.load(ZERO));
  return hash;
}

/** The block of the two lengths times H: what it adds to the hash. The entry keeps the last one. */
function productOfLengths(entry: usize, firstBits: u64, lastBits: u64): v128 {
  const lengths = lengthsBlock(firstBits, lastBits);
  if (v128.any_true(v128.xor(lengths, v128.load(entry, HOT_LENGTHS)))) {
    v128.store(entry, lengths, HOT_LENGTHS);
    v128.store(entry, product(entry + HOT_GHASH, lengths), HOT_LENGTHS + 16);
  }
  return v128.load(entry, HOT_LENGTHS + 16);
}
