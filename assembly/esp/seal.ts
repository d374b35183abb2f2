// ESP outbound, RFC 4303 section 3.3: number, run, finish.
//
//   | header template | SPI | sequence | IV | payload | TFC | 1 2 3 .. | pad length | next header | ICV |
//     <- grows left                           ^ D_PACKET: never moves                       grows right ->
import { sealRun } from "../batch";
import { store32, store64, wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_DIRECTION,
  D_GENERATION,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_NEXT_HEADER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_SEQUENCE,
  D_SIZE_OF,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  FLAG_ESN,
  INT_NONE,
  ORDER,
  SA_ALIGNMENT,
  SA_FLAGS,
  SA_GENERATION,
  SA_ICV_LENGTH,
  SA_INTEGRITY,
  SA_IV_LENGTH,
  SA_LIVE,
  SA_SPI,
  SA_STATE,
} from "../layout";
import { nextSequence } from "../sequence";
import { EXHAUSTED, NO_SA, PENDING, SEALED } from "../status";
import { isCbc } from "./cbc";
import { icvWrite } from "./icv";
import { stampHeaders, stampUdpChecksum } from "./outer";

/** Seals the PENDING outbound ones of `count` descriptors from `first` on. */
export function seal(first: usize, count: i32): void {
  const end = first + <usize>count * D_SIZE_OF;
  let taken = 0;
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (!isPending(descriptor) || !number(descriptor)) continue;
    store<u32>(ORDER + ((<usize>taken) << 2), <u32>descriptor);
    taken++;
  }
  if (taken == 0) return;
  sealRun(taken);
  wipe(ORDER, (<usize>taken) << 2);
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (isPending(descriptor)) finish(descriptor);
  }
}

function isPending(descriptor: usize): bool {
  return load<u32>(descriptor, D_DIRECTION) == 0 && load<u32>(descriptor, D_STATUS) == PENDING;
}

/** Everything that must happen in stage order: the SA's state, its next number, and what is written from them. */
function number(descriptor: usize): bool {
  const sa = <usize>load<u32>(descriptor, D_SA);
  if (load<u32>(sa, SA_GENERATION) != load<u32>(descriptor, D_GENERATION) || load<u8>(sa, SA_STATE) != SA_LIVE) {
    store<u32>(descriptor, NO_SA, D_STATUS);
    return false;
  }
  const sequence = nextSequence(sa);
  if (sequence == 0) {
    store<u32>(descriptor, EXHAUSTED, D_STATUS);
    return false;
  }
  store<u64>(descriptor, sequence, D_SEQUENCE);
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
  // The IV of a counter mode is the 64-bit number itself, unique for the key. CBC's is made in the lane pass.
  if (iv != text && !isCbc(sa)) store64(iv, sequence);
  return true;
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
  for (let i: u32 = 1; i <= padLength; i++) store<u8>(payload + length + i - 1, <u8>i);
  length += padLength;
  store<u8>(payload + length, <u8>padLength);
  store<u8>(payload + length, <u8>load<u32>(descriptor, D_NEXT_HEADER), 1);
  return length + 2;
}

function finish(descriptor: usize): void {
  const sa = <usize>load<u32>(descriptor, D_SA);
  icvWrite(descriptor);
  stampUdpChecksum(descriptor, sa);
  store<u32>(descriptor, SEALED, D_STATUS);
}
