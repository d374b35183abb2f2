// The outer hash of HMAC: H(key + opad, inner digest), RFC 2104 section 2. All of them are one block long, so they run
// apart from the packets, a full set of lanes at a time, and the digests go into the message schedule as they are: word
// by word they lie there already.
import { SA_OUTER_STATE, SHA_WORK } from "../layout";
import { compressSchedule } from "./compress";
import { endMessages, storeLengths } from "./schedule";
import { blockLengthOf, digestLengthOf, wordLengthOf } from "./sizes";
import { ALL_LANES, loadStates, storeTags } from "./states";

/** From the inner digests of the first `count` lanes of `set` to their tags: min(32, digest) bytes to D_TAG. */
export function outerTags(integrity: i32, set: usize, count: i32): void {
  const digest = digestLengthOf(integrity);
  const end = (<usize>(digest / wordLengthOf(integrity))) << 4;
  for (let at: usize = 0; at < end; at += 16) v128.store(SHA_WORK + at, v128.load(set + at));
  endMessages(integrity, end);
  storeLengths(integrity, digest + blockLengthOf(integrity)); // the outer pad is a block of its own
  loadStates(integrity, set, SA_OUTER_STATE, ALL_LANES);
  compressSchedule(integrity, set);
  storeTags(integrity, set, count);
}
