// Round keys in the shape the bitsliced cipher adds them: eight planes of 16 bytes a round, one a bit.
//
// Two things of FIPS 197 are done here, once a key, instead of in every round:
//   * the S-box circuit leaves out the constant 0x63, so the round key after each S-box holds it (section 5.1.1). Shifting
//     rows and mixing columns change nothing on it, all 16 bytes being equal;
//   * the cipher shifts no rows, so the key of round n lies as the state lies there: shifted back n times. The last
//     round does shift, all rounds at once, and its key is in order.
import { permute } from "./permute";
import { BITS, SBOX_CONSTANT, SHIFT_ROWS } from "./tables";

/** Round keys of aesExpand, to `planes` for all eight lanes: (rounds + 1) * 128 bytes. */
export function aesPlanes(roundKeys: usize, rounds: i32, planes: usize): void {
  for (let round = 0; round <= rounds; round++) {
    const key = arrangedKey(roundKeys, round, rounds);
    for (let bit: usize = 0; bit < 128; bit += 16) v128.store(planes + bit, plane(key, bit));
    planes += 128;
  }
}

/** The same for one of the eight lanes; the others keep their keys. */
export function aesPlanesLane(roundKeys: usize, rounds: i32, planes: usize, lane: i32): void {
  const bitOfLane = v128.load(BITS + (<usize>lane << 4));
  for (let round = 0; round <= rounds; round++) {
    const key = arrangedKey(roundKeys, round, rounds);
    for (let bit: usize = 0; bit < 128; bit += 16) {
      v128.store(planes + bit, v128.bitselect(plane(key, bit), v128.load(planes + bit), bitOfLane));
    }
    planes += 128;
  }
}

/** Round keys for aesDecrypt, all lanes: it goes the way of the cipher backwards, through the same planes. */
export function aesInversePlanes(roundKeys: usize, rounds: i32, planes: usize): void {
  aesPlanes(roundKeys, rounds, planes);
}

/** The key of one round with the S-box constant added, lying as the state lies in that round. */
function arrangedKey(roundKeys: usize, round: i32, rounds: i32): v128 {
  const key = v128.load(roundKeys + (<usize>round << 4));
  if (round == 0) return key;
  const withConstant = v128.xor(key, v128.load(SBOX_CONSTANT));
  if (round == rounds) return withConstant;
  return permute(withConstant, v128.load(SHIFT_ROWS + ((-round & 3) << 4)));
}

/** All ones in every byte of `key` that has the bit of mask `bit` (16 times its number), zeros in the others. */
function plane(key: v128, bit: usize): v128 {
  const mask = v128.load(BITS + bit);
  return i8x16.eq(v128.and(key, mask), mask);
}
