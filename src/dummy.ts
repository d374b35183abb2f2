// Dummy packets, RFC 4303 section 2.6: traffic where there is none. One looks like any other packet of its SA from
// outside, so it goes through the outer SAs of a bundle too.
import {
  D_GENERATION,
  D_HEADER_LENGTH,
  D_LENGTH,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_OUTER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_STATUS,
  SLOT_DATA,
} from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { bundleMtu, grow } from "./frag/bundle.js";
import { largestPayload, textLength } from "./frag/fit.js";
import { type Admission, newAdmission } from "./outbound.js";
import { describeOuters, refusingOuter } from "./sad/bundle.js";
import type { Sa } from "./sad/sa.js";
import { writeIpv4 } from "./wire/ipv4.js";
import { writeIpv6 } from "./wire/ipv6.js";
import { PROTOCOL_NONE } from "./wire/protocol.js";

const TTL = 64;
/** More than any trailer: a dummy takes a slot, never a jumbo slot. */
const LONGEST_TRAILER = 32;

/** Stages a dummy of up to `length` random bytes; false, and nothing taken, when the SA cannot carry it or the ring is full. */
export function stageDummy(
  engine: Engine,
  sa: Sa,
  length: number,
  random: (bytes: Uint8Array<ArrayBuffer>) => unknown,
): boolean {
  const { ring, memory } = engine;
  const admission = newAdmission();
  const filling = admitDummy(engine, sa, length, admission);
  if (filling < 0 || !ring.hasRoom(1, SLOT_DATA)) return false;
  const entry = ring.take(false, admission.headerLength + filling);
  const address = ring.dataOf(entry);
  const bytes = new Uint8Array(filling);
  random(bytes);
  memory.bytes.set(bytes, address + admission.headerLength);
  writeHeader(engine, sa, address, admission);

  const { words } = memory;
  const d = entry.descriptor;
  words[d + (D_PACKET >> 2)] = address + admission.headerLength;
  words[d + (D_LENGTH >> 2)] = filling;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_OUTER >> 2)] = 0;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = PROTOCOL_NONE;
  words[d + (D_PAD_TO >> 2)] = 0;
  words[d + (D_HEADER_LENGTH >> 2)] = admission.headerLength;
  words[d + (D_NEXT_OFFSET >> 2)] = admission.headerLength === 20 ? 9 : 6;
  entry.prepared = 0;
  entry.sa = sa;
  entry.path = sa.path;
  entry.reserved = admission.text;
  engine.countVolume(sa, entry.reserved);
  if (admission.outers !== undefined) describeOuters(engine, entry, admission, admission.text, versionOf(admission));
  return true;
}

/** How many random bytes it has, below 0 when there can be none. What is to be known of it goes to `admission`. */
function admitDummy(engine: Engine, sa: Sa, length: number, admission: Admission): number {
  if (!engine.sad.owns(sa) || sa.direction !== "out") return -1;
  if (sa.protocol === "ah" || sa.resolved.insideAh) return -1; // RFC 4302 knows no dummy packets; nothing goes bare
  if (engine.now >= sa.hardAt) engine.expire(sa, "seconds");
  if (sa.state !== "live" || sa.refusing) return -1;
  const { outers = [] } = sa;
  admission.sa = sa;
  admission.outers = sa.outers;
  admission.headerLength = headerLengthOf(engine, sa);
  if (admission.headerLength < 0) return -1;
  const version = versionOf(admission);
  const kept = admission.headerLength;
  const largest = largestPayload(sa, bundleMtu(sa, outers, kept, version), kept, version);
  const filling = Math.min(length, largest, SLOT_DATA - kept - LONGEST_TRAILER);
  if (filling < 0) return -1;
  admission.text = textLength(sa, filling);
  grow(admission.growth, sa, outers, admission.text, kept, version);
  admission.outerCounted.splice(0, 3, ...admission.growth.counted);
  if (sa.lifetime.refuses(admission.text) !== undefined) return -1;
  return sa.outers !== undefined && refusingOuter(engine, admission) !== undefined ? -1 : filling;
}

/** Of the IP header that stays in front: transport mode over carrier "ip", between the endpoints. Below 0: nobody named them. */
function headerLengthOf(engine: Engine, sa: Sa): number {
  if (sa.mode === "tunnel" || engine.carrier !== "ip") return 0;
  const { source } = sa.resolved.template;
  return source === undefined ? -1 : source.length === 4 ? 20 : 40;
}

function versionOf({ headerLength }: Admission): 4 | 6 {
  return headerLength === 40 ? 6 : 4;
}

/** The kernel makes length, protocol and checksum right. */
function writeHeader(engine: Engine, sa: Sa, address: number, { headerLength }: Admission): void {
  const { source, target } = sa.resolved.template;
  if (headerLength === 0 || source === undefined || target === undefined) return;
  const { bytes } = engine.memory;
  if (headerLength === 20) writeIpv4(bytes, address, { source, target, protocol: 0, totalLength: 0, ttl: TTL });
  else writeIpv6(bytes, address, { source, target, nextHeader: 0, payloadLength: 0, hopLimit: TTL });
}
