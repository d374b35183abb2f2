// The algorithms by name, over node:crypto. Keys as SaConfig has them: the salt stands behind the key.
import { type CipherGCM, createCipheriv, createDecipheriv, createHmac, type DecipherGCM } from "node:crypto";
import type { EncryptionName, IntegrityName } from "../../src/sad/config.js";
import { cmac, xcbc } from "../kernel/mac-twins.js";
import { ENCRYPTION_SIZES, INTEGRITY_SIZES } from "./suites.js";

/** What an AEAD, or GMAC, is told of a packet. */
export interface AeadInput {
  readonly encryption: EncryptionName;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  /** SPI and sequence number: 8 bytes, 12 with ESN (RFC 4106 section 5). */
  readonly associated: Uint8Array;
}

function splitKey(encryption: EncryptionName, key: Uint8Array): { cipherKey: Uint8Array; salt: Uint8Array } {
  const at = key.length - ENCRYPTION_SIZES[encryption].saltLength;
  return { cipherKey: key.subarray(0, at), salt: key.subarray(at) };
}

function opensslName(encryption: EncryptionName, keyLength: number): string {
  if (encryption === "chacha20-poly1305") return encryption;
  return `aes-${keyLength * 8}-${encryption.startsWith("aes-ccm") ? "ccm" : "gcm"}`;
}

export function aeadSeal(input: AeadInput, text: Uint8Array): { cipherText: Uint8Array; icv: Uint8Array } {
  const { encryption, key, iv, associated } = input;
  const { cipherKey, salt } = splitKey(encryption, key);
  const authTagLength = ENCRYPTION_SIZES[encryption].icvLength;
  const nonce = Buffer.concat([salt, iv]);
  // node:crypto types CCM, GCM and ChaCha20-Poly1305 apart; their verbs are the same.
  const cipher = createCipheriv(opensslName(encryption, cipherKey.length) as "aes-128-gcm", cipherKey, nonce, {
    authTagLength,
  }) as CipherGCM;
  if (encryption === "aes-gmac") {
    cipher.setAAD(Buffer.concat([associated, iv, text])); // RFC 4543 section 3.3
    cipher.final();
    return { cipherText: text, icv: cipher.getAuthTag() };
  }
  cipher.setAAD(associated, { plaintextLength: text.length });
  const cipherText = cipher.update(text);
  cipher.final();
  return { cipherText, icv: cipher.getAuthTag() };
}

/** The text, or undefined when the ICV does not verify. */
export function aeadOpen(input: AeadInput, cipherText: Uint8Array, icv: Uint8Array): Uint8Array | undefined {
  const { encryption, key, iv, associated } = input;
  const { cipherKey, salt } = splitKey(encryption, key);
  const nonce = Buffer.concat([salt, iv]);
  const decipher = createDecipheriv(opensslName(encryption, cipherKey.length) as "aes-128-gcm", cipherKey, nonce, {
    authTagLength: icv.length,
  }) as DecipherGCM;
  decipher.setAuthTag(icv);
  try {
    if (encryption === "aes-gmac") {
      decipher.setAAD(Buffer.concat([associated, iv, cipherText]));
      decipher.final();
      return cipherText;
    }
    decipher.setAAD(associated, { plaintextLength: cipherText.length });
    const text = decipher.update(cipherText);
    decipher.final();
    return text;
  } catch {
    return undefined;
  }
}

/** Encryption without an ICV of its own: null, CBC with AES or DES, CTR. */
export function encrypt(encryption: EncryptionName, key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  if (encryption === "null") return text;
  if (encryption === "aes-ctr") return counterMode(key, iv, text);
  const { name, cipherKey } = blockCipher(encryption, key);
  return createCipheriv(name, cipherKey, iv).setAutoPadding(false).update(text);
}

export function decrypt(encryption: EncryptionName, key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  if (encryption === "null") return text;
  if (encryption === "aes-ctr") return counterMode(key, iv, text);
  const { name, cipherKey } = blockCipher(encryption, key);
  return createDecipheriv(name, cipherKey, iv).setAutoPadding(false).update(text);
}

/** DES is 3DES with one key three times; OpenSSL 3 has no other in its default provider. */
function blockCipher(encryption: EncryptionName, key: Uint8Array): { name: string; cipherKey: Uint8Array } {
  if (encryption === "aes-cbc") return { name: `aes-${key.length * 8}-cbc`, cipherKey: key };
  return { name: "des-ede3-cbc", cipherKey: encryption === "des-cbc" ? Buffer.concat([key, key, key]) : key };
}

/** RFC 3686 section 4: the counter block is nonce, IV, and a block counter that begins at one. */
function counterMode(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  const { cipherKey, salt } = splitKey("aes-ctr", key);
  const counterBlock = Buffer.concat([salt, iv, Buffer.of(0, 0, 0, 1)]);
  return createCipheriv(`aes-${cipherKey.length * 8}-ctr`, cipherKey, counterBlock).update(text);
}

/** The ICV of a separate integrity algorithm. */
export function integrityCheckValue(integrity: IntegrityName, key: Uint8Array, message: Uint8Array): Uint8Array {
  return fullTag(integrity, key, message).subarray(0, INTEGRITY_SIZES[integrity].icvLength);
}

function fullTag(integrity: IntegrityName, key: Uint8Array, message: Uint8Array): Uint8Array {
  if (integrity === "aes-xcbc-96") return xcbc(key, message);
  if (integrity === "aes-cmac-96") return cmac(key, message);
  if (integrity === "hmac-md5-96") return createHmac("md5", key).update(message).digest();
  const hash = integrity === "hmac-sha1-96" ? "sha1" : `sha${integrity.split("-")[2]}`;
  return createHmac(hash, key).update(message).digest();
}
