// The keys of AES-CMAC (RFC 4493 section 2.3) and AES-XCBC-MAC (RFC 3566 section 4), derived once per SA.
//
//            chains under    whole last block    padded last block
//   CMAC     K               K1 = 2 L            K2 = 4 L            L = AES_K(0)
//   XCBC     K1 = AES_K(1)   K2 = AES_K(2)       K3 = AES_K(3)       each number in all 16 bytes
import { aesEncrypt } from "../aes/encrypt";
import { aesExpand } from "../aes/expand";
import { aesPlanes } from "../aes/planes";
import { load64, store64, wipe } from "../bytes";
import { HOT_WORK, INT_XCBC } from "../layout";

/**
 * Round keys (FIPS 197 order, 176 bytes) to `roundKeys`, two subkeys to `subkeys`, from the 16 bytes at `key`. `planes`
 * are 1408 bytes to work in. A room's pool may be in use meanwhile.
 */
export function macKeys(integrity: i32, key: usize, roundKeys: usize, subkeys: usize, planes: usize): void {
  aesExpand(key, 16, roundKeys);
  aesPlanes(roundKeys, 10, planes);
  if (integrity == INT_XCBC) xcbcKeys(roundKeys, subkeys, planes);
  else cmacKeys(subkeys, planes);
  wipe(HOT_WORK, 128);
  wipe(planes, 11 * 128);
}

function xcbcKeys(roundKeys: usize, subkeys: usize, planes: usize): void {
  memory.fill(HOT_WORK, 1, 16);
  memory.fill(HOT_WORK + 16, 2, 16);
  memory.fill(HOT_WORK + 32, 3, 16);
  aesEncrypt(planes, 10, HOT_WORK, 1);
  memory.copy(subkeys, HOT_WORK + 16, 32);
  aesExpand(HOT_WORK, 16, roundKeys);
}

function cmacKeys(subkeys: usize, planes: usize): void {
  aesEncrypt(planes, 10, HOT_WORK, 1);
  double(HOT_WORK, subkeys);
  double(subkeys, subkeys + 16);
}

/** Times x in GF(2^128), most significant bit first: RFC 4493 section 2.3. No branch on the bit that is carried. */
function double(from: usize, to: usize): void {
  const high = load64(from);
  const low = load64(from + 8);
  const carried = 0 - (high >> 63);
  store64(to, (high << 1) | (low >> 63));
  store64(to + 8, (low << 1) ^ (carried & 0x87));
}
