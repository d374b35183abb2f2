// Lists of packets with two blocks of text each, as a TCP acknowledgement or a voice frame has. Key and text are then a
// group of their own, so nothing has to be cut across packets, and Poly1305 takes in the packet before, whole, meanwhile.
// Only when that one's ICV has verified is its key stream added to it.
import { wipe } from "../bytes";
import { icvMatches } from "../esp/icv";
import { CHACHA_WORK, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { BLOCK_SIZE, chachaBlocks, GROUP, O_KEY, O_TO, ORDER_SIZE } from "./chacha20";
import { addKeyStream, keyAddress, nonceOf } from "./keystream";
import { inFours, foursOpen, foursSeal } from "./fours";
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

/** chachaSeal for these. */
export function shortSeal(list: usize, count: i32): void {
  const fours = LEGACY ? 0 : inFours(list, count); // the legacy build has no room for it
  if (fours > 0) foursSeal(list, fours);
  if (fours < count) run(list + ((<usize>fours) << 2), count - fours, true);
}

/** chachaOpen for these. */
export function shortOpen(list: usize, count: i32): void {
  const fours = LEGACY ? 0 : inFours(list, count);
  if (fours > 0) foursOpen(list, fours);
  if (fours < count) run(list + ((<usize>fours) << 2), count - fours, false);
}

function run(list: usize, count: i32, seals: bool): void {
  let before: usize = 0;
  let blocks: u32 = 0;
  let stream = STREAM;
  let streamBefore = STREAM + STREAM_SIZE;
  for (const end = list + ((<usize>count) << 2); list < end; list += 4) {
    const descriptor: usize = load<u32>(list);
    orderPacket(descriptor, stream);
    chachaBlocks(ORDERS, POLY, STAGE, blocks);
    if (before) finish(before, streamBefore, seals);
    if (seals) addTo(descriptor, stream);
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

function orderPacket(descriptor: usize, stream: usize): void {
  const nonce = nonceOf(descriptor);
  const key = keyAddress(descriptor);
  for (let block = 0; block < GROUP; block++) {
    const order = ORDERS + <usize>block * ORDER_SIZE;
    v128.store(order, i32x4.replace_lane(nonce, 0, block));
    store<u32>(order, key, O_KEY);
    store<u32>(order, stream + <usize>block * BLOCK_SIZE, O_TO);
  }
}

function finish(descriptor: usize, stream: usize, seals: bool): void {
  polyFinish(POLY, descriptor + D_TAG);
  if (seals) return;
  if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  if (load<u32>(descriptor, D_STATUS) == PENDING) addTo(descriptor, stream);
}

function addTo(descriptor: usize, stream: usize): void {
  addKeyStream(load<u32>(descriptor, D_TEXT), load<u32>(descriptor, D_TEXT_LENGTH), stream + BLOCK_SIZE);
}
