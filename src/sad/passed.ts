// What a packet is to its SAs once it has passed them: sealed by them, or authenticated and out of them.
import { D_OUTER, D_OUTER_TEXT_LENGTH, MAX_OUTERS } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import { followMapping } from "../natt/mapping.js";
import type { Entry } from "../wasm/entry.js";
import type { Sa } from "./sa.js";

/** Step 4 of the line in. The outer SAs of a bundle, out of which the packet has come: each authenticated it. The one that has expired, if any. */
export function judgeOuters(engine: Engine, entry: Entry): Sa | undefined {
  const { words } = engine.memory;
  for (let depth = 0; depth < MAX_OUTERS; depth++) {
    const record = words[entry.descriptor + (D_OUTER >> 2) + depth] as number;
    const sa = record === 0 ? undefined : engine.sad.at(record);
    if (sa === undefined) return undefined;
    if (entry.now >= sa.hardAt) engine.expire(sa, "seconds");
    const text = words[entry.descriptor + (D_OUTER_TEXT_LENGTH >> 2) + depth] as number;
    if (sa.state !== "live" || !feed(engine, entry, sa, text)) return sa;
    if (depth === 0) followMapping(engine, entry, sa);
  }
  return undefined;
}

/** An authenticated packet counts against the SA's volume and shows that the peer lives. False: it is used up. */
export function feed(engine: Engine, entry: Entry, sa: Sa, text: number): boolean {
  const limit = sa.lifetime.refuses(text);
  if (limit !== undefined) {
    engine.expire(sa, limit);
    return false;
  }
  engine.countVolume(sa, text);
  sa.lastUsedAt = entry.now;
  if (sa.peer !== undefined) engine.peers.received(sa.peer, entry.now);
  return true;
}

/** A packet of the SA is on its way: what idles, keeps a NAT mapping alive or watches the peer begins anew. */
export function hasSent(engine: Engine, sa: Sa, { now }: Entry): void {
  sa.lastUsedAt = now;
  sa.lastSentAt = now;
  if (sa.peer !== undefined) engine.peers.sent(sa.peer, now);
}
