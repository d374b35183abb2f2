// The short way of the line out: a packet in tunnel mode that fits, of an SA that asks for nothing per packet, needs none
// of the decisions of outbound.ts. What is staged is what the long way would have staged.
import {
  D_GENERATION,
  D_HEADER_LENGTH,
  D_LENGTH,
  D_NEXT_HEADER,
  D_OUTER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_STATUS,
  D_TOS,
  INNER_DF,
  SLOT_DATA,
} from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { largestInner, textLength } from "./frag/fit.js";
import type { Sa } from "./sad/sa.js";
import { PROTOCOL_IPV4, PROTOCOL_IPV6 } from "./wire/ip.js";
import { isExtensionHeader } from "./wire/ipv6.js";

const IPV4_WITHOUT_OPTIONS = 0x45;
const DONT_FRAGMENT = 0x40;
/** Padding, pad length and next header of the longest alignment, rounded up: a text that outgrows a slot goes the long way. */
const LONGEST_TRAILER = 32;

/** Stages `packet`; false, and nothing done, when it must go the long way. */
export function stagePlain(engine: Engine, packet: Uint8Array, sa: Sa): boolean {
  const { length } = packet;
  if (length > sa.plainLimit || engine.now >= sa.hardAt || !engine.sad.owns(sa)) return false;
  const tos = plainTos(packet, length);
  if (tos < 0 || !engine.ring.hasRoom(2, length)) return false;
  const text = textLength(sa, length);
  if (!sa.lifetime.takes(text)) return false;
  const { words, bytes } = engine.memory;
  const entry = engine.ring.take("out", engine.now, text);
  const address = engine.ring.dataOf(entry);
  bytes.set(packet, address);
  const d = entry.descriptor;
  words[d + (D_PACKET >> 2)] = address;
  words[d + (D_LENGTH >> 2)] = length;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_OUTER >> 2)] = 0;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = packet[0] === IPV4_WITHOUT_OPTIONS ? PROTOCOL_IPV4 : PROTOCOL_IPV6;
  words[d + (D_TOS >> 2)] = tos;
  words[d + (D_PAD_TO >> 2)] = length;
  words[d + (D_HEADER_LENGTH >> 2)] = 0;
  entry.sa = sa;
  entry.path = sa.path;
  entry.reserved = text;
  const { dfBit } = sa.resolved.config;
  entry.df = dfBit === undefined || dfBit === "copy" ? (tos & INNER_DF) !== 0 : dfBit === "set";
  return true;
}

/** D_TOS of a whole packet without options or extension headers and without a byte behind its end; -1 for any other. */
function plainTos(packet: Uint8Array, length: number): number {
  if (length < 20) return -1;
  const first = packet[0] as number;
  if (first === IPV4_WITHOUT_OPTIONS) {
    if ((((packet[2] as number) << 8) | (packet[3] as number)) !== length) return -1;
    const flags = packet[6] as number;
    if ((flags & ~DONT_FRAGMENT) !== 0 || packet[7] !== 0) return -1; // a fragment
    return (packet[1] as number) | (flags & DONT_FRAGMENT ? INNER_DF : 0);
  }
  if (first >> 4 !== 6 || length < 40 || isExtensionHeader(packet[6] as number)) return -1;
  if ((((packet[4] as number) << 8) | (packet[5] as number)) + 40 !== length) return -1;
  return ((first & 15) << 4) | ((packet[1] as number) >> 4) | INNER_DF;
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
  return decides ? 0 : Math.min(largestInner(sa), SLOT_DATA - LONGEST_TRAILER);
}
