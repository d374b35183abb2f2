// Chains of payloads, RFC 2408 section 3.2 and RFC 7296 section 3.2: the same four bytes in front of each.
//
//   next payload | critical (IKEv2), reserved | length, these four bytes included (2) | body
//
// What comes from the network is malformed, not exceptional: every reader answers undefined then.
import { setWord16, word16 } from "../wire/words.js";

const HEADER_LENGTH = 4;
/** More than any message of IKE has: a bound, so that a chain of empty payloads costs nothing. */
const PAYLOADS_MAX = 64;

/** Which IKE: its payloads differ. */
export type IkeVersion = 1 | 2;

export interface Payload {
  readonly type: number;
  /** What stands behind the four bytes. */
  readonly body: Uint8Array;
}

export interface PayloadChain {
  /** What names the first payload: the next payload field of the header in front. 0: there is none. */
  readonly first: number;
  readonly bytes: Uint8Array;
}

/** The payloads of a chain. Bytes behind the last are padding, RFC 2408 section 3.1. */
export function readPayloads({ first, bytes }: PayloadChain): Payload[] | undefined {
  const payloads: Payload[] = [];
  let type = first;
  let offset = 0;
  while (type !== 0) {
    if (offset + HEADER_LENGTH > bytes.length || payloads.length === PAYLOADS_MAX) return undefined;
    const length = word16(bytes, offset + 2);
    if (length < HEADER_LENGTH || offset + length > bytes.length) return undefined;
    payloads.push({ type, body: bytes.subarray(offset + HEADER_LENGTH, offset + length) });
    type = bytes[offset] as number;
    offset += length;
  }
  return payloads;
}

export function writePayloads(payloads: readonly Payload[]): PayloadChain {
  const bytes = new Uint8Array(payloads.reduce((sum, { body }) => sum + HEADER_LENGTH + body.length, 0));
  let offset = 0;
  for (const [i, { body }] of payloads.entries()) {
    bytes[offset] = payloads[i + 1]?.type ?? 0;
    setWord16(bytes, offset + 2, HEADER_LENGTH + body.length);
    bytes.set(body, offset + HEADER_LENGTH);
    offset += HEADER_LENGTH + body.length;
  }
  return { first: payloads[0]?.type ?? 0, bytes };
}
