// Round keys in the shape the bitsliced cipher adds them: eight planes of 16 bytes a round, one a bit.
//
// Two things of FIPS 197 are done here, once a key, instead of in every round:
//   * the S-box circuit leaves out the constant 0x63 of section 5.1.1, so the round key after each S-box holds it.
//     ShiftRows and MixColumns, which come between, do not change it, all 16 bytes being equal;
//   * the cipher shifts no rows, so the key of round n lies as the state lies there: shifted back n times. The last
//     round does shift, all rounds at once, and its key is in order.
// The key of the last round is added to blocks, not to planes (transpose.ts): it is there eight times, as it is.
import { permute } from "./permute";
import { BITS, POLYNOMIAL, ROWS_DOWN, SBOX_CONSTANT, SHIFT_ROWS } from "./tables";

/** Planes of up to 14 rounds: the distance from one group's to the next where every lane has its own key. */
export const LANE_PLANES_SIZE: usize = 15 * 128;

/** Round keys of aesExpand, to `planes` for all eight lanes: (rounds + 1) * 128 bytes. */
export function aesPlanes(roundKeys: usize, rounds: i32, planes: usize): void {
  for (let round = 0; round <= rounds; round++) {
    const key = arrangedKey(roundKeys, round, rounds);
    putKey(key, round == rounds, planes);
    planes += 128;
  }
}

/** The same for one of the eight lanes; the others keep their keys. */
export function aesPlanesLane(roundKeys: usize, rounds: i32, planes: usize, lane: i32): void {
  const bitOfLane = v128.load(BITS + ((<usize>lane) << 4));
  for (let round = 0; round <= rounds; round++) {
    const key = arrangedKey(roundKeys, round, rounds);
    if (round == rounds) v128.store(planes + ((<usize>lane) << 4), key);
    else putPlanes(key, planes, bitOfLane);
    planes += 128;
  }
}

/** Round keys for one lane, in blocks all of them: transpose makes planes of those before the last, once all lanes are there. */
export function aesBlocksLane(roundKeys: usize, rounds: i32, planes: usize, lane: i32): void {
  let place = planes + ((<usize>lane) << 4);
  for (let round = 0; round <= rounds; round++) {
    v128.store(place, arrangedKey(roundKeys, round, rounds));
    place += 128;
  }
}

/**
 * Round keys for aesDecrypt, all lanes, in the order in which it uses them: from the last to the first, and those
 * between through InvMixColumns (FIPS 197 section 5.3.5).
 */
export function aesInversePlanes(roundKeys: usize, rounds: i32, planes: usize): void {
  for (let step = 0; step <= rounds; step++) {
    const key = arrangedInverseKey(roundKeys, step, rounds);
    putKey(key, step == rounds, planes);
    planes += 128;
  }
}

/** The key of one round for all eight lanes: in planes, but the `last` one in blocks. */
function putKey(key: v128, last: bool, planes: usize): void {
  for (let bit: usize = 0; bit < 128; bit += 16) v128.store(planes + bit, last ? key : plane(key, bit));
}

/** The key of one round in planes, for the lanes whose bits are set in every byte of `lanes`. */
function putPlanes(key: v128, planes: usize, lanes: v128): void {
  for (let bit: usize = 0; bit < 128; bit += 16) {
    v128.store(planes + bit, v128.bitselect(plane(key, bit), v128.load(planes + bit), lanes));
  }
}

/** The key of one round with the S-box constant added, lying as the state lies in that round. */
export function arrangedKey(roundKeys: usize, round: i32, rounds: i32): v128 {
  const key = v128.load(roundKeys + ((<usize>round) << 4));
  if (round == 0) return key;
  const withConstant = v128.xor(key, v128.load(SBOX_CONSTANT));
  if (round == rounds) return withConstant;
  return permute(withConstant, v128.load(SHIFT_ROWS + ((-round & 3) << 4)));
}

/** The key that aesDecrypt adds after `step` rounds, with the constant of the S-box that it is about to undo. */
function arrangedInverseKey(roundKeys: usize, step: i32, rounds: i32): v128 {
  const key = v128.load(roundKeys + ((<usize>(rounds - step)) << 4));
  if (step == rounds) return key;
  const mixed = step == 0 ? key : inverseMixColumns(key);
  return permute(v128.xor(mixed, v128.load(SBOX_CONSTANT)), v128.load(SHIFT_ROWS + ((step & 3) << 4)));
}

/** FIPS 197 section 5.3.3 on one block, by the same two steps as in decrypt.ts. */
function inverseMixColumns(block: v128): v128 {
  const oneDown = v128.load(ROWS_DOWN);
  const twoDown = v128.load(ROWS_DOWN, 16);
  const a = v128.xor(block, doubled(doubled(v128.xor(block, permute(block, twoDown)))));
  const b = permute(a, oneDown);
  const t = v128.xor(a, b);
  return v128.xor(v128.xor(doubled(t), b), permute(t, twoDown));
}

/** Every byte times x, modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197 section 4.2.1). */
function doubled(block: v128): v128 {
  const carried = v128.and(i8x16.shr_s(block, 7), v128.load(POLYNOMIAL));
  return v128.xor(i8x16.shl(block, 1), carried);
}

/** All ones in every byte of `key` that has the bit of mask `bit` (16 times its number), zeros in the others. */
function plane(key: v128, bit: usize): v128 {
  const mask = v128.load(BITS + bit);
  return i8x16.eq(v128.and(key, mask), mask);
}
