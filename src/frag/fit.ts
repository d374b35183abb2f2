// How large a packet becomes when it is sealed, exactly, and what fits the path. RFC 4301 section 8.
import type { Sa } from "../sad/sa.js";
import type { IpFields } from "../wire/ip.js";
import { IPV6_MINIMUM_MTU } from "../wire/ipv6.js";

const ESP_HEADER_LENGTH = 8;
/** Pad length and next header. */
const TRAILER_LENGTH = 2;

/** Bytes that the encryption sees of a payload: padded to the alignment, with pad length and next header. */
export function textLength(sa: Sa, payloadLength: number): number {
  const { alignment } = sa.resolved.encryption;
  return (payloadLength + TRAILER_LENGTH + alignment - 1) & ~(alignment - 1);
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

/** Bytes of the largest outer IP packet: the SA's path MTU, the path's own, and what its transport takes. */
export function pathMtu(sa: Sa): number {
  const { mtu, maxDatagram } = sa.path;
  let limit = sa.resolved.pathMtu;
  if (mtu !== undefined && mtu < limit) limit = mtu;
  if (maxDatagram !== undefined) limit = Math.min(limit, maxDatagram + outerHeadersOfSocket(sa));
  return limit;
}

/** Bytes of the largest payload that fits, for the ICMP that refuses a larger one and for TFC. */
export function largestPayload(sa: Sa, mtu: number, keptHeader: number): number {
  const { alignment } = sa.resolved.encryption;
  return ((mtu - keptHeader - around(sa)) & ~(alignment - 1)) - TRAILER_LENGTH;
}

/**
 * Whether a sealed packet of `length` bytes may go out. An IPv6 packet of 1280 bytes or less is never refused for its
 * size (RFC 8200 section 5), unless the transport itself cannot take it.
 */
export function fits(sa: Sa, fields: IpFields, length: number): boolean {
  if (length <= pathMtu(sa)) return true;
  if (fields.version !== 6 || fields.totalLength > IPV6_MINIMUM_MTU) return false;
  const { maxDatagram } = sa.path;
  return maxDatagram === undefined || length <= maxDatagram + outerHeadersOfSocket(sa);
}

/** Carrier udp: IP and UDP headers are the socket's; the datagram is what lies behind them. */
function outerHeadersOfSocket(sa: Sa): number {
  const { template } = sa.resolved;
  return template.wireLength - (template.rebuild ? 0 : template.bytes.length);
}
