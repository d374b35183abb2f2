// Headers of sendmmsg(2) and recvmmsg(2) on 64-bit Linux, of either C library: numbers at their natural boundaries,
// little-endian but for the port.
//
//   struct mmsghdr   u64 name | u32 its length | u64 iovec | u64 how many | u64 control | u64 its length | u32 flags | u32 length
//   struct iovec     u64 address | u64 length
//   struct cmsghdr   u64 length | u32 level | u32 type | u16 bytes of a segment
//   sockaddr_in      u16 family | u16 port | 4 bytes of address
//   sockaddr_in6     u16 family | u16 port | u32 flow | 16 bytes of address | u32 zone
import { formatAddress, parseAddress } from "../wire/address.js";
import type { Libc } from "./libc.js";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;

const HEADER_SIZE = 64;
const IOVEC_SIZE = 16;
const CONTROL_SIZE = 24;
const CONTROL_LENGTH = 18;
const NAME_ROOM = 32;
const NAME_WORDS = NAME_ROOM / 4;
/** In front of an IPv4 address: RFC 4291 section 2.5.5.2. */
const MAPPED: readonly number[] = [...Array(10).fill(0), 255, 255];
const NAME_SIZES: Readonly<Record<number, number>> = { [AF_INET]: 16, [AF_INET6]: 28 };

/** As many messages, each of one stretch of bytes from or to one address. */
export class Messages {
  readonly headers: Uint8Array;
  readonly #names: Uint8Array;
  readonly #nameWords: Uint32Array;
  readonly #view: DataView;
  readonly #iovecs: DataView;
  readonly #controls: DataView;

  constructor(libc: Libc, count: number) {
    this.headers = new Uint8Array(count * HEADER_SIZE);
    this.#names = new Uint8Array(count * NAME_ROOM);
    this.#nameWords = new Uint32Array(this.#names.buffer);
    const iovecs = new Uint8Array(count * IOVEC_SIZE);
    const controls = new Uint8Array(count * CONTROL_SIZE);
    this.#view = new DataView(this.headers.buffer);
    this.#iovecs = new DataView(iovecs.buffer);
    this.#controls = new DataView(controls.buffer);
    for (let i = 0; i < count; i++) {
      const header = i * HEADER_SIZE;
      this.#view.setBigUint64(header, libc.addressOf(this.#names) + BigInt(i * NAME_ROOM), true);
      this.#view.setBigUint64(header + 16, libc.addressOf(iovecs) + BigInt(i * IOVEC_SIZE), true);
      this.#view.setBigUint64(header + 24, 1n, true);
      this.#view.setBigUint64(header + 32, libc.addressOf(controls) + BigInt(i * CONTROL_SIZE), true);
      this.#controls.setBigUint64(i * CONTROL_SIZE, BigInt(CONTROL_LENGTH), true);
      this.#controls.setUint32(i * CONTROL_SIZE + 8, SOL_UDP, true);
      this.#controls.setUint32(i * CONTROL_SIZE + 12, UDP_SEGMENT, true);
      this.expectName(i);
    }
  }

  setBytes(i: number, address: bigint, length: number): void {
    this.#iovecs.setBigUint64(i * IOVEC_SIZE, address, true);
    this.#iovecs.setBigUint64(i * IOVEC_SIZE + 8, BigInt(length), true);
  }

  /** The kernel cuts it into datagrams of so many bytes; 0: it is one. */
  setSegment(i: number, length: number): void {
    this.#view.setUint32(i * HEADER_SIZE + 40, length === 0 ? 0 : CONTROL_SIZE, true);
    this.#controls.setUint16(i * CONTROL_SIZE + 16, length, true);
  }

  setName(i: number, name: Uint8Array): void {
    this.#names.set(name, i * NAME_ROOM);
    this.#view.setUint32(i * HEADER_SIZE + 8, name.length, true);
  }

  /** Before it is received. */
  expectName(i: number): void {
    this.#view.setUint32(i * HEADER_SIZE + 8, NAME_ROOM, true);
  }

  /** Of one that was received. */
  lengthOf(i: number): number {
    return this.#view.getUint32(i * HEADER_SIZE + 56, true);
  }

  portOf(i: number): number {
    return new DataView(this.#names.buffer).getUint16(i * NAME_ROOM + 2);
  }

  /** Text; with a zone's number behind it where it has one; an IPv4 address without what maps it to IPv6. */
  addressOf(i: number): string {
    const name = this.#names.subarray(i * NAME_ROOM, (i + 1) * NAME_ROOM);
    if (name[0] === AF_INET) return formatAddress(name.subarray(4, 8));
    if (MAPPED.every((byte, at) => name[8 + at] === byte)) return formatAddress(name.subarray(20, 24));
    const zone = this.#nameWords[i * NAME_WORDS + 6];
    return formatAddress(name.subarray(8, 24)) + (zone ? `%${zone}` : "");
  }

  /** Whether the peer, address and port, is that of message `j`. */
  hasNameOf(i: number, j: number): boolean {
    for (let word = 0; word < NAME_WORDS - 1; word++) {
      if (this.#nameWords[i * NAME_WORDS + word] !== this.#nameWords[j * NAME_WORDS + word]) return false;
    }
    return true;
  }
}

/** A sockaddr; to a socket of IPv6 an IPv4 address goes as one of IPv6. */
export function nameOf(family: number, address: string, port: number): Uint8Array {
  const bytes = parseAddress(address, "address");
  const mapped = family === AF_INET6 && bytes.length === 4 ? Uint8Array.of(...MAPPED, ...bytes) : bytes;
  const own = mapped.length === 4 ? AF_INET : AF_INET6;
  const name = new Uint8Array(NAME_SIZES[own] ?? 0);
  const view = new DataView(name.buffer);
  view.setUint16(0, own, true);
  view.setUint16(2, port);
  name.set(mapped, own === AF_INET ? 4 : 8);
  return name;
}
