// Sequence numbers, RFC 4303 sections 2.2 and 3.3.3, appendix A.
import { FLAG_ESN, SA_FLAGS, SA_SEQUENCE, SA_WINDOW_BITS } from "./layout";

/** Whether an outbound SA has a number left. It stops, it never wraps: IVs are made of it. */
export function hasSequence(sa: usize): bool {
  const limit: u64 = load<u8>(sa, SA_FLAGS) & FLAG_ESN ? 0xffffffffffffffff : 0xffffffff;
  return load<u64>(sa, SA_SEQUENCE) < limit;
}

/** Takes the next number of an SA that has one. */
export function nextSequence(sa: usize): u64 {
  const next = load<u64>(sa, SA_SEQUENCE) + 1;
  store<u64>(sa, next, SA_SEQUENCE);
  return next;
}

/** The number that a received low half stands for. */
export function inferSequence(sa: usize, low: u32): u64 {
  if ((load<u8>(sa, SA_FLAGS) & FLAG_ESN) == 0) return low;
  const bits = load<u32>(sa, SA_WINDOW_BITS);
  const highest = load<u64>(sa, SA_SEQUENCE);
  return bits == 0 ? nearest(highest, low) : windowed(highest, low, bits);
}

/** RFC 4303 appendix A2.2: with Th, Tl the halves of the highest number and W the window. */
function windowed(highest: u64, low: u32, bits: u32): u64 {
  const top = <u32>highest; // Tl
  const bottom = top - bits + 1; // modulo 2^32, as the RFC computes it
  const high = highest >> 32; // Th
  if (top >= bits - 1) {
    // Case A: the window lies in one epoch; a number below it belongs to the next.
    return ((low >= bottom ? high : high + 1) << 32) | low;
  }
  // Case B: the window reaches back into the epoch before. Before epoch 0 there is none.
  return ((low >= bottom && high > 0 ? high - 1 : high) << 32) | low;
}

/** Without a window there is no bottom to compare with: the epoch that brings the number nearest to the highest. */
function nearest(highest: u64, low: u32): u64 {
  const distance = <i64>(<i32>(low - <u32>highest));
  if (distance < 0 && highest < <u64>-distance) return low;
  const sequence = highest + <u64>distance;
  return distance > 0 && sequence < highest ? (highest & 0xffffffff00000000) | low : sequence;
}
