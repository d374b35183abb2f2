// RFC 791 section 3.1.
//
//   0 version, IHL | 1 TOS | 2 total length | 4 identification | 6 flags, offset | 8 TTL | 9 protocol
//   10 checksum | 12 source | 16 destination | 20 options
import { type IpFields, readPorts } from "./fields.js";
import { byte, readWord, setWord16, word16 } from "./words.js";

export const IPV4_HEADER_LENGTH = 20;
/** The first byte of a header of that length. */
export const IPV4_WITHOUT_OPTIONS = 0x45;
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

export function readIpv4(bytes: Uint8Array, start: number, length: number, fields: IpFields): boolean {
  const headerLength = (byte(bytes, start) & 15) << 2;
  const totalLength = word16(bytes, start + 2);
  if (headerLength < IPV4_HEADER_LENGTH || totalLength < headerLength || totalLength > length) return false;
  const flags = word16(bytes, start + 6);
  fields.version = 4;
  fields.totalLength = totalLength;
  fields.headerLength = headerLength;
  fields.protocol = byte(bytes, start + 9);
  fields.protocolOffset = 9;
  fields.tos = byte(bytes, start + 1);
  fields.dontFragment = (flags & DONT_FRAGMENT) !== 0;
  fields.fragmentOffset = (flags & 0x1fff) << 3;
  fields.laterFragment = fields.fragmentOffset !== 0;
  fields.fragmentHeader = 0;
  fields.fragment = fields.laterFragment || (flags & MORE_FRAGMENTS) !== 0;
  readWord(bytes, start + 12, fields.source, 0);
  readWord(bytes, start + 16, fields.target, 0);
  readPorts(bytes, start, length, fields);
  return true;
}

/** What a new IPv4 header says; everything else is zero. */
export interface Ipv4Header {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  readonly totalLength: number;
  readonly ttl: number;
}

/** Writes a 20-byte header with its checksum at `start`. */
export function writeIpv4(bytes: Uint8Array, start: number, header: Ipv4Header): void {
  bytes.fill(0, start, start + IPV4_HEADER_LENGTH);
  bytes[start] = 0x45;
  setWord16(bytes, start + 2, header.totalLength);
  bytes[start + 8] = header.ttl;
  bytes[start + 9] = header.protocol;
  bytes.set(header.source, start + 12);
  bytes.set(header.target, start + 16);
  setWord16(bytes, start + 10, internetChecksum(bytes, start, IPV4_HEADER_LENGTH));
}

/** RFC 1071, over `length` bytes and a sum carried in (a pseudo header's). */
export function internetChecksum(bytes: Uint8Array, start: number, length: number, carried = 0): number {
  let sum = carried;
  const even = start + (length & ~1);
  for (let offset = start; offset < even; offset += 2) sum += word16(bytes, offset);
  if (length & 1) sum += byte(bytes, even) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
