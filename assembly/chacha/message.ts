// What Poly1305 authenticates in ESP (RFC 8439 section 2.8): blocks of 16 bytes, AAD and text padded with zeroes.
//
//   | AAD | text ... | u64 bytes of AAD | u64 bytes of text |
import { stageBlocks } from "../blocks";
import { aadBits, aadBlock } from "../gcm/aad";
import { CHACHA_WORK, D_SA, D_TEXT, D_TEXT_LENGTH } from "../layout";

/** At most this many at a time. */
export const MESSAGE_BLOCKS: u32 = 16;

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

/** A whole message of at most MESSAGE_BLOCKS to STAGE. Answers how many blocks it is. */
export function stageWhole(descriptor: usize): u32 {
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  const text: usize = load<u32>(descriptor, D_TEXT);
  const blocks = (length + 15) >> 4;
  const lengths = STAGE + 16 + ((<usize>blocks) << 4);
  v128.store(STAGE, aadBlock(descriptor));
  stageBlocks(STAGE + 16, lengths, text, text + length);
  store<u64>(lengths, aadBits(load<u32>(descriptor, D_SA)) >> 3);
  store<u64>(lengths, length, 8);
  return blocks + 2;
}
