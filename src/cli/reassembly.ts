// Putting the fragments of a capture together, for ESP that was cut after sealing. RFC 791 section 3.2, RFC 8200
// section 4.5. A capture is no attacker's playground: pieces that overlap or never meet are given back as they were.

import { internetChecksum } from "../wire/ipv4.js";
import { setWord16, word16, word32 } from "../wire/words.js";

/** Datagrams that may be incomplete at once; the oldest is given up. */
const MOST_PENDING = 256;

interface Piece<Frame> {
  readonly frame: Frame;
  /** Where in the payload, and what. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  /** The header in front of it, with the fragmentation undone. */
  readonly header: Uint8Array;
}

export interface Reassembled<Frame> {
  /** Undefined: these frames will not become a packet. */
  readonly packet: Uint8Array | undefined;
  readonly frames: readonly Frame[];
}

/** Frames are whatever the caller wants back with the packet. */
export class Reassembly<Frame> {
  readonly #pending = new Map<string, Piece<Frame>[]>();

  /** Takes a fragment. Undefined: more are needed. */
  add(fragment: Uint8Array, frame: Frame): Reassembled<Frame> | undefined {
    const key = keyOf(fragment);
    const piece = pieceOf(fragment, frame);
    if (key === undefined || piece === undefined) return { packet: undefined, frames: [frame] };
    const pieces = this.#pending.get(key) ?? [];
    pieces.push(piece);
    this.#pending.set(key, pieces);
    const packet = joined(pieces);
    if (packet !== undefined) {
      this.#pending.delete(key);
      return { packet, frames: pieces.map((each) => each.frame) };
    }
    return this.#pending.size > MOST_PENDING ? this.giveUp() : undefined;
  }

  /** The frames of the oldest incomplete packet; undefined when there is none. */
  giveUp(): Reassembled<Frame> | undefined {
    for (const [key, pieces] of this.#pending) {
      this.#pending.delete(key);
      return { packet: undefined, frames: pieces.map((piece) => piece.frame) };
    }
    return undefined;
  }
}

/** Addresses, identification and protocol make fragments belong together. */
function keyOf(fragment: Uint8Array): string | undefined {
  if ((fragment[0] ?? 0) >> 4 === 4) return `${fragment.subarray(12, 20)} ${word16(fragment, 4)} ${fragment[9]}`;
  const header = fragmentHeader(fragment);
  return header === undefined ? undefined : `${fragment.subarray(8, 40)} ${word32(fragment, header.start + 4)}`;
}

function pieceOf<Frame>(fragment: Uint8Array, frame: Frame): Piece<Frame> | undefined {
  if ((fragment[0] ?? 0) >> 4 === 4) {
    const headerLength = ((fragment[0] ?? 0) & 15) * 4;
    const header = fragment.slice(0, headerLength);
    setWord16(header, 6, 0);
    const flags = word16(fragment, 6);
    const bytes = fragment.subarray(headerLength, word16(fragment, 2));
    return { frame, offset: (flags & 0x1fff) * 8, bytes, isLast: (flags & 0x2000) === 0, header };
  }
  const found = fragmentHeader(fragment);
  if (found === undefined) return undefined;
  const header = fragment.slice(0, found.start);
  header[found.protocolOffset] = fragment[found.start] ?? 0;
  const flags = word16(fragment, found.start + 2);
  const bytes = fragment.subarray(found.start + 8, 40 + word16(fragment, 4));
  return { frame, offset: flags & 0xfff8, bytes, isLast: (flags & 1) === 0, header };
}

/** Where the fragment header is, and where the header before it names it. Only these three may be before it. */
function fragmentHeader(packet: Uint8Array): { start: number; protocolOffset: number } | undefined {
  let protocolOffset = 6;
  let start = 40;
  while (start + 8 <= packet.length) {
    const protocol = packet[protocolOffset] ?? 0;
    if (protocol === 44) return { start, protocolOffset };
    if (protocol !== 0 && protocol !== 43 && protocol !== 60) return undefined;
    protocolOffset = start;
    start += ((packet[start + 1] ?? 0) + 1) * 8;
  }
  return undefined;
}

/** The packet, if the pieces are all there and lie side by side. */
function joined(pieces: readonly Piece<unknown>[]): Uint8Array | undefined {
  const inOrder = [...pieces].sort((left, right) => left.offset - right.offset);
  let length = 0;
  for (const { offset, bytes } of inOrder) {
    if (offset !== length) return undefined;
    length += bytes.length;
  }
  const [first] = inOrder;
  if (first === undefined || inOrder.at(-1)?.isLast !== true) return undefined;
  const packet = new Uint8Array(first.header.length + length);
  if (packet.length > 65_535) return undefined;
  packet.set(first.header);
  for (const { offset, bytes } of inOrder) packet.set(bytes, first.header.length + offset);
  finishHeader(packet, first.header.length);
  return packet;
}

function finishHeader(packet: Uint8Array, headerLength: number): void {
  if ((packet[0] ?? 0) >> 4 === 6) {
    setWord16(packet, 4, packet.length - 40);
    return;
  }
  setWord16(packet, 2, packet.length);
  setWord16(packet, 10, 0);
  setWord16(packet, 10, internetChecksum(packet, 0, headerLength));
}
