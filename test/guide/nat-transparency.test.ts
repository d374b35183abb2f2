// The guide's chapter on NAT transparency: RFC 3947, RFC 3948, RFC 7296 section 2.23.
import { describe, expect, it } from "vitest";
import { DataPlane, type PlaneOptions } from "../../src/index.js";
import { drain, gcm } from "../engine/world.js";
import { ipv4 } from "../packets.js";

const NATT = { sourcePort: 4500, targetPort: 4500 };

/** `random` that answers `fraction`, in 0 up to 1, whenever a number is drawn. */
function loaded(fraction: number): (bytes: Uint8Array) => void {
  return (bytes) => bytes.fill(Math.floor(fraction * 256));
}

async function behindNat(options: PlaneOptions) {
  const plane = await DataPlane.create({ limits: "edge", ...options });
  const peer = plane.addPeer({ addresses: ["192.0.2.2"] });
  const out = plane.addSa({ ...gcm("out", { natTraversal: NATT }), peer });
  plane.tick(0);
  return { plane, peer, out };
}

/** When keepalives come out until `end`. */
function keepalives(plane: DataPlane, end: number): number[] {
  const all: number[] = [];
  for (let at = plane.deadline(); at <= end; at = plane.deadline()) {
    plane.tick(at);
    for (const item of drain(plane, at)) if (item.verdict === "keepalive") all.push(at);
  }
  return all;
}

describe("keepalives", () => {
  it("52: from 5 to 3600 seconds, one byte, up to five percent early and never late", async () => {
    for (const [fraction, seconds] of [
      [0, 20],
      [0.5, 20],
      [255 / 256, 3600],
    ] as const) {
      const { plane } = await behindNat({ natKeepalive: { seconds }, random: loaded(fraction) });
      const [first = 0] = keepalives(plane, seconds * 1000);
      expect(first).toBeGreaterThanOrEqual(seconds * 950);
      expect(first).toBeLessThanOrEqual(seconds * 1000);
      expect(first / seconds / 1000).toBeCloseTo(1 - 0.05 * fraction, 3);
    }
    for (const seconds of [4, 3601, 5.5, Number.NaN])
      await expect(behindNat({ natKeepalive: { seconds } })).rejects.toThrow(/from 5 to 3600/);
  });

  it("52: a new value is used once the running timer has fired", async () => {
    const { plane } = await behindNat({ natKeepalive: { seconds: 100 }, random: loaded(0) });
    plane.tick(10_000);
    plane.natKeepalive = { seconds: 10 };
    expect(keepalives(plane, 125_000)).toEqual([100_000, 110_000, 120_000]);
    plane.natKeepalive = undefined;
    expect(keepalives(plane, 300_000)).toEqual([130_000]);
    plane.natKeepalive = { seconds: 10 };
    expect(plane.deadline()).toBe(140_000); // counted from what was sent last
  });

  it("e3: what was received puts a keepalive off only where the guide's rule is asked for", async () => {
    for (const [after, expected] of [
      ["sent", 20_000],
      ["sent-or-received", 32_000],
    ] as const) {
      const { plane, peer } = await behindNat({ natKeepalive: { seconds: 20, after }, random: loaded(0) });
      plane.addSa({ ...gcm("in", { spi: 0x2002 }), peer });
      const far = await DataPlane.create({ limits: "edge" });
      const datagram = far.protect(0, ipv4(), far.addSa(gcm("out", { spi: 0x2002 }))).datagrams[0] as Uint8Array;
      expect(plane.unprotect(12_000, datagram).verdict).toBe("delivered");
      expect(plane.unprotect(15_000, datagram).verdict).toBe("replayed"); // feeds nothing
      expect(plane.deadline()).toBe(expected);
    }
  });

  it("e4: the default that RFC 3948 suggests for keepalives is no mapping time: nothing is sent unless asked for", async () => {
    const { plane } = await behindNat({});
    expect(plane.deadline()).toBe(Infinity);
    plane.natKeepalive = { seconds: 119, after: "sent" }; // just below the two minutes of RFC 4787 REQ-5
    expect(plane.deadline()).toBeLessThanOrEqual(119_000);
  });

  it("52: the SAs of one peer keep one mapping alive", async () => {
    const { plane, peer, out } = await behindNat({ natKeepalive: { seconds: 20 }, random: loaded(0) });
    plane.addSa({ ...gcm("out", { spi: 0x3003, natTraversal: NATT }), peer });
    plane.tick(1000);
    plane.protect(5000, ipv4(), out);
    expect(keepalives(plane, 65_000)).toEqual([25_000, 45_000, 65_000]);
  });
});
