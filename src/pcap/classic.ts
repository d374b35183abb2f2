// The classic pcap file (draft-ietf-opsawg-pcap): one header, then records.
//
//   file     magic 4 | major 2 | minor 2 | reserved 8 | snap length 4 | FCS and link type 4
//   record   seconds 4 | micro- or nanoseconds 4 | captured length 4 | original length 4 | bytes

import { IpsecError } from "../errors.js";
import { type CapturedPacket, type CaptureFormat, LARGEST_RECORD } from "./captured-packet.js";

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const MAGIC_NANOSECONDS = 0xa1b23c4d;

/** The magic number tells the byte order of the writer and the unit of the fractions. */
function readMagic(bytes: Uint8Array): { littleEndian: boolean; nanoseconds: boolean } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MAGIC_MICROSECONDS) return { littleEndian, nanoseconds: false };
    if (magic === MAGIC_NANOSECONDS) return { littleEndian, nanoseconds: true };
  }
  return undefined;
}

/** Needs four bytes. */
export function isClassic(bytes: Uint8Array): boolean {
  return readMagic(bytes) !== undefined;
}

export class ClassicFormat implements CaptureFormat {
  #linkType: number | undefined;
  #littleEndian = true;
  #nanosecondsPerFraction = 1n;

  record(bytes: Uint8Array, position: number): { size: number; packet?: CapturedPacket } | undefined {
    const left = bytes.length - position;
    if (this.#linkType === undefined) {
      if (left < FILE_HEADER) return undefined;
      this.#readFileHeader(bytes.subarray(position));
      return { size: FILE_HEADER };
    }
    if (left < RECORD_HEADER) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset + position, RECORD_HEADER);
    const length = view.getUint32(8, this.#littleEndian);
    if (length > LARGEST_RECORD) {
      throw new IpsecError("capture", `a packet record claims ${length} bytes: the capture is damaged`);
    }
    if (left < RECORD_HEADER + length) return undefined;
    const seconds = BigInt(view.getUint32(0, this.#littleEndian));
    const fraction = BigInt(view.getUint32(4, this.#littleEndian));
    const packet: CapturedPacket = {
      linkType: this.#linkType,
      timestamp: seconds * 1_000_000_000n + fraction * this.#nanosecondsPerFraction,
      data: bytes.subarray(position + RECORD_HEADER, position + RECORD_HEADER + length),
      originalLength: view.getUint32(12, this.#littleEndian),
    };
    return { size: RECORD_HEADER + length, packet };
  }

  #readFileHeader(bytes: Uint8Array): void {
    const magic = readMagic(bytes);
    if (magic === undefined) throw new IpsecError("capture", "not a pcap file: the magic number is wrong");
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const major = view.getUint16(4, magic.littleEndian);
    if (major !== 2) throw new IpsecError("capture", `a pcap file of version ${major}; 2 is read`);
    this.#littleEndian = magic.littleEndian;
    this.#nanosecondsPerFraction = magic.nanoseconds ? 1n : 1000n;
    // The upper bits say how long a frame check sequence follows each packet; IP knows its own length.
    this.#linkType = view.getUint32(20, magic.littleEndian) & 0xffff;
  }
}
