// Step 5 of the line out: whether the packet in hand fits its path, and how it is cut where it does not. RFC 4301
// section 8 and the guide's table (rows.ts).
import type { Engine } from "../engine.js";
import type { Admission } from "../outbound.js";
import type { Sa } from "../sad/sa.js";
import { IPV6_MINIMUM_MTU } from "../wire/ipv6.js";
import { bundleMtu, grow } from "./bundle.js";
import {
  keptHeader,
  largestDatagram,
  largestInner,
  largestPayload,
  paddedLength,
  pathMtu,
  sealedLength,
  textLength,
} from "./fit.js";
import { forLongPacket, type LongPacket } from "./rows.js";

const LARGEST_PACKET = 65535;
const IPV6_FRAGMENT_HEADER_LENGTH = 8;

/** Decides for the packet in `engine.fields`; false: it is too big. Whatever fits costs one comparison. */
export function plan(engine: Engine, sa: Sa, packet: Uint8Array, admission: Admission): boolean {
  const { fields } = engine;
  admission.pieces = 1;
  admission.cutTo = 0;
  if (admission.outers !== undefined) {
    if (fitsBundle(engine, sa, admission.outers, admission)) return true;
  } else if (sa.mode === "tunnel") {
    if (fields.totalLength <= largestInner(sa)) return true;
  } else if (
    sealedLength(sa, admission.text, keptHeader(engine.carrier, admission.headerLength), fields.version) <= pathMtu(sa)
  ) {
    return true;
  }
  switch (judge(engine, sa)) {
    case "cut first":
      return planPieces(engine, sa, packet, admission);
    case "cut after":
      return planFragments(engine, sa, admission);
    case "refuse":
      return false;
  }
}

function judge({ fields }: Engine, sa: Sa): LongPacket {
  // Every link carries an IPv6 packet of 1280 bytes, and so must a tunnel: RFC 8200 section 5.
  if (fields.version === 6 && fields.totalLength <= IPV6_MINIMUM_MTU) return "cut after";
  const { config, tunnelMtu } = sa.resolved;
  // Transport mode has no encapsulating header: the packet's own DF bit holds.
  if (sa.mode === "transport") return forLongPacket(false, "copy", fields.dontFragment);
  const overInterface = fields.totalLength > tunnelMtu;
  const result = forLongPacket(overInterface || cutsFirst(sa), config.dfBit ?? "copy", fields.dontFragment);
  if (result !== "cut first" || !fields.dontFragment) return result;
  return fields.version === 6 || config.innerDf === "honour" ? "refuse" : result;
}

/** Whether no SA of a bundle outgrows its path; and what each reserves. */
function fitsBundle(engine: Engine, sa: Sa, outers: readonly Sa[], admission: Admission): boolean {
  const { fields } = engine;
  growInto(engine, sa, outers, admission, admission.text, 1);
  const kept = keptHeader(engine.carrier, admission.headerLength);
  const sealed = sealedLength(sa, admission.text, kept, fields.version);
  return sealed <= bundleMtu(sa, outers, kept, fields.version) && fields.totalLength <= sa.resolved.tunnelMtu;
}

/** Adds what the outer SAs count for `times` packets of `text` bytes; the first call of a packet begins anew. */
function growInto(
  engine: Engine,
  sa: Sa,
  outers: readonly Sa[],
  admission: Admission,
  text: number,
  times: number,
  before = 0,
): void {
  const { growth, outerCounted } = admission;
  grow(growth, sa, outers, text, keptHeader(engine.carrier, admission.headerLength), engine.fields.version);
  for (let i = 0; i < outers.length; i++) {
    outerCounted[i] = before * (outerCounted[i] as number) + times * (growth.counted[i] as number);
  }
}

/** Bytes of the largest sealed packet of `sa`: for its own path, and those of the outer SAs of its bundle. */
function mtuOf(engine: Engine, sa: Sa, admission: Admission): number {
  const kept = keptHeader(engine.carrier, admission.headerLength);
  return bundleMtu(sa, admission.outers ?? [], kept, engine.fields.version);
}

/** Bytes of the largest packet that passes whole, for the ICMP that refuses a longer one. */
export function largestWhole(engine: Engine, sa: Sa, admission: Admission): number {
  const { outers = [], headerLength } = admission;
  return largestThrough(sa, outers, headerLength, keptHeader(engine.carrier, headerLength), engine.fields.version);
}

/** The same for an SA and the outer ones around it; `headerLength`: of the packet's own header, in transport mode. */
export function largestThrough(
  sa: Sa,
  outers: readonly Sa[],
  headerLength: number,
  kept: number,
  version: 4 | 6,
): number {
  if (sa.mode === "tunnel" && outers.length === 0) return largestInner(sa);
  const payload = largestPayload(sa, bundleMtu(sa, outers, kept, version), kept, version);
  return Math.max(0, Math.min(payload + headerLength, sa.resolved.tunnelMtu));
}

/** An `ip mtu` of the tunnel above that of the path asks for cutting after encryption, as the guide says. */
function cutsFirst(sa: Sa): boolean {
  const { tunnelMtu, prefragment } = sa.resolved;
  return prefragment !== false && (tunnelMtu === Infinity || tunnelMtu <= pathMtu(sa));
}

/** Rows 1, 2, 5, 9: pieces of at most what fits, or of the interface's MTU where sealed ones may be cut again. */
function planPieces(engine: Engine, sa: Sa, packet: Uint8Array, admission: Admission): boolean {
  const { fields, memory, ring } = engine;
  const limit = cutsFirst(sa)
    ? largestWhole(engine, sa, admission)
    : Math.min(sa.resolved.tunnelMtu, fields.totalLength);
  const { headerLength } = fields;
  const dataLength = fields.totalLength - headerLength;
  const greedy = (limit - headerLength) & ~7;
  if (greedy < 8 || fields.fragmentOffset + dataLength > LARGEST_PACKET) return false;
  const pieces = Math.ceil(dataLength / greedy);
  const unit = sa.resolved.prefragment === "equal" ? (Math.ceil(dataLength / pieces) + 7) & ~7 : greedy;
  const textOf = (length: number) => textLength(sa, paddedLength(sa, length));
  // As they will lie in the ring: TFC padding and all.
  if (pieces > ring.capacity(textOf(headerLength + unit))) return false;

  memory.bytes.set(packet.subarray(0, fields.totalLength), memory.plan.workshop);
  const laterHeader = headerLength === 20 ? 20 : memory.kernel.laterHeaderLength(memory.plan.workshop);
  admission.pieces = pieces;
  admission.unit = unit;
  admission.longestText = textOf(headerLength + unit);
  admission.text =
    admission.longestText +
    (pieces - 2) * textOf(laterHeader + unit) +
    textOf(laterHeader + dataLength - (pieces - 1) * unit);
  if (admission.outers !== undefined) {
    const { outers } = admission;
    growInto(engine, sa, outers, admission, textOf(laterHeader + unit), pieces - 2);
    growInto(engine, sa, outers, admission, textOf(laterHeader + dataLength - (pieces - 1) * unit), 1, 1);
    growInto(engine, sa, outers, admission, admission.longestText, 1, 1);
  }
  const sealed = sealedLength(sa, admission.longestText, 0, fields.version);
  return sealed <= mtuOf(engine, sa, admission) || planFragments(engine, sa, admission);
}

/** Rows 3, 4, 7, 11. Over a socket the operating system cuts, unless the transport has no room for it. */
function planFragments(engine: Engine, sa: Sa, admission: Admission): boolean {
  const kept = keptHeader(engine.carrier, admission.headerLength);
  const text = admission.pieces === 1 ? admission.text : admission.longestText;
  if (admission.outers !== undefined) return planBundleFragments(admission.outers, admission);
  const sealed = sealedLength(sa, text, kept, engine.fields.version);
  if (sealed > LARGEST_PACKET || sealed > largestDatagram(sa)) return false;
  const mtu = pathMtu(sa);
  const version = sa.mode === "tunnel" ? sa.resolved.template.outer : engine.fields.version;
  const header = (kept || (version === 6 ? 40 : 20)) + (version === 6 ? IPV6_FRAGMENT_HEADER_LENGTH : 0);
  if (engine.carrier === "ip" && mtu - header < 8) return false;
  admission.cutTo = mtu;
  return true;
}

/** The same for a bundle: what is cut is what the outermost SA makes of the longest packet. */
function planBundleFragments(outers: readonly Sa[], admission: Admission): boolean {
  const { length, headerLength, version } = admission.growth;
  const mtu = pathMtu(outers.at(-1) as Sa);
  const header = headerLength + (version === 6 ? IPV6_FRAGMENT_HEADER_LENGTH : 0);
  if (length > LARGEST_PACKET || mtu - header < 8) return false;
  admission.cutTo = mtu;
  return true;
}
