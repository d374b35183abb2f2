// @noble/ciphers and @noble/hashes: audited plain JavaScript. The HMAC key is prepared once; the ciphers have no such
// thing.
import { cbc, gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ESP_HEADER, packetLength, writeHead, writeText } from "../esp.mjs";
import { aeadEsp } from "./aead-esp.mjs";

export const name = "@noble";
const LARGEST = 16_384;
const AEADS = { "aes-gcm-16": gcm, "chacha20-poly1305": chacha20poly1305 };
const HASHES = { "hmac-sha1-96": sha1, "hmac-sha2-256-128": sha256 };

export function supports({ encryption, integrity }) {
  return AEADS[encryption] !== undefined || (encryption === "aes-cbc" && HASHES[integrity] !== undefined);
}

export function prepare(suite, keys) {
  return suite.integrity === undefined
    ? aeadEsp(suite, keys.salt, (nonce, aad) => AEADS[suite.encryption](keys.key, nonce, aad))
    : cbcEsp(suite, keys);
}

function cbcEsp(suite, { key, integrity }) {
  const start = ESP_HEADER + suite.ivLength;
  const { icvLength } = suite;
  const text = new Uint8Array(LARGEST);
  const keyed = hmac.create(HASHES[suite.integrity], integrity);
  const tagOf = (message) => keyed.clone().update(message).digest();
  return {
    seal(packet, sequence, iv, target) {
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      target.set(cbc(key, iv, { disablePadding: true }).encrypt(text.subarray(0, length)), start);
      target.set(tagOf(target.subarray(0, start + length)).subarray(0, icvLength), start + length);
      return start + length + icvLength;
    },
    open(datagram, target) {
      const end = datagram.length - icvLength;
      const tag = tagOf(datagram.subarray(0, end));
      let difference = 0;
      for (let i = 0; i < icvLength; i++) difference |= tag[i] ^ datagram[end + i];
      if (difference !== 0) return 0;
      const iv = datagram.subarray(ESP_HEADER, start);
      const opened = cbc(key, iv, { disablePadding: true }).decrypt(datagram.subarray(start, end));
      const length = packetLength(opened, opened.length);
      target.set(opened.subarray(0, length));
      return length;
    },
  };
}
