// Liveness on the wire: R_U_THERE and R_U_THERE_ACK of IKEv1, RFC 3706 section 5.3. IKEv2 asks with an INFORMATIONAL
// exchange without payloads, RFC 7296 section 2.4: there the answer itself is the acknowledgement.
import { setWord32, word32 } from "../wire/words.js";
import type { IkeSpis } from "./ike-sa.js";
import { type Notify, PROTOCOL_ID, writeNotify } from "./notify.js";
import type { Payload } from "./payload.js";
import { sameBytes } from "./same-bytes.js";
import { hasVendorId, vendorIdBytes } from "./vendor-id.js";

export const R_U_THERE = 36136;
export const R_U_THERE_ACK = 36137;

/** "I speak RFC 3706": fourteen bytes of name, then major and minor version 1.0. Section 5.1. */
export const DEAD_PEER_DETECTION_VENDOR_ID: Uint8Array = vendorIdBytes("afcad71368a1f1c96b8696fc77570100");

export interface AreYouThere {
  /** It is the answer. */
  readonly ack: boolean;
  readonly sequence: number;
}

/** The payload that asks (or, with `ack`, answers) in the IKE SA of the two cookies. */
export function writeAreYouThere(spis: IkeSpis, { ack, sequence }: AreYouThere): Payload {
  const spi = new Uint8Array(16);
  spi.set(spis.initiatorSpi, 0);
  spi.set(spis.responderSpi, 8);
  const data = new Uint8Array(4);
  setWord32(data, 0, sequence);
  return writeNotify(1, { protocol: PROTOCOL_ID.ike, type: ack ? R_U_THERE_ACK : R_U_THERE, spi, data });
}

/** Undefined: something else, or not of this IKE SA. An empty SPI field names the SA that the message came in. */
export function readAreYouThere(spis: IkeSpis, notify: Notify): AreYouThere | undefined {
  if (notify.type !== R_U_THERE && notify.type !== R_U_THERE_ACK) return undefined;
  if (notify.protocol !== PROTOCOL_ID.ike || notify.data.length !== 4) return undefined;
  const { spi } = notify;
  const ours = sameBytes(spi.subarray(0, 8), spis.initiatorSpi) && sameBytes(spi.subarray(8), spis.responderSpi);
  if (spi.length > 0 && !ours) return undefined;
  return { ack: notify.type === R_U_THERE_ACK, sequence: word32(notify.data, 0) };
}

export type Liveness = "dpd" | "ios-keepalive";

/**
 * The guide: DPD or IOS keepalives, whichever the peer speaks; DPD where it speaks both. Easy VPN has no IOS keepalives.
 * These have no vendor ID that is published: IKE says whether the peer is known to send them.
 */
export function chooseLiveness(peer: {
  readonly payloads: readonly Payload[];
  readonly iosKeepalives: boolean;
  readonly easyVpn: boolean;
}): Liveness | undefined {
  if (hasVendorId(peer.payloads, DEAD_PEER_DETECTION_VENDOR_ID)) return "dpd";
  return peer.iosKeepalives && !peer.easyVpn ? "ios-keepalive" : undefined;
}
