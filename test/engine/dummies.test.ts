// Dummy packets: RFC 4303 section 2.6.
import { describe, expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig } from "../../src/index.js";
import { ipv4ChecksumHolds } from "../packets.js";
import { drain, gcm, world } from "./world.js";

const ENDS4 = { source: "192.0.2.1", target: "192.0.2.2" };
const ENDS6 = { source: "2001:db8::1", target: "2001:db8::2" };

function transport(direction: "out" | "in", more: object = {}): SaConfig {
  const { tunnel: _, ...rest } = gcm(direction, { spi: 0x1001 });
  return { ...rest, mode: "transport", ...more } as SaConfig;
}

function ah(direction: "out" | "in", more: object = {}): SaConfig {
  const integrity = { integrity: "hmac-sha2-256-128", integrityKey: new Uint8Array(32).fill(3) };
  return { direction, protocol: "ah", spi: 0x1002, mode: "transport", ...integrity, ...more } as SaConfig;
}

/** A bundle of ESP in `inner` mode, then AH, at both ends. */
async function bundled(inner: (direction: "out" | "in") => SaConfig, outer: object = {}) {
  const [plane, peer] = [
    await DataPlane.create({ carrier: "ip", limits: "edge" }),
    await DataPlane.create({ carrier: "ip", limits: "edge" }),
  ];
  const sas = [plane.addSa(inner("out")), plane.addSa(ah("out", outer))] as [Sa, Sa];
  const incoming = [peer.addSa(inner("in")), peer.addSa(ah("in"))] as [Sa, Sa];
  const policy = plane.addPolicy({ direction: "out", action: "protect", sa: sas });
  peer.addPolicy({ direction: "in", action: "protect", sa: incoming });
  return { plane, peer, sas, incoming, policy };
}

const bytesOf = (plane: DataPlane, now = 0) => drain(plane, now).map(({ bytes }) => bytes);

describe("a dummy of a bundle's inner SA", () => {
  it.each([
    ["tunnel", (direction: "out" | "in") => gcm(direction)],
    ["transport", (direction: "out" | "in") => transport(direction, { endpoints: ENDS4 })],
    ["transport, IPv6", (direction: "out" | "in") => transport(direction, { endpoints: ENDS6 })],
  ] as const)("%s: goes through the outer ones, and counts against all", async (_, inner) => {
    const { plane, peer, sas, incoming } = await bundled(inner);
    expect(plane.dummy(0, sas[0], 100)).toBe(true);
    const [datagram] = bytesOf(plane) as [Uint8Array];
    const six = (datagram[0] as number) >> 4 === 6;
    expect(datagram[six ? 6 : 9]).toBe(51);
    if (!six) expect(ipv4ChecksumHolds(datagram)).toBe(true);
    expect(peer.unprotect(0, datagram)).toMatchObject({ verdict: "dummy", sa: incoming[0] });
    for (const sa of [...sas, ...incoming]) expect(sa.stats.packets).toBe(1);
    expect(sas[1].stats.bytes).toBe(datagram.length);
    expect(incoming[0].stats.dummies).toBe(1);
  });

  it("the timer's too", async () => {
    const { plane, peer, incoming } = await bundled((direction) =>
      gcm(direction, direction === "out" ? { dummySeconds: 5 } : {}),
    );
    plane.tick(0);
    plane.tick(5000);
    expect(peer.unprotect(5000, bytesOf(plane, 5000)[0] as Uint8Array)).toMatchObject({
      verdict: "dummy",
      sa: incoming[0],
    });
  });

  it("fits the narrowest path, is refused with the outer SA's lifetime, and goes alone once the policy is gone", async () => {
    const { plane, sas, policy } = await bundled((direction) => gcm(direction), {
      pathMtu: 600,
      lifetime: { packets: 1 },
    });
    expect(plane.dummy(0, sas[0], 2000)).toBe(true);
    const [datagram] = bytesOf(plane) as [Uint8Array];
    expect(datagram.length).toBeLessThanOrEqual(600);
    expect(datagram.length).toBeGreaterThan(596);
    expect(plane.dummy(0, sas[0], 100)).toBe(false);
    expect(sas[0].stats.packets).toBe(1);
    policy.delete();
    expect(plane.dummy(0, sas[0], 100)).toBe(true);
    expect(bytesOf(plane)[0]?.[9]).toBe(50);
  });

  it("after a rekey the old inner SA keeps its own outer ones", async () => {
    const { plane, peer, sas, policy } = await bundled((direction) => gcm(direction));
    policy.use([plane.addSa(gcm("out", { spi: 0x5001 })), plane.addSa(ah("out", { spi: 0x5002 }))]);
    plane.dummy(0, sas[0], 100);
    expect(peer.unprotect(0, bytesOf(plane)[0] as Uint8Array).verdict).toBe("dummy");
  });
});

describe("a dummy of one SA", () => {
  it('in transport mode over carrier "ip" has a header between the endpoints, or is refused', async () => {
    for (const endpoints of [ENDS4, ENDS6]) {
      const { plane, peer, out } = await world(transport("out", { endpoints }), transport("in"), { carrier: "ip" });
      expect(plane.dummy(0, out, 100)).toBe(true);
      expect(peer.unprotect(0, bytesOf(plane)[0] as Uint8Array).verdict).toBe("dummy");
    }
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    expect(plane.dummy(0, plane.addSa(transport("out")), 100)).toBe(false);
    expect(() => plane.addSa(transport("out", { spi: 0x2000, dummySeconds: 5 }))).toThrow(
      expect.objectContaining({ code: "address" }),
    );
  });

  it("never of an inbound SA, of AH, of one that is used up or gone", async () => {
    const { plane, peer, out, incoming } = await world(gcm("out", { lifetime: { packets: 1 } }));
    expect(peer.dummy(0, incoming, 64)).toBe(false);
    expect(plane.dummy(0, out, 64)).toBe(true);
    expect(plane.dummy(0, out, 64)).toBe(false);
    out.delete();
    expect(plane.dummy(0, out, 64)).toBe(false);
    expect(incoming.sequence).toBe(0n);
    const other = await DataPlane.create({ carrier: "ip", limits: "edge" });
    expect(other.dummy(0, other.addSa(ah("out")), 64)).toBe(false);
  });
});
