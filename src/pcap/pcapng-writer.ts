// Writing pcapng (draft-ietf-opsawg-pcapng): one little-endian section, nanosecond times, comments on packets.

import { LINKTYPE_RAW } from "./link-type.js";

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const OPTION_COMMENT = 1;
const OPTION_INTERFACE_NAME = 2;
const OPTION_APPLICATION = 4; // shb_userappl
const OPTION_TIME_RESOLUTION = 9;

export interface PacketToWrite {
  /** Nanoseconds since 1970. */
  timestamp: bigint;
  data: Uint8Array;
  /** Absent: as long as `data`. */
  originalLength?: number;
  /** Absent: the first interface. */
  interfaceIndex?: number;
  comment?: string;
}

/** Makes the blocks of a pcapng file one by one; whoever calls writes them out in that order. */
export class PcapngWriter {
  #interfaceCount = 0;

  /** The first block of every file. */
  section(application = "wasm-ipsec"): Uint8Array {
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, 0x1a2b3c4d, true); // Byte-order magic.
    view.setUint16(4, 1, true); // Version 1.0.
    view.setBigInt64(8, -1n, true); // Length of the section: not said.
    return block(SECTION_HEADER, body, option(OPTION_APPLICATION, text(application)), END_OF_OPTIONS);
  }

  /** Describes one more interface; they are numbered 0, 1, 2 ... */
  interface(linkType: number = LINKTYPE_RAW, name?: string): Uint8Array {
    this.#interfaceCount++;
    const body = new Uint8Array(8); // Snap length 0: no limit.
    new DataView(body.buffer).setUint16(0, linkType, true);
    const named = name === undefined ? NOTHING : option(OPTION_INTERFACE_NAME, text(name));
    const nanoseconds = option(OPTION_TIME_RESOLUTION, Uint8Array.of(9));
    return block(INTERFACE_DESCRIPTION, body, named, nanoseconds, END_OF_OPTIONS);
  }

  packet(packet: PacketToWrite): Uint8Array {
    const interfaceIndex = packet.interfaceIndex ?? 0;
    if (interfaceIndex >= this.#interfaceCount) throw new RangeError(`interface ${interfaceIndex} was not described`);
    const head = new Uint8Array(20);
    const view = new DataView(head.buffer);
    view.setUint32(0, interfaceIndex, true);
    view.setUint32(4, Number((packet.timestamp >> 32n) & 0xffffffffn), true);
    view.setUint32(8, Number(packet.timestamp & 0xffffffffn), true);
    view.setUint32(12, packet.data.length, true);
    view.setUint32(16, packet.originalLength ?? packet.data.length, true);
    if (packet.comment === undefined) return block(ENHANCED_PACKET, head, packet.data);
    return block(ENHANCED_PACKET, head, packet.data, option(OPTION_COMMENT, text(packet.comment)), END_OF_OPTIONS);
  }
}

/** A whole file of bare IP packets. */
export function writeCapture(packets: Iterable<PacketToWrite>): Uint8Array {
  const writer = new PcapngWriter();
  const blocks = [writer.section(), writer.interface(LINKTYPE_RAW)];
  for (const packet of packets) blocks.push(writer.packet(packet));
  return joined(blocks);
}

const NOTHING = new Uint8Array(0);
const END_OF_OPTIONS = new Uint8Array(4);

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** An option: code, length, value; block() pads it. */
function option(code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, value.length, true);
  return joined([head, value]);
}

/** A block of these parts, each padded to 32 bits. */
function block(type: number, ...parts: Uint8Array[]): Uint8Array {
  const size = parts.reduce((sum, part) => sum + padded(part.length), 12);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, size, true);
  let position = 8;
  for (const part of parts) {
    bytes.set(part, position);
    position += padded(part.length);
  }
  view.setUint32(position, size, true);
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
