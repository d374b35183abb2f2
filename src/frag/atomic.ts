// Atomic fragments, RFC 6946: whole IPv6 packets with a fragment header. RFC 8200 section 4.5 takes it out, and AH must, for
// it was not there when the ICV was made: RFC 4302 appendix A2.
import type { Arrival } from "../inbound.js";
import { setWord16, word16 } from "../wire/words.js";

const FRAGMENT_HEADER_LENGTH = 8;

/** Takes it out of the datagram at `address`: what stands in front moves up. Answers where the datagram begins now. */
export function removeFragmentHeader(bytes: Uint8Array, address: number, arrival: Arrival): number {
  const { fragmentHeader, fragmentNamedAt } = arrival;
  const next = bytes[address + fragmentHeader] as number;
  const start = address + FRAGMENT_HEADER_LENGTH;
  bytes.copyWithin(start, address, address + fragmentHeader);
  bytes[start + fragmentNamedAt] = next;
  setWord16(bytes, start + 4, word16(bytes, start + 4) - FRAGMENT_HEADER_LENGTH);
  arrival.start -= FRAGMENT_HEADER_LENGTH;
  arrival.headerLength -= FRAGMENT_HEADER_LENGTH;
  arrival.nextOffset =
    arrival.nextOffset === fragmentHeader ? fragmentNamedAt : arrival.nextOffset - FRAGMENT_HEADER_LENGTH;
  return start;
}
