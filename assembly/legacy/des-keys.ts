// The round keys of DES and 3DES (FIPS 46-3), in the order of use: 8 bytes a round, one for each S-box.
//
//   3DES   E(K1), D(K2), E(K3); decryption is all 48 rounds backwards
import { load64 } from "../bytes";
import { firstChoice, rotations, secondChoice } from "./des-tables";

const HALF: u32 = 28; // bits of C, and of D

/** Writes 16 * 8 bytes for a key of 8 bytes, 48 * 8 for one of 24. */
export function desExpand(key: usize, passes: i32, decrypting: bool, target: usize): void {
  const rounds = passes << 4;
  for (let use = 0; use < rounds; use++) {
    const inOrder = decrypting ? rounds - 1 - use : use;
    const pass = inOrder >> 4;
    const round = pass == 1 ? 15 - (inOrder & 15) : inOrder & 15;
    const words = load64(key + ((<usize>pass) << 3));
    const rotation = <u32>load<u8>(rotations() + round);
    for (let box: u32 = 0; box < 8; box++) {
      store<u8>(target, boxKey(words, rotation, box));
      target++;
    }
  }
}

/** The six bits for one S-box: outer two in front, as des.ts reads a box by row and column. */
function boxKey(key: u64, rotation: u32, box: u32): u8 {
  let six: u32 = 0;
  for (let bit = 6 * box; bit < 6 * box + 6; bit++) six = (six << 1) | keyBit(key, rotation, bit);
  return <u8>((six & 32) | ((six & 1) << 4) | ((six >> 1) & 15));
}

/** Bit `bit` of the round key whose C and D have been rotated by `rotation`. */
function keyBit(key: u64, rotation: u32, bit: u32): u32 {
  const chosen = <u32>load<u8>(secondChoice() + bit) - 1;
  const half = chosen < HALF ? 0 : HALF;
  const turned = half + ((chosen - half + rotation) % HALF);
  return <u32>(key >> (64 - <u64>load<u8>(firstChoice() + turned))) & 1;
}
