// RFC 4301 section 4.4.2.1: soft limits announce, hard limits refuse; idle SAs go. Time is an argument.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { ipv4 } from "../packets.js";
import { drain, events, gcm, world } from "./world.js";

describe("packets and kilobytes", () => {
  it("out: the packets below the limit are sealed in one batch with those that are refused", async () => {
    const { plane, out } = await world(gcm("out", { lifetime: { packets: 3, softPercent: 50 } }));
    const policy = plane.addPolicy({ direction: "out", action: "protect", sa: out });
    for (let i = 0; i < 5; i++) expect(plane.outbound(1, ipv4())).toBe(true);
    expect(drain(plane, 1).map((item) => item.verdict)).toEqual(["sealed", "sealed", "sealed", "no-sa", "no-sa"]);
    expect(out.state).toBe("expired");
    expect(events(plane)).toEqual(["soft-expired packets", "acquire", "hard-expired packets"]);
    expect(plane.protect(2, ipv4()).verdict).toBe("no-sa");
    expect(policy.action).toBe("protect");
    expect(out.sequence).toBe(3n);
  });

  it("count what the encryption sees: payload, padding, pad length, next header", async () => {
    const { plane, peer, out, incoming } = await world(gcm("out", { lifetime: { kilobytes: 1 } }), gcm("in"));
    const sizes = [100, 101, 102, 103]; // + 2, rounded up to 4: 104, 104, 104, 108
    for (const length of sizes) peer.unprotect(1, plane.protect(1, ipv4({ length }), out).datagrams[0] as Uint8Array);
    expect(out.stats.bytes).toBe(104 * 3 + 108);
    expect(incoming.stats.bytes).toBe(out.stats.bytes);
    expect(plane.protect(1, ipv4({ length: 1024 - out.stats.bytes - 2 }), out).verdict).toBe("sealed"); // exactly 1024
    expect(plane.protect(1, ipv4({ length: 20 }), out).verdict).toBe("no-sa");
    expect(events(plane)).toEqual(["soft-expired kilobytes", "hard-expired kilobytes"]);
  });

  it("in: a replay does not age an SA, and what exceeds the limit is not delivered", async () => {
    const { plane, peer, out, incoming } = await world(gcm("out"), gcm("in", { lifetime: { packets: 2 } }));
    const datagrams = [1, 2, 3].map(() => plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array);
    const verdicts = [0, 0, 0, 1, 2, 0].map((i) => peer.unprotect(0, datagrams[i] as Uint8Array).verdict);
    expect(verdicts).toEqual(["delivered", "replayed", "replayed", "delivered", "expired", "expired"]);
    expect(incoming.stats.packets).toBe(2);
  });
});

describe("seconds", () => {
  it("soft at 90 percent, hard at the end, to the millisecond; keys are wiped, the SPI answers expired", async () => {
    const { plane, peer, out, incoming } = await world(
      gcm("out", { lifetime: { seconds: 100 }, addedAt: 1000 }),
      gcm("in", { lifetime: { seconds: 100 } }),
    );
    const datagram = plane.protect(5000, ipv4(), out).datagrams[0] as Uint8Array;
    expect(plane.deadline()).toBe(91_000);
    plane.tick(90_999);
    expect(events(plane)).toEqual([]);
    plane.tick(91_000);
    expect(events(plane)).toEqual(["soft-expired seconds"]);
    expect(plane.deadline()).toBe(101_000);
    expect(plane.protect(100_999, ipv4(), out).verdict).toBe("sealed");
    expect(plane.protect(101_000, ipv4(), out).verdict).toBe("no-sa"); // without a tick, too
    expect(events(plane)).toEqual(["hard-expired seconds"]);
    expect(plane.deadline()).toBe(Infinity);

    peer.tick(7000); // the first now that the peer sees: its SA's age begins here
    expect(peer.deadline()).toBe(97_000);
    expect(peer.unprotect(107_000, datagram).verdict).toBe("expired");
    expect(incoming.state).toBe("expired");
    incoming.delete();
    expect(peer.unprotect(107_000, datagram).verdict).toBe("unknown-spi");
  });

  it("a clock that goes back counts as the latest time seen; NaN throws", async () => {
    const { plane, out } = await world(gcm("out", { lifetime: { seconds: 10 } }));
    plane.tick(50_000);
    expect(plane.protect(0, ipv4(), out).verdict).toBe("sealed");
    expect(plane.deadline()).toBe(59_000);
    expect(() => plane.tick(Number.NaN)).toThrowError(expect.objectContaining({ code: "now" }));
    expect(() => plane.protect(Infinity, ipv4(), out)).toThrowError(expect.objectContaining({ code: "now" }));
  });
});

describe("idle", () => {
  it("an SA without an authenticated packet is deleted; forged ones do not keep it", async () => {
    const { plane, peer, out, incoming } = await world(gcm("out"), gcm("in", { idleSeconds: 60 }));
    peer.tick(0);
    expect(peer.deadline()).toBe(60_000);
    const good = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
    expect(peer.unprotect(30_000, good).verdict).toBe("delivered");
    expect(peer.deadline()).toBe(90_000);
    const forged = (plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array).slice();
    forged[20] = (forged[20] as number) ^ 1;
    expect(peer.unprotect(80_000, forged).verdict).toBe("forged");
    peer.tick(89_999);
    expect(incoming.state).toBe("live");
    peer.tick(90_000);
    expect(events(peer)).toEqual(["idle"]);
    expect(incoming.state).toBe("deleted");
    expect(incoming.stats.packets).toBe(1);
    expect(peer.deadline()).toBe(Infinity);
  });
});

describe("what tick sends", () => {
  it("a keepalive when nothing was sent for its time", async () => {
    const natTraversal = { sourcePort: 4500, targetPort: 4500, keepaliveSeconds: 20 };
    const { plane, peer, out } = await world(gcm("out", { natTraversal }), gcm("in", { natTraversal }));
    plane.tick(0);
    plane.protect(15_000, ipv4(), out);
    expect(plane.deadline()).toBe(35_000);
    plane.tick(20_000);
    expect(drain(plane, 20_000)).toEqual([]);
    plane.tick(35_000);
    const [keepalive, ...more] = drain(plane, 35_000);
    expect(keepalive).toMatchObject({ kind: "datagram", verdict: "keepalive", bytes: Uint8Array.of(0xff), sa: out });
    expect(more).toEqual([]);
    expect(peer.unprotect(35_000, keepalive?.bytes as Uint8Array).verdict).toBe("keepalive");
    expect(plane.deadline()).toBe(55_000);
  });

  it("a dummy when nothing was sent for its time", async () => {
    const { plane, peer } = await world(gcm("out", { dummySeconds: 5 }));
    plane.tick(0);
    plane.tick(5000);
    const [dummy] = drain(plane, 5000);
    expect(dummy?.verdict).toBe("sealed");
    expect(peer.unprotect(5000, dummy?.bytes as Uint8Array).verdict).toBe("dummy");
    expect(plane.deadline()).toBe(10_000);
  });

  it('no dummy in transport mode over carrier "ip": nobody says what stands in front', async () => {
    const transport = { ...gcm("out"), mode: "transport", tunnel: undefined } as unknown as SaConfig;
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    expect(plane.dummy(0, plane.addSa(transport), 64)).toBe(false);
    expect(drain(plane, 0)).toEqual([]);
    expect(() => plane.addSa({ ...transport, spi: 0x1002, dummySeconds: 5 } as SaConfig)).toThrow("needs endpoints");
  });
});
