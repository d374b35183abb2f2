// The anti-replay window of RFC 4303 section 3.4.3, kept as the ring of RFC 6479. Exactly SA_WINDOW_BITS numbers are
// tracked: highest - bits + 1 .. highest.
//
// Two functions on purpose. A forged packet must never move the window, so replayCheck runs before the ICV is
// verified and replayCommit after it.
//
//   ring  u64[SA_WINDOW_MASK + 1]   bit (s & 63) of word ((s >> 6) & mask) is number s
//
// The ring has a bit for every number of the window: what leaves it makes room bit by bit, not word by word.
import { PENDING, REPLAYED, STALE } from "./status";
import { FLAG_ESN, SA_FLAGS, SA_SEQUENCE, SA_WINDOW, SA_WINDOW_BITS, SA_WINDOW_MASK } from "./layout";

/** Says whether `sequence` may be new: PENDING, STALE or REPLAYED. Changes nothing. */
export function replayCheck(sa: usize, sequence: u64): i32 {
  const bits = load<u32>(sa, SA_WINDOW_BITS);
  if (bits == 0) return PENDING;
  // Zero is never sent without ESN; with it, only by a number that has wrapped its low half (RFC 4303 section 3.3.3).
  if (sequence == 0 && (load<u8>(sa, SA_FLAGS) & FLAG_ESN) == 0) return STALE;
  const highest = load<u64>(sa, SA_SEQUENCE);
  if (sequence > highest) return PENDING;
  if (highest - sequence >= bits) return STALE;
  const word = load<u64>(wordAddress(sa, sequence));
  return (word >> (sequence & 63)) & 1 ? REPLAYED : PENDING;
}

/** Marks `sequence` as seen and moves the window up to it. Only for a packet whose ICV has verified. */
export function replayCommit(sa: usize, sequence: u64): void {
  const tracked = load<u32>(sa, SA_WINDOW_BITS) != 0;
  if (sequence > load<u64>(sa, SA_SEQUENCE)) {
    if (tracked) slide(sa, sequence);
    store<u64>(sa, sequence, SA_SEQUENCE);
  }
  if (!tracked) return;
  const address = wordAddress(sa, sequence);
  store<u64>(address, load<u64>(address) | ((<u64>1) << (sequence & 63)));
}

/** Every number up to and including `highest` counts as seen: a new SA, or a restored one. */
export function replayStart(sa: usize, highest: u64): void {
  store<u64>(sa, highest, SA_SEQUENCE);
  if (load<u32>(sa, SA_WINDOW_BITS) == 0) return;
  memory.fill(load<u32>(sa, SA_WINDOW), 0xff, (load<u32>(sa, SA_WINDOW_MASK) + 1) << 3);
}

/** The numbers between the highest and `sequence` have not been seen: their bits were those of numbers that leave. */
function slide(sa: usize, sequence: u64): void {
  const ring = (<u64>load<u32>(sa, SA_WINDOW_MASK) + 1) << 6;
  let from = load<u64>(sa, SA_SEQUENCE) + 1;
  if (sequence - from > ring) from = sequence - ring; // at most one lap
  while (from < sequence) {
    const last = min<u64>(from | 63, sequence - 1); // of those in one word
    const address = wordAddress(sa, from);
    const bits = (~(<u64>0) >> (63 - (last - from))) << (from & 63);
    store<u64>(address, load<u64>(address) & ~bits);
    from = last + 1;
  }
}

function wordAddress(sa: usize, sequence: u64): usize {
  return load<u32>(sa, SA_WINDOW) + ((<usize>(<u32>(sequence >> 6) & load<u32>(sa, SA_WINDOW_MASK))) << 3);
}
