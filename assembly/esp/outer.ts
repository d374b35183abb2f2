// The headers in front of ESP or AH, outbound. TypeScript composed a template per SA; here it is copied and patched.
//
//   template   outer IPv4 (20) or IPv6 (40) | UDP (8) | non-IKE marker (8)        every part may be missing
//
// Tunnel mode over carrier ip: all of it. Transport mode over carrier ip: the packet's own IP header moves left, and
// only UDP and marker come from the template. Carrier udp: at most the marker; a socket owns the rest.
import { copy, load16, load32, store16, store32 } from "../bytes";
import { foldChecksum, stampIpv4Checksum, sumWords } from "../checksum";
import {
  C_NEXT_ID,
  DF_COPY,
  DF_SET,
  DSCP_COPY,
  D_HEADER_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_PACKET,
  D_START,
  D_TOS,
  INNER_DF,
  NO_UDP,
  SA_DF,
  SA_DSCP,
  SA_OUTER,
  SA_PROTOCOL,
  SA_TEMPLATE,
  SA_TEMPLATE_LENGTH,
  SA_UDP,
} from "../layout";

const PROTOCOL_UDP: u8 = 17;
const PROTOCOL_IPCOMP: u32 = 108;
const DONT_FRAGMENT: u32 = 0x4000;

/** Stamps whatever stands before the ESP or AH header at `esp`, which is `espLength` bytes with all behind it. */
export function stampHeaders(descriptor: usize, sa: usize, esp: usize, espLength: u32): void {
  const templateLength = <usize>load<u8>(sa, SA_TEMPLATE_LENGTH);
  const template = esp - templateLength;
  const headerLength = <usize>load<u32>(descriptor, D_HEADER_LENGTH);
  const start = template - headerLength;
  const length = espLength + <u32>(esp - start);
  store<u32>(descriptor, <u32>start, D_START);
  store<u32>(descriptor, length, D_LENGTH_OUT);
  if (start == esp) return; // carrier udp, as a rule
  // The packet's own header goes first: the bytes it leaves are where the template and ESP will stand.
  copy(start, <usize>load<u32>(descriptor, D_PACKET) - headerLength, headerLength);
  copy(template, sa + SA_TEMPLATE, templateLength);
  const udpOffset = <usize>load<u8>(sa, SA_UDP);
  if (udpOffset != NO_UDP) store16(template + udpOffset + 4, espLength + <u32>(templateLength - udpOffset));

  if (headerLength > 0)
    patchHeader(descriptor, start, length, udpOffset != NO_UDP ? PROTOCOL_UDP : load<u8>(sa, SA_PROTOCOL));
  else if (load<u8>(sa, SA_OUTER) == 4) stampIpv4(descriptor, sa, start, length);
  else if (load<u8>(sa, SA_OUTER) == 6) stampIpv6(descriptor, sa, start, length);
}

/** The outer UDP checksum: zero over IPv4 (RFC 3948 section 2.1), over IPv6 computed behind the ICV (RFC 8200 section 8.1). */
export function stampUdpChecksum(descriptor: usize, sa: usize): void {
  const udpOffset = <usize>load<u8>(sa, SA_UDP);
  if (udpOffset == NO_UDP) return;
  const start = <usize>load<u32>(descriptor, D_START);
  if (load<u8>(start) >> 4 != 6) return;
  const udp = start + <usize>load<u32>(descriptor, D_HEADER_LENGTH) + udpOffset;
  const length = load<u32>(descriptor, D_LENGTH_OUT) - <u32>(udp - start);
  const sum = sumWords(<u64>length + PROTOCOL_UDP, start + 8, 32);
  const checksum = foldChecksum(sumWords(sum, udp, length));
  store16(udp + 6, checksum == 0 ? 0xffff : checksum);
}

/** Transport mode: the protocol of the packet's own header becomes ESP, AH or UDP, its length grows. */
function patchHeader(descriptor: usize, start: usize, length: u32, protocol: u8): void {
  store<u8>(start + <usize>load<u32>(descriptor, D_NEXT_OFFSET), protocol);
  if (load<u8>(start) >> 4 == 6) {
    store16(start + 4, length - 40);
    return;
  }
  store16(start + 2, length);
  stampIpv4Checksum(start, (<u32>load<u8>(start) & 15) << 2);
}

function stampIpv4(descriptor: usize, sa: usize, header: usize, length: u32): void {
  store<u8>(header, <u8>outerTos(descriptor, sa), 1);
  store16(header + 2, length);
  // Unique for a while, RFC 6864 section 4.3: the datagram may be cut on its way unless DF is set.
  const identification = load<u32>(C_NEXT_ID);
  store<u32>(C_NEXT_ID, identification + 1);
  store16(header + 4, identification);
  store16(header + 6, dontFragment(descriptor, sa) ? DONT_FRAGMENT : 0);
  stampIpv4Checksum(header, 20);
}

function stampIpv6(descriptor: usize, sa: usize, header: usize, length: u32): void {
  store32(header, 0x60000000 | (outerTos(descriptor, sa) << 20));
  store16(header + 4, length - 40);
}

/** DSCP as configured, ECN as in the inner header: RFC 6040 section 4.1, normal mode. A dummy packet has neither. */
function outerTos(descriptor: usize, sa: usize): u32 {
  const inner = innerTos(descriptor);
  const dscp = <u32>load<u8>(sa, SA_DSCP);
  return dscp == DSCP_COPY ? inner : (dscp << 2) | (inner & 3);
}

function innerTos(descriptor: usize): u32 {
  const inner = <usize>load<u32>(descriptor, D_PACKET);
  const nextHeader = load<u32>(descriptor, D_NEXT_HEADER);
  if (nextHeader == 4) return load<u8>(inner, 1);
  if (nextHeader == 41) return (load32(inner) >> 20) & 255;
  if (nextHeader == PROTOCOL_IPCOMP) return load<u32>(descriptor, D_TOS) & 255; // The engine has compressed it.
  return 0;
}

/** RFC 4301 section 8.1. An inner IPv6 packet counts as DF = 1: nobody on its way may cut it. */
function dontFragment(descriptor: usize, sa: usize): bool {
  const setting = load<u8>(sa, SA_DF);
  if (setting != DF_COPY) return setting == DF_SET;
  if (load<u32>(descriptor, D_NEXT_HEADER) == 41) return true;
  if (load<u32>(descriptor, D_NEXT_HEADER) == PROTOCOL_IPCOMP) return (load<u32>(descriptor, D_TOS) & INNER_DF) != 0;
  return (
    load<u32>(descriptor, D_NEXT_HEADER) == 4 &&
    (load16(<usize>load<u32>(descriptor, D_PACKET) + 6) & DONT_FRAGMENT) != 0
  );
}
