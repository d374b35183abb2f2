// ChaCha20 (RFC 8439 section 2.3), three blocks at a time, and Poly1305 beside it. The blocks may be of different
// packets and SAs. A row of the state is a vector: twelve for three blocks, which leaves room for what rotations need.
// They keep the vector units busy and no other, so the multiplications of Poly1305, over a message that is ready, take
// place between their rounds and cost next to nothing.
//
//   an order for a block, 64 bytes   u32 counter | 12 bytes nonce | u32 key | u32 to | the rest is the caller's
//
// Key and to are addresses: the key stream goes to `to`.
import { permute } from "../aes/permute";
import { H0, H1, H2, H3, H4, R0, R1, R2, R3, S1, S2, S3 } from "./poly1305";

export const ORDER_SIZE = 64;
export const O_KEY = 16;
export const O_TO = 20;
export const GROUP = 3;
export const BLOCK_SIZE: u32 = 64;

const DOUBLE_ROUNDS: u32 = 10;

/** "expand 32-byte k" */
export const CONSTANTS = memory.data<u32>([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574], 16);
/** Every 32-bit word rotated left by 16 and by 8. */
const ROTATED_16 = memory.data<u8>([2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], 16);
const ROTATED_8 = memory.data<u8>([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14], 16);

/** Does three orders; the Poly1305 state at `poly` takes in `blocks` blocks of `message`. */
export function chachaBlocks(orders: usize, poly: usize, message: usize, blocks: u32): void {
  const r0 = load<u64>(poly, R0);
  const r1 = load<u64>(poly, R1);
  const r2 = load<u64>(poly, R2);
  const r3 = load<u64>(poly, R3);
  const s1 = load<u64>(poly, S1);
  const s2 = load<u64>(poly, S2);
  const s3 = load<u64>(poly, S3);
  let h0 = load<u64>(poly, H0);
  let h1 = load<u64>(poly, H1);
  let h2 = load<u64>(poly, H2);
  let h3 = load<u64>(poly, H3);
  let h4 = load<u64>(poly, H4);

  const rotated16 = v128.load(ROTATED_16);
  const rotated8 = v128.load(ROTATED_8);
  const keyA: usize = load<u32>(orders, O_KEY);
  const keyB: usize = load<u32>(orders + ORDER_SIZE, O_KEY);
  const keyC: usize = load<u32>(orders + 2 * ORDER_SIZE, O_KEY);
  let a0 = v128.load(CONSTANTS);
  let b0 = a0;
  let c0 = a0;
  let a1 = v128.load(keyA);
  let b1 = v128.load(keyB);
  let c1 = v128.load(keyC);
  let a2 = v128.load(keyA, 16);
  let b2 = v128.load(keyB, 16);
  let c2 = v128.load(keyC, 16);
  let a3 = v128.load(orders);
  let b3 = v128.load(orders + ORDER_SIZE);
  let c3 = v128.load(orders + 2 * ORDER_SIZE);

  let due: u32 = 0;
  for (let doubleRound: u32 = 0; doubleRound < DOUBLE_ROUNDS; doubleRound++) {
    // RFC 8439 section 2.1, four quarter rounds in the words of a vector: rows 0 += 1, 3 ^= 0, 3 <<<= 16; 2 += 3,
    // 1 ^= 2, 1 <<<= 12; then by 8 and 7. The columns:
    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    c0 = i32x4.add(c0, c1);
    a3 = permute(v128.xor(a3, a0), rotated16);
    b3 = permute(v128.xor(b3, b0), rotated16);
    c3 = permute(v128.xor(c3, c0), rotated16);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    c2 = i32x4.add(c2, c3);
    a1 = rotateLeft(v128.xor(a1, a2), 12);
    b1 = rotateLeft(v128.xor(b1, b2), 12);
    c1 = rotateLeft(v128.xor(c1, c2), 12);
    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    c0 = i32x4.add(c0, c1);
    a3 = permute(v128.xor(a3, a0), rotated8);
    b3 = permute(v128.xor(b3, b0), rotated8);
    c3 = permute(v128.xor(c3, c0), rotated8);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    c2 = i32x4.add(c2, c3);
    a1 = rotateLeft(v128.xor(a1, a2), 7);
    b1 = rotateLeft(v128.xor(b1, b2), 7);
    c1 = rotateLeft(v128.xor(c1, c2), 7);

    // The message, spread evenly over the double rounds. It comes in their middle because a compiler may work on one
    // block after the other as far as the next branch, and the three should stay side by side.
    for (due += blocks; due >= DOUBLE_ROUNDS; due -= DOUBLE_ROUNDS) {
      h0 += load<u32>(message, 0);
      h1 += load<u32>(message, 4);
      h2 += load<u32>(message, 8);
      h3 += load<u32>(message, 12);
      h4 += 1;
      message += 16;
      const d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
      const d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + h4 * s1;
      const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + h4 * s2;
      const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s3;
      const d4 = h4 * r0 + (d3 >> 32);
      h0 = (d0 & 0xffffffff) + (d4 >> 2) + (d4 & ~3);
      h1 = (d1 & 0xffffffff) + (d0 >> 32);
      h2 = (d2 & 0xffffffff) + (d1 >> 32);
      h3 = (d3 & 0xffffffff) + (d2 >> 32);
      h4 = d4 & 3;
    }

    // The diagonals. Row 1 is what the next step waits for, so it stays, and the others move to meet it.
    a0 = i32x4.add(fromLast(a0), a1);
    b0 = i32x4.add(fromLast(b0), b1);
    c0 = i32x4.add(fromLast(c0), c1);
    a3 = permute(v128.xor(fromOther(a3), a0), rotated16);
    b3 = permute(v128.xor(fromOther(b3), b0), rotated16);
    c3 = permute(v128.xor(fromOther(c3), c0), rotated16);
    a2 = i32x4.add(fromNext(a2), a3);
    b2 = i32x4.add(fromNext(b2), b3);
    c2 = i32x4.add(fromNext(c2), c3);
    a1 = rotateLeft(v128.xor(a1, a2), 12);
    b1 = rotateLeft(v128.xor(b1, b2), 12);
    c1 = rotateLeft(v128.xor(c1, c2), 12);
    a0 = i32x4.add(a0, a1);
    b0 = i32x4.add(b0, b1);
    c0 = i32x4.add(c0, c1);
    a3 = permute(v128.xor(a3, a0), rotated8);
    b3 = permute(v128.xor(b3, b0), rotated8);
    c3 = permute(v128.xor(c3, c0), rotated8);
    a2 = i32x4.add(a2, a3);
    b2 = i32x4.add(b2, b3);
    c2 = i32x4.add(c2, c3);
    a1 = rotateLeft(v128.xor(a1, a2), 7);
    b1 = rotateLeft(v128.xor(b1, b2), 7);
    c1 = rotateLeft(v128.xor(c1, c2), 7);
    a0 = fromNext(a0);
    b0 = fromNext(b0);
    c0 = fromNext(c0);
    a2 = fromLast(a2);
    b2 = fromLast(b2);
    c2 = fromLast(c2);
    a3 = fromOther(a3);
    b3 = fromOther(b3);
    c3 = fromOther(c3);
  }

  storeBlock(orders, a0, a1, a2, a3);
  storeBlock(orders + ORDER_SIZE, b0, b1, b2, b3);
  storeBlock(orders + 2 * ORDER_SIZE, c0, c1, c2, c3);
  store<u64>(poly, h0, H0);
  store<u64>(poly, h1, H1);
  store<u64>(poly, h2, H2);
  store<u64>(poly, h3, H3);
  store<u64>(poly, h4, H4);
}

/** The state after the rounds with what it began as. */
function storeBlock(order: usize, row0: v128, row1: v128, row2: v128, row3: v128): void {
  const key: usize = load<u32>(order, O_KEY);
  const to: usize = load<u32>(order, O_TO);
  v128.store(to, i32x4.add(row0, v128.load(CONSTANTS)), 0);
  v128.store(to, i32x4.add(row1, v128.load(key)), 16);
  v128.store(to, i32x4.add(row2, v128.load(key, 16)), 32);
  v128.store(to, i32x4.add(row3, v128.load(order)), 48);
}

function rotateLeft(x: v128, n: i32): v128 {
  return v128.or(i32x4.shl(x, n), i32x4.shr_u(x, 32 - n));
}

/** Every word from its neighbour on one side, from the one on the other, or from the word opposite. */
function fromNext(row: v128): v128 {
  return v128.shuffle<i32>(row, row, 1, 2, 3, 0);
}

function fromLast(row: v128): v128 {
  return v128.shuffle<i32>(row, row, 3, 0, 1, 2);
}

function fromOther(row: v128): v128 {
  return v128.shuffle<i32>(row, row, 2, 3, 0, 1);
}
