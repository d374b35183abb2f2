// Opening what the engine refuses on purpose: encryption whose ICV nobody can verify, keys of a wrong length or known to be
// weak. With node:crypto, for captures only: a tunnel that worked like this would deliver anything an attacker sends.

import { createDecipheriv, createHmac, timingSafeEqual } from "node:crypto";
import type { EspSaRow, FoundEsp } from "../pcap/index.js";
import { innerPacket } from "./inner.js";
import { DAMAGED, FORGED, type Opener, type Opening } from "./opener.js";

const ESP_HEADER_LENGTH = 8;
/** Pad length and next header. */
const TRAILER_LENGTH = 2;

interface Cipher {
  readonly ivLength: number;
  decrypt(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array;
}

const CIPHERS: Readonly<Record<string, Cipher>> = {
  null: { ivLength: 0, decrypt: (_key, _iv, text) => text },
  "aes-cbc": { ivLength: 16, decrypt: (key, iv, text) => cbc(`aes-${key.length * 8}-cbc`, key, iv, text) },
  "3des-cbc": { ivLength: 8, decrypt: (key, iv, text) => cbc("des-ede3-cbc", key, iv, text) },
  // DES is 3DES with one key three times; OpenSSL 3 has no other in its default provider.
  "des-cbc": {
    ivLength: 8,
    decrypt: (key, iv, text) => cbc("des-ede3-cbc", Buffer.concat([key, key, key]), iv, text),
  },
  "aes-ctr": { ivLength: 8, decrypt: ctr },
};

/** HMACs of which node:crypto knows the hash. */
const HASHES: Readonly<Record<string, string>> = {
  "hmac-md5-96": "md5",
  "hmac-sha1-96": "sha1",
  "hmac-ripemd160-96": "ripemd160",
  "hmac-sha2-256-96": "sha256",
  "hmac-sha2-256-128": "sha256",
  "hmac-sha2-384-192": "sha384",
  "hmac-sha2-512-256": "sha512",
};

/** Undefined: node:crypto cannot do it either. */
export function nodeOpener(row: EspSaRow): Opener | undefined {
  const { encryption } = row.encryption;
  const { integrity, icvLength } = row.authentication;
  const cipher = CIPHERS[encryption];
  const hash = integrity === undefined ? undefined : HASHES[integrity];
  if (cipher === undefined || (integrity !== undefined && hash === undefined)) return undefined;
  return {
    title: integrity === undefined ? `${encryption}, not verified` : `${encryption} + ${integrity} (node:crypto)`,
    verifies: hash !== undefined,
    open(found, packet) {
      const end = found.esp.length - icvLength;
      const start = ESP_HEADER_LENGTH + cipher.ivLength;
      if (end < start + TRAILER_LENGTH) return DAMAGED;
      if (hash !== undefined && !verify(hash, row, found.esp, end)) return FORGED;
      const iv = found.esp.subarray(ESP_HEADER_LENGTH, start);
      return withoutTrailer(decryptOrNothing(cipher, row, iv, found.esp.subarray(start, end)), found, packet);
    },
  };
}

/** RFC 4303 section 2.8: over everything in front of the ICV, and the high half of a 64-bit number behind it. */
function verify(hash: string, row: EspSaRow, esp: Uint8Array, end: number): boolean {
  const hmac = createHmac(hash, row.authenticationKey).update(esp.subarray(0, end));
  if (row.esn) {
    const high = Buffer.alloc(4);
    high.writeUInt32BE(row.sequenceHigh);
    hmac.update(high);
  }
  return timingSafeEqual(hmac.digest().subarray(0, esp.length - end), esp.subarray(end));
}

function decryptOrNothing(cipher: Cipher, row: EspSaRow, iv: Uint8Array, text: Uint8Array): Uint8Array | undefined {
  try {
    return cipher.decrypt(row.encryptionKey, iv, text);
  } catch {
    return undefined; // Not a whole number of blocks.
  }
}

/** RFC 4303 section 2.4: padding is 1, 2, 3 ... Without an ICV that is the only sign of a wrong key. */
function withoutTrailer(text: Uint8Array | undefined, found: FoundEsp, packet: Uint8Array): Opening {
  if (text === undefined) return DAMAGED;
  const padLength = text[text.length - 2] ?? 0;
  const nextHeader = text[text.length - 1] ?? 0;
  const end = text.length - TRAILER_LENGTH - padLength;
  if (end < 0) return DAMAGED;
  for (let index = 0; index < padLength; index++) {
    if (text[end + index] !== index + 1) return DAMAGED;
  }
  return innerPacket(text.subarray(0, end), nextHeader, found, packet);
}

function cbc(name: string, key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(name, key, iv).setAutoPadding(false);
  return Buffer.concat([decipher.update(text), decipher.final()]);
}

/** RFC 3686 section 4: the counter block is the nonce at the end of the key, the IV, and a counter from one. */
function ctr(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Uint8Array {
  const cipherKey = key.subarray(0, key.length - 4);
  const block = Buffer.concat([key.subarray(key.length - 4), iv, Buffer.of(0, 0, 0, 1)]);
  return createDecipheriv(`aes-${cipherKey.length * 8}-ctr`, cipherKey, block).update(text);
}
