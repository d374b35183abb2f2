// One packet alone, AES-CBC and HMAC: its hash follows its cipher a block of 64 bytes behind, so that both run at once.
// AES-192 goes the usual way: where its rounds turn the columns is not where those of 128 and 256 do (aes/nibbles.ts).
//
//   | SPI .. | IV | text                                     |
//   | hashed: blocks of 64 bytes  | beside it: | four blocks
import { encryptBlock, NIBBLE_KEYS_SIZE, nibbleKeys } from "../aes/nibbles";
import { wipe } from "../bytes";
import { loneStart, loneTag } from "../hmac/lone";
import {
  AES_CHAIN_KEYS,
  D_AUTH,
  D_IV,
  D_SA,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  ENC_CBC,
  INT_SHA1,
  INT_SHA256,
  SA_ENCRYPTION,
  SA_INTEGRITY,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../layout";
import { sha1BesideCbc } from "../sha1/beside-cbc";
import { sha256BesideCbc } from "../sha2/beside-cbc";
import { PENDING } from "../status";

/** Whether the one packet of `list` is such a one. */
export function isLone(list: usize): bool {
  const descriptor = <usize>load<u32>(list);
  const sa = <usize>load<u32>(descriptor, D_SA);
  if (load<u32>(descriptor, D_STATUS) != PENDING || load<u8>(sa, SA_ENCRYPTION) != ENC_CBC) return false;
  const integrity = load<u8>(sa, SA_INTEGRITY);
  return (integrity == INT_SHA1 || integrity == INT_SHA256) && load<u8>(sa, SA_ROUNDS) != 12;
}

/** Encrypts its text in place and computes its tag. */
export function loneSeal(list: usize): void {
  const descriptor = <usize>load<u32>(list);
  const sa = <usize>load<u32>(descriptor, D_SA);
  const integrity = <i32>load<u8>(sa, SA_INTEGRITY);
  const rounds = <i32>load<u8>(sa, SA_ROUNDS);
  let source = <usize>load<u32>(descriptor, D_AUTH);
  let text = <usize>load<u32>(descriptor, D_TEXT);
  const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
  nibbleKeys(sa + SA_ROUND_KEYS, rounds, AES_CHAIN_KEYS);
  const state = loneStart(integrity, descriptor);
  let chain = v128.load(<usize>load<u32>(descriptor, D_IV));
  for (; text < end; text += 16) {
    // While there is a block to hash, and there are four to encrypt.
    for (; text >= source + 64 && text + 64 <= end; text += 64) {
      if (integrity == INT_SHA1) chain = sha1BesideCbc(state, source, AES_CHAIN_KEYS, rounds, text, chain);
      else chain = sha256BesideCbc(state, source, AES_CHAIN_KEYS, rounds, text, chain);
      source += 64;
    }
    if (text == end) break;
    chain = encryptBlock(AES_CHAIN_KEYS, rounds, v128.xor(chain, v128.load(text)));
    v128.store(text, chain);
  }
  loneTag(integrity, descriptor, source);
  wipe(AES_CHAIN_KEYS, NIBBLE_KEYS_SIZE);
}
