// What ESP authenticates besides the text when an AEAD seals it (RFC 4106 section 5, RFC 7634 section 2.1):
//
//   | SPI | sequence number |                 or, with ESN,   | SPI | high half | low half |
import { D_AUTH, D_SA, D_SEQUENCE, FLAG_ESN, SA_FLAGS } from "../layout";

/** The AAD of a packet as one block, padded with zeroes. */
export function aadBlock(descriptor: usize): v128 {
  const block = i32x4.splat(0);
  const spi = load<u32>(<usize>load<u32>(descriptor, D_AUTH)); // as on the wire
  const low = bswap<u32>(load<u32>(descriptor, D_SEQUENCE));
  const withSpi = i32x4.replace_lane(block, 0, spi);
  if (aadBits(load<u32>(descriptor, D_SA)) == 64) return i32x4.replace_lane(withSpi, 1, low);
  const high = bswap<u32>(load<u32>(descriptor, D_SEQUENCE + 4));
  return i32x4.replace_lane(i32x4.replace_lane(withSpi, 1, high), 2, low);
}

/** Its length in bits, 64 or 96. */
export function aadBits(sa: usize): u64 {
  return load<u8>(sa, SA_FLAGS) & FLAG_ESN ? 96 : 64;
}
