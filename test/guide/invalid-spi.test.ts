// The guide's chapter on invalid SPI recovery: RFC 2408 section 3.14, RFC 7296 section 1.5.
import { describe, expect, it } from "vitest";
import { DataPlane, type Event } from "../../src/index.js";
import { events, gcm } from "../engine/world.js";
import { connect, negotiate, settle, twoEnds } from "../ike/two-ends.js";
import { ipv4 } from "../packets.js";

/** An ESP packet of an SPI that nobody has. */
function stray(spi: number, source = "10.1.1.1"): Uint8Array {
  const payload = new Uint8Array(40);
  new DataView(payload.buffer).setUint32(0, spi);
  const packet = ipv4({ protocol: 50, source, target: "10.2.2.2", payload, sourcePort: spi >>> 16, targetPort: spi });
  return packet;
}

function invalidSpis(plane: DataPlane): (Event & { kind: "invalid-spi" })[] {
  const all: (Event & { kind: "invalid-spi" })[] = [];
  for (let event = plane.nextEvent(); event !== undefined; event = plane.nextEvent())
    if (event.kind === "invalid-spi") all.push(event);
  return all;
}

describe("the black hole of the guide's example", () => {
  it("22: without recovery a router that lost its SAs drops for ever", async () => {
    const [a, b] = await twoEnds();
    expect(a.say(0)).toBe("delivered");
    b.clear();
    for (let minute = 1; minute <= 60; minute++) {
      expect(a.say(minute * 60_000)).toBe("unknown-spi");
      settle(minute * 60_000, a, b);
    }
    expect(b.log).not.toContain("establish");
    expect(a.out?.state).toBe("live");
  });

  it("22, 28: with recovery IKE comes up again, the notice deletes that SA, traffic makes new ones", async () => {
    const [a, b] = await twoEnds({ invalidSpiRecovery: true });
    // Step 1: both directions work.
    expect([a.say(0), b.say(0)]).toEqual(["delivered", "delivered"]);
    // Step 2: clear on router B.
    const lost = a.out;
    b.clear();
    // Step 3: traffic from host 1.
    expect(a.say(1000)).toBe("unknown-spi");
    const told = settle(1000, b).filter(({ kind }) => kind === "invalid-spi");
    expect(b.log).toContain("establish");
    expect(lost?.state).toBe("deleted");
    expect(a.incoming?.state).toBe("live"); // exactly the named one
    expect(a.say(1001)).toBe("no-sa");
    settle(1001, a, b);
    expect([a.say(1002), b.say(1002)]).toEqual(["delivered", "delivered"]);
    // Step 4: the message of router B.
    expect(told).toMatchObject([
      { spi: lost?.spi, protocol: 50, source: "10.1.1.1", target: "10.2.2.2", recovery: true, peer: b.peer },
    ]);
  });

  it("22: where an IKE SA is left, the notice goes through it, recovery or not", async () => {
    for (const version of [1, 2] as const) {
      const [a, b] = await twoEnds({}, {}, version);
      b.incoming?.delete();
      expect(a.say(1000)).toBe("unknown-spi");
      settle(1000, a, b);
      expect(b.log).toEqual(["informed"]);
      expect(a.say(1001)).toBe("no-sa");
      settle(1001, a, b);
      expect(a.say(1002)).toBe("delivered");
    }
  });

  it("22: a notice names an SA of the peer that sent it, or nothing happens", async () => {
    const [a, b] = await twoEnds();
    const other = a.plane.addPeer({ addresses: ["10.9.9.9"] });
    const spi = 0x7777;
    const tunnel = { source: "10.1.1.1", target: "10.9.9.9" };
    const foreign = a.plane.addSa({ ...gcm("out", { spi }), tunnel, peer: other } as never);
    b.plane.unprotect(0, stray(spi)); // b says that it does not know the SPI of another peer's SA
    settle(0, b, a);
    expect(b.log).toEqual(["informed"]);
    expect([foreign.state, a.out?.state]).toEqual(["live", "live"]);
  });

  it("23: one peer has many SAs; only the one it does not know goes", async () => {
    const [a, b] = await twoEnds();
    const first = [a.out, a.incoming];
    negotiate(a, b);
    const second = [a.out, a.incoming];
    b.incoming?.delete();
    expect(a.say(1000)).toBe("unknown-spi");
    settle(1000, a, b);
    expect([...first, ...second].map((sa) => sa?.state)).toEqual(["live", "live", "deleted", "live"]);
    expect(a.peer.outbound(first[0]?.spi ?? 0)).toBe(first[0]);
  });

  it("an unprotected notice is a hint: it makes the peer worth one probe, and deletes nothing", async () => {
    const detection = { mode: "on-demand", seconds: 10 } as const;
    const [a, b] = await twoEnds({ detection }, { driver: { hints: true } });
    b.clear();
    expect(a.say(1000)).toBe("unknown-spi");
    settle(1000, b);
    expect(b.log).toEqual(["hint"]);
    expect(a.out?.state).toBe("live");
    expect(events(a.plane)).toEqual(["probe"]);
    a.say(1500);
    settle(1500, b);
    expect(events(a.plane)).toEqual([]); // one an interval
    connect(2000, b, 1);
    expect(a.peer.state).toBe("up");
  });
});

describe("its bounds", () => {
  it("21: off by default, and the event says so", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
    expect(plane.invalidSpiRecovery).toBe(false);
    expect(plane.unprotect(0, stray(0x1214f0d)).verdict).toBe("unknown-spi");
    expect(invalidSpis(plane)).toMatchObject([{ spi: 0x1214f0d, recovery: false, suppressed: 0 }]);
    plane.invalidSpiRecovery = true;
    plane.unprotect(0, stray(0x1214f0d));
    expect(invalidSpis(plane)).toMatchObject([{ recovery: true }]);
  });

  it("21: a flood from one source raises four events, then one in ten seconds", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
    const count = (from: number, to: number, source: string) => {
      for (let at = from; at < to; at += 10) plane.unprotect(at, stray(0x10000 + at, source));
      return invalidSpis(plane).length;
    };
    expect(count(0, 1000, "10.1.1.1")).toBe(4);
    expect(count(1000, 61_000, "10.1.1.1")).toBe(6);
    expect(count(61_000, 61_010, "10.1.1.2")).toBe(1); // another source is not held back
  });

  it("21: forged sources together raise ten events a second at most, and what was held back is counted", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
    for (let i = 0; i < 5000; i++) plane.unprotect(i / 5, stray(0x10000 + i, `10.${i >> 8}.${i & 255}.7`));
    const told = invalidSpis(plane);
    expect(told.length).toBe(19); // ten at once, nine as the second passes
    expect(plane.counters["unknown-spi"]).toBe(5000);
    const held = told.reduce((sum, { suppressed }) => sum + suppressed, 0);
    expect(held).toBeGreaterThan(4400);
    expect(held).toBeLessThanOrEqual(5000 - 19);
  });

  it("21: recovery sets up IKE SAs with configured peers only, one attempt at a time", async () => {
    const [a, b] = await twoEnds({ invalidSpiRecovery: true, invalidSpiRates: { perSecond: 1000 } });
    b.clear();
    a.mute = true; // nobody answers
    for (let i = 0; i < 50; i++) b.plane.unprotect(1000 + i, stray(0x10000 + i, `10.7.7.${i}`));
    settle(1050, b);
    expect(b.log).toEqual([]);
    for (let i = 0; i < 4; i++) b.plane.unprotect(2000 + i, stray(0x10000 + i));
    settle(2010, b);
    expect(b.log).toEqual(["establish"]);
  });

  it("21: over a socket the address is that of the path", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const path = plane.path({ remote: { address: "192.0.2.77", port: 4500 } });
    plane.unprotect(0, stray(0x1234).subarray(20), path);
    expect(invalidSpis(plane)).toMatchObject([{ spi: 0x1234, protocol: 50, source: "192.0.2.77", path }]);
  });

  it("21: rates have ranges", async () => {
    for (const invalidSpiRates of [{ perSecond: 0 }, { perSecond: 1001 }, { perSourceSeconds: 3601 }])
      await expect(DataPlane.create({ limits: "edge", invalidSpiRates })).rejects.toThrow(/whole number/);
  });
});
