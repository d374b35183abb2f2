// The short ways of both lines: a packet in tunnel mode that fits, of an SA that asks for nothing per packet, needs none
// of the decisions of outbound.ts and inbound.ts. What is staged and settled is what the long way would have: whatever
// is not plain is answered false, and nothing has been done.
import {
  D_GENERATION,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_OUTER,
  D_SA,
  D_START,
  D_STATUS,
  D_TEXT_LENGTH,
  SLOT_DATA,
} from "../assembly/layout.js";
import { DELIVERED, PENDING, SEALED } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { largestInner } from "./frag/fit.js";
import { followMapping } from "./natt/mapping.js";
import type { Path } from "./natt/path.js";
import { hasSent } from "./sad/passed.js";
import type { Sa } from "./sad/sa.js";
import { type Entry, IN, OUT } from "./wasm/entry.js";
import { IPV4_WITHOUT_OPTIONS } from "./wire/ipv4.js";
import { IPV6_HEADER_LENGTH, isExtensionHeader } from "./wire/ipv6.js";
import { PROTOCOL_ESP, PROTOCOL_IPV4, PROTOCOL_IPV6 } from "./wire/protocol.js";
import { byte, word16 } from "./wire/words.js";

/** In the word of flags and fragment offset. */
const DONT_FRAGMENT = 0x4000;
const NOT_PLAIN = -1;
/** Padding, pad length and next header of the longest alignment, rounded up: a text that outgrows a slot goes the long way. */
const LONGEST_TRAILER = 32;

/** Steps 3 to 6 of the line out, into the ring. */
export function stagePlain(engine: Engine, packet: Uint8Array, sa: Sa): boolean {
  const { ring } = engine;
  const text = plainText(sa, packet.length);
  if (ring.isFull()) return false;
  const header = admitPlain(engine, packet, sa, text);
  if (header === NOT_PLAIN) return false;
  describePlain(engine, ring.takePlain(OUT, text, packet), sa, packet.length, text, header);
  return true;
}

/** The same for one packet, into the single slot. */
export function placePlain(engine: Engine, packet: Uint8Array, sa: Sa): boolean {
  const text = plainText(sa, packet.length);
  const header = admitPlain(engine, packet, sa, text);
  if (header === NOT_PLAIN) return false;
  const { single, memory } = engine;
  single.renew(memory, false, text);
  memory.bytes.set(packet, single.data);
  if (single.prepared !== OUT) single.prepare(memory.words, OUT);
  single.verdict = undefined;
  single.now = engine.now;
  describePlain(engine, single, sa, packet.length, text, header);
  return true;
}

/** Steps 3 to 5: its text is counted against the lifetime, unless the answer is NOT_PLAIN. */
function admitPlain(engine: Engine, packet: Uint8Array, sa: Sa, text: number): number {
  const { length } = packet;
  if (sa.plainLimit < 0) sa.plainLimit = plainLimit(sa);
  if (length > sa.plainLimit || engine.now >= sa.hardAt || !sa.belongsTo(engine)) return NOT_PLAIN;
  const header = plainHeader(packet, length);
  return header === NOT_PLAIN || sa.lifetime.takes(text) ? header : NOT_PLAIN;
}

/** Bytes of payload and two bytes of trailer, rounded up. */
function plainText({ alignment }: Sa, length: number): number {
  return (length + alignment + 1) & -alignment;
}

function describePlain(engine: Engine, entry: Entry, sa: Sa, length: number, text: number, header: number): void {
  const { words } = engine.memory;
  const d = entry.descriptor;
  words[d + (D_LENGTH >> 2)] = length;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = header & 255;
  entry.sa = sa;
  entry.path = sa.path;
  entry.reserved = text;
  entry.df = sa.copiesDf ? (header & DONT_FRAGMENT) !== 0 : sa.setsDf;
}

/**
 * PROTOCOL_IPV4 or PROTOCOL_IPV6, and DONT_FRAGMENT, of a whole packet without options or extension headers and without a
 * byte behind its end; NOT_PLAIN for any other.
 */
function plainHeader(packet: Uint8Array, length: number): number {
  if (packet[0] !== IPV4_WITHOUT_OPTIONS) return plainIpv6(packet, length);
  if (length < 20 || word16(packet, 2) !== length) return NOT_PLAIN;
  const fragment = word16(packet, 6);
  return (fragment & ~DONT_FRAGMENT) === 0 ? fragment | PROTOCOL_IPV4 : NOT_PLAIN;
}

function plainIpv6(packet: Uint8Array, length: number): number {
  if (length < IPV6_HEADER_LENGTH || byte(packet, 0) >> 4 !== 6 || isExtensionHeader(byte(packet, 6))) return NOT_PLAIN;
  return word16(packet, 4) + IPV6_HEADER_LENGTH === length ? DONT_FRAGMENT | PROTOCOL_IPV6 : NOT_PLAIN;
}

/** Bytes of the largest packet of `sa` that needs no decision, 0 where every packet needs one. */
function plainLimit(sa: Sa): number {
  const { tfcPadding, clampMss, insideAh } = sa.resolved;
  const decides =
    sa.direction !== "out" ||
    sa.protocol !== "esp" ||
    sa.mode !== "tunnel" ||
    sa.state !== "live" ||
    sa.refusing ||
    sa.selectors !== undefined ||
    sa.compression !== undefined ||
    clampMss !== false ||
    insideAh ||
    tfcPadding > 0;
  return decides ? 0 : Math.min(largestInner(sa), SLOT_DATA - LONGEST_TRAILER);
}

/** Step 8 of the line out. */
export function settlePlainSealed(engine: Engine, entry: Entry): boolean {
  const { words } = engine.memory;
  const d = entry.descriptor;
  if (!entry.plain || words[d + (D_STATUS >> 2)] !== SEALED) return false;
  entry.verdict = "sealed";
  entry.kind = "datagram";
  entry.start = words[d + (D_START >> 2)] as number;
  entry.length = words[d + (D_LENGTH_OUT >> 2)] as number;
  engine.counters.sealed++;
  hasSent(engine, entry.sa as Sa, entry);
  return true;
}

/** Steps 1 and 2 of the line in, into the ring. */
export function receivePlain(engine: Engine, datagram: Uint8Array, path: Path | undefined): boolean {
  const { ring } = engine;
  if (ring.isFull() || !isPlainEsp(engine, datagram)) return false;
  describePlainInbound(engine, ring.takePlain(IN, datagram.length, datagram), datagram.length, path);
  return true;
}

/** The same for one datagram, into the single slot. */
export function placePlainInbound(engine: Engine, datagram: Uint8Array, path: Path | undefined): boolean {
  if (!isPlainEsp(engine, datagram)) return false;
  const { single, memory } = engine;
  single.renew(memory, true, datagram.length);
  memory.bytes.set(datagram, single.data);
  if (single.prepared !== IN) single.prepare(memory.words, IN);
  single.verdict = undefined;
  single.now = engine.now;
  describePlainInbound(engine, single, datagram.length, path);
  return true;
}

/** Over a socket: a datagram that begins with an SPI. */
function isPlainEsp(engine: Engine, datagram: Uint8Array): boolean {
  const { length } = datagram;
  if (length < 4 || length > SLOT_DATA || engine.carrier === "ip" || engine.nonIkeSas > 0) return false;
  return ((datagram[0] as number) | (datagram[1] as number) | (datagram[2] as number) | (datagram[3] as number)) !== 0;
}

function describePlainInbound(engine: Engine, entry: Entry, length: number, path: Path | undefined): void {
  const { words } = engine.memory;
  const d = entry.descriptor;
  words[d + (D_LENGTH >> 2)] = length;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = PROTOCOL_ESP;
  words[d + (D_START >> 2)] = entry.data;
  entry.path = path;
  entry.df = false;
  entry.start = entry.data;
  entry.length = length;
}

/** Steps 4 to 6 of the line in. */
export function settlePlainOpened(engine: Engine, entry: Entry): boolean {
  const { words } = engine.memory;
  const d = entry.descriptor;
  if (words[d + (D_STATUS >> 2)] !== DELIVERED || words[d + (D_OUTER >> 2)] !== 0) return false;
  const sa = engine.sad.at(words[d + (D_SA >> 2)] as number);
  const { now } = entry;
  if (sa === undefined || !sa.opensPlain || sa.state !== "live" || now >= sa.hardAt) return false;
  if (!sa.lifetime.takes(words[d + (D_TEXT_LENGTH >> 2)] as number)) return false;
  sa.lastUsedAt = now;
  if (sa.peer !== undefined) engine.peers.received(sa.peer, now);
  if (entry.path !== undefined) followMapping(engine, entry, sa);
  entry.sa = sa;
  entry.verdict = "delivered";
  entry.kind = "packet";
  entry.start = words[d + (D_START >> 2)] as number;
  entry.length = words[d + (D_LENGTH_OUT >> 2)] as number;
  engine.counters.delivered++;
  return true;
}
