// ESP around an AEAD of plain functions: what the JavaScript peers share.
import { ESP_HEADER, packetLength, writeHead, writeText } from "../esp.mjs";

const LARGEST = 16_384;

/** ESP around an AEAD: `cipher(nonce, aad)` answers { encrypt, decrypt }, text and ICV together. */
export function aeadEsp(suite, salt, cipher) {
  const start = ESP_HEADER + suite.ivLength;
  const text = new Uint8Array(LARGEST);
  const nonce = new Uint8Array(12);
  nonce.set(salt);
  return {
    seal(packet, sequence, iv, target) {
      const length = writeText(suite, packet, text);
      writeHead(target, sequence, iv);
      nonce.set(iv, salt.length);
      const sealed = cipher(nonce, target.subarray(0, ESP_HEADER)).encrypt(text.subarray(0, length));
      target.set(sealed, start);
      return start + sealed.length;
    },
    open(datagram, target) {
      nonce.set(datagram.subarray(ESP_HEADER, start), salt.length);
      try {
        const opened = cipher(nonce, datagram.subarray(0, ESP_HEADER)).decrypt(datagram.subarray(start));
        const length = packetLength(opened, opened.length);
        target.set(opened.subarray(0, length));
        return length;
      } catch {
        return 0; // forged
      }
    },
  };
}
