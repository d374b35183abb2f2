// Lists of packets with two blocks of text each, as a TCP acknowledgement or a voice frame has. Key and text are then a
// group of their own, so nothing has to be cut across packets, and Poly1305 takes in the packet before, whole, meanwhile.
// Only when that one's ICV has verified is its key stream added to it.
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { CHACHA_WORK, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { BLOCK_SIZE, chachaBlocks, GROUP, ORDER_SIZE, orderStream, orderText } from "./chacha20";
import { addKeyStream, keyAddress, nonceOf } from "./keystream";
import { STAGE, stageHead, stageRest } from "./message";
import { POLY_SIZE, polyBlocks, polyFinish, polyStart } from "./poly1305";

const ORDERS: usize = CHACHA_WORK;
// Key and key stream of the packet in hand and of the one before.
const STREAM: usize = CHACHA_WORK + 768;
const STREAM_SIZE: usize = GROUP * BLOCK_SIZE;
const POLY: usize = STREAM + 2 * STREAM_SIZE;
const END: usize = POLY + POLY_SIZE;

/** Whether every text takes two blocks. */
export function areShort(list: usize, count: i32): bool {
  const end = list + ((<usize>count) << 2);
  for (; list < end; list += 4) {
    const length = load<u32>(<usize>load<u32>(list), D_TEXT_LENGTH);
    if (length - (BLOCK_SIZE + 1) >= BLOCK_SIZE) return false;
  }
  return true;
}

/** chachaSeal, or chachaOpen, for these. */
export function shortRun(list: usize, count: i32, seals: bool): void {
  let before: usize = 0;
  let blocks: u32 = 0;
  let stream = STREAM;
  let streamBefore = STREAM + STREAM_SIZE;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4) {
    const descriptor: usize = load<u32>(list);
    orderPacket(descriptor, stream, seals);
    chachaBlocks(ORDERS, seals, POLY, STAGE, blocks);
    if (before) finish(before, streamBefore, seals);
    polyStart(POLY, stream);
    stageHead(STAGE, descriptor);
    blocks = <u32>(stageRest(STAGE + 16 + BLOCK_SIZE, descriptor, BLOCK_SIZE) - STAGE) >> 4;
    before = descriptor;
    const free = streamBefore;
    streamBefore = stream;
    stream = free;
  }
  polyBlocks(POLY, STAGE, blocks);
  finish(before, streamBefore, seals);
  wipe(CHACHA_WORK, END - CHACHA_WORK);
}

function orderPacket(descriptor: usize, stream: usize, seals: bool): void {
  const nonce = nonceOf(descriptor);
  const key = keyAddress(descriptor);
  const first = i32x4.replace_lane(nonce, 0, 1);
  const second = i32x4.replace_lane(nonce, 0, 2);
  orderStream(ORDERS, nonce, key, <u32>stream);
  if (seals) {
    const text = load<u32>(descriptor, D_TEXT);
    orderText(ORDERS + ORDER_SIZE, first, key, text, BLOCK_SIZE);
    orderText(
      ORDERS + 2 * ORDER_SIZE,
      second,
      key,
      text + BLOCK_SIZE,
      load<u32>(descriptor, D_TEXT_LENGTH) - BLOCK_SIZE,
    );
  } else {
    orderStream(ORDERS + ORDER_SIZE, first, key, <u32>stream + BLOCK_SIZE);
    orderStream(ORDERS + 2 * ORDER_SIZE, second, key, <u32>stream + 2 * BLOCK_SIZE);
  }
}

function finish(descriptor: usize, stream: usize, seals: bool): void {
  polyFinish(POLY, descriptor + D_TAG);
  if (seals) return;
  if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  if (load<u32>(descriptor, D_STATUS) != PENDING) return;
  addKeyStream(load<u32>(descriptor, D_TEXT), load<u32>(descriptor, D_TEXT_LENGTH), stream + BLOCK_SIZE);
}
