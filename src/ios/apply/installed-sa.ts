// An SA of a session, with what IOS knows of it: its ids, its limits, its counters.
import type { Sa } from "../../sad/sa.js";
import type { TransformSet } from "../model.js";
import type { IdentCounters } from "../show/state.js";
import type { Suite } from "../transforms.js";

export interface InstalledSa {
  readonly sa: Sa;
  readonly suite: Suite;
  readonly transformSet: TransformSet;
  /** Alike for the SAs of one negotiation, both ways. */
  readonly generation: number;
  readonly connectionId: number;
  readonly flowId: number;
  readonly installedAt: number;
  readonly kilobytes: number;
  readonly seconds: number;
  readonly natTraversal: boolean;
  /** The SA that counts the packets of its generation and direction: the innermost. */
  readonly counts: boolean;
  /** When a later negotiation replaced it, Infinity before. */
  supersededAt: number;
}

/** Adds what an SA has counted. A packet of a bundle is counted by the innermost SA; drops by the SA that dropped it. */
export function count({ sa, suite, counts }: InstalledSa, into: IdentCounters): void {
  const { packets, dropped, ...stats } = sa.stats;
  const drops = Object.values(dropped).reduce((sum, number) => sum + number, 0);
  if (sa.direction === "out") into.sendErrors += drops;
  else into.receiveErrors += drops;
  into.replayFailed += (dropped.stale ?? 0) + (dropped.replayed ?? 0);
  into.verifyFailed += dropped.forged ?? 0;
  into.invalidIdentity += sa.direction === "in" ? (dropped["policy-mismatch"] ?? 0) : 0;
  into.invalidLength += (dropped.malformed ?? 0) + (dropped["bad-trailer"] ?? 0);
  into.noSa += dropped["no-sa"] ?? 0;
  if (!counts) return;
  const encrypted = suite.protocol === "esp" ? packets : 0;
  if (sa.direction === "out") {
    into.encaps += packets;
    into.encrypt += encrypted;
    into.digest += packets;
    into.compressed += stats.compressed;
    into.notCompressed += stats.notCompressed;
    into.compressFailed += stats.compressFailed;
  } else {
    into.decaps += packets;
    into.decrypt += encrypted;
    into.verify += packets;
    into.decompressed += stats.decompressed;
    into.notDecompressed += stats.notDecompressed;
    into.decompressFailed += stats.decompressFailed;
  }
}
