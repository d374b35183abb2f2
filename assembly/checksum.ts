// The Internet checksum, RFC 1071, and its incremental update, RFC 1624.
import { load16, store16 } from "./bytes";

/** Adds the big-endian 16-bit words of `length` bytes to `sum`; an odd last byte counts as a high byte. */
export function sumWords(sum: u64, address: usize, length: u32): u64 {
  const even = address + (length & ~1);
  for (; address < even; address += 2) sum += load16(address);
  if (length & 1) sum += (<u64>load<u8>(address)) << 8;
  return sum;
}

/** Folds a sum of words to the 16 bits that go on the wire. */
export function foldChecksum(sum: u64): u32 {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return <u32>(~sum & 0xffff);
}

/** Computes and stores the checksum of the IPv4 header at `header`, RFC 791. */
export function stampIpv4Checksum(header: usize, length: u32): void {
  store16(header + 10, 0);
  store16(header + 10, foldChecksum(sumWords(0, header, length)));
}

/** Corrects the IPv4 header checksum after one 16-bit word changed: HC' = ~(~HC + ~m + m'), RFC 1624 section 3. */
export function updateIpv4Checksum(header: usize, before: u32, after: u32): void {
  const sum = (~load16(header + 10) & 0xffff) + (~before & 0xffff) + after;
  store16(header + 10, foldChecksum(sum));
}
