// The simple verbs: one packet at once, through a descriptor and a slot of their own. The ring is not touched.

import { JUMBO_DATA } from "../assembly/layout.js";
import { clampCopy, describe, wholeOf } from "./describe.js";
import type { Engine } from "./engine.js";
import { IpsecError } from "./errors.js";
import { writeIcmp } from "./frag/too-big.js";
import { type Arrival, describeInbound, recognise, recogniseJoined, sequenceOf, settleInbound } from "./inbound.js";
import type { Path } from "./natt/path.js";
import { type Admission, admit, placePiece, settleOutbound } from "./outbound.js";
import { placePlain, placePlainInbound } from "./plain.js";
import type { Sa } from "./sad/sa.js";
import type { Slab } from "./slab.js";
import type { Verdict } from "./verdict.js";
import { cutNext } from "./wasm/ring.js";

export interface ProtectResult {
  readonly verdict: Verdict;
  /** What to send when `sealed`: one datagram, or several where the packet or its datagram was cut. Empty otherwise; a `bypassed` packet is to be sent as it is. */
  readonly datagrams: readonly Uint8Array[];
  /** An ICMP error for the inner host (verdict `too-big`). */
  readonly icmp?: Uint8Array;
}

export interface UnprotectResult {
  readonly verdict: Verdict;
  /** The inner packet (`delivered`), the clear packet (`bypassed`), the IKE message without its marker (`ike`). */
  readonly packet?: Uint8Array;
  /** Once it is found. */
  readonly sa?: Sa;
  /** Only with `delivered`. */
  readonly sequence?: bigint;
  readonly icmp?: Uint8Array;
}

/** Bytes by which a policy may lengthen a packet, padding aside: its SAs may be a bundle. */
export const POLICY_GROWTH = 400;

/** Seals `packet` in the single slot, whole, for `target`. On "sealed" the result is at `engine.single`. */
export function sealSingle(
  engine: Engine,
  packet: Uint8Array,
  given: Sa | undefined,
  admission: Admission,
  target: Uint8Array,
): Verdict {
  if (sealPlain(engine, packet, given)) return engine.single.verdict as Verdict;
  admit(engine, packet, given, admission);
  const { verdict, pieces, cutTo, sa } = admission;
  if (verdict !== undefined) return endRefused(engine, packet, verdict, admission);
  if (pieces > 1 || (cutTo > 0 && engine.carrier === "ip")) return endRefused(engine, packet, "too-big", admission);
  if (given === undefined) checkTarget(target, Math.max(packet.length, sa?.resolved.tfcPadding ?? 0) + POLICY_GROWTH);
  return sealWhole(engine, packet, admission);
}

/** The short way, plain.ts. */
function sealPlain(engine: Engine, packet: Uint8Array, given: Sa | undefined): boolean {
  const sa = given ?? engine.spd.recallSa(packet);
  if (sa === undefined || !placePlain(engine, packet, sa)) return false;
  sealPlaced(engine);
  return true;
}

function sealWhole(engine: Engine, packet: Uint8Array, admission: Admission): Verdict {
  const { single, memory, fields } = engine;
  single.renew(memory, false, fields.totalLength);
  memory.bytes.set(wholeOf(engine, packet), single.data);
  clampCopy(engine, single.data, admission);
  describe(engine, single, admission, single.data, fields.totalLength, admission.text);
  return sealPlaced(engine);
}

/** Piece `index` of a packet that is cut before it is sealed. */
function sealPiece(engine: Engine, admission: Admission, index: number): Verdict {
  const { single, memory } = engine;
  single.renew(memory, false, admission.longestText);
  placePiece(engine, single, admission, index, single.data);
  return sealPlaced(engine);
}

function sealPlaced(engine: Engine): Verdict {
  const { single, memory } = engine;
  memory.kernel.seal(single.descriptor << 2, 1);
  settleOutbound(engine, single);
  return single.verdict as Verdict;
}

export function protect(
  engine: Engine,
  slab: Slab,
  packet: Uint8Array,
  given: Sa | undefined,
  admission: Admission,
): ProtectResult {
  if (sealPlain(engine, packet, given)) {
    const { single, memory } = engine;
    const verdict = single.verdict as Verdict;
    return { verdict, datagrams: verdict === "sealed" ? [slab.copy(memory.bytes, single.start, single.length)] : [] };
  }
  admit(engine, packet, given, admission);
  if (admission.verdict === "too-big") return refuse(engine, slab, packet, admission);
  if (admission.verdict !== undefined)
    return { verdict: endRefused(engine, packet, admission.verdict, admission), datagrams: [] };
  const datagrams: Uint8Array[] = [];
  for (let index = 0; index < admission.pieces; index++) {
    const verdict = admission.pieces === 1 ? sealWhole(engine, packet, admission) : sealPiece(engine, admission, index);
    if (verdict === "sealed") takeDatagrams(engine, slab, datagrams);
    else if (engine.single.last) return { verdict, datagrams: [] };
  }
  return { verdict: "sealed", datagrams };
}

/** Steps 1 to 5 of the line out refused it. */
function endRefused(engine: Engine, packet: Uint8Array, verdict: Verdict, admission: Admission): Verdict {
  engine.lastEnds.refused(engine, verdict, admission, packet.length);
  return engine.end(verdict, admission.sa);
}

/** Step 1 of the line in had a word. */
function endArrived(engine: Engine, verdict: Verdict, length: number): Verdict {
  engine.lastEnds.arrived(engine, verdict, length);
  return engine.end(verdict, undefined);
}

/** The sealed datagram, or its fragments. */
function takeDatagrams(engine: Engine, slab: Slab, datagrams: Uint8Array[]): void {
  const { single, memory } = engine;
  do {
    if (single.cutTo > 0) cutNext(memory, single);
    datagrams.push(slab.copy(memory.bytes, single.start, single.length));
  } while (single.more);
}

function refuse(engine: Engine, slab: Slab, packet: Uint8Array, admission: Admission): ProtectResult {
  const verdict = endRefused(engine, packet, "too-big", admission);
  const length = writeIcmp(engine, packet, admission);
  return length > 0 ? { verdict, datagrams: [], icmp: slab.copy(engine.icmp, 0, length) } : { verdict, datagrams: [] };
}

/**
 * Opens `datagram` in the single slot, joined with the fragments before it. The bytes that go with the verdict are at
 * `engine.single`. A joined datagram of more than `most` bytes is `too-big`.
 */
export function openSingle(
  engine: Engine,
  datagram: Uint8Array,
  path: Path | undefined,
  arrival: Arrival,
  most = JUMBO_DATA,
): Verdict {
  const { single, memory } = engine;
  single.sa = undefined;
  single.length = 0;
  if (placePlainInbound(engine, datagram, path)) return openPlaced(engine);
  recognise(engine, datagram, path, arrival);
  if (arrival.joined) {
    const length = engine.reassembly.joinedLength;
    single.renew(memory, true, length);
    recogniseJoined(engine, single.data, length, arrival);
    if (length > most) return endArrived(engine, "too-big", length);
  }
  const { verdict } = arrival;
  if (verdict !== undefined) return endArrived(engine, verdict, arrival.length);
  if (!arrival.joined) {
    single.renew(memory, true, datagram.length);
    memory.bytes.set(datagram, single.data);
  }
  single.verdict = undefined;
  single.path = path;
  describeInbound(engine, single, single.data, arrival);
  return openPlaced(engine);
}

function openPlaced(engine: Engine): Verdict {
  const { single, memory } = engine;
  memory.kernel.open(single.descriptor << 2, 1);
  settleInbound(engine, single);
  return single.verdict as Verdict;
}

export function unprotect(
  engine: Engine,
  slab: Slab,
  datagram: Uint8Array,
  path: Path | undefined,
  arrival: Arrival,
): UnprotectResult {
  const verdict = openSingle(engine, datagram, path, arrival);
  const { single, memory } = engine;
  if (verdict === "ike" || verdict === "bypassed")
    return { verdict, packet: slab.copy(recognised(engine, datagram, arrival), arrival.start, arrival.length) };
  const { sa } = single;
  if (sa === undefined) return { verdict };
  if (verdict !== "delivered") return { verdict, sa };
  return {
    verdict,
    packet: slab.copy(memory.bytes, single.start, single.length),
    sa,
    sequence: sequenceOf(engine, single),
  };
}

/** The bytes to which `arrival` points: the datagram, or the one that it made whole. */
export function recognised(engine: Engine, datagram: Uint8Array, arrival: Arrival): Uint8Array {
  return arrival.joined ? engine.memory.bytes.subarray(engine.single.data) : datagram;
}

/** Copies what the last sealSingle or openSingle left into `target`; its length. */
export function copySingle(engine: Engine, target: Uint8Array): number {
  const { start, length } = engine.single;
  target.set(engine.singleViews.of(start, length));
  return length;
}

/** Refuses a target that may not hold the result, before a sequence number or a window bit is spent on it. */
export function checkTarget(target: Uint8Array, needed: number): void {
  if (target.length >= needed) return;
  throw new IpsecError("target-too-small", `the target has ${target.length} bytes, ${needed} may be needed`);
}
