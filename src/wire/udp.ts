// RFC 768:   0 source port | 2 target port | 4 length | 6 checksum | 8 data
import { word16 } from "./words.js";

export const UDP_HEADER_LENGTH = 8;

/** Bytes of data of the UDP datagram at `start` with `available` bytes; -1 when its length lies. */
export function udpDataLength(bytes: Uint8Array, start: number, available: number): number {
  if (available < UDP_HEADER_LENGTH) return -1;
  const length = word16(bytes, start + 4);
  return length < UDP_HEADER_LENGTH || length > available ? -1 : length - UDP_HEADER_LENGTH;
}
