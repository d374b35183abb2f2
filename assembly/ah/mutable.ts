// What the ICV of AH does not cover: RFC 4302 section 3.3.3.1 and appendix A. Fields that change on the way are zeroed,
// those whose last value the sender can predict get it.
import { store32, wipe } from "../bytes";

const IPV6_OPTION_CHANGES: u8 = 0x20; // RFC 8200 section 4.2
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;

/**
 * Makes the IP header of `length` bytes at `header` what the ICV covers. `sending`: routes are as they will be at their
 * end. False where its options or extension headers cannot be read.
 */
export function zeroMutable(header: usize, length: u32, sending: bool): bool {
  return load<u8>(header) >> 4 == 4
    ? zeroIpv4(header, header + <usize>length, sending)
    : zeroIpv6(header, header + <usize>length, sending);
}

function zeroIpv4(header: usize, end: usize, sending: bool): bool {
  store<u8>(header, 0, 1); // TOS
  store<u16>(header, 0, 6); // flags and fragment offset
  store<u8>(header, 0, 8); // TTL
  store<u16>(header, 0, 10); // checksum
  for (let option = header + 20; option < end; ) {
    const type = load<u8>(option);
    if (type == 0) return true; // the end of the options
    if (type == 1) {
      option++;
      continue;
    }
    if (option + 2 > end) return false;
    const length = <usize>load<u8>(option, 1);
    if (length < 2 || option + length > end) return false;
    if (!isImmutable(type)) {
      if (sending && (type == LOOSE_SOURCE_ROUTE || type == STRICT_SOURCE_ROUTE)) predictTarget(header, option, length);
      wipe(option, length);
    }
    option += length;
  }
  return true;
}

/** Appendix A1: security, extended and commercial security, router alert, sender directed multi-destination delivery. */
function isImmutable(type: u8): bool {
  return type == 130 || type == 133 || type == 134 || type == 148 || type == 149;
}

/** A source route that is not used up ends at its last address. */
function predictTarget(header: usize, option: usize, length: usize): void {
  if (length >= 7 && <usize>load<u8>(option, 2) + 3 <= length) store<u32>(header, load<u32>(option + length - 4), 16);
}

function zeroIpv6(header: usize, end: usize, sending: bool): bool {
  store32(header, 0x60000000); // traffic class and flow label
  store<u8>(header, 0, 7); // hop limit
  let protocol = load<u8>(header, 6);
  for (let extension = header + 40; extension < end; ) {
    const next = extension + ((<usize>load<u8>(extension, 1) + 1) << 3);
    if (protocol == 44 || next > end) return false; // only whole packets
    if (protocol == 43 && sending && !predictRoute(header, extension, next)) return false;
    if ((protocol == 0 || protocol == 60) && !zeroOptions(extension + 2, next)) return false;
    protocol = load<u8>(extension);
    extension = next;
  }
  return true;
}

/** Option data that may change on the way counts as zero; type and length are covered. */
function zeroOptions(option: usize, end: usize): bool {
  while (option < end) {
    const type = load<u8>(option);
    if (type == 0) {
      option++; // Pad1
      continue;
    }
    if (option + 2 > end) return false;
    const length = <usize>load<u8>(option, 1);
    if (option + 2 + length > end) return false;
    if (type & IPV6_OPTION_CHANGES) wipe(option + 2, length);
    option += 2 + length;
  }
  return true;
}

/**
 * Appendix A2: a routing header (type 0; type 2 of RFC 6275 is laid out alike) as it arrives: no segment is left, every
 * address has changed places with the destination. Of other types that are under way the last value is unknown here.
 */
function predictRoute(header: usize, routing: usize, end: usize): bool {
  const left = <usize>load<u8>(routing, 3);
  if (left == 0) return true;
  const type = load<u8>(routing, 2);
  const addresses = (end - routing - 8) >> 4;
  if ((type != 0 && type != 2) || left > addresses) return false;
  const last = end - 16;
  const next = end - (left << 4);
  const final = v128.load(last);
  memory.copy(next + 16, next, (left - 1) << 4);
  v128.store(next, v128.load(header, 24));
  v128.store(header, final, 24);
  store<u8>(routing, 0, 3);
  return true;
}
