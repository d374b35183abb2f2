// One ESP packet, RFC 4303 section 2, from the SPI to the ICV.
//
//   | SPI | sequence | IV | payload | 1 2 3 .. | pad length | next header | ICV |
import type { EspConfig } from "../../src/sad/config.js";
import { aeadOpen, aeadSeal, decrypt, encrypt, integrityCheckValue } from "./ciphers.js";
import { ENCRYPTION_SIZES, INTEGRITY_SIZES } from "./suites.js";

export const ESP_HEADER_LENGTH = 8;
const TRAILER_LENGTH = 2;

export function icvLengthOf(config: EspConfig): number {
  if (config.integrity === "none") return 0;
  return config.integrity === undefined
    ? ENCRYPTION_SIZES[config.encryption].icvLength
    : INTEGRITY_SIZES[config.integrity].icvLength;
}

/** Bytes that the encryption sees of a payload. */
export function textLengthOf(config: EspConfig, payloadLength: number): number {
  const { alignment } = ENCRYPTION_SIZES[config.encryption];
  return Math.ceil((payloadLength + TRAILER_LENGTH) / alignment) * alignment;
}

export function espLengthOf(config: EspConfig, payloadLength: number): number {
  const { ivLength } = ENCRYPTION_SIZES[config.encryption];
  return ESP_HEADER_LENGTH + ivLength + textLengthOf(config, payloadLength) + icvLengthOf(config);
}

/** The IV of every mode but CBC is the sequence number: unique for the key, RFC 4106 section 3.1. */
export function counterIv(sequence: bigint): Uint8Array {
  const iv = Buffer.alloc(8);
  iv.writeBigUInt64BE(sequence);
  return iv;
}

/** RFC 4303 section 2.4: the padding counts 1, 2, 3. */
function textOf(config: EspConfig, payload: Uint8Array, nextHeader: number): Uint8Array {
  const padLength = textLengthOf(config, payload.length) - payload.length - TRAILER_LENGTH;
  const padding = Uint8Array.from({ length: padLength }, (_, i) => i + 1);
  return Buffer.concat([payload, padding, Buffer.of(padLength, nextHeader)]);
}

/** The halves of the sequence number, and what AEADs authenticate besides the text. */
function numbers(config: EspConfig, sequence: bigint) {
  const spi = Buffer.alloc(4);
  const number = Buffer.alloc(8);
  spi.writeUInt32BE(config.spi);
  number.writeBigUInt64BE(sequence);
  const low = number.subarray(4);
  const high = config.esn ? number.subarray(0, 4) : Buffer.alloc(0);
  return { header: Buffer.concat([spi, low]), high, associated: Buffer.concat([spi, high, low]) };
}

export function sealEsp(
  config: EspConfig,
  sequence: bigint,
  iv: Uint8Array,
  payload: Uint8Array,
  nextHeader: number,
): Uint8Array {
  const { encryption } = config;
  const { header, high, associated } = numbers(config, sequence);
  const text = textOf(config, payload, nextHeader);
  const key = config.encryptionKey ?? new Uint8Array(0);
  if (config.integrity === undefined) {
    const { cipherText, icv } = aeadSeal({ encryption, key, iv, associated }, text);
    return Buffer.concat([header, iv, cipherText, icv]);
  }
  const body = Buffer.concat([header, iv, encrypt(encryption, key, iv, text)]);
  if (config.integrity === "none") return body;
  // With ESN the high half is authenticated as if it stood behind the text, RFC 4303 section 2.2.1.
  const icv = integrityCheckValue(config.integrity, config.integrityKey, Buffer.concat([body, high]));
  return Buffer.concat([body, icv]);
}

/** Whether the packet is as long as its suite needs; CBC's text comes in whole blocks, RFC 3602 and 2451 section 2.4. */
export function lengthIsPossible(config: EspConfig, packet: Uint8Array): boolean {
  const textLength =
    packet.length - ESP_HEADER_LENGTH - ENCRYPTION_SIZES[config.encryption].ivLength - icvLengthOf(config);
  const { alignment } = ENCRYPTION_SIZES[config.encryption];
  return textLength >= TRAILER_LENGTH && (!config.encryption.endsWith("-cbc") || textLength % alignment === 0);
}

/** The text of a packet, or undefined when its ICV does not verify. */
export function openEsp(config: EspConfig, sequence: bigint, packet: Uint8Array): Uint8Array | undefined {
  const { encryption } = config;
  const { high, associated } = numbers(config, sequence);
  const textAt = ESP_HEADER_LENGTH + ENCRYPTION_SIZES[encryption].ivLength;
  const icvAt = packet.length - icvLengthOf(config);
  const iv = packet.subarray(ESP_HEADER_LENGTH, textAt);
  const cipherText = packet.subarray(textAt, icvAt);
  const icv = packet.subarray(icvAt);
  const key = config.encryptionKey ?? new Uint8Array(0);
  if (config.integrity === undefined) return aeadOpen({ encryption, key, iv, associated }, cipherText, icv);
  if (config.integrity === "none") return decrypt(encryption, key, iv, cipherText);
  const message = Buffer.concat([packet.subarray(0, icvAt), high]);
  const expected = integrityCheckValue(config.integrity, config.integrityKey, message);
  return Buffer.compare(expected, icv) === 0 ? decrypt(encryption, key, iv, cipherText) : undefined;
}

/** The payload and what it is; undefined when the padding is not 1, 2, 3 .. */
export function readTrailer(text: Uint8Array): { payload: Uint8Array; nextHeader: number } | undefined {
  const [padLength, nextHeader] = text.subarray(-TRAILER_LENGTH) as unknown as [number, number];
  const paddingAt = text.length - TRAILER_LENGTH - padLength;
  if (paddingAt < 0) return undefined;
  const padding = text.subarray(paddingAt, paddingAt + padLength);
  if (padding.some((byte, i) => byte !== i + 1)) return undefined;
  return { payload: text.subarray(0, paddingAt), nextHeader };
}
