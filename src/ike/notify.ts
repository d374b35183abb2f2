// The Notification payload of IKEv1, RFC 2408 section 3.14, and the Notify payload of IKEv2, RFC 7296 section 3.10.
//
//   IKEv1   DOI (4) | protocol | SPI size | message type (2) | SPI | data
//   IKEv2             protocol | SPI size | message type (2) | SPI | data
import { setWord16, setWord32, word16, word32 } from "../wire/words.js";
import type { IkeVersion, Payload } from "./payload.js";

const NOTIFICATION_V1 = 11;
const NOTIFY_V2 = 41;
const DOI_ISAKMP = 0;
const DOI_IPSEC = 1;

/** What a notification is about: RFC 2407 section 4.4.1, RFC 7296 section 3.3.1. AH is 2 and ESP is 3 in both. */
export const PROTOCOL_ID = { none: 0, ike: 1, ah: 2, esp: 3 } as const;

export interface Notify {
  readonly protocol: number;
  readonly type: number;
  readonly spi: Uint8Array;
  readonly data: Uint8Array;
}

const FIXED_LENGTH = 4;
const DOI_LENGTH = 4;

export function isNotify(version: IkeVersion, payload: Payload): boolean {
  return payload.type === (version === 1 ? NOTIFICATION_V1 : NOTIFY_V2);
}

export function readNotify(version: IkeVersion, body: Uint8Array): Notify | undefined {
  const start = version === 1 ? DOI_LENGTH : 0;
  if (body.length < start + FIXED_LENGTH) return undefined;
  if (version === 1 && word32(body, 0) !== DOI_IPSEC && word32(body, 0) !== DOI_ISAKMP) return undefined;
  const spiEnd = start + FIXED_LENGTH + (body[start + 1] as number);
  if (spiEnd > body.length) return undefined;
  return {
    protocol: body[start] as number,
    type: word16(body, start + 2),
    spi: body.slice(start + FIXED_LENGTH, spiEnd),
    data: body.slice(spiEnd),
  };
}

export function writeNotify(version: IkeVersion, { protocol, type, spi, data }: Notify): Payload {
  const start = version === 1 ? DOI_LENGTH : 0;
  const body = new Uint8Array(start + FIXED_LENGTH + spi.length + data.length);
  if (version === 1) setWord32(body, 0, DOI_IPSEC);
  body[start] = protocol;
  body[start + 1] = spi.length;
  setWord16(body, start + 2, type);
  body.set(spi, start + FIXED_LENGTH);
  body.set(data, start + FIXED_LENGTH + spi.length);
  return { type: version === 1 ? NOTIFICATION_V1 : NOTIFY_V2, body };
}
