// DES (FIPS 46-3) on sixteen blocks at once, each with its own key: byte l of every vector belongs to block l. Triple DES
// (RFC 2451 section 2.6) is three times sixteen rounds: the permutations between them cancel out.
//
//   DES_BLOCKS   8 vectors: a byte of the block each
//   DES_HALVES   16 vectors: four bits each, L then R
//   DES_KEYS     8 vectors a round: the six bits for an S-box each, in the order in which the box is read
//
// Constant time: an S-box is looked up by going through all of it. A swizzle picks one of sixteen bytes, whatever the
// index, and answers 0 for an index that lies outside, so four of them are a table of 64.
import { DES_BLOCKS, DES_BOXES, DES_HALVES, DES_KEYS } from "../layout";
import { boxPermutation, finalPermutation, initialPermutation, sBoxes } from "./des-tables";

const RIGHT: usize = DES_HALVES + 128;
const PERMUTED: usize = DES_BOXES + 128;

/** Constants in sixteen bytes: 1, 8, 16. */
function ones(): usize {
  return memory.data<u64>([0x0101010101010101, 0x0101010101010101], 16);
}
function eights(): usize {
  return memory.data<u64>([0x0808080808080808, 0x0808080808080808], 16);
}
function sixteens(): usize {
  return memory.data<u64>([0x1010101010101010, 0x1010101010101010], 16);
}

/** The blocks through `rounds` rounds, 16 or 48, with the round keys in the order of use. */
export function desRun(rounds: i32): void {
  permute(initialPermutation(), 64, DES_BLOCKS, 3, DES_HALVES, 2);
  let left: usize = DES_HALVES;
  let right: usize = RIGHT;
  for (let round = 0; round < rounds; round++) {
    feistel(left, right, DES_KEYS + ((<usize>round) << 7));
    if ((round & 15) == 15) continue; // The halves do not change places at the end of a DES.
    const other = left;
    left = right;
    right = other;
  }
  // Fifteen exchanges, or forty-five: L stands where R was. Behind it comes R.
  memory.copy(RIGHT + 128, DES_HALVES, 128);
  permute(finalPermutation(), 64, RIGHT, 2, DES_BLOCKS, 3);
}

/** left ^= f(right, key). E is read off the neighbours: a box sees its four bits, the last before and the first behind. */
function feistel(left: usize, right: usize, keys: usize): void {
  const one = v128.load(ones());
  const eight = v128.load(eights());
  for (let box: usize = 0; box < 8; box++) {
    const before = v128.and(v128.load(right + (((box + 7) & 7) << 4)), one);
    const behind = v128.and(v128.load(right + (((box + 1) & 7) << 4)), eight);
    // The outer two bits are the row, the middle four the column: row * 16 + column.
    const row = v128.or(i8x16.shl(before, 5), i8x16.shl(behind, 1));
    const place = v128.or(row, v128.load(right + (box << 4)));
    const keyed = v128.xor(place, v128.load(keys + (box << 4)));
    v128.store(DES_BOXES + (box << 4), substitute(sBoxes() + (box << 6), keyed));
  }
  permute(boxPermutation(), 32, DES_BOXES, 2, PERMUTED, 2);
  for (let at: usize = 0; at < 128; at += 16) {
    v128.store(left + at, v128.xor(v128.load(left + at), v128.load(PERMUTED + at)));
  }
}

/** The bytes at the places `place`, 0..63, of `table`. */
function substitute(table: usize, place: v128): v128 {
  const sixteen = v128.load(sixteens());
  let found = i8x16.swizzle(v128.load(table), place);
  for (let row: usize = 16; row < 64; row += 16) {
    place = i8x16.sub(place, sixteen);
    found = v128.or(found, i8x16.swizzle(v128.load(table + row), place));
  }
  return found;
}

/** Bit i of the target is bit table[i] of the source, of `bits` bits. A vector holds 2^3 or 2^2 of them. */
function permute(table: usize, bits: usize, source: usize, sourceLog: u32, target: usize, targetLog: u32): void {
  const one = v128.load(ones());
  const width: usize = (<usize>1) << targetLog;
  const last: u32 = (1 << sourceLog) - 1;
  for (let first: usize = 0; first < bits; first += width) {
    let gathered = i8x16.splat(0);
    for (let bit = first; bit < first + width; bit++) {
      const from = <u32>load<u8>(table + bit) - 1;
      const vector = v128.load(source + ((<usize>(from >> sourceLog)) << 4));
      const moved = v128.and(i8x16.shr_u(vector, last - (from & last)), one);
      gathered = v128.or(i8x16.add(gathered, gathered), moved);
    }
    v128.store(target, gathered);
    target += 16;
  }
}
