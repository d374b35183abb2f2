// SA bundles (RFC 2401 section 4.3; RFC 4301 section 4.3 leaves them to the implementation): a packet that goes through
// several SAs. Outbound it climbs from the inner SA to the outer ones, inbound it descends from the outermost.
import { load16, load32 } from "./bytes";
import { ipv6HeaderLength, NO_HEADER_LENGTH } from "./extension";
import {
  D_HEADER_LENGTH,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_OUTER,
  D_OUTER_SEQUENCE,
  D_OUTER_TEXT_LENGTH,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_SEQUENCE,
  D_START,
  D_TEXT_LENGTH,
  D_TOS,
  FLAG_INSIDE_AH,
  MAX_OUTERS,
  PROTOCOL_AH,
  PROTOCOL_ESP,
  SA_FLAGS,
  SA_MODE,
  SA_OUTER,
  SA_PROTOCOL,
} from "./layout";
import { PENDING, POLICY_MISMATCH } from "./status";

/** The packet that D_SA has sealed becomes the packet to seal for the next SA of its bundle. */
export function climb(descriptor: usize): void {
  const sealed = <usize>load<u32>(descriptor, D_SA);
  const start = load<u32>(descriptor, D_START);
  const length = load<u32>(descriptor, D_LENGTH_OUT);
  let headerLength = load<u32>(descriptor, D_HEADER_LENGTH);
  let nextOffset = load<u32>(descriptor, D_NEXT_OFFSET);
  if (!load<u8>(sealed, SA_MODE)) {
    const six = load<u8>(sealed, SA_OUTER) == 6;
    headerLength = six ? 40 : 20;
    nextOffset = six ? 6 : 9;
  }
  takeNext(descriptor);
  const kept = load<u8>(<usize>load<u32>(descriptor, D_SA), SA_MODE) ? headerLength : 0;
  const version = <u32>load<u8>(start) >> 4;
  const nextHeader: u32 = kept > 0 ? load<u8>(<usize>start + <usize>nextOffset) : version == 4 ? 4 : 41;
  store<u32>(descriptor, start + kept, D_PACKET);
  store<u32>(descriptor, length - kept, D_LENGTH);
  store<u32>(descriptor, kept, D_HEADER_LENGTH);
  store<u32>(descriptor, nextOffset, D_NEXT_OFFSET);
  store<u32>(descriptor, nextHeader, D_NEXT_HEADER);
  store<u32>(descriptor, 0, D_PAD_TO); // TFC is the inner SA's
}

/** D_SA and its number become those of the first outer SA; the others move up. */
function takeNext(descriptor: usize): void {
  store<u32>(descriptor, load<u32>(descriptor, D_OUTER), D_SA);
  store<u64>(descriptor, load<u64>(descriptor, D_OUTER_SEQUENCE), D_SEQUENCE);
  memory.copy(descriptor + D_OUTER, descriptor + D_OUTER + 4, 4 * (MAX_OUTERS - 1));
  memory.copy(descriptor + D_OUTER_SEQUENCE, descriptor + D_OUTER_SEQUENCE + 8, 8 * (MAX_OUTERS - 1));
  store<u32>(descriptor + 4 * (MAX_OUTERS - 1), 0, D_OUTER);
}

/**
 * Whether `sa` may be used with `around` as the next SA of its bundle, 0 for none. Encryption without integrity is for
 * inside AH only, RFC 8221 section 4: AH seals it last and verifies it first.
 */
export function isAuthenticated(sa: usize, around: usize): bool {
  if (!LEGACY || !(load<u8>(sa, SA_FLAGS) & FLAG_INSIDE_AH)) return true;
  return around != 0 && load<u8>(around, SA_PROTOCOL) == PROTOCOL_AH;
}

/** How many SAs the packet has come out of. */
export function depthOf(descriptor: usize): u32 {
  let depth: u32 = 0;
  while (<i32>depth < MAX_OUTERS && load<u32>(descriptor + ((<usize>depth) << 2), D_OUTER) != 0) depth++;
  return depth;
}

/** The SA that the packet has come out of last, 0 when it is as it arrived. */
export function throughOf(descriptor: usize): usize {
  const depth = <usize>depthOf(descriptor);
  return depth == 0 ? 0 : load<u32>(descriptor + ((depth - 1) << 2), D_OUTER);
}

/**
 * What D_SA has delivered becomes a packet to open: PENDING. POLICY_MISMATCH when it carries no ESP and no AH, or is
 * deeper than a bundle.
 */
export function descend(descriptor: usize, depth: u32): u32 {
  if (<i32>depth >= MAX_OUTERS) return POLICY_MISMATCH;
  const place = descriptor + ((<usize>depth) << 2);
  store<u32>(place, load<u32>(descriptor, D_SA), D_OUTER);
  store<u32>(place, load<u32>(descriptor, D_TEXT_LENGTH), D_OUTER_TEXT_LENGTH);
  const start = <usize>load<u32>(descriptor, D_START);
  const length = load<u32>(descriptor, D_LENGTH_OUT);
  let headerLength = (<u32>load<u8>(start) & 15) << 2;
  let nextOffset: u32 = 9;
  let tos = <u32>load<u8>(start, 1);
  if (load<u8>(start) >> 4 == 6) {
    const found = ipv6HeaderLength(start, length);
    if (found == NO_HEADER_LENGTH) return POLICY_MISMATCH;
    headerLength = <u32>found;
    nextOffset = <u32>(found >> 32);
    tos = (load32(start) >> 20) & 255;
  } else if (load16(start + 6) & 0x3fff) {
    return POLICY_MISMATCH; // a fragment: what it carries shows no SPI, RFC 4303 section 3.4.1
  }
  const protocol = <u32>load<u8>(start + <usize>nextOffset);
  if (protocol != PROTOCOL_ESP && protocol != PROTOCOL_AH) return POLICY_MISMATCH;
  store<u32>(descriptor, <u32>start + headerLength, D_PACKET);
  store<u32>(descriptor, length - headerLength, D_LENGTH);
  store<u32>(descriptor, headerLength, D_HEADER_LENGTH);
  store<u32>(descriptor, nextOffset, D_NEXT_OFFSET);
  store<u32>(descriptor, protocol, D_NEXT_HEADER);
  store<u32>(descriptor, tos, D_TOS);
  return PENDING;
}
