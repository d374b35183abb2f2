// AES-CMAC (RFC 4493) and AES-XCBC-MAC (RFC 3566), slow and obvious, over the block cipher of node:crypto.
import { createCipheriv } from "node:crypto";

function aes(key: Uint8Array, block: Uint8Array): Buffer {
  return createCipheriv("aes-128-ecb", key, null).setAutoPadding(false).update(block);
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] as number)));
}

/** CBC-MAC with `whole` added to a last block of 16 bytes, `padded` to a shorter one behind 0x80 and zeroes. */
function chained(key: Uint8Array, message: Uint8Array, whole: Uint8Array, padded: Uint8Array): Buffer {
  let state: Buffer = Buffer.alloc(16);
  let at = 0;
  for (; message.length - at > 16; at += 16) state = aes(key, xor(state, message.subarray(at, at + 16)));
  const rest = message.subarray(at);
  if (rest.length === 16) return aes(key, xor(state, xor(rest, whole)));
  const block = Buffer.alloc(16);
  block.set(rest);
  block[rest.length] = 0x80;
  return aes(key, xor(state, xor(block, padded)));
}

function doubled(block: Uint8Array): Buffer {
  const value = BigInt(`0x${Buffer.from(block).toString("hex")}`);
  const shifted = ((value << 1n) & ((1n << 128n) - 1n)) ^ (value >> 127n ? 0x87n : 0n);
  return Buffer.from(shifted.toString(16).padStart(32, "0"), "hex");
}

export function cmac(key: Uint8Array, message: Uint8Array): Buffer {
  const first = doubled(aes(key, new Uint8Array(16)));
  return chained(key, message, first, doubled(first));
}

export function xcbc(key: Uint8Array, message: Uint8Array): Buffer {
  const derived = [1, 2, 3].map((byte) => aes(key, new Uint8Array(16).fill(byte))) as [Buffer, Buffer, Buffer];
  return chained(derived[0], message, derived[1], derived[2]);
}
