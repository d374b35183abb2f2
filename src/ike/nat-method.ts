// How two ends agree that ESP may travel in UDP. IKEv1 names the ways by vendor IDs, RFC 3947 section 3.1: MD5 hashes of
// the name of the RFC or draft. IKEv2 knows one way and needs no vendor ID, RFC 7296 section 2.23.
//
//   way            port   in front of ESP     NAT-D, NAT-OA   encapsulation modes: tunnel, transport
//   rfc3947        4500   nothing             20, 21          3, 4
//   draft-03, -02  4500   nothing             130, 131        61443, 61444
//   draft-01, -00   500   8 zero bytes        130, 131        61443, 61444
//
// Two drafts misname themselves: 01 prints the hash of 00 as its own, and 02 prints one of its name with a line feed behind.
// Peers send either, so both are known.
import type { Payload } from "./payload.js";
import { hasVendorId, VENDOR_ID_V1, vendorIdBytes } from "./vendor-id.js";

export interface NatMethod {
  readonly name: "rfc3947" | "draft-03" | "draft-02" | "draft-01" | "draft-00";
  /** UDP port on which IKE goes on and ESP travels once a NAT has been found. */
  readonly port: number;
  readonly marker: "rfc3948" | "non-ike";
  /** Payload types. */
  readonly natD: number;
  readonly natOa: number;
  /** Values of the attribute Encapsulation Mode. */
  readonly tunnel: number;
  readonly transport: number;
}

const RFC = { port: 4500, marker: "rfc3948", natD: 20, natOa: 21, tunnel: 3, transport: 4 } as const;
const LATE_DRAFT = { port: 4500, marker: "rfc3948", natD: 130, natOa: 131, tunnel: 61443, transport: 61444 } as const;
const EARLY_DRAFT = { ...LATE_DRAFT, port: 500, marker: "non-ike" } as const;
const DRAFT_03: NatMethod = { name: "draft-03", ...LATE_DRAFT };
const DRAFT_02: NatMethod = { name: "draft-02", ...LATE_DRAFT };

export interface NatVendorId {
  readonly method: NatMethod;
  /** What was hashed. */
  readonly text: string;
  readonly bytes: Uint8Array;
}

/** The best way first. */
export const NAT_VENDOR_IDS: readonly NatVendorId[] = [
  vendorId({ name: "rfc3947", ...RFC }, "RFC 3947", "4a131c81070358455c5728f20e95452f"),
  vendorId(DRAFT_03, "draft-ietf-ipsec-nat-t-ike-03", "7d9419a65310ca6f2c179d9215529d56"),
  vendorId(DRAFT_02, "draft-ietf-ipsec-nat-t-ike-02", "cd60464335df21f87cfdb2fc68b6a448"),
  vendorId(DRAFT_02, "draft-ietf-ipsec-nat-t-ike-02\n", "90cb80913ebb696e086381b5ec427b1f"),
  vendorId({ name: "draft-01", ...EARLY_DRAFT }, "draft-ietf-ipsec-nat-t-ike-01", "16f6ca16e4a4066d83821a0f0aeaa862"),
  vendorId({ name: "draft-00", ...EARLY_DRAFT }, "draft-ietf-ipsec-nat-t-ike-00", "4485152d18b6bbcd0be8a8469579ddcc"),
];

/** Vendor ID payloads of IKEv1's first message, best first. None where NAT traversal is turned off. */
export function natVendorIds(enabled: boolean): Payload[] {
  return enabled ? NAT_VENDOR_IDS.map(({ bytes }) => ({ type: VENDOR_ID_V1, body: bytes })) : [];
}

/** The best way that the peer's vendor IDs name too; undefined without one, or where NAT traversal is turned off. */
export function chooseNatMethod(payloads: readonly Payload[], enabled: boolean): NatMethod | undefined {
  if (!enabled) return undefined;
  return NAT_VENDOR_IDS.find(({ bytes }) => hasVendorId(payloads, bytes))?.method;
}

function vendorId(method: NatMethod, text: string, hex: string): NatVendorId {
  return { method, text, bytes: vendorIdBytes(hex) };
}
