// AH inbound, RFC 4302 section 3.4.
//
//   | IP header | next header, length, 0 | SPI | sequence | IV | ICV | padding | payload |
//     ^ D_START   ^ D_PACKET
import { load32, wipe } from "../bytes";
import { unwrap } from "../esp/unwrap";
import {
  D_HEADER_LENGTH,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_NEXT_HEADER,
  D_PACKET,
  D_SEQUENCE,
  D_START,
  D_TEXT_LENGTH,
  SA_ICV_LENGTH,
} from "../layout";
import { replayCheck } from "../replay";
import { inferSequence } from "../sequence";
import { MALFORMED } from "../status";
import { dropAtomicFragment } from "./atomic";
import { AH_FIXED_LENGTH, ahLength, icvOffset, makeMessage, putBack, savedHead } from "./message";

/** The lengths, the 64-bit number, the window; then the packet is the message of its ICV until ahPutBack. */
export function ahFind(descriptor: usize, sa: usize): u32 {
  const ah = <usize>load<u32>(descriptor, D_PACKET);
  store<u32>(descriptor, <u32>dropAtomicFragment(descriptor, load<u32>(descriptor, D_START)), D_START);
  const start = <usize>load<u32>(descriptor, D_START);
  const headerLength = load<u32>(descriptor, D_HEADER_LENGTH);
  const length = load<u32>(descriptor, D_LENGTH);
  const stated = statedLength(ah);
  // Over IPv4 a multiple of 4 (RFC 4302 section 2.2); some peers align to 8 there too.
  if (stated != ahLength(sa, <u32>load<u8>(start) >> 4) && stated != ahLength(sa, 6)) return MALFORMED;
  if (<usize>length < stated) return MALFORMED;
  store<u64>(descriptor, inferSequence(sa, load32(ah + 8)), D_SEQUENCE);
  store<u32>(descriptor, headerLength + length, D_TEXT_LENGTH); // RFC 4301 section 4.4.2.1: the bytes it authenticates
  if (!makeMessage(descriptor, start, headerLength + length, headerLength, ah + stated - start, false))
    return MALFORMED;
  store<u32>(descriptor, <u32>(ah + AH_FIXED_LENGTH), D_IV);
  store<u32>(descriptor, <u32>(savedHead(descriptor) + <usize>headerLength + icvOffset(sa)), D_ICV);
  wipe(ah + icvOffset(sa), load<u8>(sa, SA_ICV_LENGTH));
  return replayCheck(sa, load<u64>(descriptor, D_SEQUENCE));
}

/** The packet is as it arrived again, whatever its ICV said. */
export function ahPutBack(descriptor: usize): void {
  const ah = <usize>load<u32>(descriptor, D_PACKET);
  putBack(descriptor, ah + statedLength(ah) - <usize>load<u32>(descriptor, D_START));
}

/** What AH protected becomes a packet. */
export function ahUnwrap(descriptor: usize, sa: usize): u32 {
  const ah = <usize>load<u32>(descriptor, D_PACKET);
  const length = statedLength(ah);
  const nextHeader = <u32>load<u8>(ah);
  store<u32>(descriptor, nextHeader, D_NEXT_HEADER);
  return unwrap(descriptor, sa, ah + length, load<u32>(descriptor, D_LENGTH) - <u32>length, nextHeader);
}

function statedLength(ah: usize): usize {
  return (<usize>load<u8>(ah, 1) + 2) << 2;
}
