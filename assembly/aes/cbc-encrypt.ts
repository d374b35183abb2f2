// AES-CBC, outbound (RFC 3602). The IV must be unpredictable (section 2.1): it is the cipher, under a key that only
// this engine knows, of a block that never comes again.
//
//   | SA record, u32 | SA generation, u32 | sequence number, u64 |
import { wipe } from "../bytes";
import {
  AES_POOL,
  AES_POOL_END,
  C_IV_PLANES,
  D_IV,
  D_SA,
  D_SEQUENCE,
  D_STATUS,
  SA_GENERATION,
  SA_IV_LENGTH,
} from "../layout";
import { PENDING } from "../status";
import { CHAIN_CBC, runChains } from "./chain";
import { aesEncrypt } from "./encrypt";

/** Draws the IVs of `count` descriptors and encrypts their texts in place: multiples of 16 bytes, 16 at least. */
export function cbcEncrypt(list: usize, count: i32): void {
  writeIvs(list, count);
  cbcEncryptWithIvs(list, count);
}

/** The same under the IVs that are there already. */
export function cbcEncryptWithIvs(list: usize, count: i32): void {
  runChains(CHAIN_CBC, list, count);
}

/** Writes the IVs of `count` descriptors: 16 bytes, or in the legacy build the first 8 of them for DES. */
export function writeIvs(list: usize, count: i32): void {
  for (let first = 0; first < count; ) {
    let pool: usize = AES_POOL;
    let next = first;
    for (; next < count && pool < <usize>AES_POOL_END; next++) {
      const descriptor = descriptorAt(list, next);
      const sa: usize = load<u32>(descriptor, D_SA);
      store<u32>(pool, <u32>sa);
      store<u32>(pool, load<u32>(sa, SA_GENERATION), 4);
      store<u64>(pool, load<u64>(descriptor, D_SEQUENCE), 8);
      pool += 16;
    }
    const groups = <i32>((pool - AES_POOL + 127) >> 7);
    aesEncrypt(C_IV_PLANES, 10, AES_POOL, groups);
    pool = AES_POOL;
    for (; first < next; first++) {
      const descriptor = descriptorAt(list, first);
      if (load<u32>(descriptor, D_STATUS) == PENDING) {
        const iv = <usize>load<u32>(descriptor, D_IV);
        if (LEGACY && load<u8>(<usize>load<u32>(descriptor, D_SA), SA_IV_LENGTH) == 8) store<u64>(iv, load<u64>(pool));
        else v128.store(iv, v128.load(pool));
      }
      pool += 16;
    }
    wipe(AES_POOL, (<usize>groups) << 7);
  }
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
