// A packet's counter blocks:
//
//   | salt, 4 bytes, from the key         | IV, 8 bytes, on the wire | counter, 4 bytes |    CTR: text from 1, GCM: from 2
//   | 3, salt, 3 bytes, from the key      | IV, 8 bytes, on the wire | counter, 4 bytes |    CCM: text from 1
//
// One block below the text's first masks the tag of GCM and CCM.
import { ENC_CCM, SA_ENCRYPTION, SA_SALT } from "../layout";

/** The block of counter 0. */
export function counterBlock(sa: usize, iv: usize): v128 {
  const salt = load<u32>(sa, SA_SALT);
  // RFC 3610 section 2.3: CCM's blocks begin with a byte that says how long the counter is, 4 bytes less one.
  const nonce = i32x4.splat(load<u8>(sa, SA_ENCRYPTION) == ENC_CCM ? (salt << 8) | 3 : salt);
  return withCounter(i32x4.replace_lane(i32x4.replace_lane(nonce, 1, load<u32>(iv)), 2, load<u32>(iv, 4)), 0);
}

export function withCounter(block: v128, counter: u32): v128 {
  return i32x4.replace_lane(block, 3, bswap<u32>(counter));
}
