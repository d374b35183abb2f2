// The parts of the bitsliced cipher, each against its definition. Buffers are static data, so that no address of the
// kernel's own map is touched.
import { aesDecrypt } from "../../../assembly/aes/decrypt";
import { aesEncrypt } from "../../../assembly/aes/encrypt";
import { aesInversePlanes, aesPlanes, aesPlanesLane } from "../../../assembly/aes/planes";
import { subBytes } from "../../../assembly/aes/sbox";
import { ROWS_DOWN, SHIFT_ROWS } from "../../../assembly/aes/tables";
import { transpose } from "../../../assembly/aes/transpose";

const STATE = memory.data(256, 16);
const ROUND_KEYS = memory.data(240, 16);
const PLANES = memory.data(1920, 16);
const LANES = memory.data(1920, 16);

/** FIPS 197 section 4.2. */
function multiply(a: u32, b: u32): u32 {
  let product: u32 = 0;
  for (; b > 0; b >>= 1) {
    if (b & 1) product ^= a;
    a = (a << 1) ^ ((a >> 7) * 0x11b);
  }
  return product;
}

/** FIPS 197 section 5.1.1 without its constant: the inverse, which is the 254th power, and the affine map. */
function substitute(byte: u32): u8 {
  let inverse: u32 = 1;
  for (let i = 0; i < 254; i++) inverse = multiply(inverse, byte);
  const x = <u8>inverse;
  return x ^ rotl<u8>(x, 1) ^ rotl<u8>(x, 2) ^ rotl<u8>(x, 3) ^ rotl<u8>(x, 4);
}

function fillRoundKeys(seed: u32): void {
  for (let i: u32 = 0; i < 240; i++) {
    seed = seed * 1664525 + 1013904223;
    store<u8>(ROUND_KEYS + i, <u8>(seed >> 24));
  }
}

describe("aes", () => {
  test("transpose brings bit b of byte j of block i to bit i of byte j of plane b, and back", () => {
    let misplaced = 0;
    for (let i: u32 = 0; i < 8; i++) {
      for (let j: u32 = 0; j < 16; j++) {
        for (let b: u32 = 0; b < 8; b++) {
          const inBlock: u32 = 1 << b;
          const inPlane: u32 = 1 << i;
          memory.fill(STATE, 0, 128);
          store<u8>(STATE + i * 16 + j, <u8>inBlock);
          transpose(STATE, STATE + 128);
          if (<u32>load<u8>(STATE + b * 16 + j) != inPlane) misplaced++;
          transpose(STATE, STATE + 128);
          if (<u32>load<u8>(STATE + i * 16 + j) != inBlock) misplaced++;
        }
      }
    }
    expect(misplaced).toBe(0);
  });

  test("the circuit is the S-box less 0x63, for all 256 bytes", () => {
    for (let byte: u32 = 0; byte < 256; byte++) store<u8>(STATE + byte, <u8>byte);
    transpose(STATE, STATE + 256);
    subBytes(STATE, STATE + 256);
    transpose(STATE, STATE + 256);
    let wrong = 0;
    for (let byte: u32 = 0; byte < 256; byte++) {
      if (load<u8>(STATE + byte) != substitute(byte)) wrong++;
    }
    expect(wrong).toBe(0);
    expect<u8>(load<u8>(STATE + 0x53) ^ 0x63).toBe(0xed); // the example of FIPS 197 section 5.1.1
  });

  test("the orders are what their comments say", () => {
    for (let times: u32 = 0; times < 4; times++) {
      for (let i: u32 = 0; i < 16; i++) {
        const row = i & 3;
        const column = i >> 2;
        const oneDown = ((row + 1) & 3) | (((column + times) & 3) << 2);
        const twoDown = ((row + 2) & 3) | (((column + 2 * times) & 3) << 2);
        expect<u32>(load<u8>(SHIFT_ROWS + 16 * times + i)).toBe(row | (((column + row * times) & 3) << 2));
        expect<u32>(load<u8>(ROWS_DOWN + 32 * times + i)).toBe(oneDown);
        expect<u32>(load<u8>(ROWS_DOWN + 32 * times + 16 + i)).toBe(twoDown);
      }
    }
  });

  test("eight lanes set one by one are all lanes at once", () => {
    for (let rounds = 10; rounds <= 14; rounds += 2) {
      fillRoundKeys(rounds);
      aesPlanes(ROUND_KEYS, rounds, PLANES);
      memory.fill(LANES, 0xa5, 1920);
      for (let lane = 0; lane < 8; lane++) aesPlanesLane(ROUND_KEYS, rounds, LANES, lane);
      expect(memory.compare(LANES, PLANES, (rounds + 1) * 128)).toBe(0);
    }
  });

  test("decryption undoes encryption under any round keys", () => {
    for (let rounds = 10; rounds <= 14; rounds += 2) {
      fillRoundKeys(rounds);
      for (let byte: u32 = 0; byte < 256; byte++) store<u8>(STATE + byte, <u8>byte);
      aesPlanes(ROUND_KEYS, rounds, PLANES);
      aesEncrypt(PLANES, rounds, STATE, 2);
      let same = 0;
      for (let byte: u32 = 0; byte < 256; byte++) same += i32(load<u8>(STATE + byte) == byte);
      expect(same).toBeLessThan(16);
      aesInversePlanes(ROUND_KEYS, rounds, PLANES);
      aesDecrypt(PLANES, rounds, STATE, 2);
      for (let byte: u32 = 0; byte < 256; byte++) expect<u32>(load<u8>(STATE + byte)).toBe(byte);
    }
  });
});
