// TCP MSS clamping: in SYN packets that pass, the largest segment is lowered to what the tunnel carries whole. RFC 9293
// section 3.7.1 (the option), RFC 1624 (the checksum).
import type { Sa } from "../sad/sa.js";
import type { IpFields } from "../wire/fields.js";
import { PROTOCOL_TCP } from "../wire/protocol.js";
import { byte, setWord16, word16 } from "../wire/words.js";
import { keptHeader } from "./fit.js";
import { largestThrough } from "./plan.js";

const TCP_HEADER_LENGTH = 20;
const SYN = 2;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;

/**
 * Lowers the MSS of the packet that lies `start` in `bytes`, of which `fields` were read; `whole`: bytes of the largest
 * packet that passes whole.
 */
export function clampMss(sa: Sa, bytes: Uint8Array, start: number, fields: IpFields, whole: number): void {
  if (fields.protocol !== PROTOCOL_TCP || fields.fragment) return;
  const tcp = start + fields.headerLength;
  const end = start + fields.totalLength;
  if (tcp + TCP_HEADER_LENGTH > end || (byte(bytes, tcp + 13) & SYN) === 0) return;
  const optionsEnd = Math.min(end, tcp + (byte(bytes, tcp + 12) >> 4) * 4);
  for (let at = tcp + TCP_HEADER_LENGTH; at + 4 <= optionsEnd; ) {
    const kind = byte(bytes, at);
    if (kind === END_OF_OPTIONS) return;
    const length = kind === NO_OPERATION ? 1 : byte(bytes, at + 1);
    if (length === 0) return;
    if (kind === MAXIMUM_SEGMENT_SIZE && length === 4)
      lower(bytes, at + 2, tcp, largestSegment(sa, fields.version, whole));
    at += length;
  }
}

/** Bytes of TCP data in the largest packet that passes whole, without options: RFC 6691. */
function largestSegment(sa: Sa, version: 4 | 6, whole: number): number {
  const { clampMss: limit } = sa.resolved;
  return typeof limit === "number" ? limit : whole - (version === 4 ? 20 : 40) - TCP_HEADER_LENGTH;
}

/** The same the other way, for what came out of `sa` and the SAs around it: its peer's answers are sealed alike. */
export function clampMssInbound(sa: Sa, bytes: Uint8Array, start: number, fields: IpFields): void {
  const outers: Sa[] = [];
  for (let outer = sa.through; outer !== undefined; outer = outer.through) outers.push(outer);
  const headerLength = sa.mode === "tunnel" ? 0 : fields.headerLength;
  const kept = keptHeader(sa.resolved.carrier, headerLength);
  clampMss(sa, bytes, start, fields, largestThrough(sa, outers, headerLength, kept, fields.version));
}

function lower(bytes: Uint8Array, at: number, tcp: number, limit: number): void {
  const before = word16(bytes, at);
  if (before <= limit || limit <= 0) return;
  setWord16(bytes, at, limit);
  // HC' = ~(~HC + ~m + m'); at an odd offset from the header both halves change places.
  const odd = ((at - tcp) & 1) !== 0;
  const [m, m2] = odd ? [swap(before), swap(limit)] : [before, limit];
  let sum = (~word16(bytes, tcp + 16) & 0xffff) + (~m & 0xffff) + m2;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  setWord16(bytes, tcp + 16, ~sum & 0xffff);
}

function swap(value: number): number {
  return ((value & 255) << 8) | (value >> 8);
}
