// Reads an IP packet's header as far as policies need it: RFC 791, RFC 8200, RFC 4301 section 4.4.1.1.
import { readIpv4 } from "./ipv4.js";
import { readIpv6 } from "./ipv6.js";

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IPV4 = 4;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_IPV6 = 41;
export const PROTOCOL_ESP = 50;
export const PROTOCOL_AH = 51;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_NONE = 59;
export const PROTOCOL_IPCOMP = 108;
export const PROTOCOL_MOBILITY = 135;

/** The fields of one header, reused from packet to packet. Numbers are host order; offsets are from the packet's start. */
export class IpFields {
  version: 4 | 6 = 4;
  /** Of the whole packet as its header states it, bytes. */
  totalLength = 0;
  /** IPv4: with options. IPv6: with the extension headers in front of the upper protocol. */
  headerLength = 0;
  /** The upper protocol, behind any extension headers. */
  protocol = 0;
  /** Offset of the byte that names `protocol`. */
  protocolOffset = 0;
  /** IPv4 TOS or IPv6 traffic class. */
  tos = 0;
  dontFragment = false;
  /** Part of a cut packet, the first part included. */
  fragment = false;
  /** A part that does not begin with the upper protocol's header. */
  laterFragment = false;
  /** Where a fragment belongs in its datagram, bytes; 0 in whole packets. */
  fragmentOffset = 0;
  /** IPv6, in fragments and atomic ones: offset of the fragment header, 0 without, and of the byte that announces it. */
  fragmentHeader = 0;
  fragmentNamedAt = 0;
  /** Ports, or in `sourcePort` ICMP type << 8 | code or Mobility Header type << 8, can be read. */
  portsReadable = false;
  sourcePort = 0;
  targetPort = 0;
  /** Most significant word first; IPv4 uses word 0 only. */
  readonly source = new Uint32Array(4);
  readonly target = new Uint32Array(4);
}

/** Reads `length` bytes at `start` into `fields`; false when they are no IP packet. Bytes past its total length are ignored. */
export function readIp(bytes: Uint8Array, start: number, length: number, fields: IpFields): boolean {
  if (length < 20) return false;
  const version = byte(bytes, start) >> 4;
  if (version === 4) return readIpv4(bytes, start, length, fields);
  return version === 6 && readIpv6(bytes, start, length, fields);
}

/** Ports of the protocols that have them in their first four bytes; type and code of ICMP; type of a Mobility Header. */
export function readPorts(bytes: Uint8Array, start: number, length: number, fields: IpFields): void {
  const payload = start + fields.headerLength;
  const available = Math.min(length, fields.totalLength) - fields.headerLength;
  fields.portsReadable = false;
  fields.sourcePort = 0;
  fields.targetPort = 0;
  if (fields.laterFragment) return;
  if (hasPorts(fields.protocol)) {
    if (available < 4) return;
    fields.sourcePort = word16(bytes, payload);
    fields.targetPort = word16(bytes, payload + 2);
    fields.portsReadable = true;
  } else if (fields.protocol === PROTOCOL_ICMP || fields.protocol === PROTOCOL_ICMPV6) {
    if (available < 2) return;
    fields.sourcePort = word16(bytes, payload);
    fields.portsReadable = true;
  } else if (fields.protocol === PROTOCOL_MOBILITY) {
    if (available < 3) return; // RFC 6275 section 6.1.1: next header, length, type
    fields.sourcePort = byte(bytes, payload + 2) << 8;
    fields.portsReadable = true;
  }
}

/** TCP, UDP, DCCP, SCTP, UDP-Lite. */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === 33 || protocol === 132 || protocol === 136
  );
}

export function byte(bytes: Uint8Array, offset: number): number {
  return bytes[offset] as number;
}

export function word16(bytes: Uint8Array, offset: number): number {
  return (byte(bytes, offset) << 8) | byte(bytes, offset + 1);
}

export function word32(bytes: Uint8Array, offset: number): number {
  return ((word16(bytes, offset) << 16) | word16(bytes, offset + 2)) >>> 0;
}

/** Reads a word into `words`: as a result it would be a number on the heap, where V8 does not inline `word32`. */
export function readWord(bytes: Uint8Array, offset: number, words: Uint32Array, at: number): void {
  words[at] = (word16(bytes, offset) << 16) | word16(bytes, offset + 2);
}

export function setWord16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

export function setWord32(bytes: Uint8Array, offset: number, value: number): void {
  setWord16(bytes, offset, value >>> 16);
  setWord16(bytes, offset + 2, value & 0xffff);
}
