// What a packet's key stream is made of, and its use.
import { D_IV, D_SA, SA_ROUND_KEYS, SA_SALT } from "../layout";

/** The last row of the state, counter 0. */
export function nonceOf(descriptor: usize): v128 {
  const iv = i64x2.replace_lane(i64x2.splat(0), 1, load<u64>(<usize>load<u32>(descriptor, D_IV)));
  return i32x4.replace_lane(iv, 1, load<u32>(<usize>load<u32>(descriptor, D_SA), SA_SALT));
}

export function keyAddress(descriptor: usize): u32 {
  return load<u32>(descriptor, D_SA) + SA_ROUND_KEYS;
}

/** Whole vectors, then words and bytes: nothing behind the text may be written. */
export function addKeyStream(text: usize, bytes: usize, keyStream: usize): void {
  const end = text + bytes;
  for (; text + 16 <= end; text += 16) {
    v128.store(text, v128.xor(v128.load(text), v128.load(keyStream)));
    keyStream += 16;
  }
  for (; text + 4 <= end; text += 4) {
    store<u32>(text, load<u32>(text) ^ load<u32>(keyStream));
    keyStream += 4;
  }
  for (; text < end; text++) {
    store<u8>(text, load<u8>(text) ^ load<u8>(keyStream));
    keyStream++;
  }
}
