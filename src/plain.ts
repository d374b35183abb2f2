// The short ways of both lines: a packet in tunnel mode that fits, of an SA that asks for nothing per packet, needs none
// of the decisions of outbound.ts and inbound.ts. What is staged and settled is what the long way would have: whatever
// is not plain is answered false, and nothing has been done.
import {
  D_GENERATION,
  D_HEADER_LENGTH,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_OUTER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_START,
  D_STATUS,
  D_TEXT_LENGTH,
  D_TOS,
  INNER_DF,
  SLOT_DATA,
} from "../assembly/layout.js";
import { DELIVERED, PENDING, SEALED } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { largestInner } from "./frag/fit.js";
import { followMapping } from "./inbound.js";
import type { Path } from "./natt/path.js";
import { hasSent } from "./outbound.js";
import type { Sa } from "./sad/sa.js";
import type { Entry } from "./wasm/ring.js";
import { PROTOCOL_ESP, PROTOCOL_IPV4, PROTOCOL_IPV6 } from "./wire/ip.js";
import { IPV4_WITHOUT_OPTIONS } from "./wire/ipv4.js";
import { isExtensionHeader } from "./wire/ipv6.js";

const DONT_FRAGMENT = 0x40;

// Of this module, because V8 folds a module's own constants, and reads an imported one from its cell at every use: as
// long as it takes to stage a packet. Words of a descriptor, and what stands in them.
const GENERATION = D_GENERATION >> 2;
const HEADER_LENGTH = D_HEADER_LENGTH >> 2;
const LENGTH = D_LENGTH >> 2;
const LENGTH_OUT = D_LENGTH_OUT >> 2;
const NEXT_HEADER = D_NEXT_HEADER >> 2;
const NEXT_OFFSET = D_NEXT_OFFSET >> 2;
const OUTER = D_OUTER >> 2;
const PACKET = D_PACKET >> 2;
const PAD_TO = D_PAD_TO >> 2;
const SA = D_SA >> 2;
const START = D_START >> 2;
const STATUS = D_STATUS >> 2;
const TEXT_LENGTH = D_TEXT_LENGTH >> 2;
const TOS = D_TOS >> 2;
const IS_PENDING = PENDING;
const IS_SEALED = SEALED;
const IS_DELIVERED = DELIVERED;
const ESP = PROTOCOL_ESP;
const IPV4 = PROTOCOL_IPV4;
const IPV6 = PROTOCOL_IPV6;
const DF = INNER_DF;
const FIRST_BYTE = IPV4_WITHOUT_OPTIONS;
const LONGEST = SLOT_DATA;
/** Padding, pad length and next header of the longest alignment, rounded up: a text that outgrows a slot goes the long way. */
const LONGEST_TRAILER = 32;

/** Steps 3 to 6 of the line out. */
export function stagePlain(engine: Engine, packet: Uint8Array, sa: Sa): boolean {
  const { length } = packet;
  const { now } = engine;
  if (length > sa.plainLimit || now >= sa.hardAt || !sa.belongsTo(engine)) return false;
  const tos = plainTos(packet, length);
  if (tos < 0) return false;
  const text = (length + sa.alignment + 1) & -sa.alignment; // two bytes of trailer, rounded up
  if (!sa.lifetime.takes(text)) return false;
  const nextHeader = packet[0] === FIRST_BYTE ? IPV4 : IPV6; // now: `packet` may show the slot that it goes to
  const entry = engine.ring.takePlain("out", now, text, packet);
  if (entry === undefined) {
    sa.lifetime.putBack(text);
    return false;
  }
  const { words } = engine.memory;
  const address = entry.data;
  const d = entry.descriptor;
  words[d + PACKET] = address;
  words[d + LENGTH] = length;
  words[d + SA] = sa.record;
  words[d + GENERATION] = sa.generation;
  words[d + OUTER] = 0;
  words[d + STATUS] = IS_PENDING;
  words[d + NEXT_HEADER] = nextHeader;
  words[d + TOS] = tos;
  words[d + PAD_TO] = length;
  words[d + HEADER_LENGTH] = 0;
  entry.sa = sa;
  entry.path = sa.path;
  entry.reserved = text;
  entry.df = sa.dfBit === "copy" ? (tos & DF) !== 0 : sa.dfBit === "set";
  return true;
}

/** D_TOS of a whole packet without options or extension headers and without a byte behind its end; -1 for any other. */
function plainTos(packet: Uint8Array, length: number): number {
  if (length < 20) return -1;
  const first = packet[0] as number;
  if (first === FIRST_BYTE) {
    if ((((packet[2] as number) << 8) | (packet[3] as number)) !== length) return -1;
    const flags = packet[6] as number;
    if ((flags & ~DONT_FRAGMENT) !== 0 || packet[7] !== 0) return -1; // a fragment
    return (packet[1] as number) | (flags & DONT_FRAGMENT ? DF : 0);
  }
  if (first >> 4 !== 6 || length < 40 || isExtensionHeader(packet[6] as number)) return -1;
  if ((((packet[4] as number) << 8) | (packet[5] as number)) + 40 !== length) return -1;
  return ((first & 15) << 4) | ((packet[1] as number) >> 4) | DF;
}

/** Bytes of the largest packet of `sa` that needs no decision, 0 where every packet needs one. */
export function plainLimit(sa: Sa): number {
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
  return decides ? 0 : Math.min(largestInner(sa), LONGEST - LONGEST_TRAILER);
}

/** Step 8 of the line out. */
export function settlePlainSealed(engine: Engine, entry: Entry): boolean {
  const { words } = engine.memory;
  const d = entry.descriptor;
  if (!entry.plain || words[d + STATUS] !== IS_SEALED) return false;
  entry.verdict = "sealed";
  entry.kind = "datagram";
  entry.start = words[d + START] as number;
  entry.length = words[d + LENGTH_OUT] as number;
  engine.counters.sealed++;
  hasSent(engine, entry.sa as Sa, entry.now);
  return true;
}

/** Steps 1 and 2 of the line in, over a socket: a datagram that begins with an SPI. */
export function receivePlain(engine: Engine, datagram: Uint8Array, path: Path | undefined): boolean {
  const { length } = datagram;
  if (length < 4 || length > LONGEST || engine.carrier === "ip" || engine.nonIkeSas > 0) return false;
  const marker = (datagram[0] as number) | (datagram[1] as number) | (datagram[2] as number) | (datagram[3] as number);
  if (marker === 0) return false;
  const entry = engine.ring.takePlain("in", engine.now, length, datagram);
  if (entry === undefined) return false;
  const { words } = engine.memory;
  const address = entry.data;
  const d = entry.descriptor;
  words[d + PACKET] = address;
  words[d + LENGTH] = length;
  words[d + SA] = 0;
  words[d + STATUS] = IS_PENDING;
  words[d + NEXT_HEADER] = ESP;
  words[d + TOS] = 0;
  words[d + START] = address;
  words[d + HEADER_LENGTH] = 0;
  words[d + NEXT_OFFSET] = 0;
  entry.path = path;
  entry.start = address;
  entry.length = length;
  return true;
}

/** Steps 4 to 6 of the line in. */
export function settlePlainOpened(engine: Engine, entry: Entry): boolean {
  const { words } = engine.memory;
  const d = entry.descriptor;
  if (words[d + STATUS] !== IS_DELIVERED || words[d + OUTER] !== 0) return false;
  const sa = engine.sad.at(words[d + SA] as number);
  const { now } = entry;
  if (sa === undefined || !sa.opensPlain || sa.state !== "live" || now >= sa.hardAt) return false;
  if (!sa.lifetime.takes(words[d + TEXT_LENGTH] as number)) return false;
  sa.lastUsedAt = now;
  if (sa.peer !== undefined) engine.peers.received(sa.peer, now);
  if (entry.path !== undefined) followMapping(engine, entry, sa);
  entry.sa = sa;
  entry.verdict = "delivered";
  entry.kind = "packet";
  entry.start = words[d + START] as number;
  entry.length = words[d + LENGTH_OUT] as number;
  engine.counters.delivered++;
  return true;
}
