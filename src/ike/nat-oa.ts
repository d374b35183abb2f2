// NAT-OA: the addresses as they were before any NAT, RFC 3947 section 5.2. Transport mode needs them to correct the
// checksums of TCP and UDP, RFC 3948 section 3.1.2. The drafts up to 03 send one, the sender's own (section 5.2; in 00 and
// 01 section 4.2); the RFC two. IKEv2 has none: there the traffic selectors say it, RFC 7296 section 2.23.1.
//
//   ID type (1 IPv4, 5 IPv6) | three zero bytes | address
import type { Endpoints } from "../sad/config.js";
import { formatAddress, parseAddress } from "../wire/address.js";
import type { NatMethod } from "./nat-method.js";
import type { Payload } from "./payload.js";

const ID_IPV4_ADDR = 1;
const ID_IPV6_ADDR = 5;
const FIXED_LENGTH = 4;

export function writeOriginalAddress(address: string, method: NatMethod): Payload {
  const bytes = parseAddress(address, "address");
  const body = new Uint8Array(FIXED_LENGTH + bytes.length);
  body[0] = bytes.length === 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
  body.set(bytes, FIXED_LENGTH);
  return { type: method.natOa, body };
}

export function readOriginalAddress(body: Uint8Array): string | undefined {
  const length = body[0] === ID_IPV4_ADDR ? 4 : body[0] === ID_IPV6_ADDR ? 16 : 0;
  if (length === 0 || body.length !== FIXED_LENGTH + length) return undefined;
  return formatAddress(body.subarray(FIXED_LENGTH));
}

/**
 * The one address that a Quick Mode message of the drafts tells, its sender's own: the source of what that peer seals. The
 * target is this side's address where this side is behind no NAT; elsewhere `natTraversal.original` is "unknown".
 */
export function readOriginalSource(payloads: readonly Payload[], method: NatMethod): string | undefined {
  const [one, more] = payloads.filter(({ type }) => type === method.natOa);
  return one === undefined || more !== undefined ? undefined : readOriginalAddress(one.body);
}

/**
 * The addresses that a Quick Mode message tells: the initiator's first, then the responder's, whoever sends it. Undefined
 * when they are missing, malformed or of two IP versions.
 */
export function readOriginalAddresses(
  payloads: readonly Payload[],
  method: NatMethod,
): { readonly initiator: string; readonly responder: string } | undefined {
  const bodies = payloads.filter(({ type }) => type === method.natOa).map(({ body }) => body);
  const [initiator, responder, more] = bodies.map(readOriginalAddress);
  if (initiator === undefined || responder === undefined || more !== undefined || bodies.length !== 2) return undefined;
  return initiator.includes(":") === responder.includes(":") ? { initiator, responder } : undefined;
}

/** What `natTraversal.original` of an SA is: `source` is who seals. */
export function originalEndpoints(
  original: { readonly initiator: string; readonly responder: string },
  sealedBy: "initiator" | "responder",
): Endpoints {
  const { initiator, responder } = original;
  return sealedBy === "initiator" ? { source: initiator, target: responder } : { source: responder, target: initiator };
}
