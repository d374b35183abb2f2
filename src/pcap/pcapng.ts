// Reading pcapng (draft-ietf-opsawg-pcapng): a row of blocks, each in the byte order its section began with.
//
//   block    type 4 | total length 4 | body | total length 4
//
// Section header, interface description, enhanced, simple and obsolete packet blocks are read; others are skipped.

import { IpsecError } from "../errors.js";
import { type CapturedPacket, type CaptureFormat, LARGEST_RECORD } from "./captured-packet.js";

const SECTION_HEADER = 0x0a0d0d0a; // The same in both byte orders.
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_TIME_RESOLUTION = 9;
const OPTION_TIME_OFFSET = 14;

interface CaptureInterface {
  linkType: number;
  snapLength: number;
  ticksPerSecond: bigint;
  offsetSeconds: bigint;
}

/** Needs four bytes. */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes[0] === 0x0a && bytes[1] === 0x0d && bytes[2] === 0x0d && bytes[3] === 0x0a;
}

export class PcapngFormat implements CaptureFormat {
  #littleEndian = true;
  #interfaces: CaptureInterface[] = [];

  record(bytes: Uint8Array, position: number): { size: number; packet?: CapturedPacket } | undefined {
    const left = bytes.length - position;
    if (left < 12) return undefined;
    const head = new DataView(bytes.buffer, bytes.byteOffset + position, 12);
    const isSection = head.getUint32(0, true) === SECTION_HEADER;
    if (isSection) this.#beginSection(head);
    const size = head.getUint32(4, this.#littleEndian);
    if (size < 12 || size % 4 !== 0 || size > LARGEST_RECORD) {
      throw new IpsecError("capture", `a pcapng block claims ${size} bytes: the capture is damaged`);
    }
    if (left < size) return undefined;
    const block = new DataView(bytes.buffer, bytes.byteOffset + position, size);
    if (block.getUint32(size - 4, this.#littleEndian) !== size) {
      throw new IpsecError("capture", "a pcapng block ends with another length than it begins with");
    }
    const type = block.getUint32(0, this.#littleEndian);
    const body = new DataView(block.buffer, block.byteOffset + 8, size - 12);
    if (type === INTERFACE_DESCRIPTION) this.#addInterface(body);
    if (type === ENHANCED_PACKET) return { size, packet: this.#packet(body, body32(body, 0, this.#littleEndian)) };
    if (type === OBSOLETE_PACKET) return { size, packet: this.#packet(body, body16(body, 0, this.#littleEndian)) };
    if (type === SIMPLE_PACKET) return { size, packet: this.#simplePacket(body) };
    return { size };
  }

  #beginSection(head: DataView): void {
    const magicLittle = head.getUint32(8, true) === BYTE_ORDER_MAGIC;
    if (!magicLittle && head.getUint32(8, false) !== BYTE_ORDER_MAGIC) {
      throw new IpsecError("capture", "a pcapng section has no byte-order magic");
    }
    this.#littleEndian = magicLittle;
    this.#interfaces = [];
  }

  #addInterface(body: DataView): void {
    const made: CaptureInterface = {
      linkType: body16(body, 0, this.#littleEndian),
      snapLength: body32(body, 4, this.#littleEndian),
      ticksPerSecond: 1_000_000n, // Microseconds unless if_tsresol says otherwise.
      offsetSeconds: 0n,
    };
    for (const [code, value] of options(body, 8, this.#littleEndian)) {
      if (code === OPTION_TIME_RESOLUTION && value.byteLength >= 1) made.ticksPerSecond = resolution(value.getUint8(0));
      if (code === OPTION_TIME_OFFSET && value.byteLength >= 8) {
        made.offsetSeconds = value.getBigInt64(0, this.#littleEndian);
      }
    }
    this.#interfaces.push(made);
  }

  /** Enhanced and obsolete packet blocks differ only in how they name the interface. */
  #packet(body: DataView, interfaceIndex: number): CapturedPacket {
    const source = this.#interface(interfaceIndex);
    const high = BigInt(body32(body, 4, this.#littleEndian));
    const ticks = (high << 32n) | BigInt(body32(body, 8, this.#littleEndian));
    const length = body32(body, 12, this.#littleEndian);
    const packet: CapturedPacket = {
      linkType: source.linkType,
      timestamp: source.offsetSeconds * 1_000_000_000n + (ticks * 1_000_000_000n) / source.ticksPerSecond,
      data: bodyBytes(body, 20, length),
      originalLength: body32(body, 16, this.#littleEndian),
    };
    for (const [code, value] of options(body, 20 + padded(length), this.#littleEndian)) {
      if (code === OPTION_COMMENT) packet.comment = new TextDecoder().decode(value);
    }
    return packet;
  }

  /** A simple packet has no time and no captured length: it is cut only by the first interface's snap length. */
  #simplePacket(body: DataView): CapturedPacket {
    const source = this.#interface(0);
    const originalLength = body32(body, 0, this.#littleEndian);
    const length = source.snapLength === 0 ? originalLength : Math.min(originalLength, source.snapLength);
    return { linkType: source.linkType, timestamp: 0n, data: bodyBytes(body, 4, length), originalLength };
  }

  #interface(index: number): CaptureInterface {
    const found = this.#interfaces[index];
    if (found === undefined) {
      throw new IpsecError("capture", `a packet names interface ${index}, which was not described`);
    }
    return found;
  }
}

/** if_tsresol: a power of ten, or with the top bit set a power of two, of fractions of a second. */
function resolution(value: number): bigint {
  const exponent = BigInt(value & 0x7f);
  return value & 0x80 ? 1n << exponent : 10n ** exponent;
}

function* options(body: DataView, start: number, littleEndian: boolean): Generator<[number, DataView]> {
  let position = start;
  while (position + 4 <= body.byteLength) {
    const code = body.getUint16(position, littleEndian);
    const length = body.getUint16(position + 2, littleEndian);
    if (code === OPTION_END || position + 4 + length > body.byteLength) return;
    yield [code, new DataView(body.buffer, body.byteOffset + position + 4, length)];
    position += 4 + padded(length);
  }
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function body16(body: DataView, offset: number, littleEndian: boolean): number {
  mustReach(body, offset + 2);
  return body.getUint16(offset, littleEndian);
}

function body32(body: DataView, offset: number, littleEndian: boolean): number {
  mustReach(body, offset + 4);
  return body.getUint32(offset, littleEndian);
}

function bodyBytes(body: DataView, offset: number, length: number): Uint8Array {
  mustReach(body, offset + length);
  return new Uint8Array(body.buffer, body.byteOffset + offset, length);
}

function mustReach(body: DataView, end: number): void {
  if (end > body.byteLength) {
    throw new IpsecError("capture", "a pcapng block is too short for what it says it holds");
  }
}
