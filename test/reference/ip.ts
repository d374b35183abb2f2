// IP headers, RFC 791 and RFC 8200, read and written a field at a time.

export interface IpPacket {
  readonly version: 4 | 6;
  /** As the header states it. */
  readonly totalLength: number;
  /** With IPv4 options, or IPv6 extension headers. */
  readonly headerLength: number;
  /** The upper protocol, and where it is named. */
  readonly protocol: number;
  readonly protocolOffset: number;
  readonly tos: number;
  readonly dontFragment: boolean;
  readonly isFragment: boolean;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  /** Source and target port, or ICMP type and code, or Mobility Header type and 0; undefined where they cannot be read. */
  readonly ports: readonly [number, number] | undefined;
  /** An IPv6 extension header does not run over the end. */
  readonly complete: boolean;
}

const EXTENSIONS = [0, 43, 44, 60]; // not AH, not a Mobility Header: RFC 4301 section 4.4.1.1
const FRAGMENT = 44;

export function readPacket(bytes: Uint8Array): IpPacket | undefined {
  if (bytes.length < 20) return undefined;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const version = buffer.readUInt8(0) >> 4;
  if (version === 4) return readVersion4(buffer);
  return version === 6 && bytes.length >= 40 ? readVersion6(buffer) : undefined;
}

function readVersion4(packet: Buffer): IpPacket | undefined {
  const headerLength = (packet.readUInt8(0) % 16) * 4;
  const totalLength = packet.readUInt16BE(2);
  if (headerLength < 20 || totalLength < headerLength || totalLength > packet.length) return undefined;
  const flags = packet.readUInt16BE(6);
  const offset = flags % 0x2000;
  const protocol = packet.readUInt8(9);
  return {
    ...{ version: 4, totalLength, headerLength, protocol, protocolOffset: 9, tos: packet.readUInt8(1) },
    dontFragment: (flags & 0x4000) !== 0,
    isFragment: (flags & 0x2000) !== 0 || offset !== 0,
    source: packet.subarray(12, 16),
    target: packet.subarray(16, 20),
    ports: offset === 0 ? readPorts(packet.subarray(headerLength, totalLength), protocol) : undefined,
    complete: true,
  };
}

function readVersion6(packet: Buffer): IpPacket | undefined {
  const totalLength = 40 + packet.readUInt16BE(4);
  if (totalLength > packet.length) return undefined;
  let protocol = packet.readUInt8(6);
  let protocolOffset = 6;
  let headerLength = 40;
  let isFragment = false;
  let isLater = false;
  while (EXTENSIONS.includes(protocol) && !isLater && headerLength + 8 <= totalLength) {
    const [next, units] = [packet.readUInt8(headerLength), packet.readUInt8(headerLength + 1)];
    if (protocol === FRAGMENT && !isFragment) {
      const offsetAndFlags = packet.readUInt16BE(headerLength + 2);
      isFragment = (offsetAndFlags & 0xfff9) !== 0; // neither offset nor M: an atomic fragment, RFC 6946
      isLater = offsetAndFlags >= 8;
    }
    protocolOffset = headerLength;
    headerLength += protocol === FRAGMENT ? 8 : (units + 1) * 8;
    protocol = next;
  }
  const complete = headerLength <= totalLength && (isLater || !EXTENSIONS.includes(protocol));
  return {
    ...{ version: 6, totalLength, headerLength, protocol, protocolOffset, isFragment, complete },
    tos: (packet.readUInt16BE(0) >> 4) % 256,
    dontFragment: true,
    source: packet.subarray(8, 24),
    target: packet.subarray(24, 40),
    ports: isLater || !complete ? undefined : readPorts(packet.subarray(headerLength, totalLength), protocol),
  };
}

/** RFC 8200 section 4.5: of an atomic fragment, which is whole, the header goes; of several the first or the last. */
export function withoutFragmentHeader(bytes: Uint8Array, which: "first" | "last"): Uint8Array {
  const packet = Buffer.from(bytes);
  if (packet.readUInt8(0) >> 4 === 4) return bytes;
  let found: readonly [named: number, at: number] | undefined;
  let [named, at] = [6, 40];
  while (EXTENSIONS.includes(packet.readUInt8(named))) {
    const length = packet.readUInt8(named) === FRAGMENT ? 8 : (packet.readUInt8(at + 1) + 1) * 8;
    if (packet.readUInt8(named) === FRAGMENT && (which === "last" || found === undefined)) found = [named, at];
    [named, at] = [at, at + length];
  }
  if (found === undefined) return bytes;
  [named, at] = found;
  packet.writeUInt8(packet.readUInt8(at), named);
  return completeHeader(Buffer.concat([packet.subarray(0, at), packet.subarray(at + 8)]));
}

/** TCP, UDP, DCCP, SCTP and UDP-Lite begin with ports, ICMP with type and code; a Mobility Header has a type. */
function readPorts(payload: Buffer, protocol: number): readonly [number, number] | undefined {
  if ([6, 17, 33, 132, 136].includes(protocol) && payload.length >= 4) {
    return [payload.readUInt16BE(0), payload.readUInt16BE(2)];
  }
  if ([1, 58].includes(protocol) && payload.length >= 2) return [payload.readUInt8(0), payload.readUInt8(1)];
  if (protocol === 135 && payload.length >= 3) return [payload.readUInt8(2), 0];
  return undefined;
}

/** RFC 1071. */
export function checksum(bytes: Uint8Array): number {
  const even = Buffer.concat([bytes, Buffer.alloc(bytes.length % 2)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

/** RFC 1624 section 3: a checksum after one word under it has changed. One that was wrong stays wrong. */
export function changedChecksum(old: number, before: number, after: number): number {
  const word = Buffer.alloc(6);
  word.writeUInt16BE(0xffff - old, 0);
  word.writeUInt16BE(0xffff - before, 2);
  word.writeUInt16BE(after, 4);
  return checksum(word);
}

/** Writes total length and checksum anew. */
export function completeHeader(packet: Buffer): Buffer {
  if (packet.readUInt8(0) >> 4 === 6) {
    packet.writeUInt16BE(packet.length - 40, 4);
    return packet;
  }
  packet.writeUInt16BE(packet.length, 2);
  packet.writeUInt16BE(0, 10);
  packet.writeUInt16BE(checksum(packet.subarray(0, (packet.readUInt8(0) % 16) * 4)), 10);
  return packet;
}

export interface NewHeader {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  readonly tos: number;
  readonly dontFragment: boolean;
  readonly identification: number;
}

/** A packet with a minimal header, TTL 64. */
export function writePacket(header: NewHeader, payload: Uint8Array): Buffer {
  const { source, target, protocol, tos } = header;
  if (source.length === 16) {
    const start = Buffer.of(0x60 | (tos >> 4), (tos % 16) << 4, 0, 0, 0, 0, protocol, 64);
    return completeHeader(Buffer.concat([start, source, target, payload]));
  }
  const start = Buffer.of(0x45, tos, 0, 0, 0, 0, header.dontFragment ? 0x40 : 0, 0, 64, protocol, 0, 0);
  start.writeUInt16BE(header.identification, 4);
  return completeHeader(Buffer.concat([start, source, target, payload]));
}

/** The checksum of UDP at `udpAt` of an IPv6 packet, RFC 8200 section 8.1. */
export function udpChecksum(packet: Buffer, udpAt: number): number {
  const pseudoHeader = Buffer.alloc(8);
  pseudoHeader.writeUInt32BE(packet.length - udpAt, 0);
  pseudoHeader.writeUInt8(17, 7);
  return checksum(Buffer.concat([packet.subarray(8, 40), pseudoHeader, packet.subarray(udpAt)])) || 0xffff;
}
