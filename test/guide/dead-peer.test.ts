// The guide's chapter on dead peer detection: RFC 3706, RFC 7296 section 2.4.
import { describe, expect, it } from "vitest";
import { DataPlane, type Event, type PeerConfig, type Sa } from "../../src/index.js";
import { gcm } from "../engine/world.js";
import { ipv4 } from "../packets.js";

const PERIODIC = { mode: "periodic", seconds: 10 } as const;
const ON_DEMAND = { mode: "on-demand", seconds: 10 } as const;

function taken(plane: DataPlane): Event[] {
  const all: Event[] = [];
  for (let event = plane.nextEvent(); event !== undefined; event = plane.nextEvent()) all.push(event);
  return all;
}

/** A plane with one peer and an SA each way, the clock at 0; `far` seals for it. */
async function watched(config: Partial<PeerConfig> = {}) {
  const plane = await DataPlane.create({ limits: "edge" });
  const far = await DataPlane.create({ limits: "edge" });
  const peer = plane.addPeer({ addresses: ["10.2.80.209"], deadPeerDetection: PERIODIC, ...config });
  const out = plane.addSa({ ...gcm("out"), peer });
  const incoming = plane.addSa({ ...gcm("in", { spi: 0x2002 }), peer });
  const farOut = far.addSa(gcm("out", { spi: 0x2002 }));
  plane.tick(0);
  const fromFar = () => far.protect(0, ipv4(), farOut).datagrams[0] as Uint8Array;
  return { plane, peer, out, incoming, fromFar };
}

/** Runs the plane to `end`, tick by tick as `deadline` says; what happened when. */
function run(plane: DataPlane, end: number): (readonly [number, Event["kind"]])[] {
  const all: (readonly [number, Event["kind"]])[] = [];
  for (let at = plane.deadline(); at <= end; at = plane.deadline()) {
    plane.tick(at);
    for (const event of taken(plane)) all.push([at, event.kind]);
  }
  return all;
}

function states(...sas: Sa[]): string[] {
  return sas.map((sa) => sa.state);
}

describe("a peer that does not answer", () => {
  it("41: five misses two seconds apart, then down", async () => {
    const { plane, peer, out, incoming } = await watched();
    expect(run(plane, 19_999)).toEqual([
      [10_000, "probe"],
      [12_000, "probe"],
      [14_000, "probe"],
      [16_000, "probe"],
      [18_000, "probe"],
    ]);
    expect([peer.state, ...states(out, incoming)]).toEqual(["probing", "live", "live"]);
    expect(run(plane, 20_000)).toEqual([[20_000, "peer-dead"]]);
    expect([peer.state, ...states(out, incoming)]).toEqual(["dead", "deleted", "deleted"]);
    expect(plane.deadline()).toBe(Infinity);
  });
});

describe("its configuration", () => {
  it("36: the interval is mandatory and lies between 10 and 3600 seconds", async () => {
    const plane = await DataPlane.create({ limits: "edge" });
    const add = (seconds: number | undefined) => () =>
      plane.addPeer({ addresses: ["10.0.0.1"], deadPeerDetection: { mode: "periodic", seconds: seconds as number } });
    for (const refused of [undefined, 9, 3601, 10.5, Number.NaN]) expect(add(refused)).toThrow(/from 10 to 3600/);
    for (const allowed of [10, 3600]) expect(add(allowed)).not.toThrow();
  });

  it("36: on demand, silence alone asks nothing; the first packet sealed after it does", async () => {
    const { plane, peer, out } = await watched({ deadPeerDetection: ON_DEMAND });
    expect(run(plane, 100_000)).toEqual([]);
    plane.protect(100_000, ipv4(), out);
    expect(taken(plane)).toMatchObject([{ kind: "probe", peer, missed: 0 }]);
  });
});
