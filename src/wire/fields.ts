// What a packet's header says as far as policies need it: RFC 4301 section 4.4.1.1.
import { hasPorts, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_MOBILITY } from "./protocol.js";
import { byte, word16 } from "./words.js";

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
