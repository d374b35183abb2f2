// Captures written the plain way, in every byte order and format, for the tests to read.

export class Bytes {
  readonly #parts: number[] = [];
  readonly #littleEndian: boolean;
  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }
  u16(value: number): this {
    return this.#number(BigInt(value), 2);
  }
  u32(value: number): this {
    return this.#number(BigInt(value), 4);
  }
  u64(value: bigint): this {
    return this.#number(BigInt.asUintN(64, value), 8);
  }
  raw(bytes: Iterable<number>): this {
    this.#parts.push(...bytes);
    return this;
  }
  pad4(): this {
    while (this.#parts.length % 4 !== 0) this.#parts.push(0);
    return this;
  }
  done(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
  #number(value: bigint, size: number): this {
    const bytes = Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
    return this.raw(this.#littleEndian ? bytes : bytes.reverse());
  }
}

export interface BuiltPacket {
  data: Uint8Array;
  seconds: number;
  fraction: number;
}

export function classicFile(
  littleEndian: boolean,
  nanoseconds: boolean,
  linkType: number,
  packets: BuiltPacket[],
): Uint8Array {
  const file = new Bytes(littleEndian);
  file
    .u32(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4)
    .u16(2)
    .u16(4)
    .u32(0)
    .u32(0)
    .u32(65535)
    .u32(linkType);
  for (const { data, seconds, fraction } of packets) {
    file
      .u32(seconds)
      .u32(fraction)
      .u32(data.length)
      .u32(data.length + 7)
      .raw(data);
  }
  return file.done();
}

/** One pcapng block around a body. */
export function block(littleEndian: boolean, type: number, body: Uint8Array): Uint8Array {
  const size = 12 + Math.ceil(body.length / 4) * 4;
  return new Bytes(littleEndian).u32(type).u32(size).raw(body).pad4().u32(size).done();
}

export function sectionBlock(littleEndian: boolean): Uint8Array {
  const body = new Bytes(littleEndian).u32(0x1a2b3c4d).u16(1).u16(0).u64(-1n);
  return block(littleEndian, 0x0a0d0d0a, body.done());
}

export function interfaceBlock(
  littleEndian: boolean,
  linkType: number,
  snapLength: number,
  resolution?: number,
): Uint8Array {
  const body = new Bytes(littleEndian).u16(linkType).u16(0).u32(snapLength);
  body.u16(2).u16(4).raw([101, 116, 104, 48]); // if_name "eth0"
  if (resolution !== undefined) body.u16(9).u16(1).raw([resolution]).pad4();
  return block(littleEndian, 1, body.u16(14).u16(8).u64(100n).u16(0).u16(0).done()); // if_tsoffset 100 s
}

export function enhancedBlock(littleEndian: boolean, index: number, ticks: bigint, data: Uint8Array): Uint8Array {
  const body = new Bytes(littleEndian)
    .u32(index)
    .u32(Number(ticks >> 32n))
    .u32(Number(ticks & 0xffffffffn));
  body.u32(data.length).u32(data.length).raw(data).pad4();
  return block(littleEndian, 6, body.u16(1).u16(5).raw([104, 101, 108, 108, 111]).pad4().u16(0).u16(0).done());
}

export function simpleBlock(littleEndian: boolean, originalLength: number, data: Uint8Array): Uint8Array {
  return block(littleEndian, 3, new Bytes(littleEndian).u32(originalLength).raw(data).done());
}

export function obsoleteBlock(littleEndian: boolean, index: number, ticks: bigint, data: Uint8Array): Uint8Array {
  const body = new Bytes(littleEndian)
    .u16(index)
    .u16(0)
    .u32(Number(ticks >> 32n))
    .u32(Number(ticks & 0xffffffffn));
  return block(littleEndian, 2, body.u32(data.length).u32(data.length).raw(data).done());
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** An IPv4 packet of `total` bytes. */
export function ipv4(total: number, protocol = 17, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const packet = new Uint8Array(total).fill(0xcd);
  packet.set([0x45, 0, total >> 8, total & 255, 0, 0, 0, 0, 64, protocol, 0, 0, 10, 1, 0, 2, 10, 2, 0, 2]);
  packet.set(payload, 20);
  return packet;
}

/** An IPv6 packet with `payload` behind the fixed header. */
export function ipv6(nextHeader: number, payload: Uint8Array): Uint8Array {
  const packet = new Uint8Array(40 + payload.length);
  packet.set([0x60, 0, 0, 0, payload.length >> 8, payload.length & 255, nextHeader, 64]);
  packet.set([0xfd, 0, 0, 1], 8);
  packet.set([0xfd, 0, 0, 2], 24);
  packet.set(payload, 40);
  return packet;
}
