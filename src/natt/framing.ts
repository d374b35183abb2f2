// What comes in a UDP datagram of a NAT-T port: RFC 3948 section 2.
//
//   ff                                    a keepalive, section 2.3
//   00 00 00 00 | IKE header ..           the non-ESP marker, section 2.2
//   SPI | sequence number ..              ESP; SPI 0 is never used
//   00 00 00 00 00 00 00 00 | SPI ..      ESP behind the non-IKE marker of draft-ietf-ipsec-nat-t-ike-00 and -01
//
// Those drafts stay on port 500, where IKE has no marker: there whatever does not begin with eight zero bytes is IKE.
import { word32 } from "../wire/words.js";

export const IKE_PORT = 500;
export const NATT_PORT = 4500;
export const NON_ESP_MARKER_LENGTH = 4;
export const NON_IKE_MARKER_LENGTH = 8;
export const KEEPALIVE_BYTE = 0xff;

/** "bare-ike": an IKE message without a marker. */
export type NattContent = "keepalive" | "ike" | "bare-ike" | "esp" | "non-ike-esp";

/**
 * Tells what `length` bytes at `start` are. `port`: the UDP port they came to, undefined where nobody said. `nonIke`: some
 * SA here uses the non-IKE marker.
 */
export function classify(
  bytes: Uint8Array,
  start: number,
  length: number,
  port: number | undefined,
  nonIke: boolean,
): NattContent {
  if (length === 1 && bytes[start] === KEEPALIVE_BYTE) return "keepalive";
  const marked = length >= NON_IKE_MARKER_LENGTH + 8 && word32(bytes, start) === 0 && word32(bytes, start + 4) === 0;
  if (nonIke && port === IKE_PORT) return marked ? "non-ike-esp" : "bare-ike";
  if (length < NON_ESP_MARKER_LENGTH || word32(bytes, start) !== 0) return "esp";
  // vpnc sends its keepalive behind a non-ESP marker.
  if (length === 5 && bytes[start + 4] === KEEPALIVE_BYTE) return "keepalive";
  return nonIke && marked ? "non-ike-esp" : "ike";
}
