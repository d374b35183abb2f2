// The errors that path MTU discovery needs: RFC 792 type 3 code 4 with RFC 1191's next-hop MTU, RFC 4443 type 2.
import type { IpFields } from "./fields.js";
import { IPV4_HEADER_LENGTH, internetChecksum, writeIpv4 } from "./ipv4.js";
import { IPV6_HEADER_LENGTH, IPV6_MINIMUM_MTU, pseudoHeaderSum, writeIpv6 } from "./ipv6.js";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6 } from "./protocol.js";
import { byte, setWord16, setWord32 } from "./words.js";

export const ICMP_HEADER_LENGTH = 8;
/** RFC 1812 section 4.3.2.3: an IPv4 error is at most 576 bytes. */
const IPV4_ERROR_LENGTH = 576;
const TTL = 64;

/** Where the refused packet lies, and what is said about it. */
export interface TooBig {
  readonly packet: Uint8Array;
  readonly start: number;
  readonly fields: IpFields;
  /** Bytes of the largest packet that would have passed. */
  readonly mtu: number;
  /** Address the error comes from, of the packet's own version: 4 or 16 bytes. */
  readonly from: Uint8Array;
}

/** Writes the error to `target` at `at`; its length, or 0 where RFC 1122 section 3.2.2 and RFC 4443 section 2.4 forbid one. */
export function writeTooBig(target: Uint8Array, at: number, error: TooBig): number {
  if (mayNotBeAnswered(error)) return 0;
  return error.fields.version === 4
    ? writeFragmentationNeeded(target, at, error)
    : writePacketTooBig(target, at, error);
}

function writeFragmentationNeeded(target: Uint8Array, at: number, error: TooBig): number {
  const { packet, start, fields } = error;
  const quoted = Math.min(fields.totalLength, IPV4_ERROR_LENGTH - IPV4_HEADER_LENGTH - ICMP_HEADER_LENGTH);
  const totalLength = IPV4_HEADER_LENGTH + ICMP_HEADER_LENGTH + quoted;
  const icmp = at + IPV4_HEADER_LENGTH;
  writeIpv4(target, at, {
    source: error.from,
    target: packet.subarray(start + 12, start + 16),
    protocol: PROTOCOL_ICMP,
    totalLength,
    ttl: TTL,
  });
  target[icmp] = 3;
  target[icmp + 1] = 4;
  setWord32(target, icmp + 2, 0);
  setWord16(target, icmp + 6, Math.min(error.mtu, 0xffff));
  target.set(packet.subarray(start, start + quoted), icmp + ICMP_HEADER_LENGTH);
  setWord16(target, icmp + 2, internetChecksum(target, icmp, ICMP_HEADER_LENGTH + quoted));
  return totalLength;
}

function writePacketTooBig(target: Uint8Array, at: number, error: TooBig): number {
  const { packet, start, fields } = error;
  const quoted = Math.min(fields.totalLength, IPV6_MINIMUM_MTU - IPV6_HEADER_LENGTH - ICMP_HEADER_LENGTH);
  const payloadLength = ICMP_HEADER_LENGTH + quoted;
  const icmp = at + IPV6_HEADER_LENGTH;
  const to = packet.subarray(start + 8, start + 24);
  writeIpv6(target, at, { source: error.from, target: to, nextHeader: PROTOCOL_ICMPV6, payloadLength, hopLimit: TTL });
  target[icmp] = 2;
  target[icmp + 1] = 0;
  setWord16(target, icmp + 2, 0);
  setWord32(target, icmp + 4, error.mtu);
  target.set(packet.subarray(start, start + quoted), icmp + ICMP_HEADER_LENGTH);
  const carried = pseudoHeaderSum(error.from, to, payloadLength, PROTOCOL_ICMPV6);
  setWord16(target, icmp + 2, internetChecksum(target, icmp, payloadLength, carried));
  return IPV6_HEADER_LENGTH + payloadLength;
}

/** Never about an ICMP error, a later fragment, or to a source that is no single host. */
function mayNotBeAnswered({ packet, start, fields }: TooBig): boolean {
  if (fields.laterFragment) return true;
  const first = byte(packet, start + (fields.version === 4 ? 12 : 8));
  if (fields.version === 4) {
    return first === 0 || first >= 224 || isIcmpError(fields);
  }
  return first === 0xff || fields.source.every((word) => word === 0) || isIcmpError(fields);
}

/** RFC 1122 section 3.2.2: unreachable, source quench, redirect, time exceeded, parameter problem. RFC 4443 section 2.1: below 128. */
export function isIcmpError({ version, protocol, portsReadable, sourcePort }: IpFields): boolean {
  if (!portsReadable) return false;
  const type = sourcePort >> 8;
  if (version === 4)
    return protocol === PROTOCOL_ICMP && (type === 3 || type === 4 || type === 5 || type === 11 || type === 12);
  return protocol === PROTOCOL_ICMPV6 && type < 128;
}
