// How large a packet becomes when it is sealed, exactly, and what fits the path. RFC 4301 section 8.
import type { Carrier } from "../engine.js";
import type { Sa } from "../sad/sa.js";

const ESP_HEADER_LENGTH = 8;
/** Pad length and next header. */
const TRAILER_LENGTH = 2;

/** Bytes that the encryption sees of a payload: padded to the alignment, with pad length and next header. */
export function textLength(sa: Sa, payloadLength: number): number {
  const { alignment } = sa.resolved.encryption;
  return (payloadLength + TRAILER_LENGTH + alignment - 1) & ~(alignment - 1);
}

/** TFC pads as far as the path allows, RFC 4303 section 2.7. */
export function paddedLength(sa: Sa, payloadLength: number): number {
  const { tfcPadding } = sa.resolved;
  return tfcPadding <= payloadLength
    ? payloadLength
    : Math.max(payloadLength, Math.min(tfcPadding, largestPayload(sa, pathMtu(sa), 0)));
}

/** Carrier ip keeps the packet's own header in transport mode, of `headerLength` bytes; a socket cannot send it. */
export function keptHeader(carrier: Carrier | undefined, headerLength: number): number {
  return carrier === "ip" ? headerLength : 0;
}

/** Bytes of the outer IP packet around a text; `keptHeader`: the IP header that stays in front (transport, carrier ip). */
export function sealedLength(sa: Sa, text: number, keptHeader: number): number {
  return keptHeader + around(sa) + text;
}

/** Bytes of the outer IP packet that are not text. */
function around(sa: Sa): number {
  const { template, encryption, icvLength } = sa.resolved;
  return template.wireLength + ESP_HEADER_LENGTH + encryption.ivLength + icvLength;
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

/** Tunnel mode: bytes of the largest packet that passes whole. Kept until the path or its MTU changes. */
export function largestInner(sa: Sa): number {
  if (sa.largestInner < 0)
    sa.largestInner = Math.max(0, Math.min(largestPayload(sa, pathMtu(sa), 0), sa.resolved.tunnelMtu));
  return sa.largestInner;
}

/** Bytes of the largest payload that fits, for the ICMP that refuses a larger one and for TFC. */
export function largestPayload(sa: Sa, mtu: number, keptHeader: number): number {
  const { alignment } = sa.resolved.encryption;
  return ((mtu - keptHeader - around(sa)) & ~(alignment - 1)) - TRAILER_LENGTH;
}

/** Carrier udp: IP and UDP headers are the socket's; the datagram is what lies behind them. */
function outerHeadersOfSocket(sa: Sa): number {
  const { template } = sa.resolved;
  return template.wireLength - (template.rebuild ? 0 : template.bytes.length);
}
