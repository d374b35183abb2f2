// WebCrypto, the only crypto that browsers bring: an AEAD is one call a packet, CBC with HMAC two. It always pads CBC as
// PKCS #7; sealing drops the block too many, opening makes it first (RFC 3602 wants ESP's own padding).
import { ESP_HEADER, packetLength, writeHead, writeText } from "../esp.mjs";

const { subtle } = globalThis.crypto;
const BLOCK = 16;
const HASHES = { "hmac-sha1-96": "SHA-1", "hmac-sha2-256-128": "SHA-256" };
const supports = ({ encryption, integrity }) =>
  encryption === "aes-gcm-16" || (encryption === "aes-cbc" && HASHES[integrity] !== undefined);

const peer = (name, inFlight) => ({ name, inFlight, isAsync: true, supports, prepare });
export const sequential = peer("WebCrypto", 1);
export const concurrent = peer("WebCrypto, 64 in flight", 64);

async function prepare(suite, keys) {
  return suite.integrity === undefined ? gcm(suite, keys) : cbc(suite, keys);
}

async function gcm(suite, { key, salt }) {
  const secret = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  const start = ESP_HEADER + suite.ivLength;
  const parameters = (head) => {
    const iv = new Uint8Array(12);
    iv.set(salt);
    iv.set(head.subarray(ESP_HEADER, start), 4);
    return { name: "AES-GCM", iv, additionalData: head.subarray(0, ESP_HEADER), tagLength: suite.icvLength * 8 };
  };
  return {
    async seal(packet, sequence, iv, target) {
      const text = new Uint8Array(packet.length + 8);
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      const sealed = await subtle.encrypt(parameters(target), secret, text.subarray(0, length));
      target.set(new Uint8Array(sealed), start);
      return start + sealed.byteLength;
    },
    async open(datagram, target) {
      try {
        const opened = new Uint8Array(await subtle.decrypt(parameters(datagram), secret, datagram.subarray(start)));
        const length = packetLength(opened, opened.length);
        target.set(opened.subarray(0, length));
        return length;
      } catch {
        return 0; // forged
      }
    },
  };
}

async function cbc(suite, { key, integrity }) {
  const secret = await subtle.importKey("raw", key, "AES-CBC", false, ["encrypt", "decrypt"]);
  const hash = HASHES[suite.integrity];
  const mac = await subtle.importKey("raw", integrity, { name: "HMAC", hash }, false, ["sign"]);
  const start = ESP_HEADER + suite.ivLength;
  const { icvLength } = suite;
  return {
    async seal(packet, sequence, iv, target) {
      const text = new Uint8Array(packet.length + 18);
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      const sealed = await subtle.encrypt({ name: "AES-CBC", iv }, secret, text.subarray(0, length));
      target.set(new Uint8Array(sealed, 0, length), start);
      const tag = await subtle.sign("HMAC", mac, target.subarray(0, start + length));
      target.set(new Uint8Array(tag, 0, icvLength), start + length);
      return start + length + icvLength;
    },
    async open(datagram, target) {
      const end = datagram.length - icvLength;
      const tag = new Uint8Array(await subtle.sign("HMAC", mac, datagram.subarray(0, end)));
      let difference = 0;
      for (let i = 0; i < icvLength; i++) difference |= tag[i] ^ datagram[end + i];
      if (difference !== 0) return 0;
      const last = datagram.subarray(end - BLOCK, end);
      const padding = await subtle.encrypt({ name: "AES-CBC", iv: last }, secret, new Uint8Array(0));
      const text = new Uint8Array(end - start + BLOCK);
      text.set(datagram.subarray(start, end));
      text.set(new Uint8Array(padding), end - start);
      const iv = datagram.subarray(ESP_HEADER, start);
      const opened = new Uint8Array(await subtle.decrypt({ name: "AES-CBC", iv }, secret, text));
      const length = packetLength(opened, opened.length);
      target.set(opened.subarray(0, length));
      return length;
    },
  };
}
