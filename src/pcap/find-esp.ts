// Finding the ESP in an IP packet: protocol 50, behind IPv6 extension headers or AH, or in UDP (RFC 3948, and the
// drafts before it).

import { IpFields } from "../wire/fields.js";
import { readIp } from "../wire/ip.js";
import { PROTOCOL_AH, PROTOCOL_ESP, PROTOCOL_UDP } from "../wire/protocol.js";
import { byte, word16, word32 } from "../wire/words.js";

const PORT_NAT_T = 4500;
const PORT_IKE = 500;
const UDP_HEADER_LENGTH = 8;
/** SPI and sequence number. */
const ESP_HEADER_LENGTH = 8;

export interface FoundEsp {
  /** 4 or 16 bytes. */
  source: Uint8Array;
  target: Uint8Array;
  spi: number;
  sequence: number;
  /** From the SPI to the ICV. */
  esp: Uint8Array;
  /** Where in the packet the header ends that carries the ESP; UDP and marker are not part of it. */
  headerLength: number;
  /** Where in the packet that header says what follows. */
  protocolOffset: number;
  udp: { sourcePort: number; targetPort: number } | undefined;
}

/**
 * The ESP in a packet, or undefined: no ESP, or a fragment, which must be reassembled first. `isKnownSpi` says which
 * first words of a UDP payload are an SPI on ports other than 4500 and 500.
 */
export function findEsp(packet: Uint8Array, isKnownSpi: (spi: number) => boolean = () => false): FoundEsp | undefined {
  const fields = new IpFields();
  if (!readIp(packet, 0, packet.length, fields) || fields.fragment) return undefined;
  if (fields.protocol === PROTOCOL_AH && !skipAh(packet, fields)) return undefined;
  const header = fields.headerLength;
  if (fields.protocol === PROTOCOL_ESP) return found(packet, fields, header, fields.totalLength, undefined);
  const start = header + UDP_HEADER_LENGTH;
  if (fields.protocol !== PROTOCOL_UDP || fields.totalLength < start + ESP_HEADER_LENGTH) return undefined;
  const udp = { sourcePort: word16(packet, header), targetPort: word16(packet, header + 2) };
  const esp = espInUdp(packet, start, udp.sourcePort, udp.targetPort, isKnownSpi);
  const end = Math.min(header + word16(packet, header + 4), fields.totalLength);
  return esp === undefined ? undefined : found(packet, fields, esp, end, udp);
}

/** Says whether this is an IP packet that was cut: findEsp can tell only when it is whole again. */
export function isFragment(packet: Uint8Array): boolean {
  const fields = new IpFields();
  return readIp(packet, 0, packet.length, fields) && fields.fragment;
}

function found(
  packet: Uint8Array,
  fields: IpFields,
  start: number,
  end: number,
  udp: FoundEsp["udp"],
): FoundEsp | undefined {
  if (end < start + ESP_HEADER_LENGTH) return undefined;
  return {
    source: fields.version === 4 ? packet.subarray(12, 16) : packet.subarray(8, 24),
    target: fields.version === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40),
    spi: word32(packet, start),
    sequence: word32(packet, start + 4),
    esp: packet.subarray(start, end),
    headerLength: fields.headerLength,
    protocolOffset: fields.protocolOffset,
    udp,
  };
}

/** Where in a UDP payload the ESP begins, if there is any. */
function espInUdp(
  packet: Uint8Array,
  start: number,
  sourcePort: number,
  targetPort: number,
  isKnownSpi: (spi: number) => boolean,
): number | undefined {
  const first = word32(packet, start);
  // RFC 3948 section 2.2: on this port IKE begins with four zero bytes, which is no SPI.
  if (sourcePort === PORT_NAT_T || targetPort === PORT_NAT_T) return first === 0 ? undefined : start;
  if (sourcePort === PORT_IKE || targetPort === PORT_IKE) {
    // draft-ietf-ipsec-nat-t-ike-01: eight zero bytes where IKE has its cookie, then ESP.
    return first === 0 && word32(packet, start + 4) === 0 ? start + 8 : undefined;
  }
  return isKnownSpi(first) ? start : undefined;
}

/** RFC 4302 section 2.2: AH's length is in units of 4 and leaves 8 bytes out. It is passed over, not verified. */
function skipAh(packet: Uint8Array, fields: IpFields): boolean {
  const ah = fields.headerLength;
  if (fields.totalLength < ah + 12) return false;
  fields.protocol = byte(packet, ah);
  fields.protocolOffset = ah;
  fields.headerLength = ah + ((byte(packet, ah + 1) + 2) << 2);
  return fields.headerLength <= fields.totalLength;
}
