// Bytes and words of a packet, most significant byte first.

export function byte(bytes: Uint8Array, offset: number): number {
  return bytes[offset] as number;
}

export function word16(bytes: Uint8Array, offset: number): number {
  return (byte(bytes, offset) << 8) | byte(bytes, offset + 1);
}

export function word32(bytes: Uint8Array, offset: number): number {
  return ((word16(bytes, offset) << 16) | word16(bytes, offset + 2)) >>> 0;
}

/** Reads a word into `words`: as a result it would be a number on the heap, where V8 does not inline `word32`. */
export function readWord(bytes: Uint8Array, offset: number, words: Uint32Array, at: number): void {
  words[at] = (word16(bytes, offset) << 16) | word16(bytes, offset + 2);
}

export function setWord16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

export function setWord32(bytes: Uint8Array, offset: number, value: number): void {
  setWord16(bytes, offset, value >>> 16);
  setWord16(bytes, offset + 2, value & 0xffff);
}
