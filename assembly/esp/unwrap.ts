// What ESP carried becomes a packet again: tunnel mode cuts the inner packet to its own length and combines ECN,
// transport mode puts an IP header back in front.
import { load16, store16 } from "../bytes";
import { stampIpv4Checksum, updateIpv4Checksum } from "../checksum";
import { extensionsFit } from "../extension";
import { inspect } from "../inspect";
import {
  D_HEADER_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_SA,
  D_START,
  D_STATUS,
  D_TOS,
  FLAG_COMPRESSION,
  FLAG_ORIGINAL,
  FLAG_REBUILD,
  FLAG_RECOMPUTE,
  FLAG_SELECTORS,
  SA_FLAGS,
  SA_MODE,
  SA_TEMPLATE,
  SA_TEMPLATE_LENGTH,
} from "../layout";
import { DELIVERED, MALFORMED } from "../status";
import { mendChecksum } from "./nat-checksum";

const PROTOCOL_IPCOMP: u32 = 108;
const ECT_1: u32 = 1;
const ECT_0: u32 = 2;
const CE: u32 = 3;

export function unwrap(descriptor: usize, sa: usize, payload: usize, length: u32, nextHeader: u32): u32 {
  // RFC 3173: inflated by the engine, which asks again. D_START still names the outer header.
  if (nextHeader == PROTOCOL_IPCOMP && load<u8>(sa, SA_FLAGS) & FLAG_COMPRESSION) return DELIVERED;
  let status: u32;
  if (load<u8>(sa, SA_MODE)) status = restoreHeader(descriptor, sa, payload, length, nextHeader);
  else if (nextHeader == 4) status = unwrapIpv4(descriptor, payload, length);
  else if (nextHeader == 41) status = unwrapIpv6(descriptor, payload, length);
  else return MALFORMED;
  if (status == DELIVERED && load<u8>(sa, SA_FLAGS) & FLAG_SELECTORS) inspect(descriptor);
  return status;
}

/** What the engine has inflated to `payload`: D_NEXT_HEADER says what it is. Answers in D_STATUS. */
export function unwrapInflated(descriptor: usize, payload: usize, length: u32): void {
  const sa = <usize>load<u32>(descriptor, D_SA);
  store<u32>(descriptor, unwrap(descriptor, sa, payload, length, load<u32>(descriptor, D_NEXT_HEADER)), D_STATUS);
}

function unwrapIpv4(descriptor: usize, packet: usize, length: u32): u32 {
  if (length < 20 || load<u8>(packet) >> 4 != 4) return MALFORMED;
  const headerLength = (<u32>load<u8>(packet) & 15) << 2;
  const totalLength = load16(packet + 2);
  if (headerLength < 20 || totalLength < headerLength || totalLength > length) return MALFORMED;
  const before = load16(packet);
  const ecn = combineEcn(before & 3, load<u32>(descriptor, D_TOS) & 3);
  if (ecn < 0) return MALFORMED;
  const after = (before & 0xfffc) | <u32>ecn;
  if (after != before) {
    store16(packet, after);
    updateIpv4Checksum(packet, before, after);
  }
  return deliver(descriptor, packet, totalLength);
}

function unwrapIpv6(descriptor: usize, packet: usize, length: u32): u32 {
  if (length < 40 || load<u8>(packet) >> 4 != 6) return MALFORMED;
  const totalLength: u32 = 40 + load16(packet + 4);
  if (totalLength > length || !extensionsFit(packet, totalLength)) return MALFORMED;
  const before = load16(packet);
  const ecn = combineEcn((before >> 4) & 3, load<u32>(descriptor, D_TOS) & 3);
  if (ecn < 0) return MALFORMED;
  store16(packet, (before & 0xffcf) | ((<u32>ecn) << 4));
  return deliver(descriptor, packet, totalLength);
}

/** The table of RFC 6040 section 4.2; -1 where the packet is to be dropped: congestion marked on what cannot carry it. */
function combineEcn(inner: u32, outer: u32): i32 {
  if (outer == CE) return inner == 0 ? -1 : <i32>CE;
  if (outer == ECT_1 && inner == ECT_0) return <i32>ECT_1;
  return <i32>inner;
}

/** Transport mode: the header that came in front (carrier ip), or a minimal one between the endpoints (carrier udp). */
function restoreHeader(descriptor: usize, sa: usize, payload: usize, length: u32, nextHeader: u32): u32 {
  const rebuild = load<u8>(sa, SA_FLAGS) & FLAG_REBUILD;
  const headerLength = <usize>(
    (rebuild ? <u32>load<u8>(sa, SA_TEMPLATE_LENGTH) : load<u32>(descriptor, D_HEADER_LENGTH))
  );
  if (headerLength + length > 65535) return MALFORMED;
  const packet = payload - headerLength;
  if (rebuild) {
    memory.copy(packet, sa + SA_TEMPLATE, headerLength);
    store<u8>(packet + (headerLength == 20 ? 9 : 6), <u8>nextHeader);
  } else {
    memory.copy(packet, load<u32>(descriptor, D_START), headerLength);
    store<u8>(packet + <usize>load<u32>(descriptor, D_NEXT_OFFSET), <u8>nextHeader);
  }
  if (load<u8>(packet) >> 4 == 4) {
    store16(packet + 2, <u32>headerLength + length);
    stampIpv4Checksum(packet, (<u32>load<u8>(packet) & 15) << 2);
  } else {
    store16(packet + 4, <u32>headerLength + length - 40);
  }
  if (load<u8>(sa, SA_FLAGS) & (FLAG_ORIGINAL | FLAG_RECOMPUTE)) mendChecksum(sa, packet, payload, length, nextHeader);
  return deliver(descriptor, packet, <u32>headerLength + length);
}

function deliver(descriptor: usize, packet: usize, length: u32): u32 {
  store<u32>(descriptor, <u32>packet, D_START);
  store<u32>(descriptor, length, D_LENGTH_OUT);
  return DELIVERED;
}
