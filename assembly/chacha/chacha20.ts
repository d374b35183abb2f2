// ChaCha20 (RFC 8439 section 2.3), three blocks at a time, and Poly1305 beside it. The blocks may be of different
// packets and SAs. A row of the state is a vector: twelve for three blocks, which leaves room for what rotations need.
// They keep the vector units busy and no other, so the multiplications of Poly1305, over a message that is ready, take
// place between their rounds and cost next to nothing.
//
//   an order for a block, 32 bytes   u32 counter | 12 bytes nonce | u32 key | u32 to | u32 from | u32 mask
//
// All are addresses. The key stream goes `to`; where texts are among the three, what the mask has of it, added to what is
// `from`: the text itself, or zeroes.
import { permute } from "../aes/permute";
import { BLOCK_BIT, H0, H1, H2, H3, low, R0, R1, R2, R3, S1, S2, S3, TOP_WORD } from "./poly1305";

export const ORDER_SIZE = 32;
const O_KEY = 16;
export const O_TO = 20;
const O_FROM = 24;
const O_MASK = 28;
export const GROUP: u32 = 3;
export const BLOCK_SIZE: u32 = 64;

const DOUBLE_ROUNDS: u32 = 10;

/** "expand 32-byte k" */
const CONSTANTS = memory.data<u32>([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574], 16);
/** Every 32-bit word rotated left by 16 and by 8. */
const ROTATED_16 = memory.data<u8>([2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13], 16);
const ROTATED_8 = memory.data<u8>([3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14], 16);

/** What an order for three blocks on has more: counter; `to` and `from`. */
const NEXT = memory.data<u32>([3, 0, 0, 0, 0, 192, 192, 0], 16);
/** A block of ones, then one of zeroes: from 64 - n on, a mask of n bytes. */
const MASKS = memory.data<u64>([-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0], 16);

/** `row` is the last one of the state. It is stored as it will be loaded: a load of several stores would wait for them. */
export function orderStream(order: usize, row: v128, key: u32, to: u32): void {
  v128.store(order, row);
  store<u32>(order, key, O_KEY);
  store<u32>(order, to, O_TO);
  store<u32>(order, <u32>(MASKS + BLOCK_SIZE), O_FROM);
  store<u32>(order, <u32>MASKS, O_MASK);
}

/** Key stream for `bytes` of text, 1..64, in place. What is behind them is stored as it was. */
export function orderText(order: usize, row: v128, key: u32, text: u32, bytes: u32): void {
  v128.store(order, row);
  store<u32>(order, key, O_KEY);
  store<u32>(order, text, O_TO);
  store<u32>(order, text, O_FROM);
  store<u32>(order, <u32>MASKS + BLOCK_SIZE - bytes, O_MASK);
}

/** Three orders for blocks of one packet become those for the three behind. */
export function nextOrders(orders: usize): void {
  for (const end = orders + GROUP * ORDER_SIZE; orders < end; orders += ORDER_SIZE) {
    v128.store(orders, i32x4.add(v128.load(orders), v128.load(NEXT)));
    v128.store(orders, i32x4.add(v128.load(orders, O_KEY), v128.load(NEXT, 16)), O_KEY);
  }
}

/** Does three orders; the Poly1305 state at `poly` takes in `blocks` blocks of `message`, twenty at most. */
export function chachaBlocks(orders: usize, adds: bool, poly: usize, message: usize, blocks: u32): void {
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

    // The message, spread evenly: a block at two places of a double round, where it is due. A branch, and not a loop, leaves
    // the compiler most of the registers; and it keeps the three side by side, which may come one after the other as far
    // as the next branch.
    due += blocks;
    if (due >= 2 * DOUBLE_ROUNDS) {
      due -= 2 * DOUBLE_ROUNDS;
      h0 += load<u32>(message, 0);
      h1 += load<u32>(message, 4);
      h2 += load<u32>(message, 8);
      h3 += <u64>load<u32>(message, 12) + BLOCK_BIT;
      message += 16;
      const d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
      const d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + (d0 >> 32);
      const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + (d1 >> 32);
      const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + (d2 >> 32);
      h0 = low(d0) + (d3 >> 34) * 5;
      h1 = low(d1);
      h2 = low(d2);
      h3 = d3 & TOP_WORD;
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

    due += blocks;
    if (due >= 2 * DOUBLE_ROUNDS) {
      due -= 2 * DOUBLE_ROUNDS;
      h0 += load<u32>(message, 0);
      h1 += load<u32>(message, 4);
      h2 += load<u32>(message, 8);
      h3 += <u64>load<u32>(message, 12) + BLOCK_BIT;
      message += 16;
      const d0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
      const d1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + (d0 >> 32);
      const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + (d1 >> 32);
      const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + (d2 >> 32);
      h0 = low(d0) + (d3 >> 34) * 5;
      h1 = low(d1);
      h2 = low(d2);
      h3 = d3 & TOP_WORD;
    }

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

  if (adds) {
    addBlock(orders, a0, a1, a2, a3);
    addBlock(orders + ORDER_SIZE, b0, b1, b2, b3);
    addBlock(orders + 2 * ORDER_SIZE, c0, c1, c2, c3);
  } else {
    storeBlock(orders, a0, a1, a2, a3);
    storeBlock(orders + ORDER_SIZE, b0, b1, b2, b3);
    storeBlock(orders + 2 * ORDER_SIZE, c0, c1, c2, c3);
  }
  store<u64>(poly, h0, H0);
  store<u64>(poly, h1, H1);
  store<u64>(poly, h2, H2);
  store<u64>(poly, h3, H3);
}

/** The key stream is the state after the rounds with what it began as. */
function storeBlock(order: usize, row0: v128, row1: v128, row2: v128, row3: v128): void {
  const key: usize = load<u32>(order, O_KEY);
  const to: usize = load<u32>(order, O_TO);
  v128.store(to, i32x4.add(row0, v128.load(CONSTANTS)));
  v128.store(to, i32x4.add(row1, v128.load(key)), 16);
  v128.store(to, i32x4.add(row2, v128.load(key, 16)), 32);
  v128.store(to, i32x4.add(row3, v128.load(order)), 48);
}

/** The same where orders for texts are among the three. */
function addBlock(order: usize, row0: v128, row1: v128, row2: v128, row3: v128): void {
  const key: usize = load<u32>(order, O_KEY);
  const to: usize = load<u32>(order, O_TO);
  const from: usize = load<u32>(order, O_FROM);
  const mask: usize = load<u32>(order, O_MASK);
  const stream0 = v128.and(v128.load(mask), i32x4.add(row0, v128.load(CONSTANTS)));
  const stream1 = v128.and(v128.load(mask, 16), i32x4.add(row1, v128.load(key)));
  const stream2 = v128.and(v128.load(mask, 32), i32x4.add(row2, v128.load(key, 16)));
  const stream3 = v128.and(v128.load(mask, 48), i32x4.add(row3, v128.load(order)));
  v128.store(to, v128.xor(stream0, v128.load(from)));
  v128.store(to, v128.xor(stream1, v128.load(from, 16)), 16);
  v128.store(to, v128.xor(stream2, v128.load(from, 32)), 32);
  v128.store(to, v128.xor(stream3, v128.load(from, 48)), 48);
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
