// GHASH (NIST SP 800-38D section 6.4), six blocks at a time, by nibble tables and byte shuffles: constant time.
//
// An element is 16 bytes as in the standard: the most significant bit of byte 0 is the coefficient of x^0.
// A table is that of one power P of H, 512 bytes: row j, 32 bytes, holds byte j of
//
//   0..15    n * P           for the 16 values n of a high nibble
//   16..31   n * P * x^4     for the 16 values n of a low nibble
//
// Shuffling row j by the nibbles of a block gives, at byte i, byte j of that byte's product with P: it belongs i bytes
// further on. So the rows of all blocks are summed before the shifting, and a Horner pass over the 16 rows, from the
// last to the first, shifts by one byte each. The sum of 31 bytes is reduced once.
import { permute } from "../aes/permute";
import { paddedBlock, stageBlocks } from "../blocks";
import { GCM_WORK, HOT_GHASH, HOT_HASHED, HOT_LENGTHS, HOT_POWERS } from "../layout";
import { ghashPowers, TABLE_SIZE } from "./powers";

const GROUP: u32 = 6;
const FRESH: u32 = 8; // packets after which the tables of all powers pay
const STAGE: usize = GCM_WORK; // 6 * 16 bytes: blocks that do not lie in the text as they are to be hashed
const STAGE_END: usize = GCM_WORK + 96;

const LOW_NIBBLES = memory.data<u64>([0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f], 16);
const REVERSED = memory.data<u8>([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0], 16);
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

/** One block times H. The tables behind are those of other powers, or zero. */
export function product(tables: usize, block: v128): v128 {
  return addFour(tables, v128.load(ZERO), ZERO, block);
}

/**
 * block 0 * H^4 + the two blocks at `next` times H^3 and H^2 + block 3 * H. The lower half of the sum goes round instead of
 * shifting, so that the upper half is in it as well, and is taken away at the end. The sum is a chain: so it needs the
 * fewest registers.
 */
function addFour(tables: usize, block0: v128, next: usize, block3: v128): v128 {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const block1 = v128.load(next);
  const block2 = v128.load(next, 16);
  const high0 = v128.and(i16x8.shr_u(block0, 4), lowNibbles);
  const high1 = v128.and(i16x8.shr_u(block1, 4), lowNibbles);
  const high2 = v128.and(i16x8.shr_u(block2, 4), lowNibbles);
  const high3 = v128.and(i16x8.shr_u(block3, 4), lowNibbles);
  const low0 = v128.and(block0, lowNibbles);
  const low1 = v128.and(block1, lowNibbles);
  const low2 = v128.and(block2, lowNibbles);
  const low3 = v128.and(block3, lowNibbles);
  let low = v128.load(ZERO);
  let high = v128.load(ZERO);
  for (let row = tables + 480; row >= tables; row -= 32) {
    high = v128.shuffle<i8>(low, high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    low = v128.shuffle<i8>(low, low, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1536), high0), permute(v128.load(row, 1552), low0)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1024), high1), permute(v128.load(row, 1040), low1)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 512), high2), permute(v128.load(row, 528), low2)));
    low = v128.xor(low, v128.xor(permute(v128.load(row), high3), permute(v128.load(row, 16), low3)));
  }
  return reduce(v128.xor(low, high), high);
}

/** block 0 * H^6 + the four blocks at `next` times H^5 .. H^2 + block 5 * H. */
function addSix(tables: usize, block0: v128, next: usize, block5: v128): v128 {
  const lowNibbles = v128.load(LOW_NIBBLES);
  const block1 = v128.load(next);
  const block2 = v128.load(next, 16);
  const block3 = v128.load(next, 32);
  const block4 = v128.load(next, 48);
  const high0 = v128.and(i16x8.shr_u(block0, 4), lowNibbles);
  const high1 = v128.and(i16x8.shr_u(block1, 4), lowNibbles);
  const high2 = v128.and(i16x8.shr_u(block2, 4), lowNibbles);
  const high3 = v128.and(i16x8.shr_u(block3, 4), lowNibbles);
  const high4 = v128.and(i16x8.shr_u(block4, 4), lowNibbles);
  const high5 = v128.and(i16x8.shr_u(block5, 4), lowNibbles);
  const low0 = v128.and(block0, lowNibbles);
  const low1 = v128.and(block1, lowNibbles);
  const low2 = v128.and(block2, lowNibbles);
  const low3 = v128.and(block3, lowNibbles);
  const low4 = v128.and(block4, lowNibbles);
  const low5 = v128.and(block5, lowNibbles);
  let low = v128.load(ZERO);
  let high = v128.load(ZERO);
  for (let row = tables + 480; row >= tables; row -= 32) {
    high = v128.shuffle<i8>(low, high, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
    low = v128.shuffle<i8>(low, low, 15, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
    low = v128.xor(low, v128.xor(permute(v128.load(row, 2560), high0), permute(v128.load(row, 2576), low0)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 2048), high1), permute(v128.load(row, 2064), low1)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1536), high2), permute(v128.load(row, 1552), low2)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 1024), high3), permute(v128.load(row, 1040), low3)));
    low = v128.xor(low, v128.xor(permute(v128.load(row, 512), high4), permute(v128.load(row, 528), low4)));
    low = v128.xor(low, v128.xor(permute(v128.load(row), high5), permute(v128.load(row, 16), low5)));
  }
  return reduce(v128.xor(low, high), high);
}

/** x^128 = 1 + x + x^2 + x^7: every bit of `high`, which lies 128 places on, comes back in four places. */
function reduce(low: v128, high: v128): v128 {
  const reversed = v128.load(REVERSED);
  const bits = permute(high, reversed); // now a number of 128 bits, x^0 its highest
  const carried = v128.xor(v128.xor(i64x2.shl(bits, 63), i64x2.shl(bits, 62)), i64x2.shl(bits, 57));
  const shifted = v128.xor(v128.xor(i64x2.shr_u(bits, 1), i64x2.shr_u(bits, 2)), i64x2.shr_u(bits, 7));
  const across = v128.shuffle<i64>(carried, v128.load(ZERO), 1, 2); // from the upper half to the lower
  return v128.xor(low, permute(v128.xor(v128.xor(bits, shifted), across), reversed));
}
