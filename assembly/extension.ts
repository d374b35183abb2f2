// Where the upper protocol of an IPv6 packet begins: RFC 8200 section 4.
import { load16 } from "./bytes";

/** What ipv6HeaderLength answers for a fragment, or a header that runs over the end. */
export const NO_HEADER_LENGTH: u64 = 0xffffffffffffffff;

/** Bytes of IPv6 header and extension headers (low half), offset of the byte that names what follows (high half). */
export function ipv6HeaderLength(packet: usize, length: u32): u64 {
  let offset: u32 = 40;
  let nextOffset: u32 = 6;
  while (true) {
    const protocol = load<u8>(packet + <usize>nextOffset);
    // Hop-by-hop, routing, fragment, destination options.
    if (protocol != 0 && protocol != 43 && protocol != 44 && protocol != 60) break;
    if (offset + 8 > length) return NO_HEADER_LENGTH;
    const header = packet + <usize>offset;
    if (protocol == 44 && !isAtomic(header)) return NO_HEADER_LENGTH;
    nextOffset = offset;
    offset += protocol == 44 ? 8 : (<u32>load<u8>(header, 1) + 1) << 3;
    if (offset > length) return NO_HEADER_LENGTH;
  }
  return ((<u64>nextOffset) << 32) | offset;
}

/** Whether the extension headers of an inner IPv6 packet end within it; behind a later fragment's header comes data. */
export function extensionsFit(packet: usize, length: u32): bool {
  let protocol = load<u8>(packet, 6);
  let offset: u32 = 40;
  let fragment = false;
  while (protocol == 0 || protocol == 43 || protocol == 44 || protocol == 60) {
    if (offset + 8 > length) return false;
    const header = packet + <usize>offset;
    let laterFragment = false;
    if (protocol == 44) {
      const place = load16(header + 2);
      laterFragment = !fragment && place >= 8;
      fragment = fragment || !isAtomic(header);
      offset += 8;
    } else {
      offset += (<u32>load<u8>(header, 1) + 1) << 3;
    }
    if (offset > length) return false;
    if (laterFragment) return true;
    protocol = load<u8>(header);
  }
  return true;
}

/** Neither offset nor M: a fragment header that cuts nothing, RFC 6946. */
function isAtomic(fragmentHeader: usize): bool {
  return (load16(fragmentHeader + 2) & 0xfff9) == 0;
}
