// Joining fragments: RFC 791 section 3.2, RFC 8200 section 4.5. Which datagram a fragment belongs to, how many are joined
// at once and for how long is the engine's business (src/frag/reassembly.ts); here lie the bytes of one.
//
//   reassembly + R_COVERED   a bit for every 8 bytes that have come
//              + R_STARTS    a bit where a fragment began: only so can a duplicate be told from an overlap
//              + R_DATA      the data, the first fragment's header just in front of it
//
// Any overlap refuses the datagram, RFC 5722, in IPv4 too: what overlaps is an attack on whoever looks at the first
// fragment only (RFC 1858, RFC 3128). A fragment that comes twice, byte for byte, is no overlap.
import { load16, store16 } from "./bytes";
import { stampIpv4Checksum } from "./checksum";
import {
  R_COVERED,
  R_DATA,
  R_ECN,
  R_HEADER,
  R_HEADER_LENGTH,
  R_HIGHEST,
  R_JOINED_LENGTH,
  R_LENGTH,
  R_RECEIVED,
  R_STARTS,
} from "./layout";
import { JOINED, JOINED_MALFORMED, JOIN_MALFORMED, JOIN_OVERLAP, JOIN_WAITING } from "./status";

const MORE_FRAGMENTS: u32 = 0x2000;
const OFFSET: u32 = 0x1fff;
const KEPT_FLAGS: u32 = 0xc000;
const LARGEST: u32 = 65535;
const CE: u32 = 3;

/**
 * Adds the fragment at `packet`, whose header lengths the engine has checked. `fragmentHeader`: offset of IPv6's fragment
 * header, and `namedAt` of the byte that announces it. JOINED: the datagram is whole, its length at R_JOINED_LENGTH.
 */
export function join(reassembly: usize, packet: usize, fragmentHeader: i32, namedAt: i32): i32 {
  const six = load<u8>(packet) >> 4 == 6;
  const headerLength = six ? <u32>fragmentHeader : (<u32>load<u8>(packet) & 15) << 2;
  const data = packet + headerLength + (six ? 8 : 0);
  const total: u32 = six ? 40 + load16(packet + 4) : load16(packet + 2);
  const length = <u32>packet + total - <u32>data;
  const place = load16(packet + (six ? headerLength + 2 : 6));
  const offset = six ? place & 0xfff8 : (place & OFFSET) << 3;
  const more = (six ? place & 1 : place & MORE_FRAGMENTS) != 0;
  const end = offset + length;
  if (length == 0 || (more && (length & 7) != 0) || end > LARGEST || headerLength > <u32>(R_DATA - R_HEADER))
    return JOIN_MALFORMED;

  const known = load<u32>(reassembly, R_LENGTH);
  if (known != 0 && (more ? end >= known : end != known)) return JOIN_OVERLAP;
  if (!more && load<u32>(reassembly, R_HIGHEST) > end) return JOIN_OVERLAP;
  if (isCovered(reassembly, offset, end))
    return (more || known == end) && isDuplicate(reassembly, data, offset, end) ? JOIN_WAITING : JOIN_OVERLAP;

  memory.copy(reassembly + R_DATA + offset, data, length);
  for (let at = offset; at < end; at += 8) setBit(reassembly + R_COVERED, at);
  setBit(reassembly + R_STARTS, offset);
  const received = load<u32>(reassembly, R_RECEIVED) + length;
  store<u32>(reassembly, received, R_RECEIVED);
  store<u32>(reassembly, max(load<u32>(reassembly, R_HIGHEST), end), R_HIGHEST);
  store<u32>(reassembly, load<u32>(reassembly, R_ECN) | (1 << (tosOf(packet) & 3)), R_ECN);
  if (!more) store<u32>(reassembly, end, R_LENGTH);
  if (offset == 0) keepHeader(reassembly, packet, headerLength, namedAt);
  const whole = load<u32>(reassembly, R_LENGTH);
  return whole != 0 && whole == received ? finish(reassembly) : JOIN_WAITING;
}

/** Copies the whole datagram to `target`. */
export function joined(reassembly: usize, target: usize): void {
  const start = reassembly + R_DATA - <usize>load<u32>(reassembly, R_HEADER_LENGTH);
  memory.copy(target, start, load<u32>(reassembly, R_JOINED_LENGTH));
}

/** The first fragment's header is the datagram's. IPv6's fragment header is left out: what announced it names the next. */
function keepHeader(reassembly: usize, packet: usize, headerLength: u32, namedAt: i32): void {
  const header = reassembly + R_DATA - headerLength;
  memory.copy(header, packet, headerLength);
  if (load<u8>(packet) >> 4 == 6) store<u8>(header + namedAt, load<u8>(packet + headerLength));
  store<u32>(reassembly, headerLength, R_HEADER_LENGTH);
}

function finish(reassembly: usize): i32 {
  const headerLength = load<u32>(reassembly, R_HEADER_LENGTH);
  const header = reassembly + R_DATA - headerLength;
  const length = headerLength + load<u32>(reassembly, R_LENGTH);
  const six = load<u8>(header) >> 4 == 6;
  if (length > LARGEST) return JOINED_MALFORMED;
  // RFC 3168 section 5.3: congestion marked on one fragment is marked on the whole, unless another cannot carry it.
  const seen = load<u32>(reassembly, R_ECN);
  if (seen & (1 << CE)) {
    if (seen & 1) return JOINED_MALFORMED;
    store16(header, load16(header) | (six ? CE << 4 : CE));
  }
  if (six) {
    store16(header + 4, length - 40);
  } else {
    store16(header + 2, length);
    store16(header + 6, load16(header + 6) & KEPT_FLAGS);
    stampIpv4Checksum(header, headerLength);
  }
  store<u32>(reassembly, length, R_JOINED_LENGTH);
  return JOINED;
}

function tosOf(packet: usize): u32 {
  return load<u8>(packet) >> 4 == 6 ? (load16(packet) >> 4) & 255 : <u32>load<u8>(packet, 1);
}

function isCovered(reassembly: usize, offset: u32, end: u32): bool {
  for (let at = offset; at < end; at += 8) if (getBit(reassembly + R_COVERED, at)) return true;
  return false;
}

/** One that has come before, with the same first and last byte and the same bytes between: RFC 8200 section 4.5. */
function isDuplicate(reassembly: usize, data: usize, offset: u32, end: u32): bool {
  if (!getBit(reassembly + R_STARTS, offset)) return false;
  for (let at = offset; at < end; at += 8) {
    if (!getBit(reassembly + R_COVERED, at) || (at != offset && getBit(reassembly + R_STARTS, at))) return false;
  }
  const last = load<u32>(reassembly, R_HIGHEST) == end;
  const next = (end + 7) & ~7;
  if (!last && getBit(reassembly + R_COVERED, next) && !getBit(reassembly + R_STARTS, next)) return false;
  return memory.compare(reassembly + R_DATA + offset, data, end - offset) == 0;
}

function getBit(bits: usize, at: u32): bool {
  return ((load<u8>(bits + (at >> 6)) >> <u8>((at >> 3) & 7)) & 1) != 0;
}

function setBit(bits: usize, at: u32): void {
  const address = bits + (at >> 6);
  store<u8>(address, load<u8>(address) | ((<u8>1) << (<u8>((at >> 3) & 7))));
}
