// node:crypto at its best: KeyObjects made once, one Cipher or Decipher a packet, the trailer written into a reused
// buffer, the output set into the caller's. No policy, no window, and IVs for nothing.
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import { ESP_HEADER, packetLength, writeHead, writeText } from "../esp.mjs";
import { blockMac } from "./block-mac.mjs";

export const name = "node:crypto";
export const supports = () => true;
const LARGEST = 16_384;

/** { seal(packet, sequence, iv, target): length, open(datagram, target): length or 0 }. */
export function prepare(suite, keys) {
  const key = createSecretKey(keys.key);
  if (suite.encryption === "aes-gmac") return gmac(suite, key, keys.salt);
  return suite.integrity === undefined ? aead(suite, key, keys.salt) : separate(suite, key, keys);
}

function cipherName({ encryption, keyLength }) {
  if (encryption === "chacha20-poly1305") return encryption;
  return `aes-${keyLength * 8}-${encryption.split("-")[1]}`;
}

function aead(suite, key, salt) {
  const { ivLength, icvLength } = suite;
  const cipherOf = cipherName(suite);
  const isCcm = cipherOf.endsWith("ccm");
  const options = { authTagLength: icvLength };
  const start = ESP_HEADER + ivLength;
  const text = Buffer.alloc(LARGEST);
  const nonce = Buffer.alloc(salt.length + ivLength);
  nonce.set(salt);
  const lengthOf = (plaintextLength) => (isCcm ? { plaintextLength } : undefined);
  return {
    seal(packet, sequence, iv, target) {
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      nonce.set(iv, salt.length);
      const cipher = createCipheriv(cipherOf, key, nonce, options);
      cipher.setAAD(target.subarray(0, ESP_HEADER), lengthOf(length));
      target.set(cipher.update(text.subarray(0, length)), start);
      cipher.final();
      target.set(cipher.getAuthTag(), start + length);
      return start + length + icvLength;
    },
    open(datagram, target) {
      const end = datagram.length - icvLength;
      nonce.set(datagram.subarray(ESP_HEADER, start), salt.length);
      const decipher = createDecipheriv(cipherOf, key, nonce, options);
      decipher.setAuthTag(datagram.subarray(end));
      decipher.setAAD(datagram.subarray(0, ESP_HEADER), lengthOf(end - start));
      try {
        const opened = decipher.update(datagram.subarray(start, end));
        decipher.final();
        const length = packetLength(opened, opened.length);
        target.set(opened.subarray(0, length));
        return length;
      } catch {
        return 0; // forged
      }
    },
  };
}

/** RFC 4543: everything is authenticated, nothing encrypted. */
function gmac(suite, key, salt) {
  const cipherOf = `aes-${suite.keyLength * 8}-gcm`;
  const start = ESP_HEADER + suite.ivLength;
  const nonce = Buffer.alloc(12);
  nonce.set(salt);
  const tag = (bytes, end) => {
    nonce.set(bytes.subarray(ESP_HEADER, start), 4);
    const cipher = createCipheriv(cipherOf, key, nonce, { authTagLength: 16 });
    cipher.setAAD(bytes.subarray(0, end));
    cipher.final();
    return cipher.getAuthTag();
  };
  return authenticated(suite, start, tag, {
    encrypt: (text, _iv, target) => target.set(text, start),
    decrypt: (bytes) => bytes,
  });
}

function separate(suite, key, keys) {
  const start = ESP_HEADER + suite.ivLength;
  const mac = macOf(suite, keys.integrity);
  return authenticated(suite, start, (bytes, end) => mac(bytes.subarray(0, end)), cipherOf(suite, key, keys.salt));
}

function macOf({ integrity }, key) {
  const hash = /^hmac-(sha1|sha2-\d+)/.exec(integrity)?.[1];
  if (hash === undefined) return blockMac(integrity, key);
  const secret = createSecretKey(key);
  const hashName = hash.replace("sha2-", "sha");
  return (message) => createHmac(hashName, secret).update(message).digest();
}

function cipherOf(suite, key, salt) {
  const start = ESP_HEADER + suite.ivLength;
  if (suite.encryption === "null") {
    return { encrypt: (text, _iv, target) => target.set(text, start), decrypt: (bytes) => bytes };
  }
  const algorithm = cipherName(suite);
  const counter = Buffer.alloc(16); // RFC 3686 section 4: nonce, IV, 1
  counter.set(salt);
  counter[15] = 1;
  const ivOf = (iv) => {
    if (suite.encryption === "aes-cbc") return iv;
    counter.set(iv, 4);
    return counter;
  };
  return {
    encrypt(text, iv, target) {
      target.set(createCipheriv(algorithm, key, ivOf(iv)).setAutoPadding(false).update(text), start);
    },
    decrypt: (bytes, iv) => createDecipheriv(algorithm, key, ivOf(iv)).setAutoPadding(false).update(bytes),
  };
}

/** Encrypt, then authenticate everything in front of the ICV. */
function authenticated(suite, start, tag, { encrypt, decrypt }) {
  const text = Buffer.alloc(LARGEST);
  const { icvLength } = suite;
  return {
    seal(packet, sequence, iv, target) {
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      encrypt(text.subarray(0, length), iv, target);
      target.set(tag(target, start + length).subarray(0, icvLength), start + length);
      return start + length + icvLength;
    },
    open(datagram, target) {
      const end = datagram.length - icvLength;
      if (!timingSafeEqual(tag(datagram, end).subarray(0, icvLength), datagram.subarray(end))) return 0;
      const opened = decrypt(datagram.subarray(start, end), datagram.subarray(ESP_HEADER, start));
      const length = packetLength(opened, opened.length);
      target.set(opened.subarray(0, length));
      return length;
    },
  };
}
