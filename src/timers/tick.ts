// What a tick runs: the timers that are due. RFC 4301 section 4.4.2.1 (lifetimes), RFC 3948 section 4 (keepalives),
// RFC 4303 section 2.6 (dummy packets).
import { D_STATUS, SLOT_DATA } from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import { stageDummy } from "../dummy.js";
import type { Engine } from "../engine.js";
import { forgetMtu } from "../frag/path-mtu.js";
import { Peer } from "../liveness/peer.js";
import { writeKeepalive } from "../natt/keepalive.js";
import type { Sa } from "../sad/sa.js";
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
      sa.lifetime.announce();
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
    case "path-mtu":
      forgetMtu(engine, sa);
      return;
    case "keepalive":
      sendKeepalive(engine, sa);
      return;
    case "dummy":
      sa.lastSentAt = engine.now;
      stageDummy(engine, sa, DUMMY_LENGTH, random);
  }
}

/** One byte of 0xff where ESP would be; the receiver ignores it, the NAT does not. The next waits as set by now. */
function sendKeepalive(engine: Engine, sa: Sa): void {
  const { ring, memory } = engine;
  const carrier = engine.carrier ?? "udp";
  const entry = ring.take(false, SLOT_DATA);
  const start = ring.dataOf(entry);
  entry.sa = sa;
  entry.path = sa.path;
  entry.verdict = "keepalive";
  entry.kind = "datagram";
  entry.start = start;
  entry.length = writeKeepalive(sa, carrier, memory.bytes, start);
  memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
  engine.counters.keepalive++;
  sa.lastSentAt = engine.now;
  if (sa.peer !== undefined) sa.peer.refreshedAt = engine.now;
  sa.keepaliveMs = engine.keepalives.intervalFor(sa, carrier);
}
