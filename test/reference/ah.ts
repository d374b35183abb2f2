// AH, RFC 4302: the header, and what its ICV covers.
//
//   | IP header | next header | length | 0 | SPI | sequence | IV | ICV | padding | payload |
//
// Only AES-GMAC has an IV (RFC 4543 section 4); it is covered, the ICV is not.
import { createCipheriv } from "node:crypto";
import type { AhConfig } from "../../src/sad/config.js";
import { integrityCheckValue } from "./ciphers.js";
import { completeHeader, readPacket } from "./ip.js";
import { INTEGRITY_SIZES } from "./suites.js";

const FIXED_LENGTH = 12;
const AH = 51;
/** The engine's own bound; an RFC has none. */
const LONGEST_HEADER = 144;

/** Section 2.2: a multiple of 4 bytes, over IPv6 of 8. */
export function ahLengthOf(config: AhConfig, version: number): number {
  const unit = version === 6 ? 8 : 4;
  const { ivLength, icvLength } = sizesOf(config);
  return Math.ceil((FIXED_LENGTH + ivLength + icvLength) / unit) * unit;
}

function sizesOf({ integrity }: AhConfig): { ivLength: number; icvLength: number } {
  if (integrity === "aes-gmac") return { ivLength: 8, icvLength: 16 };
  return { ivLength: 0, icvLength: INTEGRITY_SIZES[integrity].icvLength };
}

/** RFC 4543 section 4: of AES-GMAC the nonce is salt and IV, and everything is AAD. */
function icvOf({ integrity, integrityKey }: AhConfig, covered: Uint8Array, iv: Uint8Array): Uint8Array {
  if (integrity !== "aes-gmac") return integrityCheckValue(integrity, integrityKey, covered);
  const key = integrityKey.subarray(0, -4);
  const name = `aes-${key.length * 8}-gcm` as "aes-128-gcm";
  const gcm = createCipheriv(name, key, Buffer.concat([integrityKey.subarray(-4), iv]));
  gcm.setAAD(covered).final();
  return gcm.getAuthTag();
}

/**
 * Puts AH between the first `headerLength` bytes of `packet` and the rest; `protocolOffset` is where the header names
 * what follows. Undefined when the header cannot be read.
 */
export function sealAh(
  config: AhConfig,
  sequence: bigint,
  packet: Uint8Array,
  headerLength: number,
  protocolOffset: number,
): Buffer | undefined {
  const version = (packet[0] as number) >> 4;
  const ah = Buffer.alloc(ahLengthOf(config, version));
  ah.writeUInt8(packet[protocolOffset] as number, 0);
  ah.writeUInt8(ah.length / 4 - 2, 1);
  ah.writeUInt32BE(config.spi, 4);
  ah.writeUInt32BE(Number(sequence % 2n ** 32n), 8);
  const { ivLength } = sizesOf(config);
  if (ivLength > 0) ah.writeBigUInt64BE(sequence, FIXED_LENGTH);
  const sealed = Buffer.concat([packet.subarray(0, headerLength), ah, packet.subarray(headerLength)]);
  sealed.writeUInt8(AH, protocolOffset);
  completeHeader(sealed);
  const covered = coveredBytes(config, sequence, sealed, headerLength, true);
  if (covered === undefined) return undefined;
  const icv = icvOf(config, covered, ah.subarray(FIXED_LENGTH, FIXED_LENGTH + ivLength));
  sealed.set(icv, headerLength + FIXED_LENGTH + ivLength);
  return sealed;
}

export interface AhFields {
  readonly spi: number;
  readonly low: number;
  /** Of the whole header, as it says itself. */
  readonly length: number;
  readonly nextHeader: number;
}

export function readAh(ah: Uint8Array): AhFields | undefined {
  if (ah.length < FIXED_LENGTH) return undefined;
  const buffer = Buffer.from(ah);
  const length = (buffer.readUInt8(1) + 2) * 4;
  return { spi: buffer.readUInt32BE(4), low: buffer.readUInt32BE(8), length, nextHeader: buffer.readUInt8(0) };
}

/** Whether header and AH have lengths that the SA can have; over IPv4 AH may be padded to 8 bytes as well. */
export function ahLengthIsPossible(
  config: AhConfig,
  packet: Uint8Array,
  headerLength: number,
  ahLength: number,
): boolean {
  const version = (packet[0] as number) >> 4;
  const right = ahLength === ahLengthOf(config, version) || ahLength === ahLengthOf(config, 6);
  return (
    right &&
    packet.length >= headerLength + ahLength &&
    coveredBytes(config, 0n, packet, headerLength, false) !== undefined
  );
}

export function ahVerifies(config: AhConfig, sequence: bigint, packet: Uint8Array, headerLength: number): boolean {
  const covered = coveredBytes(config, sequence, packet, headerLength, false);
  const { ivLength, icvLength } = sizesOf(config);
  const ivAt = headerLength + FIXED_LENGTH;
  const icvAt = ivAt + ivLength;
  const expected = icvOf(config, covered ?? new Uint8Array(0), packet.subarray(ivAt, icvAt));
  return Buffer.compare(expected, packet.subarray(icvAt, icvAt + icvLength)) === 0;
}

/** Section 3.3.3: mutable fields and the ICV as zero, predictable ones as they arrive, with ESN the high half behind. */
function coveredBytes(
  config: AhConfig,
  sequence: bigint,
  packet: Uint8Array,
  headerLength: number,
  sending: boolean,
): Buffer | undefined {
  if (headerLength > LONGEST_HEADER) return undefined;
  const bytes = Buffer.from(packet);
  const { ivLength, icvLength } = sizesOf(config);
  const icvAt = headerLength + FIXED_LENGTH + ivLength;
  bytes.fill(0, icvAt, icvAt + icvLength);
  const header = bytes.subarray(0, headerLength);
  const readable = header.readUInt8(0) >> 4 === 4 ? coverIpv4(header, sending) : coverIpv6(header, sending);
  if (!readable) return undefined;
  const high = Buffer.alloc(4);
  high.writeUInt32BE(Number(sequence >> 32n));
  return config.esn ? Buffer.concat([bytes, high]) : bytes;
}

/** Section 3.3.3.1.1 and appendix A1. */
function coverIpv4(header: Buffer, sending: boolean): boolean {
  const [tos, flags, ttl, checksum, target, options] = [1, 6, 8, 10, 16, 20];
  header.fill(0, tos, tos + 1);
  header.fill(0, flags, flags + 2);
  header.fill(0, ttl, ttl + 1);
  header.fill(0, checksum, checksum + 2);
  const immutable = [2, 5, 6, 20, 21].map((number) => 128 + number); // all of them are copied into fragments
  const sourceRoutes = [128 + 3, 128 + 9];
  let at = options;
  while (at < header.length) {
    const kind = header.readUInt8(at);
    if (kind === 0) break;
    const length = kind === 1 ? 1 : at + 1 < header.length ? header.readUInt8(at + 1) : 0;
    if (length === 0 || (kind !== 1 && length < 2) || at + length > header.length) return false;
    const isUnderWay = sourceRoutes.includes(kind) && length >= 7 && header.readUInt8(at + 2) + 3 <= length;
    if (sending && isUnderWay) header.copy(header, target, at + length - 4, at + length);
    if (kind !== 1 && !immutable.includes(kind)) header.fill(0, at, at + length);
    at += length;
  }
  return true;
}

/** Section 3.3.3.1.2 and appendix A2. */
function coverIpv6(header: Buffer, sending: boolean): boolean {
  const [hopByHop, routing, fragment, destination] = [0, 43, 44, 60];
  header.writeUInt32BE(0x60000000, 0);
  header.writeUInt8(0, 7);
  let kind = header.readUInt8(6);
  let at = 40;
  while (at < header.length) {
    const extension = header.subarray(at, at + (header.readUInt8(at + 1) + 1) * 8);
    if (kind === fragment) return false;
    if ((kind === hopByHop || kind === destination) && !coverOptions(extension.subarray(2))) return false;
    if (kind === routing && sending && !coverRoute(header, extension)) return false;
    kind = extension.readUInt8(0);
    at += extension.length;
  }
  return true;
}

function coverOptions(options: Buffer): boolean {
  for (let at = 0; at < options.length; ) {
    if (options.readUInt8(at) === 0) {
      at += 1;
      continue;
    }
    if (at + 2 > options.length) return false;
    const end = at + 2 + options.readUInt8(at + 1);
    if (end > options.length) return false;
    const changesOnTheWay = (options.readUInt8(at) & 0x20) !== 0;
    if (changesOnTheWay) options.fill(0, at + 2, end);
    at = end;
  }
  return true;
}

/** The packet travels along the addresses: each takes the destination's place, which takes its own. */
function coverRoute(header: Buffer, routing: Buffer): boolean {
  const kind = routing.readUInt8(2);
  const count = Math.floor((routing.length - 8) / 16);
  while (routing.readUInt8(3) > 0) {
    const left = routing.readUInt8(3);
    if ((kind !== 0 && kind !== 2) || left > count) return false;
    const next = routing.subarray(routing.length - 16 * left, routing.length - 16 * left + 16);
    const passed = Buffer.from(header.subarray(24, 40));
    next.copy(header, 24);
    passed.copy(next);
    routing.writeUInt8(left - 1, 3);
  }
  return true;
}

/** `packet` without its AH: the header in front names what followed AH. */
export function withoutAh(packet: Uint8Array, headerLength: number, ah: AhFields): Buffer {
  const { protocolOffset } = readPacket(packet) ?? { protocolOffset: 9 };
  const rest = Buffer.concat([packet.subarray(0, headerLength), packet.subarray(headerLength + ah.length)]);
  rest.writeUInt8(ah.nextHeader, protocolOffset);
  return completeHeader(rest);
}
