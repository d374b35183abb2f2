// Key expansion, FIPS 197 section 5.2. The S-box is the cipher's circuit: no table is looked up by bytes of a key.
import { wipe } from "../bytes";
import { AES_KEY_WORK } from "../layout";
import { subBytes } from "./sbox";
import { BITS, SBOX_CONSTANT } from "./tables";

/** Expands a key of 16, 24 or 32 bytes to 16 * (rounds + 1) bytes at `roundKeys`; answers the rounds: 10, 12 or 14. */
export function aesExpand(key: usize, keyLength: i32, roundKeys: usize): i32 {
  memory.copy(roundKeys, key, keyLength);
  const rounds = (keyLength >> 2) + 6;
  const end = roundKeys + ((<usize>(rounds + 1)) << 4);
  let roundConstant: u32 = 1;
  let position = 0; // in bytes, within a stretch of keyLength bytes
  for (let word = roundKeys + keyLength; word < end; word += 4) {
    let previous = load<u32>(word - 4);
    if (position == 0) {
      previous = subWord(rotr<u32>(previous, 8)) ^ roundConstant; // the words lie little-endian: this is RotWord
      roundConstant = (roundConstant << 1) ^ ((roundConstant >> 7) * 0x11b);
    } else if (position == 16 && keyLength == 32) {
      previous = subWord(previous);
    }
    store<u32>(word, load<u32>(word - keyLength) ^ previous);
    position = position + 4 == keyLength ? 0 : position + 4;
  }
  wipe(AES_KEY_WORK, 128);
  return rounds;
}

/** The S-box on four bytes: spread over planes in AES_KEY_WORK, every lane the same, and gathered again. */
function subWord(word: u32): u32 {
  const state: usize = AES_KEY_WORK;
  const bytes = i32x4.splat(word);
  for (let bit: usize = 0; bit < 128; bit += 16) {
    const mask = v128.load(BITS + bit);
    v128.store(state + bit, i8x16.eq(v128.and(bytes, mask), mask));
  }
  subBytes(state, state + 128);
  let substituted = v128.load(SBOX_CONSTANT);
  for (let bit: usize = 0; bit < 128; bit += 16) {
    substituted = v128.xor(substituted, v128.and(v128.load(state + bit), v128.load(BITS + bit)));
  }
  return i32x4.extract_lane(substituted, 0);
}
