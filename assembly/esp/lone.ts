// One packet alone, AES-CBC and HMAC: its hash follows its cipher a block of 64 bytes behind, so that both run at once. What
// is then left of the hash runs alone.
// AES-192 goes the usual way: where its rounds turn the columns is not where those of 128 and 256 do (aes/nibbles.ts).
//
//   | SPI .. | IV | text                                     |
//   | hashed: blocks of 64 bytes  | beside it: | up to four blocks
import { encryptChained, handedOn } from "../aes/nibble-chain";
import { nibbleKeys } from "../aes/nibbles";
import { finishOne, startOne, STATE, VARIABLES } from "../hmac/one";
import {
  D_AUTH,
  D_IV,
  D_SA,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  ENC_CBC,
  INT_SHA1,
  INT_SHA256,
  ONE_KEYS,
  SA_ENCRYPTION,
  SA_INTEGRITY,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../layout";
import { sha1BesideCbc } from "../sha1/beside-cbc";
import { sha1Rest, TWENTY } from "../sha1/one";
import { sha256BesideCbc } from "../sha2/beside-cbc";
import { sha256Rest, SIXTEEN } from "../sha2/one";
import { PENDING } from "../status";

/** Whether the one packet of `list` is such a one. */
export function isLone(list: usize): bool {
  const descriptor = <usize>load<u32>(list);
  const sa = <usize>load<u32>(descriptor, D_SA);
  if (load<u32>(descriptor, D_STATUS) != PENDING || load<u8>(sa, SA_ENCRYPTION) != ENC_CBC) return false;
  const integrity = load<u8>(sa, SA_INTEGRITY);
  return (integrity == INT_SHA1 || integrity == INT_SHA256) && load<u8>(sa, SA_ROUNDS) != 12;
}

/** Encrypts its text in place and computes its tag: finishOne wipes the keys of the chain, too. */
export function loneSeal(list: usize): void {
  const descriptor = <usize>load<u32>(list);
  const sa = <usize>load<u32>(descriptor, D_SA);
  const integrity = <i32>load<u8>(sa, SA_INTEGRITY);
  const rounds = <i32>load<u8>(sa, SA_ROUNDS);
  let source = <usize>load<u32>(descriptor, D_AUTH);
  let text = <usize>load<u32>(descriptor, D_TEXT);
  const end = text + load<u32>(descriptor, D_TEXT_LENGTH);
  nibbleKeys(sa + SA_ROUND_KEYS, rounds, ONE_KEYS);
  startOne(descriptor);
  let chain = handedOn(ONE_KEYS, rounds, v128.load(<usize>load<u32>(descriptor, D_IV)));
  while (text < end) {
    if (text < source + 64) {
      chain = encryptChained(ONE_KEYS, rounds, text, chain);
      text += 16;
      continue;
    }
    const next = min(text + 64, end);
    if (integrity == INT_SHA1) {
      chain = sha1BesideCbc(STATE, VARIABLES, source, ONE_KEYS, rounds, text, next, chain);
      sha1Rest(STATE, VARIABLES, ((next - text) >> 4) * TWENTY);
    } else {
      chain = sha256BesideCbc(STATE, VARIABLES, source, ONE_KEYS, rounds, text, next, chain);
      sha256Rest(STATE, VARIABLES, ((next - text) >> 4) * SIXTEEN);
    }
    source += 64;
    text = next;
  }
  finishOne(integrity, descriptor, source);
}
