// The whole ABI. Everything else is offsets (layout.ts) and answers (status.ts).
//
//   saInstall(index)            makes SA record `index` from the request at REQUEST
//   saExpire(index)             wipes its keys; an inbound SPI answers EXPIRED from now on
//   saDelete(index)             wipes all of it
//   seal(descriptors, count)    seals the PENDING outbound ones of up to MAX_BATCH descriptors, in place
//   open(descriptors, count)    opens the PENDING inbound ones
//   cutPiece(packet, unit, index, target)   one piece of an IPv4 packet before it is sealed; its length
//   laterHeaderLength(packet)               bytes of the header of its pieces but the first
//   cutNext(descriptor, mtu, first)         the next fragment of a sealed datagram; whether more follow
//   unwrapInflated(descriptor, payload, length)   what IPComp carried, inflated, becomes a packet
//   join(reassembly, packet, fragmentHeader, namedAt)   adds a fragment to a datagram; JOIN_* of status.ts
//   joined(reassembly, target)              copies the whole datagram
//   variant()                   which build this is: 0 simd, 1 relaxed-simd, 2 legacy
//
// Addresses and counts are i32. Nothing throws, nothing allocates, nothing is imported.
import "./layout-check";

export { join, joined } from "./reassemble";
export { cutNext, cutPiece, laterHeaderLength } from "./fragment";
export { unwrapInflated } from "./esp/unwrap";
export { open } from "./open";
export { seal } from "./seal";
export { saDelete, saExpire, saInstall } from "./sad";

export function variant(): i32 {
  return LEGACY ? 2 : ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}
