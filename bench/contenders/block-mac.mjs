// CMAC (RFC 4493) and AES-XCBC-MAC (RFC 3566) with node:crypto, which has neither: one CBC encryption a message, whose
// last block is the tag.
import { createCipheriv, createSecretKey } from "node:crypto";

const BLOCK = 16;
const ZERO = Buffer.alloc(BLOCK);

/** message -> tag of 16 bytes. */
export function blockMac(integrity, key) {
  const { chain, whole, padded } = integrity === "aes-cmac-96" ? cmacKeys(key) : xcbcKeys(key);
  const secret = createSecretKey(chain);
  const blocks = Buffer.alloc(16_384);
  return (message) => {
    const length = Math.max(BLOCK, Math.ceil(message.length / BLOCK) * BLOCK);
    blocks.set(message);
    if (length !== message.length) blocks.fill(0, message.length, length)[message.length] = 0x80;
    const mask = length === message.length ? whole : padded;
    for (let i = 0; i < BLOCK; i++) blocks[length - BLOCK + i] ^= mask[i];
    return createCipheriv("aes-128-cbc", secret, ZERO)
      .update(blocks.subarray(0, length))
      .subarray(length - BLOCK);
  };
}

function encryptBlock(key, block) {
  return createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(block);
}

function cmacKeys(key) {
  const whole = double(encryptBlock(key, ZERO));
  return { chain: key, whole, padded: double(whole) };
}

function xcbcKeys(key) {
  const [chain, whole, padded] = [1, 2, 3].map((byte) => encryptBlock(key, Buffer.alloc(BLOCK, byte)));
  return { chain, whole, padded };
}

/** Times x in GF(2^128), RFC 4493 section 2.3. */
function double(block) {
  const doubled = Buffer.alloc(BLOCK);
  for (let i = 0; i < BLOCK; i++) doubled[i] = (block[i] << 1) | ((block[i + 1] ?? 0) >> 7);
  if (block[0] & 0x80) doubled[BLOCK - 1] ^= 0x87;
  return doubled;
}
