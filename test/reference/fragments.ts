// Cutting and joining, RFC 791 section 3.2 and RFC 8200 section 4.5, with arrays of bytes.
import { completeHeader, type IpPacket, readPacket } from "./ip.js";

/** The pieces of an IPv4 packet, of at most `limit` bytes: as full as fits, or of one size. */
export function cutPacket(packet: Uint8Array, limit: number, equal: boolean): Buffer[] | undefined {
  const ip = readPacket(packet) as IpPacket;
  const data = packet.subarray(ip.headerLength, ip.totalLength);
  const most = Math.floor((limit - ip.headerLength) / 8) * 8;
  if (most < 8) return undefined;
  const count = Math.ceil(data.length / most);
  const size = equal ? Math.ceil(data.length / count / 8) * 8 : most;
  const pieces = Array.from({ length: count }, (_, i) => data.subarray(i * size, (i + 1) * size));
  return pieces.map((piece, i) => placed(packet, piece, i * size, i + 1 < count));
}

/** `piece` of a packet behind a header of its own. */
function placed(packet: Uint8Array, piece: Uint8Array, offset: number, more: boolean): Buffer {
  const headerLength = ((packet[0] as number) % 16) * 4;
  const options = [...packet.subarray(20, headerLength)];
  const header = offset === 0 ? [...packet.subarray(0, headerLength)] : [...packet.subarray(0, 20), ...copied(options)];
  header[0] = 0x40 + header.length / 4;
  const result = Buffer.from([...header, ...piece]);
  const flags = result.readUInt16BE(6);
  result.writeUInt16BE((flags | (more ? 0x2000 : 0)) + offset / 8, 6);
  return completeHeader(result);
}

function copied(options: number[]): number[] {
  const kept: number[] = [];
  for (let at = 0; at < options.length && options[at] !== 0; ) {
    const type = options[at] as number;
    const length = type === 1 ? 1 : (options[at + 1] ?? 0);
    if (length < (type === 1 ? 1 : 2) || at + length > options.length) break;
    if (type >= 128) kept.push(...options.slice(at, at + length));
    at += length;
  }
  while (kept.length % 4 !== 0) kept.push(0);
  return kept;
}

/** The fragments of a sealed datagram. `identification` is that of IPv6's fragment header. */
export function cutDatagram(datagram: Buffer, mtu: number, identification: number): Buffer[] {
  if (datagram.length <= mtu) return [datagram];
  const ip = readPacket(datagram) as IpPacket;
  if (ip.version === 4) {
    const free = Buffer.from(datagram);
    free.writeUInt16BE(0, 6); // that it may be cut has been decided
    const pieces: Buffer[] = [];
    const data = free.subarray(ip.headerLength);
    for (let offset = 0; offset < data.length; ) {
      const headerLength = offset === 0 ? ip.headerLength : placed(free, Buffer.alloc(0), 8, false).length;
      const isLast = data.length - offset <= mtu - headerLength;
      const size = isLast ? data.length - offset : Math.floor((mtu - headerLength) / 8) * 8;
      pieces.push(placed(free, data.subarray(offset, offset + size), offset, !isLast));
      offset += size;
    }
    return pieces;
  }
  const front = Buffer.from(datagram.subarray(0, ip.headerLength));
  const data = datagram.subarray(ip.headerLength);
  front.writeUInt8(44, ip.protocolOffset);
  const size = Math.floor((mtu - front.length - 8) / 8) * 8;
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < data.length; ) {
    const isLast = data.length - offset <= mtu - front.length - 8;
    const header = Buffer.from([ip.protocol, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt16BE(offset + (isLast ? 0 : 1), 2);
    header.writeUInt32BE(identification, 4);
    const piece = data.subarray(offset, isLast ? data.length : offset + size);
    pieces.push(completeHeader(Buffer.concat([front, header, piece])));
    offset += piece.length;
  }
  return pieces;
}

interface Fragment {
  readonly bytes: Buffer;
  readonly ip: IpPacket;
  readonly offset: number;
  readonly more: boolean;
  readonly data: Buffer;
}

function readFragment(bytes: Uint8Array): Fragment {
  const buffer = Buffer.from(bytes);
  const ip = readPacket(buffer) as IpPacket;
  const word = buffer.readUInt16BE(ip.version === 4 ? 6 : ip.headerLength - 6);
  const [offset, more] =
    ip.version === 4 ? [(word % 0x2000) * 8, (word & 0x2000) !== 0] : [word & 0xfff8, word % 2 === 1];
  return { bytes: buffer, ip, offset, more, data: buffer.subarray(ip.headerLength, ip.totalLength) };
}

/** The datagram of all its fragments, in any order; undefined when something is missing or lies over something else. */
export function joinFragments(fragments: readonly Uint8Array[]): Buffer | undefined {
  const parts = fragments.map(readFragment).sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const [index, part] of parts.entries()) {
    if (part.offset !== end || part.more !== index + 1 < parts.length) return undefined;
    end += part.data.length;
  }
  const [first] = parts as [Fragment];
  const data = Buffer.concat(parts.map((part) => part.data));
  if (first.ip.version === 4) {
    const packet = Buffer.concat([first.bytes.subarray(0, first.ip.headerLength), data]);
    packet.writeUInt16BE(packet.readUInt16BE(6) & 0xc000, 6);
    return completeHeader(packet);
  }
  const front = Buffer.from(first.bytes.subarray(0, first.ip.headerLength - 8));
  // The header whose next header was the fragment header: here there are no others between.
  front.writeUInt8(first.ip.protocol, 6);
  return completeHeader(Buffer.concat([front, data]));
}
