// A fragment header that cuts nothing, offset and M both zero (RFC 6946), in front of AH. IPsec does not see it: both
// ends take it out before the ICV is computed, RFC 4302 appendix A2. A real fragment never comes here.
import { load16, store16 } from "../bytes";
import { D_HEADER_LENGTH, D_NEXT_OFFSET } from "../layout";

const FRAGMENT: u8 = 44;
const FRAGMENT_HEADER_LENGTH: u32 = 8;

/** Takes it out of the D_HEADER_LENGTH bytes at `start`: what stands in front moves up to what follows. Answers the new start. */
export function dropAtomicFragment(descriptor: usize, start: usize): usize {
  const headerLength = load<u32>(descriptor, D_HEADER_LENGTH);
  if (headerLength <= 40 || load<u8>(start) >> 4 != 6) return start;
  let namedAt: u32 = 6;
  let offset: u32 = 40;
  while (load<u8>(start + <usize>namedAt) != FRAGMENT) {
    namedAt = offset;
    offset += (<u32>load<u8>(start + <usize>offset, 1) + 1) << 3;
    if (offset + FRAGMENT_HEADER_LENGTH > headerLength) return start;
  }
  store<u8>(start + <usize>namedAt, load<u8>(start + <usize>offset));
  store16(start + 4, load16(start + 4) - FRAGMENT_HEADER_LENGTH);
  const moved = start + <usize>FRAGMENT_HEADER_LENGTH;
  memory.copy(moved, start, <usize>offset);
  const nextOffset = load<u32>(descriptor, D_NEXT_OFFSET);
  store<u32>(descriptor, nextOffset == offset ? namedAt : nextOffset - FRAGMENT_HEADER_LENGTH, D_NEXT_OFFSET);
  store<u32>(descriptor, headerLength - FRAGMENT_HEADER_LENGTH, D_HEADER_LENGTH);
  return moved;
}
