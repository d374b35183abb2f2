// What the AES rooms are compared with: node:crypto, and FIPS 197 spelt out slowly.
import { createCipheriv } from "node:crypto";

export function ecb(key: Buffer, text: Uint8Array): Buffer {
  return run(`aes-${key.length * 8}-ecb`, key, null, text);
}

export function run(name: string, key: Buffer, iv: Buffer | null, text: Uint8Array): Buffer {
  return createCipheriv(name, key, iv).setAutoPadding(false).update(text);
}

/** FIPS 197 section 5.2, word by word. */
export function slowExpansion(key: Buffer): Buffer {
  const words = key.length / 4;
  const out = Buffer.alloc(16 * (words + 7));
  out.set(key);
  let constant = 1;
  for (let i = words; i < out.length / 4; i++) {
    let word = [...out.subarray(4 * i - 4, 4 * i)];
    if (i % words === 0) {
      word = [...word.slice(1), ...word.slice(0, 1)].map(substitute);
      word[0] = (word[0] as number) ^ constant;
      constant = multiply(constant, 2);
    } else if (words === 8 && i % words === 4) {
      word = word.map(substitute);
    }
    for (let j = 0; j < 4; j++) out[4 * i + j] = (out[4 * (i - words) + j] as number) ^ (word[j] as number);
  }
  return out;
}

/** FIPS 197 section 5.1.1 as it is defined: the inverse, as the 254th power, then the affine map. */
function substitute(byte: number): number {
  let inverse = 1;
  for (let i = 0; i < 254; i++) inverse = multiply(inverse, byte);
  const turned = (by: number) => (inverse << by) | (inverse >> (8 - by));
  return (inverse ^ turned(1) ^ turned(2) ^ turned(3) ^ turned(4) ^ 0x63) & 255;
}

/** FIPS 197 section 4.2. */
function multiply(a: number, b: number): number {
  let product = 0;
  for (let power = a; b > 0; b >>= 1) {
    if (b & 1) product ^= power;
    power = (power << 1) ^ ((power >> 7) * 0x11b);
  }
  return product;
}

export function hex(bytes: Uint8Array, address: number, length: number): string {
  return Buffer.from(bytes.buffer, address, length).toString("hex");
}

export function unhex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

/** Mulberry32. */
export function generator(state: number) {
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return {
    below: (limit: number) => next() % limit,
    bytes: (length: number) => Buffer.from(Array.from({ length }, () => next() & 255)),
  };
}
