// How large a packet becomes when it is sealed, exactly, and what fits the path. RFC 4301 section 8.
import type { Carrier } from "../engine.js";
import type { Sa } from "../sad/sa.js";

const ESP_HEADER_LENGTH = 8;
/** Next header, length, reserved, SPI, sequence number. */
const AH_FIXED_LENGTH = 12;
/** Pad length and next header. */
const TRAILER_LENGTH = 2;

/**
 * Bytes that the encryption sees of a payload: padded to the alignment, with pad length and next header. AH: the payload
 * as it is.
 */
export function textLength(sa: Sa, payloadLength: number): number {
  if (sa.protocol === "ah") return payloadLength;
  const { alignment } = sa.resolved.encryption;
  return (payloadLength + TRAILER_LENGTH + alignment - 1) & ~(alignment - 1);
}

/** TFC pads as far as the path allows, RFC 4303 section 2.7. ESP only: the version does not matter. */
export function paddedLength(sa: Sa, payloadLength: number): number {
  const { tfcPadding } = sa.resolved;
  return tfcPadding <= payloadLength
    ? payloadLength
    : Math.max(payloadLength, Math.min(tfcPadding, largestPayload(sa, pathMtu(sa), 0, 4)));
}

/** Carrier ip keeps the packet's own header in transport mode, of `headerLength` bytes; a socket cannot send it. */
export function keptHeader(carrier: Carrier | undefined, headerLength: number): number {
  return carrier === "ip" ? headerLength : 0;
}

/**
 * Bytes of the outer IP packet around a text; `keptHeader`: the IP header that stays in front (transport, carrier ip);
 * `version`: of the packet.
 */
export function sealedLength(sa: Sa, text: number, keptHeader: number, version: 4 | 6): number {
  return keptHeader + around(sa, version) + text;
}

/**
 * Bytes of every packet that count against the volume besides its text. RFC 4301 section 4.4.2.1: what the algorithm is
 * applied to. ESP encrypts the text; AH authenticates the whole packet.
 */
export function countedHeaders(sa: Sa, keptHeader: number, version: 4 | 6): number {
  return sa.protocol === "ah" ? keptHeader + around(sa, version) : 0;
}

/** Bytes of the outer IP packet that are not text. */
function around(sa: Sa, version: 4 | 6): number {
  const { template, encryption, icvLength } = sa.resolved;
  if (sa.protocol === "ah")
    return template.wireLength + ahLength(encryption.ivLength + icvLength, template.outer || version);
  return template.wireLength + ESP_HEADER_LENGTH + encryption.ivLength + icvLength;
}

/** Bytes that an SA puts in front of a packet, at most: of template, header and IV. */
export function headroom(sa: Sa): number {
  const { template, encryption, icvLength } = sa.resolved;
  const { ivLength } = encryption;
  const header = sa.protocol === "ah" ? ahLength(ivLength + icvLength, 6) : ESP_HEADER_LENGTH + ivLength;
  return template.bytes.length + header;
}

/** RFC 4302 section 2.2: a multiple of 4 bytes, over IPv6 of 8. */
function ahLength(authenticationLength: number, version: 4 | 6): number {
  const length = AH_FIXED_LENGTH + authenticationLength;
  return version === 6 ? (length + 7) & ~7 : length;
}

/** Bytes of the largest outer IP packet: what the SA has learned of its path, the path's own, and what its transport takes. */
export function pathMtu(sa: Sa): number {
  const { mtu } = sa.path;
  const limit = Math.min(sa.learnedMtu, largestDatagram(sa));
  return mtu !== undefined && mtu < limit ? mtu : limit;
}

/** Bytes of the largest outer IP packet that the transport takes, cut or not. */
export function largestDatagram(sa: Sa): number {
  const { maxDatagram } = sa.path;
  return maxDatagram === undefined ? Infinity : maxDatagram + outerHeadersOfSocket(sa);
}

/** Tunnel mode, where the template says the version: bytes of the largest packet that passes whole. Kept until the path or its MTU changes. */
export function largestInner(sa: Sa): number {
  if (sa.largestInner < 0)
    sa.largestInner = Math.max(0, Math.min(largestPayload(sa, pathMtu(sa), 0, 4), sa.resolved.tunnelMtu));
  return sa.largestInner;
}

/** Bytes of the largest payload that fits, for the ICMP that refuses a larger one and for TFC. */
export function largestPayload(sa: Sa, mtu: number, keptHeader: number, version: 4 | 6): number {
  const { alignment } = sa.resolved.encryption;
  const text = mtu - keptHeader - around(sa, version);
  return sa.protocol === "ah" ? text : (text & ~(alignment - 1)) - TRAILER_LENGTH;
}

/** Carrier udp: IP and UDP headers are the socket's; the datagram is what lies behind them. */
function outerHeadersOfSocket(sa: Sa): number {
  const { template } = sa.resolved;
  return template.wireLength - (template.rebuild ? 0 : template.bytes.length);
}
