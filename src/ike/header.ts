// The header of an IKE message, RFC 2408 section 3.1 and RFC 7296 section 3.1.
//
//   0 initiator's SPI (cookie) | 8 responder's SPI (cookie) | 16 next payload | 17 major, minor version
//   18 exchange type | 19 flags | 20 message ID | 24 length of the whole message | 28 payloads
import { setWord32, word32 } from "../wire/words.js";

export const IKE_HEADER_LENGTH = 28;
const IKE_SPI_LENGTH = 8;
export const INFORMATIONAL_V2 = 37;
/** An IKEv2 flag. */
export const FLAG_INITIATOR = 0x08;

export interface IkeHeader {
  /** 8 bytes each. */
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
  readonly nextPayload: number;
  readonly version: 1 | 2;
  readonly exchange: number;
  readonly flags: number;
  readonly messageId: number;
  /** Bytes of the message, this header included. */
  readonly length: number;
}

export function readIkeHeader(message: Uint8Array): IkeHeader | undefined {
  if (message.length < IKE_HEADER_LENGTH) return undefined;
  const version = (message[17] as number) >> 4;
  const length = word32(message, 24);
  if ((version !== 1 && version !== 2) || length < IKE_HEADER_LENGTH || length > message.length) return undefined;
  return {
    initiatorSpi: message.slice(0, 8),
    responderSpi: message.slice(8, 16),
    nextPayload: message[16] as number,
    version,
    exchange: message[18] as number,
    flags: message[19] as number,
    messageId: word32(message, 20),
    length,
  };
}

export function writeIkeHeader(message: Uint8Array, header: IkeHeader): void {
  message.set(header.initiatorSpi, 0);
  message.set(header.responderSpi, IKE_SPI_LENGTH);
  message[16] = header.nextPayload;
  message[17] = header.version << 4;
  message[18] = header.exchange;
  message[19] = header.flags;
  setWord32(message, 20, header.messageId);
  setWord32(message, 24, header.length);
}
