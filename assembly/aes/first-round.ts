// The first round of a packet's counter blocks, where their steps are not kept. Up to counter 255 they differ in byte 15
// alone, which the S-box takes by itself, and MixColumns brings into one column (FIPS 197 section 5.1.3): that of the bytes
// 0, 5, 10 and 15, which stay where they are (encrypt.ts). So the S-box is asked once for 128 counters, and the rest is sums:
//
//   state of counter c = state of counter 0 + (byte c + byte 0) times 1, 1, 3, 2 at the bytes 0, 5, 10, 15
import { wipe } from "../bytes";
import { AES_FIRST_ROUND, SA_ROUND_KEYS } from "../layout";
import { firstRound } from "./nibbles";
import { permute } from "./permute";
import { subBytes } from "./sbox";
import { BITS } from "./tables";
import { transpose } from "./transpose";

/** The last counter of which this holds. */
export const LAST_ALIKE: u32 = 255;

/** Where a byte goes once or three times, and where twice or three times; 0x80 is nowhere. */
// biome-ignore format: an order a line
const PLACES = memory.data<u8>(
  [
    0, 0x80, 0x80, 0x80, 0x80, 0, 0x80, 0x80, 0x80, 0x80, 0, 0x80, 0x80, 0x80, 0x80, 0x80,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x80, 0x80, 0x80, 0x80, 0,
    0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, // the first counters of 16 groups
  ],
  16,
);

/**
 * The states after round 1 of `groups` groups, up to 16, of counters from `from` on, in planes, to `pool`. `block` is that of
 * counter 0, `keys` are those of nibbles.ts.
 */
export function writeFirstRound(pool: usize, sa: usize, keys: usize, block: v128, from: u32, groups: u32): void {
  const start = firstRound(keys, block);
  writeBytes(load<u8>(sa + SA_ROUND_KEYS, 15), <u8>from);
  const length = (<usize>groups) << 7;
  const seventh = difference(112);
  const one = v128.load(BITS);
  let doubled = seventh; // of bit 0 that is what bit 7 comes back as
  for (let bit: usize = 0; bit < 128; bit += 16) {
    const mask = v128.load(BITS + bit);
    const splat = i8x16.eq(v128.and(start, mask), mask);
    const once = difference(bit);
    let oncePlaces = v128.load(PLACES);
    let twicePlaces = v128.load(PLACES, 16);
    for (let group = bit; group < length; group += 128) {
      const sum = v128.xor(permute(once, oncePlaces), permute(doubled, twicePlaces));
      v128.store(pool + group, v128.xor(splat, sum));
      oncePlaces = i8x16.add(oncePlaces, one);
      twicePlaces = i8x16.add(twicePlaces, one);
    }
    doubled = bit == 0 || bit == 32 || bit == 48 ? v128.xor(once, seventh) : once;
  }
  wipe(AES_FIRST_ROUND, 256);
}

/** Byte 15 of 128 counters through the S-box, in planes, and behind it that of counter 0. */
function writeBytes(key: u8, from: u8): void {
  const keys = i8x16.splat(key);
  let counters = i8x16.add(v128.load(PLACES, 32), i8x16.splat(from));
  const one = v128.load(BITS);
  for (let lane: usize = AES_FIRST_ROUND; lane < <usize>AES_FIRST_ROUND + 128; lane += 16) {
    v128.store(lane, v128.xor(counters, keys));
    v128.store(lane, keys, 128);
    counters = i8x16.add(counters, one);
  }
  transpose(AES_FIRST_ROUND, AES_FIRST_ROUND + 256);
  subBytes(AES_FIRST_ROUND, AES_FIRST_ROUND + 256);
}

/** What one bit of the bytes differs in. */
function difference(bit: usize): v128 {
  return v128.xor(v128.load(AES_FIRST_ROUND + bit), v128.load(AES_FIRST_ROUND + bit, 128));
}
