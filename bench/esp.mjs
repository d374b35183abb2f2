// The inner packets, and what of ESP (RFC 4303 section 2) every contender but ours writes by itself.

export const SPI = 0x1001;
export const ESP_HEADER = 8; // SPI and sequence number
const NEXT_HEADER_IPV4 = 4;

/** 7 : 4 : 1 of 64, 576 and 1400 bytes, in a fixed shuffled order. */
const IMIX = [64, 576, 64, 64, 1400, 64, 576, 64, 576, 64, 576, 64];
export const IMIX_TEXT = "imix: 7 packets of 64, 4 of 576 and 1 of 1400 bytes";

/** `count` inner IPv4 packets of `size` bytes, or of the mix when `size` is "imix". */
export function innerPackets(size, count) {
  return Array.from({ length: count }, (_, i) => innerPacket(size === "imix" ? IMIX[i % IMIX.length] : size));
}

function innerPacket(size) {
  const packet = crypto.getRandomValues(new Uint8Array(size));
  const header = new DataView(packet.buffer);
  header.setUint16(0, 0x4500);
  header.setUint16(2, size);
  header.setUint32(4, 0x4000); // not a fragment, DF
  packet.set([64, 17, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9], 8);
  return packet;
}

/** Bytes of text (RFC 4303 section 2.4) that a packet of `length` bytes becomes. */
export function textLength(suite, length) {
  return Math.ceil((length + 2) / suite.alignment) * suite.alignment;
}

export function sealedLength(suite, length) {
  return ESP_HEADER + suite.ivLength + textLength(suite, length) + suite.icvLength;
}

/** Copies the packet to `text` and puts the trailer behind it; answers the length. */
export function writeText(suite, packet, text) {
  const length = textLength(suite, packet.length);
  const padLength = length - packet.length - 2;
  text.set(packet);
  for (let i = 0; i < padLength; i++) text[packet.length + i] = i + 1;
  text[length - 2] = padLength;
  text[length - 1] = NEXT_HEADER_IPV4;
  return length;
}

/** SPI, sequence number and IV. */
export function writeHead(target, sequence, iv) {
  target[0] = SPI >>> 24;
  target[1] = SPI >>> 16;
  target[2] = SPI >>> 8;
  target[3] = SPI;
  target[4] = sequence >>> 24;
  target[5] = sequence >>> 16;
  target[6] = sequence >>> 8;
  target[7] = sequence;
  target.set(iv, ESP_HEADER);
}

/** Length of the packet in an opened text of `length` bytes, its padding checked; 0 where that is wrong. */
export function packetLength(text, length) {
  const padLength = text[length - 2];
  if (text[length - 1] !== NEXT_HEADER_IPV4 || padLength + 2 > length) return 0;
  const end = length - 2 - padLength;
  for (let i = 0; i < padLength; i++) if (text[end + i] !== i + 1) return 0;
  return end;
}
