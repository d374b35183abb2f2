// The whole ABI. Everything else is offsets (layout.ts) and answers (status.ts).
//
//   setup()                     once, after the engine has written CONTROL and the IV key
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
import { aesExpand } from "./aes/expand";
import { nibbleKeys } from "./aes/nibbles";
import { aesPlanes } from "./aes/planes";
import { wipe } from "./bytes";
import { AES_KEY_WORK, C_IV_KEY, C_IV_NIBBLE_KEYS, C_IV_PLANES } from "./layout";

export { join, joined } from "./reassemble";
export { cutNext, cutPiece, laterHeaderLength } from "./fragment";
export { unwrapInflated } from "./esp/unwrap";
export { open } from "./open";
export { seal } from "./seal";
export { saDelete, saExpire, saInstall } from "./sad";

/** Expands the engine's CBC IV key and wipes it. */
export function setup(): void {
  const roundKeys = AES_KEY_WORK + 256;
  const rounds = aesExpand(C_IV_KEY, 16, roundKeys);
  aesPlanes(roundKeys, rounds, C_IV_PLANES);
  nibbleKeys(roundKeys, rounds, C_IV_NIBBLE_KEYS);
  wipe(roundKeys, 176);
  wipe(C_IV_KEY, 16);
}

export function variant(): i32 {
  return LEGACY ? 2 : ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}
