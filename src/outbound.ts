// THE LINE OUT. The functions stand in the order in which packets meet them.
//
//   1  read the IP header                            malformed
//   2  match the policy (flow cache in front)        bypassed, discarded
//   3  pick the SA                                   no-sa and the event acquire; policy-mismatch; fragment
//   4  admit against the hard lifetimes              no-sa; the event soft-expired
//   5  predict the sealed size, fit the path MTU     too-big, with the ICMP to send        frag/plan.ts
//   6  stage in a slot; compress (IPComp)            the verb answers false: nothing taken
//   7  one kernel call for the batch                 sealed, exhausted, no-sa             assembly/seal.ts
//   8  settle: what the kernel answered, counted once
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
  D_TOS,
  INNER_DF,
} from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { Growth } from "./frag/bundle.js";
import { countedHeaders, keptHeader, paddedLength, textLength } from "./frag/fit.js";
import { clampMss } from "./frag/mss.js";
import { largestWhole, plan } from "./frag/plan.js";
import { stageIcmp } from "./frag/too-big.js";
import { compress } from "./ipcomp/compress.js";
import { plainLimit, stagePlain } from "./plain.js";
import { describeOuters, refuseBundle, refusingOuter } from "./sad/bundle.js";
import type { Sa } from "./sad/sa.js";
import type { Policy } from "./spd/policy.js";
import { matches } from "./spd/selector.js";
import { type Verdict, verdictOf } from "./verdict.js";
import type { Entry } from "./wasm/ring.js";
import { PROTOCOL_IPCOMP, PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_NONE, readIp } from "./wire/ip.js";

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
  if (given !== undefined) return;
  const policy = engine.spd.match("out", fields);
  if (policy === undefined || policy.action !== "protect") {
    admission.verdict = policy?.action === "bypass" ? "bypassed" : "discarded";
    return;
  }
  admission.policy = policy;
  admission.sa = policy.sa;
  admission.outers = policy.outers;
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
  if (sa.selectors !== undefined && !sa.selectors.some((selector) => matches(selector, fields)))
    return "policy-mismatch";
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
  const { ring } = engine;
  if (given !== undefined && stagePlain(engine, packet, given)) return true;
  // A packet may take two places (its ICMP and itself), and TFC may lengthen it.
  if (!ring.hasRoom(2, Math.max(packet.length, given?.resolved.tfcPadding ?? 0))) return false;
  choose(engine, packet, given, admission);
  const { policy, outers } = admission;
  if (policy?.sa !== undefined && outers === undefined && stagePlain(engine, packet, policy.sa)) return true;
  if (admission.verdict === undefined) admission.verdict = refusal(engine, packet, admission);
  const { verdict, sa } = admission;
  if (verdict === "too-big") stageIcmp(engine, packet, admission);
  if (verdict === undefined)
    return admission.pieces === 1 ? stage(engine, packet, admission) : stagePieces(engine, admission);
  const bytesNeeded = verdict === "bypassed" ? engine.fields.totalLength : 0;
  const entry = ring.take("out", engine.now, bytesNeeded);
  entry.sa = sa;
  if (bytesNeeded > 0) copyIn(engine, packet, ring.dataOf(entry));
  entry.verdict = engine.end(verdict, sa);
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
  const entry = ring.take("out", engine.now, Math.max(fields.totalLength, admission.text));
  const address = ring.dataOf(entry);
  copyIn(engine, packet, address, admission);
  describe(engine, entry, admission, address, fields.totalLength, admission.text);
  const { sa } = entry;
  if (sa !== undefined && sa.plainLimit < 0) sa.plainLimit = plainLimit(sa);
  return true;
}

/** All pieces of a packet that is cut before it is sealed, or none. */
function stagePieces(engine: Engine, admission: Admission): boolean {
  const { ring } = engine;
  if (!ring.hasRoomForEach(admission.pieces, admission.longestText)) return false;
  for (let index = 0; index < admission.pieces; index++) {
    const entry = ring.take("out", engine.now, admission.longestText);
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
}

/** The one copy in. Bytes past the IP total length stay outside. */
export function copyIn(engine: Engine, packet: Uint8Array, address: number, admission?: Admission): void {
  const { fields, memory } = engine;
  const { totalLength } = fields;
  const sa = admission?.sa;
  engine.memory.bytes.set(packet.length === totalLength ? packet : packet.subarray(0, totalLength), address);
  if (admission === undefined || sa === undefined || sa.resolved.clampMss === false) return;
  clampMss(sa, memory.bytes, address, fields, largestWhole(engine, sa, admission));
}

/** Writes the descriptor of a packet of `length` bytes at `address`, and reserves its bytes against the SA's lifetime. */
export function describe(
  engine: Engine,
  entry: Entry,
  admission: Admission,
  address: number,
  length: number,
  text: number,
): void {
  const { words } = engine.memory;
  const { fields } = engine;
  const sa = admission.sa as Sa;
  const { headerLength } = admission;
  const { dfBit } = sa.resolved.config;
  const transport = sa.mode === "transport";
  const d = entry.descriptor;
  const nextHeader = transport ? fields.protocol : fields.version === 4 ? PROTOCOL_IPV4 : PROTOCOL_IPV6;
  const payload = address + headerLength;
  const shorter = sa.compression === undefined ? 0 : compress(engine, sa, payload, length - headerLength, nextHeader);
  const reserved = shorter === 0 ? text : textLength(sa, shorter);
  words[d + (D_PACKET >> 2)] = payload;
  words[d + (D_LENGTH >> 2)] = shorter === 0 ? length - headerLength : shorter;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_OUTER >> 2)] = 0;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = shorter === 0 ? nextHeader : PROTOCOL_IPCOMP;
  words[d + (D_TOS >> 2)] = fields.tos | (fields.dontFragment ? INNER_DF : 0);
  words[d + (D_PAD_TO >> 2)] = shorter === 0 ? paddedLength(sa, length - headerLength) : 0;
  words[d + (D_HEADER_LENGTH >> 2)] = keptHeader(engine.carrier, admission.headerLength);
  words[d + (D_NEXT_OFFSET >> 2)] = fields.protocolOffset;
  entry.sa = sa;
  entry.verdict = undefined;
  entry.path = sa.path;
  entry.now = engine.now;
  entry.reserved = reserved + admission.countedHeaders;
  entry.cutTo = engine.carrier === "ip" ? admission.cutTo : 0;
  entry.df = admission.cutTo === 0 && (dfBit === "copy" || dfBit === undefined ? fields.dontFragment : dfBit === "set");
  engine.countVolume(sa, entry.reserved);
  entry.outers = admission.outers;
  if (admission.outers !== undefined) describeOuters(engine, entry, admission, reserved);
}

/** A dummy packet (RFC 4303 section 2.6) of `length` bytes at `address`: random bytes already lie there. */
export function describeDummy(engine: Engine, entry: Entry, sa: Sa, address: number, length: number): void {
  const { words } = engine.memory;
  const d = entry.descriptor;
  words[d + (D_PACKET >> 2)] = address;
  words[d + (D_LENGTH >> 2)] = length;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_OUTER >> 2)] = 0;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = PROTOCOL_NONE;
  words[d + (D_PAD_TO >> 2)] = 0;
  words[d + (D_HEADER_LENGTH >> 2)] = 0;
  entry.sa = sa;
  entry.path = sa.path;
  entry.now = engine.now;
  entry.reserved = textLength(sa, length);
  engine.countVolume(sa, entry.reserved);
}

/** Step 8. What was reserved for a packet that the kernel refused is given back. */
export function settleOutbound(engine: Engine, entry: Entry): void {
  if (entry.verdict !== undefined) return;
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
    hasSent(engine, sa, entry.now);
    if (entry.outers === undefined) return;
    for (const outer of entry.outers) {
      hasSent(engine, outer, entry.now);
      entry.sa = outer; // the outermost: whose path the datagram takes
    }
    return;
  }
  entry.kind = "dropped";
  entry.cutTo = 0;
  entry.sa = refusing;
  sa.lifetime.packets--;
  sa.lifetime.bytes -= entry.reserved;
  if (verdict === "exhausted" && !refusing.exhausted) {
    refusing.exhausted = true;
    engine.events.push({ kind: "hard-expired", sa: refusing, limit: "sequence" });
  }
}

function hasSent(engine: Engine, sa: Sa, now: number): void {
  sa.lastUsedAt = now;
  sa.lastSentAt = now;
  if (sa.peer !== undefined) engine.peers.sent(sa.peer, now);
}
