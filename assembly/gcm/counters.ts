// The counters of a GCM packet, SP 800-38D section 7.1: block 1 masks the tag, the text begins with block 2.
import { D_TEXT_LENGTH } from "../layout";

export const MASK_COUNTER: u32 = 1;
export const TEXT_COUNTER: u32 = 2;

/** Blocks of key stream: those of the text, and the mask's. So it is the last counter as well. */
export function blocksOf(descriptor: usize): u32 {
  return 1 + ((load<u32>(descriptor, D_TEXT_LENGTH) + 15) >> 4);
}
