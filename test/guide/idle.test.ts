// The guide's chapter on idle timers, and its lifetimes: RFC 4301 section 4.4.2.1.
import { describe, expect, it } from "vitest";
import { DataPlane } from "../../src/index.js";
import { events, gcm } from "../engine/world.js";
import { pass, twoEnds } from "../ike/two-ends.js";
import { ipv4 } from "../packets.js";

const SETTING = { defaults: { idleSeconds: 600 } };

describe("idle SAs", () => {
  it("59: two lifetimes, and idle beside them: whichever is first; without idle-time an SA waits for its lifetime", async () => {
    const plane = await DataPlane.create({ limits: "edge" });
    const lifetime = { seconds: 3600, kilobytes: 4608 };
    const idle = plane.addSa(gcm("out", { spi: 0x1001, lifetime, idleSeconds: 600 }));
    const patient = plane.addSa(gcm("out", { spi: 0x1002, lifetime }));
    const busy = plane.addSa(gcm("out", { spi: 0x1003, lifetime, idleSeconds: 600 }));
    plane.tick(0);
    for (let at = 0; at < 3_599_000; at += 300_000) plane.protect(at, ipv4(), busy);
    plane.tick(3_599_999);
    expect([idle, patient, busy].map((sa) => sa.state)).toEqual(["deleted", "live", "live"]);
    plane.tick(3_600_000);
    expect([patient, busy].map((sa) => sa.state)).toEqual(["expired", "expired"]);
  });

  it("60: globally for every SA made, or for one", async () => {
    const plane = await DataPlane.create({ limits: "edge", defaults: { idleSeconds: 600 } });
    const global = plane.addSa(gcm("out", { spi: 0x1001 }));
    const own = plane.addSa(gcm("out", { spi: 0x1002, idleSeconds: 60 }));
    plane.tick(0);
    expect(plane.deadline()).toBe(60_000);
    plane.tick(60_000);
    expect([global.state, own.state]).toEqual(["live", "deleted"]);
    plane.tick(599_999);
    expect(global.state).toBe("live");
    plane.tick(600_000);
    expect(global.state).toBe("deleted");
    expect(events(plane)).toEqual(["idle", "idle"]);
  });

  it("61: the last SA to a peer that goes by idle takes the IKE SA along", async () => {
    const [a, b] = await twoEnds(SETTING, {});
    a.say(0);
    b.say(100_000);
    a.say(200_000);
    expect(pass(1_000_000, a)).toEqual([
      [700_000, "idle"],
      [800_000, "idle"],
      [800_000, "peer-idle"],
    ]);
    expect(a.log.slice(-1)).toEqual(["release idle"]);
    expect(a.sas.size).toBe(0);
  });

  it("61: not while another SA to the peer lives, and a hard lifetime does not count as idle", async () => {
    const [a] = await twoEnds(SETTING, {});
    a.say(0);
    a.plane.addSa({ ...gcm("out", { spi: 0x9999, idleSeconds: 5000 }), peer: a.peer });
    const [, ...later] = pass(4_999_999, a);
    expect(later).toEqual([[600_000, "idle"]]);
    expect(a.sas.size).toBe(1);
  });

  it("62: another than the preferred peer, idle too long, gives way to the preferred one", async () => {
    const plane = await DataPlane.create({ limits: "edge" });
    const peer = plane.addPeer({
      addresses: ["10.0.0.1", "10.0.0.2"],
      preferredIdleSeconds: 120,
      deadPeerDetection: { mode: "on-demand", seconds: 10 },
    });
    const first = plane.addSa({ ...gcm("out"), peer });
    plane.tick(0);
    plane.tick(300_000); // the preferred one may be idle
    expect(events(plane)).toEqual([]);
    plane.protect(300_000, ipv4(), first);
    for (let at = plane.deadline(); at < 320_000; at = plane.deadline()) plane.tick(at);
    expect([peer.address, first.state]).toEqual(["10.0.0.2", "deleted"]);
    events(plane);
    const second = plane.addSa({ ...gcm("out", { spi: 0x2002 }), peer });
    plane.tick(330_000);
    plane.heard(330_000, peer);
    plane.protect(335_000, ipv4(), second);
    expect(plane.deadline()).toBe(455_000);
    plane.tick(454_999);
    expect([peer.address, second.state]).toEqual(["10.0.0.2", "live"]);
    plane.tick(455_000);
    expect([peer.address, second.state]).toEqual(["10.0.0.1", "deleted"]);
    expect(plane.nextEvent()).toMatchObject({ kind: "peer-idle", peer, address: "10.0.0.2", next: "10.0.0.1" });
  });
});

describe("lifetimes", () => {
  it("33: the volume is reduced by a random part of up to five percent where that is asked for", async () => {
    const volume = async (fraction: number, volumeJitterPercent: number) => {
      const random = (bytes: Uint8Array) => bytes.fill(Math.floor(fraction * 256));
      const plane = await DataPlane.create({ limits: "edge", random });
      const sa = plane.addSa(gcm("out", { lifetime: { kilobytes: 100, volumeJitterPercent } }));
      while (plane.protect(0, ipv4({ length: 102 }), sa).verdict === "sealed");
      return sa.stats.bytes;
    };
    expect(await volume(0.5, 0)).toBeGreaterThan(102_400 - 104);
    expect(await volume(0, 5)).toBeGreaterThan(102_400 - 104);
    expect(await volume(0.5, 5)).toBeLessThanOrEqual(102_400 * 0.975);
    expect(await volume(0.5, 5)).toBeGreaterThan(102_400 * 0.974 - 104);
    expect(await volume(0.999, 5)).toBeGreaterThan(102_400 * 0.95 - 104);
    await expect(volume(0, 6)).rejects.toThrow(/from 0 to 5/);
  });
});
