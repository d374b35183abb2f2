// Is there a NAT, and in front of whom? Each end sends hashes of the addresses and ports as it knows them, the other
// compares them with what it sees: NAT-D payloads of IKEv1, RFC 3947 section 3.2; NAT_DETECTION_SOURCE_IP and
// NAT_DETECTION_DESTINATION_IP of IKEv2, RFC 7296 section 2.23.
//
// The hash is an argument: IKEv1 uses the one it has negotiated, IKEv2 SHA-1, and whoever speaks IKE has both. It is
// called at once; where only an asynchronous one is at hand, hash `natDetectionText` first.
import { IpsecError } from "../errors.js";
import type { Endpoint } from "../natt/path.js";
import { parseAddress } from "../wire/address.js";
import { setWord16 } from "../wire/words.js";
import type { IkeSpis } from "./ike-sa.js";
import type { NatMethod } from "./nat-method.js";
import { isNotify, PROTOCOL_ID, readNotify, writeNotify } from "./notify.js";
import type { Payload } from "./payload.js";
import { sameBytes } from "./same-bytes.js";

export const NAT_DETECTION_SOURCE_IP = 16388;
export const NAT_DETECTION_DESTINATION_IP = 16389;

export type Hash = (bytes: Uint8Array) => Uint8Array;

/** What is hashed: the SPIs (IKEv1: cookies) as in the header of the message, the address, the port. */
export function natDetectionText(spis: IkeSpis, { address, port }: Endpoint): Uint8Array {
  if (spis.initiatorSpi.length !== 8 || spis.responderSpi.length !== 8) {
    throw new IpsecError("spi", "the SPIs of an IKE SA are 8 bytes each");
  }
  const ip = parseAddress(address, "address");
  const text = new Uint8Array(16 + ip.length + 2);
  text.set(spis.initiatorSpi, 0);
  text.set(spis.responderSpi, 8);
  text.set(ip, 16);
  setWord16(text, 16 + ip.length, port);
  return text;
}

export interface NatDetection {
  /** Hash of where the message goes: one. */
  readonly target: Uint8Array;
  /** Hashes of where it may come from: a host with several addresses names them all. */
  readonly sources: readonly Uint8Array[];
}

/** The payloads of a message. IKEv1: the destination first, then the sources. `method`: IKEv1's, for the payload type. */
export function writeNatDetection(version: 1, detection: NatDetection, method: NatMethod): Payload[];
export function writeNatDetection(version: 2, detection: NatDetection): Payload[];
export function writeNatDetection(version: 1 | 2, { target, sources }: NatDetection, method?: NatMethod): Payload[] {
  if (version === 1) return [target, ...sources].map((body) => ({ type: method?.natD ?? 20, body }));
  const notify = (type: number, data: Uint8Array) =>
    writeNotify(2, { protocol: PROTOCOL_ID.none, type, spi: new Uint8Array(0), data });
  return [
    ...sources.map((hash) => notify(NAT_DETECTION_SOURCE_IP, hash)),
    notify(NAT_DETECTION_DESTINATION_IP, target),
  ];
}

/** What the payloads of a message say; undefined when the peer did not ask. */
export function readNatDetection(version: 1, payloads: readonly Payload[], method: NatMethod): NatDetection | undefined;
export function readNatDetection(version: 2, payloads: readonly Payload[]): NatDetection | undefined;
export function readNatDetection(
  version: 1 | 2,
  payloads: readonly Payload[],
  method?: NatMethod,
): NatDetection | undefined {
  if (version === 1) {
    const [target, ...sources] = payloads.filter(({ type }) => type === (method?.natD ?? 20)).map(({ body }) => body);
    return target === undefined || sources.length === 0 ? undefined : { target, sources };
  }
  const sources: Uint8Array[] = [];
  let target: Uint8Array | undefined;
  for (const payload of payloads) {
    const notify = isNotify(2, payload) ? readNotify(2, payload.body) : undefined;
    if (notify?.type === NAT_DETECTION_SOURCE_IP) sources.push(notify.data);
    if (notify?.type === NAT_DETECTION_DESTINATION_IP) target = notify.data;
  }
  return target === undefined || sources.length === 0 ? undefined : { target, sources };
}

/** Who stands behind a NAT. */
export interface NatFound {
  /** This side. */
  readonly local: boolean;
  /** The peer. */
  readonly remote: boolean;
}

/**
 * Judges a received message: `local` is the address and port it came to as this host knows them, `remote` where it is
 * seen to come from.
 */
export function judgeNat(
  spis: IkeSpis,
  received: NatDetection,
  ends: { readonly local: Endpoint; readonly remote: Endpoint },
  hash: Hash,
): NatFound {
  const here = hash(natDetectionText(spis, ends.local));
  const there = hash(natDetectionText(spis, ends.remote));
  return {
    local: !sameBytes(received.target, here),
    remote: !received.sources.some((source) => sameBytes(source, there)),
  };
}

/** The hashes to send from `local` to `remote`. */
export function natDetectionFor(
  spis: IkeSpis,
  ends: { readonly local: Endpoint; readonly remote: Endpoint },
  hash: Hash,
): NatDetection {
  return {
    target: hash(natDetectionText(spis, ends.remote)),
    sources: [hash(natDetectionText(spis, ends.local))],
  };
}
