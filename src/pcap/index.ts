// Captures and Wireshark keys: pure functions on bytes. Files, sockets and clocks are somebody else's.

export type { CapturedPacket } from "./captured-packet.js";
export {
  type EspSaKeys,
  type EspSaMatcher,
  type EspSaRow,
  espSaMatcher,
  espSaRow,
  formatEspSa,
  parseEspSa,
} from "./esp-sa.js";
export { type FoundEsp, findEsp, isFragment } from "./find-esp.js";
export {
  ipPacketOf,
  isKnownLinkType,
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
} from "./link-type.js";
export { type PacketToWrite, PcapngWriter, writeCapture } from "./pcapng-writer.js";
export { CaptureReader, readCapture } from "./reader.js";
export type { AuthenticationName, EncryptionName } from "./wireshark-names.js";
