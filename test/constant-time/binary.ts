// WebAssembly binaries as bytes: what the format calls LEB128, vectors and sections (core specification, chapter 5).

export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw new Error(`the binary ends at 0x${this.at.toString(16)}`);
    return this.bytes[this.at++] as number;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** Steps over a number of either sign. */
  skipNumber(): void {
    while (this.u8() >= 0x80);
  }

  skip(count: number): void {
    this.at += count;
  }

  /** The next `count` bytes, read by a reader of their own. */
  part(count: number): Reader {
    const part = new Reader(this.bytes, this.at, this.at + count);
    this.at += count;
    return part;
  }

  /** The bytes from `start` up to here. */
  since(start: number): number[] {
    return [...this.bytes.subarray(start, this.at)];
  }

  vector<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }
}

export function u32(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return [...bytes, value];
}

export function s32(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value & 0x7f];
}

export function vector(items: readonly (readonly number[])[]): number[] {
  return [...u32(items.length), ...items.flat()];
}

export function text(value: string): number[] {
  const bytes = [...new TextEncoder().encode(value)];
  return [...u32(bytes.length), ...bytes];
}

export function section(id: number, content: readonly number[]): number[] {
  return content.length === 0 ? [] : [id, ...u32(content.length), ...content];
}

export const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0] as const;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const V128 = 0x7b;
/** The types of the kernel's values. */
export type ValueType = typeof I32 | typeof I64 | typeof V128;

export function valueType(byte: number): ValueType {
  if (byte === I32 || byte === I64 || byte === V128) return byte;
  throw new Error(`a value of type 0x${byte.toString(16)}: the kernel has i32, i64 and v128 only`);
}
