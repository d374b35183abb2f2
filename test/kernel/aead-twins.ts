// AES-CCM (RFC 3610) for nonces of any length, and Poly1305 (RFC 8439), slow and obvious.
import { createCipheriv } from "node:crypto";

function aes(key: Uint8Array, block: Uint8Array): Buffer {
  return createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
    .setAutoPadding(false)
    .update(block);
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
}

/** RFC 3610 section 2 for 0 < AAD < 65,280: the encrypted text and its tag, hexadecimal. */
export function slowCcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  text: Uint8Array,
  tagLength: number,
): string {
  const lengthSize = 15 - nonce.length;
  const number = (value: number) => Buffer.from(value.toString(16).padStart(2 * lengthSize, "0"), "hex");
  const flags = 64 | (((tagLength - 2) / 2) << 3) | (lengthSize - 1);
  const first = Buffer.concat([Buffer.of(flags), nonce, number(text.length)]);
  const head = Buffer.concat([Buffer.of(aad.length >> 8, aad.length & 255), aad]);
  const blocks = Buffer.concat([first, padded(head), padded(text)]);
  let chain: Buffer = Buffer.alloc(16);
  for (let at = 0; at < blocks.length; at += 16)
    chain = aes(
      key,
      chain.map((byte, i) => byte ^ (blocks[at + i] as number)),
    );
  const stream = (counter: number) => aes(key, Buffer.concat([Buffer.of(lengthSize - 1), nonce, number(counter)]));
  const encrypted = text.map((byte, i) => byte ^ (stream(1 + (i >> 4))[i & 15] as number));
  const mask = stream(0);
  const tag = chain.subarray(0, tagLength).map((byte, i) => byte ^ (mask[i] as number));
  return Buffer.from(encrypted).toString("hex") + Buffer.from(tag).toString("hex");
}

/** RFC 8439 section 2.5 for messages of whole blocks: the tag, hexadecimal. */
export function poly1305(key: Uint8Array, message: Uint8Array): string {
  const number = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
  const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let h = 0n;
  for (let at = 0; at < message.length; at += 16)
    h = ((h + number(message.subarray(at, at + 16)) + (1n << 128n)) * r) % ((1n << 130n) - 5n);
  const tag = (h + number(key.subarray(16))) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, "0"), "hex").reverse().toString("hex");
}
