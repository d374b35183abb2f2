// What Poly1305 authenticates in ESP (RFC 8439 section 2.8): blocks of 16 bytes, AAD and text padded with zeroes.
//
//   | AAD | text ... | u64 bytes of AAD | u64 bytes of text |
import { stageBlocks } from "../blocks";
import { aadBits, aadBlock } from "../gcm/aad";
import { CHACHA_WORK, D_SA, D_TEXT, D_TEXT_LENGTH } from "../layout";

/** At most this many at a time: a little more than a group of key stream is text for. */
export const MESSAGE_BLOCKS: u32 = 13;

export const STAGE: usize = CHACHA_WORK + 512; // MESSAGE_BLOCKS

/** How many there are: AAD, text and lengths. */
export function messageBlocks(descriptor: usize): u32 {
  return 2 + ((load<u32>(descriptor, D_TEXT_LENGTH) + 15) >> 4);
}

/** The address of `blocks` blocks from the one numbered `first` on: in the text itself where they are whole there. */
export function stageMessage(descriptor: usize, first: u32, blocks: u32): usize {
  const text: usize = load<u32>(descriptor, D_TEXT);
  const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
  const from = first == 0 ? text : text + ((<usize>(first - 1)) << 4);
  if (first > 0 && from + ((<usize>blocks) << 4) <= end) return from;
  let place = STAGE;
  if (first == 0) {
    v128.store(STAGE, aadBlock(descriptor));
    place += 16;
  }
  let placesEnd = STAGE + ((<usize>blocks) << 4);
  if (first + blocks == messageBlocks(descriptor)) {
    placesEnd -= 16;
    store<u64>(placesEnd, aadBits(load<u32>(descriptor, D_SA)) >> 3);
    store<u64>(placesEnd, load<u32>(descriptor, D_TEXT_LENGTH), 8);
  }
  stageBlocks(place, placesEnd, from, end);
  return STAGE;
}

/** AAD and the first 64 bytes of the text to `place`. */
export function stageHead(place: usize, descriptor: usize): void {
  const text: usize = load<u32>(descriptor, D_TEXT);
  v128.store(place, aadBlock(descriptor));
  v128.store(place, v128.load(text), 16);
  v128.store(place, v128.load(text, 16), 32);
  v128.store(place, v128.load(text, 32), 48);
  v128.store(place, v128.load(text, 48), 64);
}

/** The text from its byte `first` on and the lengths. Answers where the message ends. */
export function stageRest(place: usize, descriptor: usize, first: usize): usize {
  const length: usize = load<u32>(descriptor, D_TEXT_LENGTH);
  const text: usize = load<u32>(descriptor, D_TEXT);
  const lengths = place + ((length - first + 15) & ~15);
  stageBlocks(place, lengths, text + first, text + length);
  store<u64>(lengths, aadBits(load<u32>(descriptor, D_SA)) >> 3);
  store<u64>(lengths, length, 8);
  return lengths + 16;
}
