// What the negotiation comes to: the settings of the two SAs, and the Encapsulation Mode that IKEv1's Quick Mode names in
// its SA payload, RFC 3947 section 5.1.
import type { NatTraversal } from "../sad/config.js";
import { setWord16, word16 } from "../wire/words.js";
import type { NatFound } from "./nat-detection.js";
import type { NatMethod } from "./nat-method.js";

/** IKEv2 encapsulates as RFC 3948 says, on port 4500: RFC 7296 section 2.23. */
const IKEV2 = { port: 4500, marker: "rfc3948" } as const;
/** RFC 2407 section 4.5: without UDP. */
const TUNNEL = 1;
const TRANSPORT = 2;
/** The attribute's type with the bit for two bytes of value, RFC 2408 section 3.3. */
const ENCAPSULATION_MODE = 0x8004;

export interface NatDecision {
  /** `SaConfig.natTraversal` of the outbound and of the inbound SA; undefined: ESP travels bare. */
  readonly outbound: NatTraversal | undefined;
  readonly inbound: NatTraversal | undefined;
  /** `PeerConfig.followMapping`: who is behind a NAT himself must not follow, RFC 3947 section 7; RFC 7296 section 2.23. */
  readonly followMapping: boolean;
}

/**
 * `method`: what IKEv1's vendor IDs agreed on, undefined for none; "ikev2". `remotePort`: where the peer's IKE messages
 * come from, which a NAT may have changed.
 */
export function decideNat(
  method: NatMethod | "ikev2" | undefined,
  found: NatFound,
  remotePort: number,
  enabled = true,
): NatDecision {
  if (!enabled || method === undefined || (!found.local && !found.remote)) {
    return { outbound: undefined, inbound: undefined, followMapping: false };
  }
  const { port, marker } = method === "ikev2" ? IKEV2 : method;
  // RFC 3947 section 3.2, RFC 7296 section 2.23: keepalives are the business of who is behind the NAT.
  const quiet = found.local ? {} : { keepaliveSeconds: 0 };
  return {
    outbound: { sourcePort: port, targetPort: remotePort, marker, ...quiet },
    inbound: { sourcePort: remotePort, targetPort: port, marker },
    followMapping: !found.local,
  };
}

/** The value that Quick Mode proposes. */
export function encapsulationMode(mode: "tunnel" | "transport", method: NatMethod | undefined): number {
  if (method === undefined) return mode === "tunnel" ? TUNNEL : TRANSPORT;
  return mode === "tunnel" ? method.tunnel : method.transport;
}

/** What a proposed value means, undefined for one that belongs to none of the ways. */
export function readEncapsulationMode(
  value: number,
): { readonly mode: "tunnel" | "transport"; readonly udp: "none" | "rfc3947" | "draft" } | undefined {
  switch (value) {
    case TUNNEL:
    case TRANSPORT:
      return { mode: value === TUNNEL ? "tunnel" : "transport", udp: "none" };
    case 3:
    case 4:
      return { mode: value === 3 ? "tunnel" : "transport", udp: "rfc3947" };
    case 61443:
    case 61444:
      return { mode: value === 61443 ? "tunnel" : "transport", udp: "draft" };
    default:
      return undefined;
  }
}

/** The data attribute of a transform: type and value, two bytes each. */
export function writeEncapsulationAttribute(value: number): Uint8Array {
  const attribute = new Uint8Array(4);
  setWord16(attribute, 0, ENCAPSULATION_MODE);
  setWord16(attribute, 2, value);
  return attribute;
}

/** The value of Encapsulation Mode among the attributes of a transform; undefined when it is not there or they are malformed. */
export function readEncapsulationAttribute(attributes: Uint8Array): number | undefined {
  let offset = 0;
  while (offset + 4 <= attributes.length) {
    const type = word16(attributes, offset);
    if (type === ENCAPSULATION_MODE) return word16(attributes, offset + 2);
    offset += (type & 0x8000) !== 0 ? 4 : 4 + word16(attributes, offset + 2);
  }
  return undefined;
}
