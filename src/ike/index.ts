// wasm-ipsec/ike: the payloads that carry liveness, lost SAs and NAT traversal, and the port for an IKE implementation.
export {
  type AreYouThere,
  chooseLiveness,
  DEAD_PEER_DETECTION_VENDOR_ID,
  type Liveness,
  R_U_THERE,
  R_U_THERE_ACK,
  readAreYouThere,
  writeAreYouThere,
} from "./dead-peer.js";
export { type Deleted, isDelete, readDelete, writeDelete, writeDeleteIke } from "./delete.js";
export { type IkeHeader, readIkeHeader, writeIkeHeader } from "./header.js";
export type { IkeSa, IkeSpis } from "./ike-sa.js";
export {
  INVALID_SPI,
  readInvalidSpi,
  readInvalidSpiMessage,
  type UnknownSpi,
  writeInvalidSpi,
  writeInvalidSpiMessage,
} from "./invalid-spi.js";
export {
  decideNat,
  encapsulationMode,
  type NatDecision,
  readEncapsulationAttribute,
  readEncapsulationMode,
  writeEncapsulationAttribute,
} from "./nat-decision.js";
export {
  type Hash,
  judgeNat,
  NAT_DETECTION_DESTINATION_IP,
  NAT_DETECTION_SOURCE_IP,
  type NatDetection,
  type NatFound,
  natDetectionFor,
  natDetectionText,
  readNatDetection,
  writeNatDetection,
} from "./nat-detection.js";
export { chooseNatMethod, NAT_VENDOR_IDS, type NatMethod, type NatVendorId, natVendorIds } from "./nat-method.js";
export {
  originalEndpoints,
  readOriginalAddress,
  readOriginalAddresses,
  readOriginalSource,
  writeOriginalAddress,
} from "./nat-oa.js";
export { isNotify, type Notify, PROTOCOL_ID, readNotify, writeNotify } from "./notify.js";
export { type IkeVersion, type Payload, type PayloadChain, readPayloads, writePayloads } from "./payload.js";
export { IkeDriver, type IkeDriverOptions, type IkePort } from "./port.js";
export { hasVendorId, VENDOR_ID_V1 } from "./vendor-id.js";
