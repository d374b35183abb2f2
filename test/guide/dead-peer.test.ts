// The guide's chapter on dead peer detection: RFC 3706, RFC 7296 section 2.4.
import { describe, expect, it } from "vitest";
import {
  type AreYouThere,
  chooseLiveness,
  DEAD_PEER_DETECTION_VENDOR_ID,
  type IkeSa,
  type Notify,
  type Payload,
  type PayloadChain,
  readAreYouThere,
  readNotify,
  readPayloads,
  writeAreYouThere,
  writeInvalidSpi,
  writePayloads,
} from "../../src/ike/index.js";
import { DataPlane, type Event, type PeerConfig, type Sa } from "../../src/index.js";
import { gcm } from "../engine/world.js";
import { pass, settle, twoEnds } from "../ike/two-ends.js";
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

  it("41: the times of the guide's trace: each retry counts from when the last was sent", async () => {
    const { plane, peer } = await watched();
    const at = (text: string) => Date.parse(`1970-01-01T${text}Z`);
    plane.heard(at("15:47:25.335"), peer); // a hello ten seconds before the trace begins
    taken(plane);
    for (const [due, ticked, kind, missed] of [
      ["15:47:35.335", "15:47:35.343", "probe", 0],
      ["15:47:37.343", "15:47:37.351", "probe", 1],
      ["15:47:39.351", "15:47:39.363", "probe", 2],
      ["15:47:41.363", "15:47:41.375", "probe", 3],
      ["15:47:43.375", "15:47:43.391", "probe", 4],
      ["15:47:45.391", "15:47:45.391", "peer-dead", undefined],
    ] as const) {
      expect(plane.deadline()).toBe(at(due));
      plane.tick(at(due) - 1);
      expect(taken(plane)).toEqual([]);
      plane.tick(at(ticked));
      expect(taken(plane)).toMatchObject([missed === undefined ? { kind } : { kind, missed }]);
    }
  });

  it("e7: misses are a parameter; the four transmissions of the Easy VPN example are one", async () => {
    const { plane } = await watched({
      deadPeerDetection: { mode: "periodic", seconds: 30, retrySeconds: 20, misses: 4 },
    });
    const all = run(plane, 1_000_000);
    expect(all.map(([at]) => at)).toEqual([30_000, 50_000, 70_000, 90_000, 110_000]);
    expect(all.filter(([, kind]) => kind === "probe").length).toBe(4);
  });

  it("40, 44: its SAs go, the next of the list takes its place, after the last the first again", async () => {
    const addresses = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const { plane, peer, out, incoming } = await watched({ addresses });
    const other = plane.addSa(gcm("out", { spi: 0x3003 }));
    const seen: string[] = [];
    let now = 0;
    for (let round = 0; round < 4; round++) {
      now = plane.deadline() + 10_000;
      for (let at = plane.deadline(); at <= now; at = plane.deadline()) plane.tick(at);
      const dead = taken(plane).at(-1);
      expect(dead).toMatchObject({ kind: "peer-dead", peer, next: peer.address });
      seen.push(peer.address);
      plane.heard(now, peer); // IKE reached the next one
      expect(peer.state).toBe("up");
    }
    expect(seen).toEqual(["10.0.0.2", "10.0.0.3", "10.0.0.1", "10.0.0.2"]);
    expect(states(out, incoming, other)).toEqual(["deleted", "deleted", "live"]);
  });

  it("40: an address at which IKE reaches nobody is passed over, unless SAs are alive", async () => {
    const { plane, peer, out, incoming } = await watched({ addresses: ["10.0.0.1", "10.0.0.2"] });
    peer.failOver();
    expect([peer.address, ...states(out, incoming)]).toEqual(["10.0.0.1", "live", "live"]);
    for (const sa of [out, incoming]) sa.delete();
    const passed = [1, 2, 3].map(() => {
      peer.failOver();
      return peer.address;
    });
    expect(passed).toEqual(["10.0.0.2", "10.0.0.1", "10.0.0.2"]);
    expect(run(plane, 100_000)).toEqual([]); // nobody is watched before somebody has been there
  });

  it("40: IKE deletes its SA with the dead address, and traffic negotiates anew", async () => {
    const [a, b] = await twoEnds({ detection: PERIODIC }, {});
    b.mute = true;
    expect(pass(20_000, a).at(-1)).toEqual([20_000, "peer-dead"]);
    expect(a.log).toContain("release dead");
    expect(a.sas.size).toBe(0);
    b.mute = false;
    expect(a.say(21_000)).toBe("no-sa");
    settle(21_000, a, b);
    expect(a.say(21_001)).toBe("delivered");
  });
});

describe("proof of life", () => {
  it("35, e13: periodic asks at regular intervals, with nothing to send", async () => {
    const [a, b] = await twoEnds({ detection: PERIODIC }, {});
    expect(pass(45_000, a)).toEqual([10, 20, 30, 40].map((second) => [second * 1000, "probe"]));
    expect(a.peer.state).toBe("up");
    expect(b.peer.state).toBe("up");
  });

  it("35, 36: on demand asks nothing while there is nothing to send, and then with the first packet", async () => {
    const [a, b] = await twoEnds({ detection: ON_DEMAND }, {});
    expect(pass(500_000, a)).toEqual([]);
    a.say(500_000);
    expect(settle(500_000, a, b).map(({ kind }) => kind)).toEqual(["probe"]);
    a.say(505_000); // the answer is five seconds old
    expect(settle(505_000, a, b)).toEqual([]);
    b.say(508_000); // ESP of the peer's is proof, too
    a.say(517_999);
    expect(settle(517_999, a, b)).toEqual([]);
    a.say(518_000);
    expect(settle(518_000, a, b).map(({ kind }) => kind)).toEqual(["probe"]);
  });

  it("36: a hello of the peer's own stands in for the next probe", async () => {
    const { plane, peer } = await watched();
    plane.heard(7000, peer);
    expect(plane.deadline()).toBe(17_000);
  });

  it("37: two seconds between retries by default, 2 to 60 allowed; the interval itself stays", async () => {
    for (const retrySeconds of [undefined, 2, 60]) {
      const { plane, peer } = await watched({
        deadPeerDetection: { ...PERIODIC, ...(retrySeconds === undefined ? {} : { retrySeconds }) },
      });
      plane.tick(10_000);
      expect(plane.deadline()).toBe(10_000 + (retrySeconds ?? 2) * 1000);
      const [probe] = taken(plane);
      expect(plane.heard(10_001, peer, (probe as Event & { kind: "probe" }).sequence)).toBe(true);
      expect(plane.deadline()).toBe(20_000);
    }
    for (const retrySeconds of [1, 61, 2.5])
      await expect(watched({ deadPeerDetection: { ...PERIODIC, retrySeconds } })).rejects.toThrow(/from 2 to 60/);
  });

  it("38, e8: ten seconds with retries of five: the second number is an interval", async () => {
    const { plane } = await watched({ deadPeerDetection: { ...PERIODIC, retrySeconds: 5 } });
    expect(run(plane, 100_000).map(([at]) => at)).toEqual([10_000, 15_000, 20_000, 25_000, 30_000, 35_000]);
  });

  it("e6: IKEv1 asks with R_U_THERE and numbers that grow by one; a wrong acknowledgement proves nothing", async () => {
    const [a, b] = await twoEnds({ detection: PERIODIC }, {});
    b.mute = true;
    pass(14_000, a);
    const numbers = a.sent.slice(-3).map((chain) => {
      const [payload] = readPayloads(chain) ?? [];
      const notify = readNotify(1, payload?.body as Uint8Array);
      expect(notify).toMatchObject({ type: 36136, protocol: 1 });
      return Buffer.from(notify?.data ?? []).readUInt32BE();
    });
    const [first = 0] = numbers;
    expect(numbers).toEqual([first, first + 1, first + 2]);
    expect(first).toBeLessThanOrEqual(2 ** 31); // room to grow
    for (const wrong of [first - 1, first + 3]) expect(a.plane.heard(14_500, a.peer, wrong)).toBe(false);
    expect(a.peer.state).toBe("probing");
    expect(a.plane.heard(14_500, a.peer, first + 1)).toBe(true); // late, but of this asking
    expect(a.peer.state).toBe("up");
  });

  it("e6: IKEv2 asks with an INFORMATIONAL message without payloads", async () => {
    const [a] = await twoEnds({ detection: PERIODIC }, {}, 2);
    a.sent = [];
    pass(25_000, a);
    expect(a.sent).toEqual([
      { first: 0, bytes: new Uint8Array(0) },
      { first: 0, bytes: new Uint8Array(0) },
    ]);
    expect(a.peer.state).toBe("up");
  });

  it("what stands behind an acknowledgement is heeded, and nothing where that is old", async () => {
    const [a, b] = await twoEnds({ detection: PERIODIC }, {});
    b.mute = true;
    pass(10_000, a);
    const sa = a.find(b.address) as IkeSa;
    const [asked] = readPayloads(a.sent.at(-1) as PayloadChain) ?? [];
    const notify = readNotify(1, (asked as Payload).body) as Notify;
    const { sequence } = readAreYouThere(sa, notify) as AreYouThere;
    const [out] = [...a.peer.sas].filter(({ direction }) => direction === "out") as [Sa];
    const message = (number: number) =>
      writePayloads([
        writeAreYouThere(sa, { ack: true, sequence: number }),
        writeInvalidSpi(1, { spi: out.spi, protocol: 50 }),
      ]);
    expect(a.driver.informed(10_500, a.peer, sa, message(sequence - 1))).toBe(false);
    expect([out.state, a.peer.state]).toEqual(["live", "probing"]);
    expect(a.driver.informed(10_500, a.peer, sa, message(sequence))).toBe(true);
    expect([out.state, a.peer.state]).toEqual(["deleted", "up"]);
  });

  it("a question that is older than the last is not answered", async () => {
    const [a, b] = await twoEnds({ detection: PERIODIC }, {});
    pass(10_000, a);
    const [old] = a.sent.slice(-1);
    pass(20_000, a);
    const sa = b.find(a.address);
    expect(b.driver.informed(21_000, b.peer, sa as never, old as never)).toBe(false);
  });

  it("forged and replayed packets prove nothing", async () => {
    const { plane, peer, fromFar } = await watched();
    const datagram = fromFar();
    plane.unprotect(0, datagram);
    plane.tick(10_000);
    const forged = fromFar();
    forged[30] = (forged[30] as number) ^ 1;
    expect(plane.unprotect(10_500, forged).verdict).toBe("forged");
    expect(plane.unprotect(10_500, datagram).verdict).toBe("replayed");
    expect(peer.state).toBe("probing");
    expect(plane.unprotect(10_500, fromFar()).verdict).toBe("delivered");
    expect(peer.state).toBe("up");
  });

  it("39: DPD where the peer speaks it, IOS keepalives otherwise, but not with Easy VPN", () => {
    const dpd = [{ type: 13, body: DEAD_PEER_DETECTION_VENDOR_ID }];
    expect(chooseLiveness({ payloads: dpd, iosKeepalives: true, easyVpn: false })).toBe("dpd");
    expect(chooseLiveness({ payloads: dpd, iosKeepalives: false, easyVpn: true })).toBe("dpd");
    expect(chooseLiveness({ payloads: [], iosKeepalives: true, easyVpn: false })).toBe("ios-keepalive");
    expect(chooseLiveness({ payloads: [], iosKeepalives: true, easyVpn: true })).toBeUndefined();
    expect(chooseLiveness({ payloads: [], iosKeepalives: false, easyVpn: false })).toBeUndefined();
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

  it("44: addresses are one to thirty-two, each once; a deleted peer takes its SAs along", async () => {
    const { plane, peer, out } = await watched();
    for (const addresses of [
      [],
      ["10.0.0.1", "10.0.0.1"],
      ["host.example"],
      Array.from({ length: 33 }, (_, i) => `10.0.0.${i}`),
    ])
      expect(() => plane.addPeer({ addresses })).toThrow(/addresses/);
    peer.delete();
    expect(out.state).toBe("deleted");
    expect(() => plane.heard(1, peer)).toThrow(/deleted or belongs to another plane/);
    expect(() => plane.addSa({ ...gcm("out", { spi: 0x4004 }), peer })).toThrow(/deleted or belongs/);
    expect(plane.deadline()).toBe(Infinity);
  });

  it("the table of peers is bounded", async () => {
    const plane = await DataPlane.create({ limits: { peers: 2 } });
    const add = () => plane.addPeer({ addresses: ["10.0.0.1"] });
    const [first] = [add(), add()];
    expect(add).toThrow(/limits.peers/);
    first?.delete();
    expect(add).not.toThrow();
  });
});
