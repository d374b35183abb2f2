// AH outbound, RFC 4302 section 3.3.
//
//   | IP header | next header, length, 0 | SPI | sequence | IV | ICV | padding | payload |
//     <- grows left                                                              ^ D_PACKET: never moves
import { store32, store64, wipe } from "../bytes";
import { icvWrite } from "../esp/icv";
import { stampHeaders } from "../esp/outer";
import {
  D_HEADER_LENGTH,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_PACKET,
  D_SA,
  D_SEQUENCE,
  D_START,
  SA_IV_LENGTH,
  SA_OUTER,
  SA_SPI,
} from "../layout";
import { dropAtomicFragment } from "./atomic";
import { AH_FIXED_LENGTH, ahLength, icvOffset, makeMessage, putBack } from "./message";

/** Writes the headers and makes the message of the ICV. False when the packet's own header cannot be read. */
export function ahLayOut(descriptor: usize): bool {
  const sa = <usize>load<u32>(descriptor, D_SA);
  const payload = <usize>load<u32>(descriptor, D_PACKET);
  dropAtomicFragment(descriptor, payload - <usize>load<u32>(descriptor, D_HEADER_LENGTH));
  const own = <usize>load<u32>(descriptor, D_HEADER_LENGTH);
  const version = <u32>(own > 0 ? load<u8>(payload - own) >> 4 : load<u8>(sa, SA_OUTER));
  const length = ahLength(sa, version);
  const ah = payload - length;
  stampHeaders(descriptor, sa, ah, <u32>length + load<u32>(descriptor, D_LENGTH));
  wipe(ah, length); // reserved, ICV and padding count as zero
  store<u8>(ah, <u8>load<u32>(descriptor, D_NEXT_HEADER));
  store<u8>(ah, <u8>(length >> 2) - 2, 1); // RFC 4302 section 2.2: in words, less two
  store32(ah + 4, load<u32>(sa, SA_SPI));
  const sequence = load<u64>(descriptor, D_SEQUENCE);
  store32(ah + 8, <u32>sequence);
  // RFC 4543 section 4: the IV is the 64-bit number itself, unique for the key.
  if (load<u8>(sa, SA_IV_LENGTH)) store64(ah + AH_FIXED_LENGTH, sequence);
  store<u32>(descriptor, <u32>(ah + AH_FIXED_LENGTH), D_IV);
  store<u32>(descriptor, <u32>(ah + icvOffset(sa)), D_ICV);
  const start = <usize>load<u32>(descriptor, D_START);
  return makeMessage(descriptor, start, load<u32>(descriptor, D_LENGTH_OUT), <u32>(ah - start), ah - start, true);
}

/** The IP header is as it will be sent, the ICV written. */
export function ahFinish(descriptor: usize): void {
  const ah = <usize>load<u32>(descriptor, D_IV) - AH_FIXED_LENGTH;
  putBack(descriptor, ah - <usize>load<u32>(descriptor, D_START));
  icvWrite(descriptor);
}
