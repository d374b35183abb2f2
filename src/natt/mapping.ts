// Where a peer is: its NAT may map it anew at any time. What it sends shows where, once it is authenticated.
import { D_NEWEST } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import type { Peer } from "../liveness/peer.js";
import type { Sa } from "../sad/sa.js";
import type { Entry } from "../wasm/entry.js";
import { isSamePath, type Path } from "./path.js";

/** RFC 7296 section 2.23: only an authenticated packet newer than all before it moves the peer. */
export function followMapping(engine: Engine, entry: Entry, sa: Sa): void {
  const { path } = entry;
  if (path === undefined || path === sa.path || engine.memory.words[entry.descriptor + (D_NEWEST >> 2)] === 0) return;
  if (isSamePath(path, sa.path)) {
    sa.path = path; // forgotten, and made again
    return;
  }
  follow(engine, sa, path);
  if (sa.peer?.followMapping === true) leadOutbound(engine, sa.peer, path);
}

/** What goes to the peer goes where the peer is now; without UDP there is no mapping that could have changed. */
function leadOutbound(engine: Engine, peer: Peer, path: Path): void {
  for (const sa of peer.sas) {
    if (sa.direction !== "out" || sa.state !== "live" || sa.path === path) continue;
    if (engine.carrier === "udp" || sa.resolved.config.natTraversal !== undefined) follow(engine, sa, path);
  }
}

/** An outbound SA whose headers cannot lead to `path` stays where it is. */
function follow(engine: Engine, sa: Sa, path: Path): void {
  const previous = sa.path;
  if (engine.moveSa(sa, path) === undefined) engine.events.push({ kind: "mapping-changed", sa, path, previous });
}
