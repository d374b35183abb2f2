// HMAC of one packet whose first blocks another room hashes, while it encrypts. For the hashes that can be alone: not MD5.
import { wipe } from "../bytes";
import { D_AUTH, D_AUTH_LENGTH, HMAC_WORK, SA_INNER_STATE, SHA_WORK } from "../layout";
import { compressOne } from "./compress";
import { makeTail, SET, TAIL_SIZE, TAILS } from "./hmac";
import { outerTags } from "./outer";
import { blockShiftOf, SCHEDULE_SIZE } from "./sizes";
import { L_DESCRIPTORS, loadStates } from "./states";

/** Answers where the state is: in the first lane of a set. */
export function loneStart(integrity: i32, descriptor: usize): usize {
  store<u32>(SET, <u32>descriptor, L_DESCRIPTORS);
  loadStates(integrity, SET, SA_INNER_STATE, 1);
  return SET;
}

/** From the state after the message's blocks in front of `source` to the tag in D_TAG. */
export function loneTag(integrity: i32, descriptor: usize, source: usize): void {
  const message = <usize>load<u32>(descriptor, D_AUTH);
  const length = <usize>load<u32>(descriptor, D_AUTH_LENGTH);
  const left = message + length - source;
  compressOne(integrity, SET, source, <u32>left >> blockShiftOf(integrity));
  compressOne(integrity, SET, TAILS, <u32>makeTail(integrity, TAILS, message, length));
  outerTags(integrity, SET, 1);
  wipe(HMAC_WORK, TAILS - HMAC_WORK + TAIL_SIZE);
  wipe(SHA_WORK, SCHEDULE_SIZE);
}
