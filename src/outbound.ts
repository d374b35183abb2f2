// THE LINE OUT. The functions stand in the order in which packets meet them.
//
//   1  read the IP header                            malformed
//   2  match the policy (flow cache in front)        bypassed, discarded
//   3  pick the SA                                   no-sa and the event acquire; policy-mismatch; fragment
//   4  admit against the hard lifetimes              no-sa; the event soft-expired
//   5  predict the sealed size, fit the path MTU     too-big, with the ICMP to send        frag/plan.ts
//   6  stage in a slot; compress (IPComp)            the verb answers false: nothing taken   describe.ts
//   7  one kernel call for the batch                 sealed, exhausted, no-sa             assembly/seal.ts
//   8  settle: what the kernel answered, counted once
import { D_LENGTH_OUT, D_START, D_STATUS } from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import { clampCopy, describe, wholeOf } from "./describe.js";
import type { Engine } from "./engine.js";
import { Growth } from "./frag/bundle.js";
import { countedHeaders, keptHeader, paddedLength, textLength } from "./frag/fit.js";
import { plan } from "./frag/plan.js";
import { stageIcmp } from "./frag/too-big.js";
import { settlePlainSealed, stagePlain } from "./plain.js";
import { refuseBundle, refusingOuter } from "./sad/bundle.js";
import { hasSent } from "./sad/passed.js";
import type { Sa } from "./sad/sa.js";
import { policyForError, quotesTrafficOf } from "./spd/icmp-error.js";
import type { Policy } from "./spd/policy.js";
import { matchesSome } from "./spd/selector.js";
import { type Verdict, verdictOf } from "./verdict.js";
import type { Entry } from "./wasm/entry.js";
import type { IpFields } from "./wire/fields.js";
import { readIp } from "./wire/ip.js";

/** What steps 1 to 5 decided of the packet in `engine.fields`. Reused from packet to packet. */
export interface Admission {
  /** Undefined: it is to be sealed by `sa`. */
  verdict: Verdict | undefined;
  /** Whose SA it is, unless that was given. */
  policy: Policy | undefined;
  sa: Sa | undefined;
  /** The outer SAs of its bundle, what they make of it, and the bytes of all pieces reserved against their lifetimes. */
  outers: readonly Sa[] | undefined;
  readonly growth: Growth;
  readonly outerCounted: number[];
  /** Bytes of its text: of all pieces, where it is cut first. */
  text: number;
  /** Bytes of each packet that are reserved against the lifetime besides its text. */
  countedHeaders: number;
  /** Into how many pieces it is cut before they are sealed, 1 for none; bytes of data in each, and of the longest text. */
  pieces: number;
  unit: number;
  longestText: number;
  /** Bytes of the longest fragment into which what is sealed is cut, 0 where it goes whole. */
  cutTo: number;
  /** Of its own IP header, in front of what is sealed (transport mode). */
  headerLength: number;
}

export function newAdmission(): Admission {
  return {
    verdict: undefined,
    policy: undefined,
    sa: undefined,
    outers: undefined,
    growth: new Growth(),
    outerCounted: [0, 0, 0],
    text: 0,
    countedHeaders: 0,
    pieces: 1,
    unit: 0,
    longestText: 0,
    cutTo: 0,
    headerLength: 0,
  };
}

/** Steps 1 to 5. `given`: the SA to use, policies are skipped. */
export function admit(engine: Engine, packet: Uint8Array, given: Sa | undefined, admission: Admission): void {
  choose(engine, packet, given, admission);
  if (admission.verdict === undefined) admission.verdict = refusal(engine, packet, admission);
}

/** Steps 1 and 2. */
function choose(engine: Engine, packet: Uint8Array, given: Sa | undefined, admission: Admission): void {
  admission.verdict = undefined;
  admission.policy = undefined;
  admission.sa = given;
  admission.outers = undefined;
  if (!readIp(packet, 0, packet.length, engine.fields)) {
    admission.verdict = "malformed";
    return;
  }
  const { fields } = engine;
  if (fields.fragment) engine.firstFragments.resolve("out", packet, 0, fields, engine.now);
  if (given !== undefined) {
    if (!given.resolved.statefulFragments) hidePorts(fields);
    return;
  }
  let policy = engine.spd.match("out", fields);
  if (policy?.sa?.resolved.statefulFragments === false && hidePorts(fields)) policy = engine.spd.match("out", fields);
  policy ??= policyForError(engine, packet);
  if (policy === undefined || policy.action !== "protect") {
    admission.verdict = policy?.action === "bypass" ? "bypassed" : "discarded";
    return;
  }
  admission.policy = policy;
  admission.sa = policy.sa;
  admission.outers = policy.outers;
}

/** RFC 4301 section 7.3: unless the peer agreed, a later fragment goes where its ports are not asked for. */
function hidePorts(fields: IpFields): boolean {
  const hides = fields.laterFragment && fields.portsReadable;
  if (hides) fields.portsReadable = false;
  return hides;
}

/** Steps 3 to 5 for the SA of `admission`; undefined when the packet is to be sealed. */
function refusal(engine: Engine, packet: Uint8Array, admission: Admission): Verdict | undefined {
  const { policy, sa } = admission;
  const { fields, now } = engine;
  if (sa !== undefined && now >= sa.hardAt) engine.expire(sa, "seconds");
  if (sa === undefined || sa.state !== "live" || sa.refusing || sa.direction !== "out" || !engine.sad.owns(sa)) {
    engine.acquire(policy);
    return "no-sa";
  }
  // Encryption without integrity goes inside AH; the SPD has no policy with it that says otherwise.
  if (sa.resolved.insideAh && admission.outers === undefined) return "no-sa";
  const excluded = sa.selectors !== undefined && !matchesSome(sa.selectors, fields);
  if (excluded && !quotesTrafficOf(engine, sa, packet, 0)) return "policy-mismatch";
  const transport = sa.mode === "transport";
  if (transport && fields.fragment) return "fragment"; // RFC 4303 section 3.3.4, RFC 4302 section 3.3.4: only whole packets
  admission.headerLength = transport ? fields.headerLength : 0;
  const payloadLength = fields.totalLength - admission.headerLength;
  admission.text = textLength(sa, paddedLength(sa, payloadLength));
  const fits = plan(engine, sa, packet, admission);

  admission.countedHeaders = countedHeaders(sa, keptHeader(engine.carrier, admission.headerLength), fields.version);
  const limit = sa.lifetime.refuses(admission.text + admission.pieces * admission.countedHeaders, admission.pieces);
  if (limit !== undefined) {
    engine.expireOnceSealed(sa, limit);
    engine.acquire(policy);
    return "no-sa";
  }
  if (admission.outers !== undefined) {
    const refusing = refusingOuter(engine, admission);
    if (refusing !== undefined) {
      admission.sa = refusing;
      engine.acquire(policy);
      return "no-sa";
    }
  }
  return fits ? undefined : "too-big";
}

/** Step 6, on the fast verbs. False: nothing taken. */
export function offer(engine: Engine, packet: Uint8Array, given: Sa | undefined, admission: Admission): boolean {
  const sa = given ?? engine.spd.recallSa(packet);
  if (sa !== undefined && stagePlain(engine, packet, sa)) return true;
  return decide(engine, packet, given, admission);
}

/** The same, whatever the packet is. */
function decide(engine: Engine, packet: Uint8Array, given: Sa | undefined, admission: Admission): boolean {
  const { ring } = engine;
  // TFC may lengthen it.
  if (!ring.hasRoom(1, Math.max(packet.length, given?.resolved.tfcPadding ?? 0))) return false;
  choose(engine, packet, given, admission);
  const { policy, outers } = admission;
  if (policy?.sa !== undefined && outers === undefined && stagePlain(engine, packet, policy.sa)) return true;
  if (admission.verdict === undefined) admission.verdict = refusal(engine, packet, admission);
  const { verdict } = admission;
  if (verdict === "too-big") {
    if (!ring.hasRoom(2, 0)) return false; // its ICMP and itself
    stageIcmp(engine, packet, admission);
  }
  if (verdict === undefined)
    return admission.pieces === 1 ? stage(engine, packet, admission) : stagePieces(engine, admission);
  const bytesNeeded = verdict === "bypassed" ? engine.fields.totalLength : 0;
  const entry = ring.take(false, bytesNeeded, bytesNeeded > 0 ? wholeOf(engine, packet) : undefined);
  entry.sa = admission.sa;
  entry.verdict = engine.end(verdict, admission.sa);
  engine.lastEnds.refused(engine, verdict, admission, packet.length);
  engine.memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
  if (verdict === "bypassed") {
    entry.kind = "clear";
    entry.start = ring.dataOf(entry);
    entry.length = bytesNeeded;
  }
  return true;
}

function stage(engine: Engine, packet: Uint8Array, admission: Admission): boolean {
  const { ring, fields } = engine;
  if (!ring.hasRoom(1, admission.text)) return false;
  const length = Math.max(fields.totalLength, admission.text);
  const entry = ring.take(false, length, wholeOf(engine, packet));
  const address = ring.dataOf(entry);
  clampCopy(engine, address, admission);
  describe(engine, entry, admission, address, fields.totalLength, admission.text);
  return true;
}

/** All pieces of a packet that is cut before it is sealed, or none. */
function stagePieces(engine: Engine, admission: Admission): boolean {
  const { ring } = engine;
  if (!ring.hasRoomForEach(admission.pieces, admission.longestText)) return false;
  for (let index = 0; index < admission.pieces; index++) {
    const entry = ring.take(false, admission.longestText);
    placePiece(engine, entry, admission, index, ring.dataOf(entry));
  }
  return true;
}

/** Piece `index` of the packet in the workshop goes to `address`. */
export function placePiece(engine: Engine, entry: Entry, admission: Admission, index: number, address: number): void {
  const { kernel, plan } = engine.memory;
  const sa = admission.sa as Sa;
  const length = kernel.cutPiece(plan.workshop, admission.unit, index, address);
  describe(engine, entry, admission, address, length, textLength(sa, paddedLength(sa, length)));
  entry.last = index === admission.pieces - 1;
  entry.plain = false;
}

/** Step 8. */
export function settleOutbound(engine: Engine, entry: Entry): void {
  if (entry.verdict === undefined && !settlePlainSealed(engine, entry)) settleDecided(engine, entry);
}

/** The same, whatever it is. What was reserved for a packet that the kernel refused is given back. */
function settleDecided(engine: Engine, entry: Entry): void {
  const { words } = engine.memory;
  const sa = entry.sa as Sa;
  const verdict = verdictOf(words[entry.descriptor + (D_STATUS >> 2)] as number);
  const refusing = verdict === "sealed" || entry.outers === undefined ? sa : refuseBundle(engine, entry);
  // A packet ends once: the pieces of one that was cut end with the last.
  entry.verdict = entry.last ? engine.end(verdict, refusing) : verdict;
  if (verdict === "sealed") {
    entry.kind = "datagram";
    entry.start = words[entry.descriptor + (D_START >> 2)] as number;
    entry.length = words[entry.descriptor + (D_LENGTH_OUT >> 2)] as number;
    if (entry.length <= entry.cutTo) entry.cutTo = 0;
    hasSent(engine, sa, entry);
    if (entry.outers === undefined) return;
    for (const outer of entry.outers) {
      hasSent(engine, outer, entry);
      entry.sa = outer; // the outermost: whose path the datagram takes
    }
    return;
  }
  engine.lastEnds.settled(engine, verdict, entry, refusing);
  entry.kind = "dropped";
  entry.cutTo = 0;
  entry.sa = refusing;
  sa.lifetime.putBack(entry.reserved);
  if (verdict === "exhausted" && !refusing.exhausted) {
    refusing.exhausted = true;
    engine.events.push({ kind: "hard-expired", sa: refusing, limit: "sequence" });
  }
}
