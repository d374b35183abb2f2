// INVALID_SPI on the wire: "you use an SPI that I do not know".
//
//   IKEv1   RFC 2408 section 3.14: protocol and SPI of the packet in the fields made for them. Inside an IKE SA only.
//   IKEv2   RFC 7296 section 3.10.1: the SPI is the data, the SPI field is empty. Inside an IKE SA; or, section 1.5, in a
//           message of its own without protection, which the receiver may take for no more than a hint.
import { setWord32, word32 } from "../wire/words.js";
import { FLAG_INITIATOR, IKE_HEADER_LENGTH, INFORMATIONAL_V2, readIkeHeader, writeIkeHeader } from "./header.js";
import { isNotify, type Notify, PROTOCOL_ID, readNotify, writeNotify } from "./notify.js";
import { type IkeVersion, type Payload, readPayloads, writePayloads } from "./payload.js";

export const INVALID_SPI = 11;

export interface UnknownSpi {
  readonly spi: number;
  /** 50 ESP, 51 AH; undefined where the notice does not say (IKEv2). */
  readonly protocol?: 50 | 51 | undefined;
}

export function writeInvalidSpi(version: IkeVersion, { spi, protocol }: UnknownSpi): Payload {
  const number = new Uint8Array(4);
  setWord32(number, 0, spi);
  const none = new Uint8Array(0);
  if (version === 2) return writeNotify(2, { protocol: PROTOCOL_ID.none, type: INVALID_SPI, spi: none, data: number });
  const about = protocol === 51 ? PROTOCOL_ID.ah : PROTOCOL_ID.esp;
  return writeNotify(1, { protocol: about, type: INVALID_SPI, spi: number, data: none });
}

export function readInvalidSpi(version: IkeVersion, notify: Notify): UnknownSpi | undefined {
  if (notify.type !== INVALID_SPI) return undefined;
  const number = version === 1 ? notify.spi : notify.data;
  if (number.length !== 4) return undefined;
  const spi = word32(number, 0);
  if (version === 2) return { spi };
  if (notify.protocol === PROTOCOL_ID.esp) return { spi, protocol: 50 };
  return notify.protocol === PROTOCOL_ID.ah ? { spi, protocol: 51 } : undefined;
}

/** The unprotected one-way message of RFC 7296 section 1.5. Its own SPIs mean nothing; zero is allowed here. */
export function writeInvalidSpiMessage(spi: number): Uint8Array {
  const { first, bytes } = writePayloads([writeInvalidSpi(2, { spi })]);
  const message = new Uint8Array(IKE_HEADER_LENGTH + bytes.length);
  writeIkeHeader(message, {
    initiatorSpi: new Uint8Array(8),
    responderSpi: new Uint8Array(8),
    nextPayload: first,
    version: 2,
    exchange: INFORMATIONAL_V2,
    flags: FLAG_INITIATOR,
    messageId: 0,
    length: message.length,
  });
  message.set(bytes, IKE_HEADER_LENGTH);
  return message;
}

/** The SPI of such a message. Anybody can have sent it. */
export function readInvalidSpiMessage(message: Uint8Array): number | undefined {
  const header = readIkeHeader(message);
  if (header === undefined || header.version !== 2 || header.exchange !== INFORMATIONAL_V2) return undefined;
  const bytes = message.subarray(IKE_HEADER_LENGTH, header.length);
  const [payload, ...more] = readPayloads({ first: header.nextPayload, bytes }) ?? [];
  if (payload === undefined || more.length > 0 || !isNotify(2, payload)) return undefined;
  const notify = readNotify(2, payload.body);
  return notify === undefined ? undefined : readInvalidSpi(2, notify)?.spi;
}
