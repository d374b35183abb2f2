// Vendor IDs of IKEv1's first messages, RFC 2408 section 3.16: a peer names by them what it speaks besides.
import type { Payload } from "./payload.js";
import { sameBytes } from "./same-bytes.js";

export const VENDOR_ID_V1 = 13;

/** Whether the payloads of IKEv1's first message name this vendor ID. */
export function hasVendorId(payloads: readonly Payload[], bytes: Uint8Array): boolean {
  return payloads.some(({ type, body }) => type === VENDOR_ID_V1 && sameBytes(body, bytes));
}

/** Sixteen bytes in hexadecimal. */
export function vendorIdBytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
