// ESP inbound, RFC 4303 section 3.4.
//
//   | SPI | sequence | IV | payload | TFC | 1 2 3 .. | pad length | next header | ICV |
//     ^ D_PACKET
import { load32, store32 } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_PACKET,
  D_SEQUENCE,
  D_TEXT,
  D_TEXT_LENGTH,
  FLAG_ESN,
  INT_NONE,
  SA_ALIGNMENT,
  SA_FLAGS,
  SA_ICV_LENGTH,
  SA_INTEGRITY,
  SA_IV_LENGTH,
} from "../layout";
import { replayCheck } from "../replay";
import { inferSequence } from "../sequence";
import { BAD_TRAILER, DUMMY, MALFORMED } from "../status";
import { isCbc } from "./cbc";
import { unwrap } from "./unwrap";

const NO_NEXT_HEADER: u32 = 59;

/** The lengths, the 64-bit number, the window: what can be refused before the ICV is computed. */
export function espFind(descriptor: usize, sa: usize): u32 {
  const packet = <usize>load<u32>(descriptor, D_PACKET);
  const length = load<u32>(descriptor, D_LENGTH);
  const ivLength = <u32>load<u8>(sa, SA_IV_LENGTH);
  const around: u32 = 8 + ivLength + load<u8>(sa, SA_ICV_LENGTH);
  if (length < around + 2) return MALFORMED; // pad length and next header at least
  const textLength = length - around;
  // Whole blocks: RFC 3602 section 2.4, RFC 2451 section 2.4.
  if (isCbc(sa) && textLength & (<u32>load<u8>(sa, SA_ALIGNMENT) - 1)) return MALFORMED;

  const sequence = inferSequence(sa, load32(packet + 4));
  const iv = packet + 8;
  store<u64>(descriptor, sequence, D_SEQUENCE);
  store<u32>(descriptor, <u32>iv, D_IV);
  store<u32>(descriptor, <u32>iv + ivLength, D_TEXT);
  store<u32>(descriptor, textLength, D_TEXT_LENGTH);
  store<u32>(descriptor, <u32>iv + ivLength + textLength, D_ICV);
  store<u32>(descriptor, <u32>packet, D_AUTH);
  store<u32>(descriptor, 8 + ivLength + textLength, D_AUTH_LENGTH);
  appendHighHalf(descriptor, sa, sequence);
  return replayCheck(sa, sequence);
}

/** With ESN the high half is authenticated as if it stood behind the text, RFC 4303 section 2.2.1: the ICV makes room. */
function appendHighHalf(descriptor: usize, sa: usize, sequence: u64): void {
  if (!(load<u8>(sa, SA_FLAGS) & FLAG_ESN) || load<u8>(sa, SA_INTEGRITY) == INT_NONE) return;
  const icv = <usize>load<u32>(descriptor, D_ICV);
  for (let end = icv + load<u8>(sa, SA_ICV_LENGTH); end > icv; end -= 4) store<u32>(end, load<u32>(end - 4));
  store32(icv, <u32>(sequence >> 32));
  store<u32>(descriptor, <u32>icv + 4, D_ICV);
  store<u32>(descriptor, load<u32>(descriptor, D_AUTH_LENGTH) + 4, D_AUTH_LENGTH);
}

/** Pad length, next header, and padding that counts 1, 2, 3 .., RFC 4303 section 2.4. */
export function readTrailer(descriptor: usize, sa: usize): u32 {
  const text = <usize>load<u32>(descriptor, D_TEXT);
  const end = text + <usize>load<u32>(descriptor, D_TEXT_LENGTH) - 2;
  const padLength = <usize>load<u8>(end);
  const nextHeader = <u32>load<u8>(end, 1);
  if (text + padLength > end) return BAD_TRAILER;
  const padding = end - padLength;
  for (let i: usize = 0; i < padLength; i++) {
    if (load<u8>(padding + i) != <u8>(i + 1)) return BAD_TRAILER;
  }
  store<u32>(descriptor, nextHeader, D_NEXT_HEADER);
  store<u32>(descriptor, <u32>(padding - text), D_LENGTH_OUT);
  if (nextHeader == NO_NEXT_HEADER) return DUMMY; // RFC 4303 section 2.6
  return unwrap(descriptor, sa, text, <u32>(padding - text), nextHeader);
}
