// How large a packet becomes in a bundle, and what fits it: the sizes of fit.ts, SA after SA.
import type { Sa } from "../sad/sa.js";
import { countedHeaders, largestPayload, pathMtu, sealedLength, textLength } from "./fit.js";

/** What the outer SAs make of a packet. Reused from packet to packet. */
export class Growth {
  /** Bytes that count against the volume of each of them. */
  readonly counted = [0, 0, 0];
  /** Bytes of the packet that is sent, of its IP header, and its version. */
  length = 0;
  headerLength = 0;
  version: 4 | 6 = 4;
}

/** The inner SA seals `text` behind `keptHeader` bytes of a packet of `version`; then the outer ones what comes of it. */
export function grow(
  growth: Growth,
  sa: Sa,
  outers: readonly Sa[],
  text: number,
  keptHeader: number,
  version: 4 | 6,
): void {
  growth.length = sealedLength(sa, text, keptHeader, version);
  growth.headerLength = keptHeader;
  growth.version = version;
  passHeader(growth, sa);
  for (let i = 0; i < outers.length; i++) {
    const outer = outers[i] as Sa;
    const kept = outer.mode === "transport" ? growth.headerLength : 0;
    const own = textLength(outer, growth.length - kept);
    growth.counted[i] = own + countedHeaders(outer, kept, growth.version);
    growth.length = sealedLength(outer, own, kept, growth.version);
    passHeader(growth, outer);
  }
}

/** The header in front once `sa` has sealed: that of its tunnel, or the one there was. */
function passHeader(growth: Growth, sa: Sa): void {
  const { outer } = sa.resolved.template;
  if (sa.mode === "transport" || outer === 0) return;
  growth.version = outer;
  growth.headerLength = outer === 6 ? 40 : 20;
}

/** Bytes of the largest packet that the inner SA may make, so that the outer ones do not outgrow their paths either. */
export function bundleMtu(sa: Sa, outers: readonly Sa[], keptHeader: number, version: 4 | 6): number {
  let largest = pathMtu(sa);
  for (let count = 1; count <= outers.length; count++) {
    largest = Math.min(largest, largestInto(sa, outers, count, keptHeader, version));
  }
  return largest;
}

/** Bytes of the largest packet that may go into the first of `count` outer SAs, for the path of the last of them. */
function largestInto(sa: Sa, outers: readonly Sa[], count: number, keptHeader: number, version: 4 | 6): number {
  let largest = pathMtu(outers[count - 1] as Sa);
  for (let i = count - 1; i >= 0; i--) {
    const outer = outers[i] as Sa;
    const front = headerBefore(sa, outers, i, keptHeader, version);
    const kept = outer.mode === "transport" ? front.headerLength : 0;
    largest = largestPayload(outer, largest, kept, front.version) + kept;
  }
  return largest;
}

/** The IP header of what goes into outer SA `index`. */
function headerBefore(
  sa: Sa,
  outers: readonly Sa[],
  index: number,
  keptHeader: number,
  version: 4 | 6,
): { headerLength: number; version: 4 | 6 } {
  for (let i = index - 1; i >= -1; i--) {
    const before = i < 0 ? sa : (outers[i] as Sa);
    const { outer } = before.resolved.template;
    if (before.mode === "tunnel" && outer !== 0) return { headerLength: outer === 6 ? 40 : 20, version: outer };
  }
  return { headerLength: keptHeader, version };
}
