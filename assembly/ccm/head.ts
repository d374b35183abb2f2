// What CCM authenticates in front of the text: two blocks, for ESP's AAD is short.
import { aadBits } from "../gcm/aad";
import { D_AUTH, D_IV, D_SA, D_SEQUENCE, D_TEXT_LENGTH, SA_ICV_LENGTH, SA_SALT } from "../layout";

/** RFC 3610 section 2.2: B0 = flags | nonce | text length, and the AAD behind its own length, padded to a block. */
export function ccmHead(descriptor: usize, b0: usize): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const icvLength = <u32>load<u8>(sa, SA_ICV_LENGTH);
  // 64: there is AAD; M' = (M - 2) / 2; L' = 3: the length takes four bytes (RFC 4309 section 4).
  const flags: u32 = 64 | (((icvLength - 2) >> 1) << 3) | 3;
  store<u32>(b0, (load<u32>(sa, SA_SALT) << 8) | flags);
  store<u64>(b0, load<u64>(<usize>load<u32>(descriptor, D_IV)), 4);
  store<u32>(b0, bswap<u32>(load<u32>(descriptor, D_TEXT_LENGTH)), 12);

  const aad = b0 + 16;
  const esn = aadBits(sa) == 96;
  v128.store(aad, i64x2.splat(0));
  store<u8>(aad, esn ? 12 : 8, 1);
  store<u32>(aad, load<u32>(<usize>load<u32>(descriptor, D_AUTH)), 2);
  if (esn) store<u64>(aad, bswap<u64>(load<u64>(descriptor, D_SEQUENCE)), 6);
  else store<u32>(aad, bswap<u32>(load<u32>(descriptor, D_SEQUENCE)), 6);
}
