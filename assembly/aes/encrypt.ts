// The AES cipher (FIPS 197 section 5.1) on eight blocks at a time, bitsliced: constant time by having no table and no
// branch. The planes lie in memory where the blocks were; a step loads them, works in registers and stores them.
//
// Fix-slicing: ShiftRows is never done. Bytes stay where they are, MixColumns finds the rows of a column where they lie
// in that round (ROWS_DOWN), and the last round makes up for all the shifts.
import { LANE_PLANES_SIZE } from "./planes";
import { addRoundKey, mixColumnsAddRoundKey, shiftRowsAddRoundKey } from "./rounds";
import { subBytes } from "./sbox";
import { ROWS_DOWN, SHIFT_ROWS } from "./tables";
import { transpose } from "./transpose";

/**
 * Encrypts `groups` times eight consecutive blocks in place, under `planes` of aesPlanes. Every step passes over all
 * groups before the next: about 2 KiB at a time is best.
 */
export function aesEncrypt(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  cipher(planes, 0, rounds, blocks, groups);
}

/** The same with a key for every lane: each group has planes of aesPlanesLane, LANE_PLANES_SIZE apart. */
export function aesEncryptLanes(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  cipher(planes, LANE_PLANES_SIZE, rounds, blocks, groups);
}

/** `apart`: the distance from the planes of one group to those of the next. */
function cipher(planes: usize, apart: usize, rounds: i32, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  transpose(blocks, end);
  addRoundKey(blocks, end, planes, apart);
  for (let round = 1; round < rounds; round++) {
    planes += 128;
    subBytes(blocks, end);
    mixColumnsAddRoundKey(blocks, end, planes, apart, ROWS_DOWN + ((round & 3) << 5));
  }
  subBytes(blocks, end);
  shiftRowsAddRoundKey(blocks, end, planes + 128, apart, SHIFT_ROWS + ((rounds & 3) << 4));
  transpose(blocks, end);
}
