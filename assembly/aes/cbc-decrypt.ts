// AES-CBC, inbound (RFC 3602 section 2.1). A block of text is its decrypted block plus the cipher block before it, so
// the blocks are independent: they go through a pool, those of consecutive packets of one SA together.
//
//   | IV | cipher 0 | cipher 1 | cipher 2 |      text 2 = decrypt(cipher 2) + cipher 1, in the place of cipher 2
//
// A text is worked from its end to its beginning, for then the cipher block before is still there.
import { copy, wipe } from "../bytes";
import { hotFor } from "../hot";
import {
  AES_POOL,
  AES_POOL_END,
  AES_STRETCHES,
  AES_STRETCHES_END,
  D_SA,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_INVERSE_PLANES,
  SA_ROUNDS,
} from "../layout";
import { PENDING } from "../status";
import { aesDecrypt } from "./decrypt";

/** Decrypts the texts of `count` descriptors in place. Each IV lies directly before its text. */
export function cbcDecrypt(list: usize, count: i32): void {
  let sa: usize = 0;
  let planes: usize = 0;
  let pool: usize = AES_POOL; // where the next block goes
  let stretches: usize = AES_STRETCHES; // and where the next stretch is noted
  for (let i = 0; i < count; i++) {
    const descriptor: usize = load<u32>(list + ((<usize>i) << 2));
    if (load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const owner: usize = load<u32>(descriptor, D_SA);
    if (owner != sa) {
      decryptPool(sa, planes, pool, stretches);
      pool = AES_POOL;
      stretches = AES_STRETCHES;
      sa = owner;
      planes = hotFor(sa) + HOT_INVERSE_PLANES;
    }
    const text: usize = load<u32>(descriptor, D_TEXT);
    let end = text + load<u32>(descriptor, D_TEXT_LENGTH);
    while (end > text) {
      const bytes = min(end - text, <usize>AES_POOL_END - pool);
      end -= bytes;
      copy(pool, end, bytes);
      pool += bytes;
      store<u32>(stretches, <u32>end);
      store<u32>(stretches, <u32>bytes, 4);
      stretches += 8;
      if (pool == AES_POOL_END || stretches == AES_STRETCHES_END) {
        decryptPool(sa, planes, pool, stretches);
        pool = AES_POOL;
        stretches = AES_STRETCHES;
      }
    }
  }
  decryptPool(sa, planes, pool, stretches);
}

/** Decrypts the blocks before `poolEnd`, adds the cipher blocks before them and puts them back in their stretches. */
function decryptPool(sa: usize, planes: usize, poolEnd: usize, stretchesEnd: usize): void {
  if (poolEnd == AES_POOL) return;
  const groups = <i32>((poolEnd - AES_POOL + 127) >> 7);
  aesDecrypt(planes, load<u8>(sa, SA_ROUNDS), AES_POOL, groups);
  let decrypted: usize = AES_POOL;
  for (let stretch: usize = AES_STRETCHES; stretch < stretchesEnd; stretch += 8) {
    const text: usize = load<u32>(stretch);
    const bytes: usize = load<u32>(stretch, 4);
    for (let at = bytes; at > 0; ) {
      at -= 16;
      v128.store(text + at, v128.xor(v128.load(decrypted + at), v128.load(text + at - 16)));
    }
    decrypted += bytes;
  }
  wipe(AES_POOL, (<usize>groups) << 7);
  wipe(AES_STRETCHES, stretchesEnd - AES_STRETCHES);
}
