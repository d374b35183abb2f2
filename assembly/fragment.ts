// Cutting: RFC 791 section 3.2, RFC 8200 section 4.5.
//
//   before sealing   cutPiece copies one piece of an IPv4 packet, with a header of its own, to a slot of its own
//   after sealing    cutNext hands a sealed datagram out fragment by fragment, in place:
//
//      | header | data 0 ......... | data 1 ......... | data 2 .. |
//                         | header |                               each header stands over the end of the data before it,
//                                            | header |            which has been handed out already
import { load16, store16, store32, wipe } from "./bytes";
import { stampIpv4Checksum } from "./checksum";
import {
  C_NEXT_ID,
  CUT_WORK,
  D_CUT_DATA,
  D_CUT_END,
  D_CUT_HEADER,
  D_CUT_START,
  D_HEADER_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_OFFSET,
  D_START,
} from "./layout";

const RESERVED: u32 = 0x8000;
const DONT_FRAGMENT: u32 = 0x4000;
const MORE_FRAGMENTS: u32 = 0x2000;
const OFFSET: u32 = 0x1fff;
const COPIED: u32 = 0x80;
const FRAGMENT_HEADER: u8 = 44;
const FRAGMENT_HEADER_LENGTH: usize = 8;

/**
 * Writes piece `index` of the IPv4 packet at `packet` to `target`: `unit` bytes of its data, a multiple of 8, behind its
 * header; the last piece has what is left. Answers the piece's length. A packet that is a fragment itself keeps its
 * offset and its place in the whole.
 */
export function cutPiece(packet: usize, unit: i32, index: i32, target: usize): i32 {
  const headerLength = ipv4HeaderLength(packet);
  const dataLength = load16(packet + 2) - <u32>headerLength;
  const offset = <u32>unit * <u32>index;
  const length = min(<u32>unit, dataLength - offset);
  const pieceHeader = index == 0 ? headerLength : writeLaterHeader(packet, target);
  if (index == 0) memory.copy(target, packet, headerLength);
  memory.copy(target + pieceHeader, packet + headerLength + offset, length);
  const flags = load16(packet + 6);
  const more = flags & MORE_FRAGMENTS || offset + length < dataLength;
  const place = (flags & (RESERVED | DONT_FRAGMENT)) | (more ? MORE_FRAGMENTS : 0) | ((flags & OFFSET) + (offset >> 3));
  stampIpv4(target, <u32>pieceHeader + length, place);
  return <i32>(<u32>pieceHeader + length);
}

/**
 * Hands out the next fragment, of at most `mtu` bytes, of the sealed datagram of `descriptor`: D_START and D_LENGTH_OUT
 * become the fragment's. Answers whether more follow. The datagram must be longer than `mtu` when `first` is asked for.
 */
export function cutNext(descriptor: usize, mtu: i32, first: bool): bool {
  const start = <usize>load<u32>(descriptor, D_START);
  return load<u8>(first ? start : <usize>load<u32>(descriptor, D_CUT_HEADER)) >> 4 == 4
    ? cutNextIpv4(descriptor, <u32>mtu, first)
    : cutNextIpv6(descriptor, <u32>mtu, first);
}

function cutNextIpv4(descriptor: usize, mtu: u32, first: bool): bool {
  if (first) {
    const start = <usize>load<u32>(descriptor, D_START);
    begin(descriptor, start, start + ipv4HeaderLength(start), start + <usize>load<u32>(descriptor, D_LENGTH_OUT));
  }
  const before = <usize>load<u32>(descriptor, D_CUT_HEADER);
  const data = <usize>load<u32>(descriptor, D_CUT_DATA);
  const left = load<u32>(descriptor, D_CUT_END) - <u32>data;
  let headerLength = ipv4HeaderLength(before);
  if (!first) {
    // By way of scratch: where fragments are short the new header stands over the old one.
    headerLength = writeLaterHeader(before, CUT_WORK);
    memory.copy(data - headerLength, CUT_WORK, headerLength);
    wipe(CUT_WORK, headerLength);
  }
  const room = (mtu - <u32>headerLength) & ~7;
  const more = left > mtu - <u32>headerLength;
  const length = more ? room : left;
  const offset = (<u32>data - load<u32>(descriptor, D_CUT_START)) >> 3;
  // DF is clear: that this datagram may be cut has been decided.
  stampIpv4(data - headerLength, <u32>headerLength + length, (more ? MORE_FRAGMENTS : 0) | offset);
  handOut(descriptor, data, headerLength, length);
  return more;
}

function cutNextIpv6(descriptor: usize, mtu: u32, first: bool): bool {
  // What stands in front of ESP or UDP is in every fragment.
  const own = <usize>load<u32>(descriptor, D_HEADER_LENGTH);
  const unfragmentable = own == 0 ? 40 : own;
  const headerLength = unfragmentable + FRAGMENT_HEADER_LENGTH;
  if (first) insertFragmentHeader(descriptor, unfragmentable);
  const data = <usize>load<u32>(descriptor, D_CUT_DATA);
  const header = data - headerLength;
  if (!first) memory.copy(header, <usize>load<u32>(descriptor, D_CUT_HEADER), headerLength);
  const left = load<u32>(descriptor, D_CUT_END) - <u32>data;
  const more = left > mtu - <u32>headerLength;
  const length = more ? (mtu - <u32>headerLength) & ~7 : left;
  const offset = <u32>data - load<u32>(descriptor, D_CUT_START);
  store16(header + 4, <u32>headerLength - 40 + length);
  store16(header + unfragmentable + 2, offset | (more ? 1 : 0));
  handOut(descriptor, data, headerLength, length);
  return more;
}

/** The headers in front move left and make room for: next header, 0, offset and M, identification. */
function insertFragmentHeader(descriptor: usize, unfragmentable: usize): void {
  const old = <usize>load<u32>(descriptor, D_START);
  const start = old - FRAGMENT_HEADER_LENGTH;
  const fragment = start + unfragmentable;
  memory.copy(start, old, unfragmentable);
  const named = start + (unfragmentable == 40 ? 6 : <usize>load<u32>(descriptor, D_NEXT_OFFSET));
  const identification = load<u32>(C_NEXT_ID);
  store<u32>(C_NEXT_ID, identification + 1);
  store16(fragment, (<u32>load<u8>(named)) << 8);
  store32(fragment + 4, identification);
  store<u8>(named, FRAGMENT_HEADER);
  begin(descriptor, start, fragment + FRAGMENT_HEADER_LENGTH, old + <usize>load<u32>(descriptor, D_LENGTH_OUT));
}

function begin(descriptor: usize, header: usize, data: usize, end: usize): void {
  store<u32>(descriptor, <u32>header, D_CUT_HEADER);
  store<u32>(descriptor, <u32>data, D_CUT_START);
  store<u32>(descriptor, <u32>data, D_CUT_DATA);
  store<u32>(descriptor, <u32>end, D_CUT_END);
}

function handOut(descriptor: usize, data: usize, headerLength: usize, length: u32): void {
  store<u32>(descriptor, <u32>(data - headerLength), D_CUT_HEADER);
  store<u32>(descriptor, <u32>data + length, D_CUT_DATA);
  store<u32>(descriptor, <u32>(data - headerLength), D_START);
  store<u32>(descriptor, <u32>headerLength + length, D_LENGTH_OUT);
}

function ipv4HeaderLength(header: usize): usize {
  return (<usize>load<u8>(header) & 15) << 2;
}

function stampIpv4(header: usize, length: u32, place: u32): void {
  store16(header + 2, length);
  store16(header + 6, place);
  stampIpv4Checksum(header, (<u32>load<u8>(header) & 15) << 2);
}

/** The header of all pieces but the first: only options with the copied flag, RFC 791 section 3.1. Its length. */
function writeLaterHeader(packet: usize, target: usize): usize {
  const end = packet + ipv4HeaderLength(packet);
  memory.copy(target, packet, 20);
  let written: usize = 20;
  let option = packet + 20;
  while (option < end) {
    const type = <u32>load<u8>(option);
    if (type == 0) break;
    if (type == 1) {
      option++;
      continue;
    }
    const length = option + 1 < end ? <usize>load<u8>(option, 1) : 0;
    if (length < 2 || option + length > end) break;
    if (type & COPIED) {
      memory.copy(target + written, option, length);
      written += length;
    }
    option += length;
  }
  while (written & 3) {
    store<u8>(target + written, 0);
    written++;
  }
  store<u8>(target, <u8>(0x40 | (written >> 2)));
  return written;
}

/** Bytes of the header of the pieces of `packet` but the first. */
export function laterHeaderLength(packet: usize): i32 {
  const length = writeLaterHeader(packet, CUT_WORK);
  wipe(CUT_WORK, length);
  return <i32>length;
}
