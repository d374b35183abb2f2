// The Delete payload: SAs that the sender no longer has. RFC 2408 section 3.15, RFC 7296 section 3.11.
//
//   IKEv1   DOI (4) | protocol | SPI size | number of SPIs (2) | SPIs      an IKE SA: its two cookies, 16 bytes
//   IKEv2             protocol | SPI size | number of SPIs (2) | SPIs      the IKE SA of the message: no SPI
//
// The SPIs of ESP and AH are those by which the sender receives: SPIs of the reader's outbound SAs.
import { setWord16, setWord32, word16, word32 } from "../wire/words.js";
import type { IkeSpis } from "./ike-sa.js";
import { PROTOCOL_ID } from "./notify.js";
import type { IkeVersion, Payload } from "./payload.js";
import { sameBytes } from "./same-bytes.js";

const DELETE_V1 = 12;
const DELETE_V2 = 42;
const DOI_ISAKMP = 0;
const DOI_IPSEC = 1;
const FIXED_LENGTH = 4;
const SPI_LENGTH = 4;

/** IPsec SAs by their protocol, or an IKE SA by its SPIs; IKEv2 names that of the message by none. */
export type Deleted =
  | { readonly protocol: 50 | 51; readonly spis: readonly number[] }
  | { readonly protocol: "ike"; readonly spis: IkeSpis | undefined };

export function isDelete(version: IkeVersion, payload: Payload): boolean {
  return payload.type === (version === 1 ? DELETE_V1 : DELETE_V2);
}

/** SAs by which the sender received. Up to 65535 SPIs. */
export function writeDelete(version: IkeVersion, protocol: 50 | 51, spis: readonly number[]): Payload {
  const { body, start } = newBody(version, protocol === 51 ? PROTOCOL_ID.ah : PROTOCOL_ID.esp, SPI_LENGTH, spis.length);
  for (const [nth, spi] of spis.entries()) setWord32(body, start + nth * SPI_LENGTH, spi);
  return { type: version === 1 ? DELETE_V1 : DELETE_V2, body };
}

/** The IKE SA itself. */
export function writeDeleteIke(version: IkeVersion, { initiatorSpi, responderSpi }: IkeSpis): Payload {
  if (version === 2) return { type: DELETE_V2, body: newBody(2, PROTOCOL_ID.ike, 0, 0).body };
  const { body, start } = newBody(1, PROTOCOL_ID.ike, 16, 1);
  body.set(initiatorSpi, start);
  body.set(responderSpi, start + 8);
  return { type: DELETE_V1, body };
}

/** Undefined: malformed, of another protocol, or of an IKE SA that is not the one the message came in. */
export function readDelete(version: IkeVersion, spis: IkeSpis, body: Uint8Array): Deleted | undefined {
  const start = version === 1 ? 4 : 0;
  if (body.length < start + FIXED_LENGTH) return undefined;
  if (version === 1 && word32(body, 0) !== DOI_IPSEC && word32(body, 0) !== DOI_ISAKMP) return undefined;
  const [protocol, size, count] = [body[start], body[start + 1] as number, word16(body, start + 2)];
  const listed = body.subarray(start + FIXED_LENGTH);
  if (listed.length !== size * count) return undefined;
  if (protocol === PROTOCOL_ID.ike) {
    if (version === 2) return size === 0 ? { protocol: "ike", spis: undefined } : undefined;
    const same =
      sameBytes(listed.subarray(0, 8), spis.initiatorSpi) && sameBytes(listed.subarray(8), spis.responderSpi);
    return same ? { protocol: "ike", spis } : undefined;
  }
  if (size !== SPI_LENGTH || (protocol !== PROTOCOL_ID.esp && protocol !== PROTOCOL_ID.ah)) return undefined;
  const numbers = Array.from({ length: count }, (_, nth) => word32(listed, nth * SPI_LENGTH));
  return { protocol: protocol === PROTOCOL_ID.ah ? 51 : 50, spis: numbers };
}

function newBody(version: IkeVersion, protocol: number, size: number, count: number) {
  const start = version === 1 ? 4 : 0;
  const body = new Uint8Array(start + FIXED_LENGTH + size * count);
  if (version === 1) setWord32(body, 0, protocol === PROTOCOL_ID.ike ? DOI_ISAKMP : DOI_IPSEC);
  body[start] = protocol;
  body[start + 1] = size;
  setWord16(body, start + 2, count);
  return { body, start: start + FIXED_LENGTH };
}
