// What a tick runs: the timers that are due. RFC 4301 section 4.4.2.1 (lifetimes), RFC 3948 section 4 (keepalives),
// RFC 4303 section 2.6 (dummy packets).
import { D_STATUS, SLOT_DATA } from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import type { Engine } from "../engine.js";
import { largestPayload, pathMtu } from "../frag/fit.js";
import { Peer } from "../liveness/peer.js";
import { KEEPALIVE_BYTE } from "../natt/framing.js";
import { describeDummy } from "../outbound.js";
import type { Sa } from "../sad/sa.js";
import { setWord16 } from "../wire/ip.js";
import { internetChecksum } from "../wire/ipv4.js";
import { pseudoHeaderSum } from "../wire/ipv6.js";
import type { TimerName } from "./deadlines.js";

const DUMMY_LENGTH = 64;

/** Runs everything that is due at `engine.now`; true when that staged something. When the ring is full the rest waits. */
export function runTimers(engine: Engine, random: (bytes: Uint8Array<ArrayBuffer>) => unknown): boolean {
  const { deadlines } = engine;
  let staged = false;
  while (deadlines.earliest <= engine.now) {
    const entry = deadlines.take();
    if (entry === undefined) return staged;
    const { owner, timer } = entry;
    const due = engine.dueAt(owner, timer);
    if (due > engine.now) {
      deadlines.set(due, owner, timer);
      continue;
    }
    const produces = timer === "keepalive" || timer === "dummy";
    if (produces && !engine.ring.hasRoom(1, SLOT_DATA)) {
      deadlines.set(due, owner, timer);
      return staged;
    }
    staged ||= produces;
    if (owner instanceof Peer) engine.peers.fire(owner, timer, engine.now);
    else fire(engine, owner, timer, random);
    deadlines.set(engine.dueAt(owner, timer), owner, timer);
  }
  return staged;
}

function fire(engine: Engine, sa: Sa, timer: TimerName, random: (bytes: Uint8Array<ArrayBuffer>) => unknown): void {
  switch (timer) {
    case "soft":
      sa.lifetime.announced = true;
      engine.events.push({ kind: "soft-expired", sa, limit: "seconds" });
      return;
    case "hard":
      engine.expire(sa, "seconds");
      return;
    case "idle":
      sa.delete();
      engine.events.push({ kind: "idle", sa });
      if (sa.peer !== undefined) engine.peers.idle(sa.peer);
      return;
    case "keepalive":
      sendKeepalive(engine, sa);
      return;
    case "dummy":
      sa.lastSentAt = engine.now;
      stageDummy(engine, sa, DUMMY_LENGTH, random);
  }
}

/** One byte of 0xff where ESP would be; the receiver ignores it, the NAT does not. */
function sendKeepalive(engine: Engine, sa: Sa): void {
  const { ring, memory } = engine;
  const { template } = sa.resolved;
  const entry = ring.take("out", engine.now, SLOT_DATA);
  const start = ring.dataOf(entry);
  const nonIke = sa.resolved.nonIke ? 8 : 0;
  const headers = template.bytes.length - nonIke;
  memory.bytes.set(template.bytes.subarray(0, headers), start);
  memory.bytes[start + headers] = KEEPALIVE_BYTE;
  if (template.outer !== 0) stampLengths(memory.bytes, start, headers + 1, sa);
  entry.sa = sa;
  entry.path = sa.path;
  entry.verdict = "keepalive";
  entry.kind = "datagram";
  entry.start = start;
  entry.length = headers + 1;
  memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
  engine.counters.keepalive++;
  sa.lastSentAt = engine.now;
}

/** Lengths and checksums of the outer IP and UDP headers of a keepalive. */
function stampLengths(bytes: Uint8Array, start: number, length: number, sa: Sa): void {
  const { template } = sa.resolved;
  const udp = start + template.udpOffset;
  const udpLength = length - template.udpOffset;
  setWord16(bytes, udp + 4, udpLength);
  if (template.outer === 4) {
    setWord16(bytes, start + 2, length);
    setWord16(bytes, start + 10, 0);
    setWord16(bytes, start + 10, internetChecksum(bytes, start, 20));
    return;
  }
  setWord16(bytes, start + 4, length - 40);
  const carried = pseudoHeaderSum(
    bytes.subarray(start + 8, start + 24),
    bytes.subarray(start + 24, start + 40),
    udpLength,
    17,
  );
  setWord16(bytes, udp + 6, internetChecksum(bytes, udp, udpLength, carried) || 0xffff);
}

/** Stages a dummy packet of `length` random bytes; false when the SA cannot carry it or the ring is full. */
export function stageDummy(
  engine: Engine,
  sa: Sa,
  length: number,
  random: (bytes: Uint8Array<ArrayBuffer>) => unknown,
): boolean {
  const { ring, memory } = engine;
  const fitting = Math.min(length, largestPayload(sa, pathMtu(sa), 0), SLOT_DATA);
  if (sa.state !== "live" || sa.refusing || sa.lifetime.refuses(fitting + 32) !== undefined) return false;
  if (!ring.hasRoom(1, SLOT_DATA)) return false;
  const entry = ring.take("out", engine.now, fitting);
  const address = ring.dataOf(entry);
  const filling = new Uint8Array(fitting);
  random(filling);
  memory.bytes.set(filling, address);
  describeDummy(engine, entry, sa, address, fitting);
  return true;
}
