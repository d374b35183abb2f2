// THE LINE IN. The functions stand in the order in which datagrams meet them.
//
//   1  tell keepalive, IKE, ESP, AH and clear packets apart   keepalive, ike, malformed, fragment; bypassed, discarded
//      join the fragments of what is for us                waiting, overlap, too-many-fragments      frag/reassembly.ts
//   2  stage in a slot                                     the verb answers false: nothing taken
//   3  one kernel call for the batch                       malformed, unknown-spi, expired, stale, replayed, forged,
//                                                          bad-trailer                    assembly/open.ts
//   4  authenticated: volume, idle, NAT mapping, counters  expired, dummy                 the only place liveness is fed
//   5  inflated, where the SA compresses (IPComp)         malformed, too-big                ipcomp/decompress.ts
//   6  the inner packet against the SA's selectors         policy-mismatch
import {
  D_HEADER_LENGTH,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_OUTER,
  D_PACKET,
  D_SA,
  D_SEQUENCE,
  D_START,
  D_STATUS,
  D_TEXT_LENGTH,
  D_TOS,
  JUMBO_DATA,
} from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { removeFragmentHeader } from "./frag/atomic.js";
import { clampMssInbound } from "./frag/mss.js";
import { heedTooBig } from "./frag/path-mtu.js";
import { holdsHeaders } from "./frag/reassembly.js";
import { decompress } from "./ipcomp/decompress.js";
import { classify, NON_ESP_MARKER_LENGTH, NON_IKE_MARKER_LENGTH } from "./natt/framing.js";
import { followMapping } from "./natt/mapping.js";
import type { Path } from "./natt/path.js";
import { receivePlain, settlePlainOpened } from "./plain.js";
import { feed, judgeOuters } from "./sad/passed.js";
import type { Sa } from "./sad/sa.js";
import { mayTravel } from "./spd/may-travel.js";
import { type Verdict, verdictOf } from "./verdict.js";
import type { Entry } from "./wasm/entry.js";
import type { IpFields } from "./wire/fields.js";
import { readIp } from "./wire/ip.js";
import { PROTOCOL_AH, PROTOCOL_ESP, PROTOCOL_UDP } from "./wire/protocol.js";
import { UDP_HEADER_LENGTH, udpDataLength } from "./wire/udp.js";

/** What step 1 found. Offsets are from the datagram's start. Reused from datagram to datagram. */
export interface Arrival {
  /** Undefined: ESP or AH for the kernel. */
  verdict: Verdict | undefined;
  /** PROTOCOL_ESP or PROTOCOL_AH, where the verdict is undefined. */
  protocol: number;
  /** Of ESP or AH, of an IKE message behind its marker, or of a clear packet. */
  start: number;
  length: number;
  /** Of the outer IP header with its extension headers, 0 over a socket. */
  headerLength: number;
  nextOffset: number;
  /** Of an atomic fragment: offset of its fragment header, 0 for none, and of the byte that announces it. */
  fragmentHeader: number;
  fragmentNamedAt: number;
  tos: number;
  /** It was the fragment that made its datagram whole: that is in `engine.reassembly`, to be recognised in its place. */
  joined: boolean;
}

export function newArrival(): Arrival {
  const offsets = { start: 0, length: 0, headerLength: 0, nextOffset: 0, fragmentHeader: 0, fragmentNamedAt: 0 };
  return { verdict: undefined, protocol: PROTOCOL_ESP, ...offsets, tos: 0, joined: false };
}

/** Step 1. */
export function recognise(engine: Engine, datagram: Uint8Array, path: Path | undefined, arrival: Arrival): void {
  reset(arrival, datagram);
  // No IP packet is longer, and what a socket delivers neither.
  if (datagram.length > JUMBO_DATA) arrival.verdict = "malformed";
  else if (engine.carrier === "ip") recogniseIp(engine, datagram, arrival, false);
  else recogniseNatt(engine, datagram, path?.local?.port, arrival);
}

function reset(arrival: Arrival, datagram: Uint8Array): void {
  arrival.verdict = undefined;
  arrival.protocol = PROTOCOL_ESP;
  arrival.start = 0;
  arrival.length = datagram.length;
  arrival.headerLength = 0;
  arrival.nextOffset = 0;
  arrival.fragmentHeader = 0;
  arrival.tos = 0;
  arrival.joined = false;
}

/** The datagram is what a UDP socket of a NAT-T port received: that of `port`. */
function recogniseNatt(engine: Engine, datagram: Uint8Array, port: number | undefined, arrival: Arrival): void {
  switch (classify(datagram, arrival.start, arrival.length, port, engine.nonIkeSas > 0)) {
    case "keepalive":
      arrival.verdict = "keepalive";
      return;
    case "ike":
      arrival.verdict = "ike";
      arrival.start += NON_ESP_MARKER_LENGTH;
      arrival.length -= NON_ESP_MARKER_LENGTH;
      return;
    case "bare-ike":
      arrival.verdict = "ike";
      return;
    case "non-ike-esp":
      arrival.start += NON_IKE_MARKER_LENGTH;
      arrival.length -= NON_IKE_MARKER_LENGTH;
  }
}

/** Carrier ip: ESP and AH by their protocol, NAT-T by its port; everything else came clear. `joined`: of fragments. */
function recogniseIp(engine: Engine, datagram: Uint8Array, arrival: Arrival, joined: boolean): void {
  const { fields } = engine;
  if (!readIp(datagram, 0, datagram.length, fields)) {
    arrival.verdict = "malformed";
    return;
  }
  arrival.length = fields.totalLength;
  if (fields.fragment && isJoined(engine, fields)) {
    if (joined || !holdsHeaders(fields)) {
      arrival.verdict = "malformed"; // Fragments of fragments have no use but to hide something.
      return;
    }
    arrival.verdict = engine.reassembly.accept(datagram, fields, engine.now);
    arrival.joined = arrival.verdict === undefined;
    return;
  }
  const natt = fields.protocol === PROTOCOL_UDP && isNattPort(engine, fields);
  const ah = fields.protocol === PROTOCOL_AH;
  if (fields.protocol !== PROTOCOL_ESP && !ah && !natt) {
    if (fields.fragment) engine.firstFragments.resolve("in", datagram, 0, fields, engine.now);
    const policy = engine.spd.match("in", fields);
    // RFC 4301 section 6.1.1: which ICMP errors are heeded is for the SPD to say.
    if (policy === undefined || policy.action === "bypass") heedTooBig(engine, datagram, fields);
    arrival.verdict = policy?.action === "bypass" ? "bypassed" : "discarded";
    return;
  }
  if (ah) arrival.protocol = PROTOCOL_AH;
  arrival.headerLength = fields.headerLength;
  arrival.nextOffset = fields.protocolOffset;
  arrival.fragmentHeader = fields.fragmentHeader;
  arrival.fragmentNamedAt = fields.fragmentNamedAt;
  arrival.tos = fields.tos;
  arrival.start = fields.headerLength;
  arrival.length -= fields.headerLength;
  if (!natt) return;
  const length = udpDataLength(datagram, arrival.start, arrival.length);
  if (length < 0) {
    arrival.verdict = "malformed";
    return;
  }
  arrival.start += UDP_HEADER_LENGTH;
  arrival.length = length;
  recogniseNatt(engine, datagram, fields.targetPort, arrival);
}

/** Fragments of ESP and AH, and of UDP to where NAT-T is expected: a later one shows no port, so the whole is judged. */
function isJoined(engine: Engine, fields: IpFields): boolean {
  if (fields.protocol === PROTOCOL_ESP || fields.protocol === PROTOCOL_AH) return true;
  return fields.protocol === PROTOCOL_UDP && (isNattPort(engine, fields) || engine.nattPorts.isAddress(fields));
}

function isNattPort(engine: Engine, fields: IpFields): boolean {
  return fields.portsReadable && engine.nattPorts.has(fields.targetPort);
}

/** Step 2, on the fast verbs. False: nothing taken. */
export function receive(engine: Engine, datagram: Uint8Array, path: Path | undefined, arrival: Arrival): boolean {
  const { ring } = engine;
  if (receivePlain(engine, datagram, path)) return true;
  if (!ring.hasRoom(1, datagram.length)) return false;
  recognise(engine, datagram, path, arrival);
  if (arrival.joined) return receiveJoined(engine, path, arrival);
  const kept = isKept(arrival);
  const entry = ring.take(true, kept ? datagram.length : 0, kept ? datagram : undefined);
  return stage(engine, entry, ring.dataOf(entry), path, arrival);
}

/** The last fragment has come: its datagram takes the fragment's place. */
function receiveJoined(engine: Engine, path: Path | undefined, arrival: Arrival): boolean {
  const { ring, reassembly } = engine;
  const length = reassembly.joinedLength;
  if (!ring.hasRoom(1, length)) return false;
  const entry = ring.take(true, length);
  const address = ring.dataOf(entry);
  recogniseJoined(engine, address, length, arrival);
  return stage(engine, entry, address, path, arrival);
}

/** The joined datagram goes to `address` and is recognised there. */
export function recogniseJoined(engine: Engine, address: number, length: number, arrival: Arrival): void {
  engine.reassembly.collect(address);
  const datagram = engine.memory.bytes.subarray(address, address + length);
  reset(arrival, datagram);
  recogniseIp(engine, datagram, arrival, true);
  arrival.joined = true;
}

/** Whether the bytes are needed beyond step 1. */
function isKept({ verdict }: Arrival): boolean {
  return verdict === undefined || verdict === "ike" || verdict === "bypassed";
}

function stage(engine: Engine, entry: Entry, address: number, path: Path | undefined, arrival: Arrival): boolean {
  const { verdict } = arrival;
  entry.path = path;
  if (verdict === undefined) {
    describeInbound(engine, entry, address, arrival);
    return true;
  }
  entry.verdict = engine.end(verdict, undefined);
  engine.lastEnds.arrived(engine, verdict, arrival.length);
  engine.memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
  if (!isKept(arrival)) return true;
  entry.kind = verdict === "ike" ? "ike" : "clear";
  entry.start = address + arrival.start;
  entry.length = arrival.length;
  return true;
}

/** Writes the descriptor of a datagram at `slot`. */
export function describeInbound(engine: Engine, entry: Entry, slot: number, arrival: Arrival): void {
  const { words, bytes } = engine.memory;
  const address = arrival.fragmentHeader === 0 ? slot : removeFragmentHeader(bytes, slot, arrival);
  const d = entry.descriptor;
  words[d + (D_PACKET >> 2)] = address + arrival.start;
  words[d + (D_LENGTH >> 2)] = arrival.length;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = arrival.protocol;
  words[d + (D_START >> 2)] = address;
  words[d + (D_HEADER_LENGTH >> 2)] = arrival.headerLength;
  words[d + (D_NEXT_OFFSET >> 2)] = arrival.nextOffset;
  words[d + (D_TOS >> 2)] = arrival.tos;
  entry.prepared = 0;
  entry.start = address + arrival.start;
  entry.length = arrival.length;
  entry.now = engine.now;
}

/** Steps 4 to 6: what the kernel answered becomes a verdict. */
export function settleInbound(engine: Engine, entry: Entry): void {
  if (entry.verdict === undefined && !settlePlainOpened(engine, entry)) settleJudged(engine, entry);
}

/** The same, whatever it is. */
function settleJudged(engine: Engine, entry: Entry): void {
  entry.prepared = 0; // of a bundle: the kernel wrote what is around the packet
  const { words } = engine.memory;
  const d = entry.descriptor;
  const record = words[d + (D_SA >> 2)] as number;
  let sa = record === 0 ? undefined : engine.sad.at(record);
  let verdict = verdictOf(words[d + (D_STATUS >> 2)] as number);
  const expired = words[d + (D_OUTER >> 2)] === 0 ? undefined : judgeOuters(engine, entry);
  if (expired !== undefined) {
    sa = expired;
    verdict = "expired";
  } else if (sa !== undefined) {
    verdict = judge(engine, entry, sa, verdict);
  }
  if (verdict === "unknown-spi") engine.invalidSpi.meet(entry, engine.carrier === "ip");
  entry.sa = sa;
  entry.verdict = engine.end(verdict, sa);
  if (verdict !== "delivered") engine.lastEnds.settled(engine, verdict, entry, sa);
  entry.kind = verdict === "delivered" ? "packet" : "dropped";
  entry.start = words[d + (D_START >> 2)] as number;
  entry.length = verdict === "delivered" ? (words[d + (D_LENGTH_OUT >> 2)] as number) : 0;
  if (verdict === "delivered" && sa !== undefined && sa.resolved.clampMss !== false) clampInner(engine, entry, sa);
}

/** An SA that has expired meanwhile, in the same batch too, refuses whatever came; an authenticated packet feeds it. */
function judge(engine: Engine, entry: Entry, sa: Sa, verdict: Verdict): Verdict {
  if (entry.now >= sa.hardAt) engine.expire(sa, "seconds");
  if (sa.state !== "live") return "expired";
  if (verdict !== "delivered" && verdict !== "dummy") return verdict;
  const { words } = engine.memory;
  if (!feed(engine, entry, sa, words[entry.descriptor + (D_TEXT_LENGTH >> 2)] as number)) return "expired";
  if (verdict === "dummy") sa.dummies++;
  if (words[entry.descriptor + (D_OUTER >> 2)] === 0) followMapping(engine, entry, sa);
  if (verdict === "dummy") return verdict;
  const inflated = sa.compression === undefined ? "delivered" : decompress(engine, entry, sa);
  return inflated === "delivered" && !mayTravel(engine, entry, sa) ? "policy-mismatch" : inflated;
}

/** The peer's host is told as well how long its segments may be. */
function clampInner(engine: Engine, entry: Entry, sa: Sa): void {
  const { bytes } = engine.memory;
  if (readIp(bytes, entry.start, entry.length, engine.fields)) clampMssInbound(sa, bytes, entry.start, engine.fields);
}

/** The 64-bit number of an opened packet. */
export function sequenceOf(engine: Engine, entry: Entry): bigint {
  const { words } = engine.memory;
  const low = words[entry.descriptor + (D_SEQUENCE >> 2)] as number;
  const high = words[entry.descriptor + (D_SEQUENCE >> 2) + 1] as number;
  return (BigInt(high) << 32n) | BigInt(low);
}
