// The AES cipher (FIPS 197 section 5.1) on eight blocks at a time, bitsliced: constant time by having no table and no
// branch. The planes lie in memory where the blocks were; a step loads them, works in registers and stores them.
//
// Fix-slicing: ShiftRows is never done. Bytes stay where they are, MixColumns finds the rows of a column where they lie
// in that round (ROWS_DOWN), and the last round makes up for all the shifts.
import { mixColumnsAddRoundKey } from "./rounds";
import { subBytes } from "./sbox";
import { ROWS_DOWN, SHIFT_ROWS } from "./tables";
import { textsToPlanes, fromPlanes, toPlanes } from "./transpose";

const FIRST_ROUNDS = 2;

/**
 * Encrypts `groups` times eight consecutive blocks in place, under `planes` of aesPlanes. Every step passes over all
 * groups before the next: about 2 KiB at a time is best.
 */
export function aesEncrypt(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  toPlanes(blocks, end, planes, 0);
  middleRounds(planes, 0, 1, rounds - 1, blocks, end);
  lastRound(planes, 0, rounds, blocks, end);
}

/**
 * The same of the sums of the blocks and their texts, `offset` behind their addresses in `texts`. `apart` is 0 where all
 * lanes have one key, LANE_PLANES_SIZE where each has its own (aesPlanesLane).
 */
export function aesEncryptTexts(
  planes: usize,
  apart: usize,
  rounds: i32,
  blocks: usize,
  groups: i32,
  texts: usize,
  offset: usize,
): void {
  const end = blocks + ((<usize>groups) << 7);
  textsToPlanes(blocks, end, texts, offset, planes, apart);
  middleRounds(planes, apart, 1, rounds - 1, blocks, end);
  lastRound(planes, apart, rounds, blocks, end);
}

/** The first two rounds alone, of aesEncrypt. The state stays in planes. */
export function aesFirstRounds(planes: usize, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  toPlanes(blocks, end, planes, 0);
  middleRounds(planes, 0, 1, FIRST_ROUNDS, blocks, end);
}

/** The rest of aesEncrypt: from planes to blocks. */
export function aesLaterRounds(planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  aesRoundsAfter(FIRST_ROUNDS, planes, rounds, blocks, groups);
}

/** What comes after `done` rounds: from planes to blocks. */
export function aesRoundsAfter(done: i32, planes: usize, rounds: i32, blocks: usize, groups: i32): void {
  const end = blocks + ((<usize>groups) << 7);
  middleRounds(planes, 0, done + 1, rounds - 1, blocks, end);
  lastRound(planes, 0, rounds, blocks, end);
}

/** Rounds `from` to `to`; the planes are those of round 0. */
function middleRounds(planes: usize, apart: usize, from: i32, to: i32, blocks: usize, end: usize): void {
  for (let round = from; round <= to; round++) {
    subBytes(blocks, end);
    mixColumnsAddRoundKey(blocks, end, planes + ((<usize>round) << 7), apart, ROWS_DOWN + ((round & 3) << 5));
  }
}

function lastRound(planes: usize, apart: usize, rounds: i32, blocks: usize, end: usize): void {
  subBytes(blocks, end);
  const key = planes + ((<usize>rounds) << 7);
  fromPlanes(blocks, end, key, apart, SHIFT_ROWS + ((rounds & 3) << 4));
}
