// Two planes and an SA between them, for stories.
import {
  DataPlane,
  type EspConfig,
  type Item,
  type PlaneOptions,
  type Sa,
  type SaConfig,
  type Verdict,
} from "../../src/index.js";

export const GCM_KEY = Uint8Array.from({ length: 20 }, (_, i) => i + 1);
export const TUNNEL = { source: "192.0.2.1", target: "192.0.2.2" };

export type Options = Partial<
  Pick<
    EspConfig,
    | "addedAt"
    | "clampMss"
    | "dfBit"
    | "dscp"
    | "dummySeconds"
    | "esn"
    | "idleSeconds"
    | "initialSequence"
    | "innerDf"
    | "lifetime"
    | "natTraversal"
    | "pathMtu"
    | "prefragment"
    | "tunnelMtu"
    | "replayWindow"
    | "selectors"
    | "spi"
    | "tfcPadding"
  >
> & { readonly tunnel?: { readonly source: string; readonly target: string } };

export function gcm(direction: "out" | "in", options: Options = {}): EspConfig {
  return {
    direction,
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: "aes-gcm-16",
    encryptionKey: GCM_KEY,
    tunnel: TUNNEL,
    ...options,
  };
}

export interface World {
  readonly plane: DataPlane;
  readonly peer: DataPlane;
  readonly out: Sa;
  readonly incoming: Sa;
}

export async function world(
  out: SaConfig = gcm("out"),
  incoming: SaConfig = gcm("in"),
  options: PlaneOptions = {},
): Promise<World> {
  const plane = await DataPlane.create({ limits: "edge", ...options });
  const peer = await DataPlane.create({ limits: "edge", ...options });
  return { plane, peer, out: plane.addSa(out), incoming: peer.addSa(incoming) };
}

export interface Polled {
  readonly kind: Item["kind"];
  readonly verdict: Verdict;
  readonly bytes: Uint8Array;
  readonly last: boolean;
  readonly sa: Sa | undefined;
  readonly df: boolean;
}

/** Flushes and takes everything out. */
export function drain(plane: DataPlane, now: number): Polled[] {
  plane.flush(now);
  const item = plane.createItem();
  const all: Polled[] = [];
  while (plane.poll(item)) {
    all.push({ kind: item.kind, verdict: item.verdict, bytes: item.copy(), last: item.last, sa: item.sa, df: item.df });
  }
  return all;
}

export function events(plane: DataPlane): string[] {
  const all: string[] = [];
  for (let event = plane.nextEvent(); event !== undefined; event = plane.nextEvent()) {
    all.push("limit" in event ? `${event.kind} ${event.limit}` : event.kind);
  }
  return all;
}
