// RFC 8200 section 3.
//
//   0 version, class, flow label | 4 payload length | 6 next header | 7 hop limit | 8 source | 24 destination | 40
import { type IpFields, readPorts } from "./fields.js";
import { byte, readWord, setWord16, setWord32, word16 } from "./words.js";

export const IPV6_HEADER_LENGTH = 40;
/** Every link carries a packet of this size, RFC 8200 section 5. */
export const IPV6_MINIMUM_MTU = 1280;

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;

export function readIpv6(bytes: Uint8Array, start: number, length: number, fields: IpFields): boolean {
  if (length < IPV6_HEADER_LENGTH) return false;
  const totalLength = IPV6_HEADER_LENGTH + word16(bytes, start + 4);
  if (totalLength > length) return false;
  fields.version = 6;
  fields.totalLength = totalLength;
  fields.tos = (word16(bytes, start) >> 4) & 255;
  fields.dontFragment = true; // nobody on the way may cut it
  for (let word = 0; word < 4; word++) {
    readWord(bytes, start + 8 + 4 * word, fields.source, word);
    readWord(bytes, start + 24 + 4 * word, fields.target, word);
  }
  if (!skipExtensionHeaders(bytes, start, fields)) return false;
  readPorts(bytes, start, length, fields);
  return true;
}

/**
 * RFC 8200 section 4: walks to the upper protocol. AH is one, as ESP and a Mobility Header are (RFC 4301 section 4.4.1.1).
 * False when a header runs over the packet's end.
 */
function skipExtensionHeaders(bytes: Uint8Array, start: number, fields: IpFields): boolean {
  let protocol = byte(bytes, start + 6);
  let protocolOffset = 6;
  let offset = IPV6_HEADER_LENGTH;
  fields.fragment = false;
  fields.laterFragment = false;
  fields.fragmentOffset = 0;
  fields.fragmentHeader = 0;
  for (;;) {
    let headerLength = 8;
    const here = start + offset;
    switch (protocol) {
      case HOP_BY_HOP:
      case ROUTING:
      case DESTINATION_OPTIONS:
        if (offset + 8 > fields.totalLength) return false;
        headerLength = (byte(bytes, here + 1) + 1) << 3;
        break;
      case FRAGMENT:
        if (offset + 8 > fields.totalLength) return false;
        if (!fields.fragment) readFragmentHeader(bytes, start, offset, protocolOffset, fields);
        break;
      default:
        fields.protocol = protocol;
        fields.protocolOffset = protocolOffset;
        fields.headerLength = offset;
        return true;
    }
    if (offset + headerLength > fields.totalLength) return false;
    protocol = byte(bytes, here);
    protocolOffset = offset;
    offset += headerLength;
    if (fields.laterFragment) {
      fields.protocol = protocol;
      fields.protocolOffset = protocolOffset;
      fields.headerLength = offset;
      return true;
    }
  }
}

/** Whether skipExtensionHeaders would go on behind a header of this number. */
export function isExtensionHeader(protocol: number): boolean {
  switch (protocol) {
    case HOP_BY_HOP:
    case ROUTING:
    case DESTINATION_OPTIONS:
    case FRAGMENT:
      return true;
    default:
      return false;
  }
}

/** RFC 8200 section 4.5. Offset 0 without M is an atomic fragment: a whole packet, RFC 6946. */
function readFragmentHeader(bytes: Uint8Array, start: number, offset: number, namedAt: number, fields: IpFields): void {
  const place = word16(bytes, start + offset + 2);
  fields.fragment = (place & 0xfff9) !== 0;
  fields.fragmentOffset = place & 0xfff8;
  fields.laterFragment = fields.fragmentOffset !== 0;
  fields.fragmentHeader = offset;
  fields.fragmentNamedAt = namedAt;
}

/** What a new IPv6 header says; everything else is zero. */
export interface Ipv6Header {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly nextHeader: number;
  readonly payloadLength: number;
  readonly hopLimit: number;
}

/** Writes a 40-byte header at `start`. */
export function writeIpv6(bytes: Uint8Array, start: number, header: Ipv6Header): void {
  setWord32(bytes, start, 0x60000000);
  setWord16(bytes, start + 4, header.payloadLength);
  bytes[start + 6] = header.nextHeader;
  bytes[start + 7] = header.hopLimit;
  bytes.set(header.source, start + 8);
  bytes.set(header.target, start + 24);
}

/** The sum of the pseudo header of RFC 8200 section 8.1, for internetChecksum. */
export function pseudoHeaderSum(source: Uint8Array, target: Uint8Array, length: number, nextHeader: number): number {
  let sum = length + nextHeader;
  for (let offset = 0; offset < 16; offset += 2) sum += word16(source, offset) + word16(target, offset);
  return sum;
}
