// AES-CBC, outbound (RFC 3602). The IV must be unpredictable (section 2.1): it is the cipher, under a key that only
// this engine knows, of a block that never comes again.
//
//   | SA record, u32 | SA generation, u32 | sequence number, u64 |
import { wipe } from "../bytes";
import {
  AES_POOL,
  AES_POOL_END,
  C_IV_NIBBLE_KEYS,
  C_IV_PLANES,
  D_IV,
  D_SA,
  D_SEQUENCE,
  D_STATUS,
  SA_GENERATION,
  SA_IV_LENGTH,
} from "../layout";
import { PENDING } from "../status";
import { runChains } from "./chain";
import { CHAIN_CBC, FEW } from "./chain-lanes";
import { aesEncrypt } from "./encrypt";
import { encryptBlock } from "./nibbles";

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
  if (count <= FEW) {
    for (let i = 0; i < count; i++) {
      const descriptor = descriptorAt(list, i);
      writeIv(descriptor, encryptBlock(C_IV_NIBBLE_KEYS, 10, uniqueBlock(descriptor)));
    }
    return;
  }
  for (let first = 0; first < count; ) {
    let pool: usize = AES_POOL;
    let next = first;
    for (; next < count && pool < <usize>AES_POOL_END; next++) {
      v128.store(pool, uniqueBlock(descriptorAt(list, next)));
      pool += 16;
    }
    const groups = <i32>((pool - AES_POOL + 127) >> 7);
    aesEncrypt(C_IV_PLANES, 10, AES_POOL, groups);
    pool = AES_POOL;
    for (; first < next; first++) {
      writeIv(descriptorAt(list, first), v128.load(pool));
      pool += 16;
    }
    wipe(AES_POOL, (<usize>groups) << 7);
  }
}

function uniqueBlock(descriptor: usize): v128 {
  const sa: usize = load<u32>(descriptor, D_SA);
  const record = i32x4.replace_lane(i32x4.splat(load<u32>(sa, SA_GENERATION)), 0, <u32>sa);
  return i64x2.replace_lane(record, 1, load<u64>(descriptor, D_SEQUENCE));
}

function writeIv(descriptor: usize, iv: v128): void {
  if (load<u32>(descriptor, D_STATUS) != PENDING) return;
  const place = <usize>load<u32>(descriptor, D_IV);
  if (LEGACY && load<u8>(<usize>load<u32>(descriptor, D_SA), SA_IV_LENGTH) == 8) {
    v128.store64_lane(place, iv, 0);
  } else {
    v128.store(place, iv);
  }
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
