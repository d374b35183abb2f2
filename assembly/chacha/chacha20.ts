// ChaCha20 (RFC 8439 section 2.3), four blocks at a time: 32-bit lane l of every vector belongs to block l. The blocks
// may be of different packets and SAs, so short packets fill the lanes too.
//
//   an order for a block, 32 bytes   u32 counter | 12 bytes nonce | u32 address of the key | 12 bytes unused
import { permute } from "../aes/permute";
import { CHACHA_WORK } from "../layout";

export const ORDER_SIZE = 32;

const START: usize = CHACHA_WORK; // 256 bytes: the state before the rounds

/** "expand 32-byte k", each word in four lanes. */
// biome-ignore format: a word a line
const CONSTANTS = memory.data<u32>(
  [
    0x61707865, 0x61707865, 0x61707865, 0x61707865,
    0x3320646e, 0x3320646e, 0x3320646e, 0x3320646e,
    0x79622d32, 0x79622d32, 0x79622d32, 0x79622d32,
    0x6b206574, 0x6b206574, 0x6b206574, 0x6b206574,
  ],
  16,
);
/** Every 32-bit word rotated left by 16 and by 8. */
const ROTATED_16 = memory.data<u8>([2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], 16);
const ROTATED_8 = memory.data<u8>([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14], 16);

/** Key stream for `groups` times four orders: 64 bytes each, to `target`. The caller wipes CHACHA_WORK's first 256 bytes. */
export function chachaBlocks(orders: usize, target: usize, groups: i32): void {
  for (; groups > 0; groups--) {
    startState(orders);
    rounds(target);
    orders += 4 * ORDER_SIZE;
    target += 256;
  }
}

/** RFC 8439 section 2.3: constants, key, counter and nonce, word by word over the four lanes. */
function startState(orders: usize): void {
  for (let word: usize = 0; word < 64; word += 16) v128.store(START + word, v128.load(CONSTANTS + word));
  const key0: usize = load<u32>(orders, 16);
  const key1: usize = load<u32>(orders + ORDER_SIZE, 16);
  const key2: usize = load<u32>(orders + 2 * ORDER_SIZE, 16);
  const key3: usize = load<u32>(orders + 3 * ORDER_SIZE, 16);
  transpose(START + 64, v128.load(key0), v128.load(key1), v128.load(key2), v128.load(key3));
  transpose(START + 128, v128.load(key0, 16), v128.load(key1, 16), v128.load(key2, 16), v128.load(key3, 16));
  const order0 = v128.load(orders);
  const order1 = v128.load(orders + ORDER_SIZE);
  const order2 = v128.load(orders + 2 * ORDER_SIZE);
  const order3 = v128.load(orders + 3 * ORDER_SIZE);
  transpose(START + 192, order0, order1, order2, order3);
}

/** Four rows of four words become four columns, 16 bytes apart. */
function transpose(to: usize, r0: v128, r1: v128, r2: v128, r3: v128): void {
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2), 0);
  v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3), 16);
  v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2), 32);
  v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3), 48);
}

/** Twenty rounds over the state at START; the sum with it to `target`, block by block. */
function rounds(target: usize): void {
  const rotated16 = v128.load(ROTATED_16);
  const rotated8 = v128.load(ROTATED_8);
  let s0 = v128.load(START, 0);
  let s1 = v128.load(START, 16);
  let s2 = v128.load(START, 32);
  let s3 = v128.load(START, 48);
  let s4 = v128.load(START, 64);
  let s5 = v128.load(START, 80);
  let s6 = v128.load(START, 96);
  let s7 = v128.load(START, 112);
  let s8 = v128.load(START, 128);
  let s9 = v128.load(START, 144);
  let s10 = v128.load(START, 160);
  let s11 = v128.load(START, 176);
  let s12 = v128.load(START, 192);
  let s13 = v128.load(START, 208);
  let s14 = v128.load(START, 224);
  let s15 = v128.load(START, 240);
  // RFC 8439 section 2.1: a += b, d ^= a, d <<<= 16; c += d, b ^= c, b <<<= 12; then by 8 and 7. Four quarter rounds
  // go step by step together: the columns, then the diagonals.
  for (let doubleRound = 0; doubleRound < 10; doubleRound++) {
    s0 = i32x4.add(s0, s4);
    s1 = i32x4.add(s1, s5);
    s2 = i32x4.add(s2, s6);
    s3 = i32x4.add(s3, s7);
    s12 = permute(v128.xor(s12, s0), rotated16);
    s13 = permute(v128.xor(s13, s1), rotated16);
    s14 = permute(v128.xor(s14, s2), rotated16);
    s15 = permute(v128.xor(s15, s3), rotated16);
    s8 = i32x4.add(s8, s12);
    s9 = i32x4.add(s9, s13);
    s10 = i32x4.add(s10, s14);
    s11 = i32x4.add(s11, s15);
    s4 = rotateLeft(v128.xor(s4, s8), 12);
    s5 = rotateLeft(v128.xor(s5, s9), 12);
    s6 = rotateLeft(v128.xor(s6, s10), 12);
    s7 = rotateLeft(v128.xor(s7, s11), 12);
    s0 = i32x4.add(s0, s4);
    s1 = i32x4.add(s1, s5);
    s2 = i32x4.add(s2, s6);
    s3 = i32x4.add(s3, s7);
    s12 = permute(v128.xor(s12, s0), rotated8);
    s13 = permute(v128.xor(s13, s1), rotated8);
    s14 = permute(v128.xor(s14, s2), rotated8);
    s15 = permute(v128.xor(s15, s3), rotated8);
    s8 = i32x4.add(s8, s12);
    s9 = i32x4.add(s9, s13);
    s10 = i32x4.add(s10, s14);
    s11 = i32x4.add(s11, s15);
    s4 = rotateLeft(v128.xor(s4, s8), 7);
    s5 = rotateLeft(v128.xor(s5, s9), 7);
    s6 = rotateLeft(v128.xor(s6, s10), 7);
    s7 = rotateLeft(v128.xor(s7, s11), 7);

    s0 = i32x4.add(s0, s5);
    s1 = i32x4.add(s1, s6);
    s2 = i32x4.add(s2, s7);
    s3 = i32x4.add(s3, s4);
    s15 = permute(v128.xor(s15, s0), rotated16);
    s12 = permute(v128.xor(s12, s1), rotated16);
    s13 = permute(v128.xor(s13, s2), rotated16);
    s14 = permute(v128.xor(s14, s3), rotated16);
    s10 = i32x4.add(s10, s15);
    s11 = i32x4.add(s11, s12);
    s8 = i32x4.add(s8, s13);
    s9 = i32x4.add(s9, s14);
    s5 = rotateLeft(v128.xor(s5, s10), 12);
    s6 = rotateLeft(v128.xor(s6, s11), 12);
    s7 = rotateLeft(v128.xor(s7, s8), 12);
    s4 = rotateLeft(v128.xor(s4, s9), 12);
    s0 = i32x4.add(s0, s5);
    s1 = i32x4.add(s1, s6);
    s2 = i32x4.add(s2, s7);
    s3 = i32x4.add(s3, s4);
    s15 = permute(v128.xor(s15, s0), rotated8);
    s12 = permute(v128.xor(s12, s1), rotated8);
    s13 = permute(v128.xor(s13, s2), rotated8);
    s14 = permute(v128.xor(s14, s3), rotated8);
    s10 = i32x4.add(s10, s15);
    s11 = i32x4.add(s11, s12);
    s8 = i32x4.add(s8, s13);
    s9 = i32x4.add(s9, s14);
    s5 = rotateLeft(v128.xor(s5, s10), 7);
    s6 = rotateLeft(v128.xor(s6, s11), 7);
    s7 = rotateLeft(v128.xor(s7, s8), 7);
    s4 = rotateLeft(v128.xor(s4, s9), 7);
  }
  store4(target, 0, s0, s1, s2, s3);
  store4(target, 64, s4, s5, s6, s7);
  store4(target, 128, s8, s9, s10, s11);
  store4(target, 192, s12, s13, s14, s15);
}

/** Four words of the state with what they began as, to their places in four blocks. */
function store4(target: usize, word: usize, a: v128, b: v128, c: v128, d: v128): void {
  const start = START + word;
  const r0 = i32x4.add(a, v128.load(start, 0));
  const r1 = i32x4.add(b, v128.load(start, 16));
  const r2 = i32x4.add(c, v128.load(start, 32));
  const r3 = i32x4.add(d, v128.load(start, 48));
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  const place = target + (word >> 2);
  v128.store(place, v128.shuffle<i64>(low01, low23, 0, 2), 0);
  v128.store(place, v128.shuffle<i64>(low01, low23, 1, 3), 64);
  v128.store(place, v128.shuffle<i64>(high01, high23, 0, 2), 128);
  v128.store(place, v128.shuffle<i64>(high01, high23, 1, 3), 192);
}

function rotateLeft(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}
