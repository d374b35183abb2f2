// What the ICV of AH is computed over (RFC 4302 section 3.3.3): the whole packet, mutable fields and ICV zeroed, with ESN
// its high half behind. It is made in place, because the MAC rooms want one message; the head of the packet is kept
// behind it and put back.
//
//   | IP header | next header, length, 0, SPI, sequence, IV, ICV, padding | payload | high half | head as it was |
//     ^ D_AUTH                                                                              ^ savedHead
import { store32, wipe } from "../bytes";
import { D_AUTH, D_AUTH_LENGTH, D_SA, D_SEQUENCE, FLAG_ESN, SA_FLAGS, SA_ICV_LENGTH, SA_IV_LENGTH } from "../layout";
import { zeroMutable } from "./mutable";

/** Next header, length, reserved, SPI, sequence number. */
export const AH_FIXED_LENGTH: usize = 12;
/** Bytes of the longest IP header with options or extension headers: its copy and the ESP trailers of a bundle share the tailroom. */
export const AH_HEADER_MOST: u32 = 144;
const ESN_LENGTH: u32 = 4;

/** Where in AH the ICV begins: behind the IV, where there is one (RFC 4543 section 4). */
export function icvOffset(sa: usize): usize {
  return AH_FIXED_LENGTH + <usize>load<u8>(sa, SA_IV_LENGTH);
}

/** Bytes of AH: RFC 4302 section 2.2, a multiple of 4, over IPv6 of 8. */
export function ahLength(sa: usize, version: u32): usize {
  const length = icvOffset(sa) + <usize>load<u8>(sa, SA_ICV_LENGTH);
  return version == 6 ? (length + 7) & ~7 : length;
}

/** Makes the message from the packet of `length` bytes at `start`. False, and all is as it was, for a header it cannot read. */
export function makeMessage(
  descriptor: usize,
  start: usize,
  length: u32,
  headerLength: u32,
  kept: usize,
  sending: bool,
): bool {
  if (headerLength > AH_HEADER_MOST) return false;
  const esn = load<u8>(<usize>load<u32>(descriptor, D_SA), SA_FLAGS) & FLAG_ESN;
  store<u32>(descriptor, <u32>start, D_AUTH);
  store<u32>(descriptor, esn ? length + ESN_LENGTH : length, D_AUTH_LENGTH);
  memory.copy(savedHead(descriptor), start, kept);
  if (!zeroMutable(start, headerLength, sending)) {
    putBack(descriptor, kept);
    return false;
  }
  if (esn) store32(start + <usize>length, <u32>(load<u64>(descriptor, D_SEQUENCE) >> 32));
  return true;
}

/** Where the head of the packet is kept. */
export function savedHead(descriptor: usize): usize {
  return <usize>load<u32>(descriptor, D_AUTH) + <usize>load<u32>(descriptor, D_AUTH_LENGTH);
}

/** The first `kept` bytes are as they were again. */
export function putBack(descriptor: usize, kept: usize): void {
  const saved = savedHead(descriptor);
  memory.copy(<usize>load<u32>(descriptor, D_AUTH), saved, kept);
  wipe(saved, kept);
}
