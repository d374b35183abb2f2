// Transport mode through a NAT, RFC 3948 section 3.1.2: the checksum of TCP or UDP was made over other addresses than
// those that the packet now has.
//
//   the original addresses are known (NAT-OA)   HC' = ~(~HC + ~m + m') of RFC 1624, m the sum of the addresses
//   they are not                                computed anew: the ICV has shown that the bytes are the sender's
//
// A UDP checksum of zero is none, and stays.
import { load16, store16 } from "../bytes";
import { foldChecksum, sumWords } from "../checksum";
import { FLAG_ORIGINAL, SA_FLAGS, SA_ORIGINAL } from "../layout";

const PROTOCOL_TCP: u32 = 6;
const PROTOCOL_UDP: u32 = 17;

/** `packet`: its IP header; `payload`, of `length` bytes: what follows the IP header and its extensions. */
export function mendChecksum(sa: usize, packet: usize, payload: usize, length: u32, protocol: u32): void {
  const offset: u32 = protocol == PROTOCOL_TCP ? 16 : protocol == PROTOCOL_UDP ? 6 : 0;
  if (offset == 0 || length < offset + 2) return;
  const field = payload + offset;
  const before = load16(field);
  if (before == 0 && protocol == PROTOCOL_UDP) return;

  const version4 = load<u8>(packet) >> 4 == 4;
  const addresses = sumWords(0, packet + (version4 ? 12 : 8), version4 ? 8 : 32);
  let after: u32;
  if (load<u8>(sa, SA_FLAGS) & FLAG_ORIGINAL) {
    const original = load16(sa + SA_ORIGINAL);
    const present = ~foldChecksum(addresses) & 0xffff;
    if (present == original) return;
    after = foldChecksum((~before & 0xffff) + (~original & 0xffff) + present);
  } else {
    store16(field, 0);
    after = foldChecksum(sumWords(addresses + protocol + length, payload, length));
  }
  store16(field, after == 0 && protocol == PROTOCOL_UDP ? 0xffff : after);
}
