// ESP outbound, RFC 4303 section 3.3.
//
//   | header template | SPI | sequence | IV | payload | TFC | 1 2 3 .. | pad length | next header | ICV |
//     <- grows left                           ^ D_PACKET: never moves                       grows right ->
import { store32, store64, wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_NEXT_HEADER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
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
  SA_SPI,
} from "../layout";
import { drawIv, isCbc } from "./cbc";
import { stampHeaders } from "./outer";

const PADDING = memory.data<u8>([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16], 16);

/** Writes everything in front of and behind the payload but the ICV. */
export function espLayOut(descriptor: usize): void {
  const sa = <usize>load<u32>(descriptor, D_SA);
  const sequence = load<u64>(descriptor, D_SEQUENCE);
  const text = load<u32>(descriptor, D_PACKET);
  const textLength = writeTrailer(descriptor, sa);
  const iv = text - load<u8>(sa, SA_IV_LENGTH);
  const header = iv - 8;
  const icv = text + textLength;
  const length = icv - header;
  store<u32>(descriptor, text, D_TEXT);
  store<u32>(descriptor, textLength, D_TEXT_LENGTH);
  store<u32>(descriptor, iv, D_IV);
  store<u32>(descriptor, icv, D_ICV);
  store<u32>(descriptor, header, D_AUTH);
  store<u32>(descriptor, length, D_AUTH_LENGTH);
  if (load<u8>(sa, SA_FLAGS) & FLAG_ESN && load<u8>(sa, SA_INTEGRITY) != INT_NONE) {
    // The high half is authenticated as if it stood behind the text, RFC 4303 section 2.2.1; there the ICV's place is free.
    store32(icv, <u32>(sequence >> 32));
    store<u32>(descriptor, length + 4, D_AUTH_LENGTH);
  }
  stampHeaders(descriptor, sa, header, length + load<u8>(sa, SA_ICV_LENGTH));
  store32(header, load<u32>(sa, SA_SPI));
  store32(header + 4, <u32>sequence);
  if (isCbc(sa)) drawIv(iv, text - iv);
  else if (iv != text) store64(iv, sequence); // of a counter mode: the 64-bit number itself, unique for the key
}

/** TFC padding (zeroes), then 1, 2, 3 .. up to the alignment, pad length, next header: RFC 4303 section 2.4. */
function writeTrailer(descriptor: usize, sa: usize): u32 {
  const payload = <usize>load<u32>(descriptor, D_PACKET);
  let length = load<u32>(descriptor, D_LENGTH);
  const padTo = load<u32>(descriptor, D_PAD_TO);
  if (length < padTo) {
    wipe(payload + length, padTo - length);
    length = padTo;
  }
  const alignment = <u32>load<u8>(sa, SA_ALIGNMENT);
  const padLength = (alignment - ((length + 2) & (alignment - 1))) & (alignment - 1);
  v128.store(payload + length, v128.load(PADDING)); // the tailroom takes what is too much
  length += padLength;
  store<u8>(payload + length, <u8>padLength);
  store<u8>(payload + length, <u8>load<u32>(descriptor, D_NEXT_HEADER), 1);
  return length + 2;
}
