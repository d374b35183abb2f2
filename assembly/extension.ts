// Where the upper protocol of an IPv6 packet begins: RFC 8200 section 4.

/** What ipv6HeaderLength answers for a fragment, or a header that runs over the end. */
export const NO_HEADER_LENGTH: u64 = 0xffffffffffffffff;

/** Bytes of IPv6 header and extension headers (low half), offset of the byte that names what follows (high half). */
export function ipv6HeaderLength(packet: usize, length: u32): u64 {
  let offset: u32 = 40;
  let nextOffset: u32 = 6;
  while (true) {
    const protocol = load<u8>(packet + <usize>nextOffset);
    // Hop-by-hop, routing, destination options, mobility. A fragment header means that this is no whole packet.
    if (protocol == 44) return NO_HEADER_LENGTH;
    if (protocol != 0 && protocol != 43 && protocol != 60 && protocol != 135) break;
    if (offset + 8 > length) return NO_HEADER_LENGTH;
    nextOffset = offset;
    offset += (<u32>load<u8>(packet + <usize>offset, 1) + 1) << 3;
    if (offset > length) return NO_HEADER_LENGTH;
  }
  return ((<u64>nextOffset) << 32) | offset;
}
