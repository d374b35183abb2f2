// Reassembly as RFC 791, RFC 8200 section 4.5 and RFC 5722 tell it: a list of fragments a datagram, nothing else.
import { completeHeader, readPacket } from "./ip.js";

interface Part {
  readonly offset: number;
  readonly data: Buffer;
  readonly more: boolean;
  readonly packet: Buffer;
}

interface Datagram {
  readonly parts: Part[];
  readonly since: number;
  arrivals: number;
  refused: Joined | undefined;
}

export type Joined = "waiting" | "overlap" | "malformed" | "too-many-fragments" | Buffer;

export class ReferenceReassembly {
  readonly #datagrams = new Map<string, Datagram>();
  readonly #most: number;

  constructor(most = 128) {
    this.#most = most;
  }

  accept(now: number, bytes: Uint8Array): Joined {
    const packet = Buffer.from(bytes);
    const ip = readPacket(packet);
    if (ip === undefined) throw new TypeError("no IP packet");
    const six = ip.version === 6;
    const at = six ? fragmentHeaderOf(packet) : ip.headerLength;
    const word = packet.readUInt16BE(six ? at + 2 : 6);
    const id = six ? packet.readUInt32BE(at + 4) : packet.readUInt16BE(4) + 65536 * ip.protocol;
    const key = `${[...ip.source]} ${[...ip.target]} ${id}`;
    for (const [old, { parts, since }] of this.#datagrams) {
      const waits = (parts[0]?.packet.readUInt8(0) ?? 0) >> 4 === 6 ? 60_000 : 30_000;
      if (now - since >= waits) this.#datagrams.delete(old);
    }
    const datagram = this.#datagrams.get(key) ?? { parts: [], since: now, arrivals: 0, refused: undefined };
    if (datagram.refused !== undefined) return datagram.refused;
    const part: Part = {
      offset: six ? word & 0xfff8 : (word % 0x2000) * 8,
      more: (six ? word & 1 : word & 0x2000) !== 0,
      data: packet.subarray(six ? at + 8 : at, ip.totalLength),
      packet: packet.subarray(0, ip.totalLength),
    };
    if (datagram.arrivals++ >= this.#most) return refuse(datagram, "too-many-fragments");
    const bad = part.data.length === 0 || (part.more && part.data.length % 8 !== 0);
    if (bad || part.offset + part.data.length > 65535) return "malformed";
    this.#datagrams.set(key, datagram);
    const clash = datagram.parts.filter((other) => overlaps(part, other));
    if (clash.some((other) => !same(part, other))) return refuse(datagram, "overlap");
    if (clash.length > 0) return "waiting";
    datagram.parts.push(part);
    const whole = this.#whole(datagram.parts);
    if (whole === undefined) return "waiting";
    this.#datagrams.delete(key);
    return whole;
  }

  #whole(parts: readonly Part[]): Buffer | "malformed" | undefined {
    const sorted = [...parts].sort((a, b) => a.offset - b.offset);
    let end = 0;
    for (const [index, part] of sorted.entries()) {
      if (part.offset !== end || part.more !== index + 1 < sorted.length) return undefined;
      end += part.data.length;
    }
    const [first] = sorted as [Part];
    const marks = sorted.map(({ packet }) => tosOf(packet) % 4);
    if (marks.includes(3) && marks.includes(0)) return "malformed";
    const header = headerOf(first.packet);
    if (marks.includes(3)) {
      if (header.readUInt8(0) >> 4 === 4) header.writeUInt8(header.readUInt8(1) | 3, 1);
      else header.writeUInt8(header.readUInt8(1) | 0x30, 1);
    }
    const whole = Buffer.concat([header, ...sorted.map(({ data }) => data)]);
    return whole.length > 65535 ? "malformed" : completeHeader(whole);
  }
}

function refuse(datagram: Datagram, why: Joined): Joined {
  datagram.refused = why;
  return why;
}

/** Two fragments that want the same bytes, or contradict each other about where the datagram ends. */
function overlaps(a: Part, b: Part): boolean {
  const [endA, endB] = [a.offset + a.data.length, b.offset + b.data.length];
  if (!a.more && endB > endA) return true;
  if (!b.more && (endA > endB || (a.more && endA === endB))) return true;
  if (!a.more && b.more && endB === endA) return true;
  return a.offset < endB && b.offset < endA;
}

function same(a: Part, b: Part): boolean {
  return a.offset === b.offset && a.more === b.more && a.data.equals(b.data);
}

function tosOf(packet: Buffer): number {
  return packet.readUInt8(0) >> 4 === 4 ? packet.readUInt8(1) : (packet.readUInt16BE(0) >> 4) % 256;
}

function headerOf(packet: Buffer): Buffer {
  if (packet.readUInt8(0) >> 4 === 4) {
    const header = Buffer.from(packet.subarray(0, (packet.readUInt8(0) % 16) * 4));
    header.writeUInt16BE(header.readUInt16BE(6) & 0xc000, 6);
    return header;
  }
  const at = fragmentHeaderOf(packet);
  const header = Buffer.from(packet.subarray(0, at));
  header.writeUInt8(packet.readUInt8(at), namedAt(packet));
  return header;
}

/** Where the fragment header of an IPv6 packet stands: the first that is no atomic one. */
function fragmentHeaderOf(packet: Buffer): number {
  return placesOf(packet)[1];
}

function namedAt(packet: Buffer): number {
  return placesOf(packet)[0];
}

export function placesOf(packet: Buffer): [named: number, at: number] {
  let [named, at] = [6, 40];
  while (packet.readUInt8(named) !== 44 || (packet.readUInt16BE(at + 2) & 0xfff9) === 0) {
    const length = packet.readUInt8(named) === 44 ? 8 : (packet.readUInt8(at + 1) + 1) * 8;
    [named, at] = [at, at + length];
  }
  return [named, at];
}
