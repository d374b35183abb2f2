// The guide's chapter on NAT transparency: RFC 3947, RFC 3948, RFC 7296 section 2.23.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  chooseNatMethod,
  decideNat,
  encapsulationMode,
  judgeNat,
  NAT_VENDOR_IDS,
  type NatMethod,
  natDetectionFor,
  natVendorIds,
  originalEndpoints,
  readEncapsulationMode,
  readNatDetection,
  readOriginalAddresses,
  readPayloads,
  writeNatDetection,
  writeOriginalAddress,
  writePayloads,
} from "../../src/ike/index.js";
import { DataPlane, type PlaneOptions } from "../../src/index.js";
import { parseConfig } from "../../src/ios/index.js";
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

  describe("e4: 20 seconds are the keepalive's default, not a NAT's mapping time", () => {
    const hour = 3_600_000;
    /** Whether a NAT that forgets after the two minutes of RFC 4787 REQ-5 still knows a mapping made at 0 after an hour. */
    const held = (sent: number[]) => [...sent, hour].every((at, i) => at - (sent[i - 1] ?? 0) < 120_000);

    it("e4: what is set is sent, and any that is below two minutes holds a mapping", async () => {
      for (const [seconds, holds] of [
        [20, true],
        [119, true],
        [121, false],
        [3600, false],
      ] as const) {
        const { plane } = await behindNat({ natKeepalive: { seconds }, random: loaded(0) });
        const sent = keepalives(plane, hour);
        expect(sent).toEqual(Array.from({ length: Math.floor(3600 / seconds) }, (_, i) => (i + 1) * seconds * 1000));
        expect(held(sent), `${seconds}`).toBe(holds);
      }
    });

    it("e4: nothing is sent unless it was asked for", async () => {
      const { plane } = await behindNat({});
      expect(keepalives(plane, hour)).toEqual([]);
      expect(plane.deadline()).toBe(Infinity);
    });

    it("e4: a configuration is warned above two minutes", () => {
      const said = (seconds: number) => parseConfig(`crypto isakmp nat keepalive ${seconds}\n`).diagnostics.length;
      expect([20, 21, 119, 120, 121, 3600].map(said)).toEqual([0, 0, 0, 0, 1, 1]);
    });
  });

  it("52: the SAs of one peer keep one mapping alive", async () => {
    const { plane, peer, out } = await behindNat({ natKeepalive: { seconds: 20 }, random: loaded(0) });
    plane.addSa({ ...gcm("out", { spi: 0x3003, natTraversal: NATT }), peer });
    plane.tick(1000);
    plane.protect(5000, ipv4(), out);
    expect(keepalives(plane, 65_000)).toEqual([25_000, 45_000, 65_000]);
  });
});

const md5 = (bytes: Uint8Array) => Uint8Array.from(createHash("md5").update(bytes).digest());
const sha1 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha1").update(bytes).digest());
const SPIS = { initiatorSpi: new Uint8Array(8).fill(7), responderSpi: new Uint8Array(8).fill(9) };
const method = (name: string) => NAT_VENDOR_IDS.find((id) => id.method.name === name)?.method as NatMethod;

/** A message from `source` to `target` that arrives from `seen` at `arrived`: what the receiver finds. */
function exchanged(version: 1 | 2, ends: { source: string; seen: string; target: string; arrived: string }) {
  const at = (address: string) => ({ address, port: 500 });
  const rfc = method("rfc3947");
  const hash = version === 1 ? md5 : sha1;
  const detection = natDetectionFor(SPIS, { local: at(ends.source), remote: at(ends.target) }, hash);
  const chain = writePayloads(version === 1 ? writeNatDetection(1, detection, rfc) : writeNatDetection(2, detection));
  const payloads = readPayloads(chain) ?? [];
  const received = version === 1 ? readNatDetection(1, payloads, rfc) : readNatDetection(2, payloads);
  if (received === undefined) throw new Error("nothing was read");
  return judgeNat(SPIS, received, { local: at(ends.arrived), remote: at(ends.seen) }, hash);
}

describe("detection", () => {
  it("48, 49: hashes of addresses and ports tell who is behind a NAT: nobody, the peer, this side, both", () => {
    const [inside, outside, far, farInside] = ["10.0.0.7", "203.0.113.1", "198.51.100.2", "192.168.1.2"];
    for (const version of [1, 2] as const) {
      const judge = (source: string, seen: string, target: string, arrived: string) =>
        exchanged(version, { source, seen, target, arrived });
      expect(judge(outside, outside, far, far)).toEqual({ local: false, remote: false });
      expect(judge(inside, outside, far, far)).toEqual({ local: false, remote: true });
      expect(judge(outside, outside, far, farInside)).toEqual({ local: true, remote: false });
      expect(judge(inside, outside, far, farInside)).toEqual({ local: true, remote: true });
      expect(judge("fd00::1", "2001:db8::1", "2001:db8::2", "2001:db8::2")).toEqual({ local: false, remote: true });
    }
  });

  it("48: on by default; turned off, no vendor ID is sent, none is taken, ESP travels bare", () => {
    const theirs = natVendorIds(true);
    expect(theirs.length).toBe(6);
    expect(chooseNatMethod(theirs, true)?.name).toBe("rfc3947");
    expect(decideNat(method("rfc3947"), { local: true, remote: false }, 4500).outbound).toBeDefined();
    expect(natVendorIds(false)).toEqual([]);
    expect(chooseNatMethod(theirs, false)).toBeUndefined();
    expect(decideNat("ikev2", { local: true, remote: true }, 4500, false).outbound).toBeUndefined();
    expect(decideNat(undefined, { local: true, remote: true }, 4500).outbound).toBeUndefined();
  });

  it("49: the best common vendor ID decides, Quick Mode names its encapsulation, NAT-OA the original addresses", () => {
    const old = natVendorIds(true).slice(4);
    expect(chooseNatMethod(old, true)?.name).toBe("draft-01");
    expect(chooseNatMethod([{ type: 13, body: new Uint8Array(16) }], true)).toBeUndefined();
    expect(readEncapsulationMode(encapsulationMode("transport", method("rfc3947")))).toEqual({
      mode: "transport",
      udp: "rfc3947",
    });
    expect(readEncapsulationMode(encapsulationMode("tunnel", method("draft-02")))).toEqual({
      mode: "tunnel",
      udp: "draft",
    });
    const rfc = method("rfc3947");
    const pair = ["10.0.0.7", "198.51.100.2"].map((address) => writeOriginalAddress(address, rfc));
    const original = readOriginalAddresses(readPayloads(writePayloads(pair)) ?? [], rfc);
    expect(originalEndpoints(original as never, "responder")).toEqual({ source: "198.51.100.2", target: "10.0.0.7" });
  });

  it("50, e1: the 8-byte marker on port 500 with the early drafts, no marker on port 4500 with RFC 3948", () => {
    const found = { local: true, remote: false };
    for (const name of ["draft-00", "draft-01"])
      expect(decideNat(method(name), found, 31_000).outbound).toEqual({
        sourcePort: 500,
        targetPort: 31_000,
        marker: "non-ike",
      });
    for (const name of ["rfc3947", "draft-03", "draft-02"])
      expect(decideNat(method(name), found, 31_000).outbound).toMatchObject({ sourcePort: 4500, marker: "rfc3948" });
    expect(decideNat("ikev2", found, 4500).inbound).toEqual({ sourcePort: 4500, targetPort: 4500, marker: "rfc3948" });
  });

  it("50, 51, e1, e2: what is decided seals and opens; UDP checksum zero over IPv4, right over IPv6", async () => {
    for (const name of ["rfc3947", "draft-00"] as const)
      for (const tunnel of [
        { source: "192.0.2.1", target: "192.0.2.2" },
        { source: "2001:db8::1", target: "2001:db8::2" },
      ]) {
        const ours = decideNat(method(name), { local: true, remote: false }, method(name).port);
        const theirs = decideNat(method(name), { local: false, remote: true }, method(name).port);
        const [near, far] = await Promise.all([1, 2].map(() => DataPlane.create({ limits: "edge", carrier: "ip" })));
        const base = { tunnel } as const;
        const out = near?.addSa({ ...gcm("out"), ...base, natTraversal: ours.outbound } as never);
        far?.addSa({ ...gcm("in"), ...base, natTraversal: theirs.inbound } as never);
        const datagram = near?.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
        const udp = tunnel.source.includes(":") ? 40 : 20;
        const word = (offset: number) => Buffer.from(datagram).readUInt16BE(udp + offset);
        expect([word(0), word(2)]).toEqual([method(name).port, method(name).port]);
        expect(word(6) === 0).toBe(udp === 20);
        expect(Buffer.from(datagram).readUInt32BE(udp + 8)).toBe(name === "draft-00" ? 0 : 0x1001);
        datagram[udp + 6] = 0x77; // whatever the checksum says, a receiver must not depend on it: the ICV counts
        expect(far?.unprotect(0, datagram).verdict).toBe("delivered");
      }
  });
});

describe("a peer whose mapping changes", () => {
  async function moving(followMapping: boolean, carrier: "udp" | "ip" = "udp") {
    const plane = await DataPlane.create({ limits: "edge", carrier });
    const far = await DataPlane.create({ limits: "edge", carrier });
    const peer = plane.addPeer({ addresses: ["192.0.2.2"], followMapping });
    const natTraversal = NATT;
    const out = plane.addSa({ ...gcm("out", { natTraversal }), peer });
    const incoming = plane.addSa({ ...gcm("in", { spi: 0x2002, natTraversal }), peer });
    const farOut = far.addSa(gcm("out", { spi: 0x2002, natTraversal }));
    const path = (port: number) => plane.path({ remote: { address: "192.0.2.2", port } });
    const packets = [1, 2, 3].map(() => far.protect(0, ipv4(), farOut).datagrams[0] as Uint8Array);
    return { plane, out, incoming, path, packets: packets as [Uint8Array, Uint8Array, Uint8Array] };
  }

  it("49: is followed by its outbound SAs too, after an authenticated packet that is the newest", async () => {
    const { plane, out, incoming, path, packets } = await moving(true);
    const [first, second, third] = packets;
    plane.unprotect(0, second, path(40_000));
    expect([incoming.path, out.path]).toEqual([path(40_000), path(40_000)]);
    expect(plane.unprotect(0, first, path(50_000)).verdict).toBe("delivered"); // late: moves nobody
    const forged = third.slice();
    forged[40] = (forged[40] as number) ^ 1;
    expect(plane.unprotect(0, forged, path(50_000)).verdict).toBe("forged");
    expect(plane.unprotect(0, second, path(50_000)).verdict).toBe("replayed");
    expect([incoming.path, out.path]).toEqual([path(40_000), path(40_000)]);
    plane.unprotect(0, third, path(50_000));
    expect([incoming.path, out.path]).toEqual([path(50_000), path(50_000)]);
  });

  it('49: over carrier "ip" the outer header of what is sealed follows', async () => {
    const { plane, out, path, packets } = await moving(true, "ip");
    const port = () => Buffer.from(plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array).readUInt16BE(22);
    expect(port()).toBe(4500);
    plane.unprotect(0, packets[1], path(40_000));
    expect([out.path, port()]).toEqual([path(40_000), 40_000]);
    expect(plane.unprotect(0, packets[0], path(50_000)).verdict).toBe("delivered"); // late: moves nobody
    expect(port()).toBe(40_000);
  });

  it("49: is not, where this side stands behind a NAT itself: RFC 7296 section 2.23", async () => {
    const { plane, out, path, packets } = await moving(false);
    const before = out.path;
    plane.unprotect(0, packets[0], path(40_000));
    expect(out.path).toBe(before);
    expect(decideNat("ikev2", { local: true, remote: true }, 4500).followMapping).toBe(false);
    expect(decideNat("ikev2", { local: false, remote: true }, 4500).followMapping).toBe(true);
  });
});

describe("checksums in transport mode", () => {
  const inside = { source: "10.0.0.7", target: "198.51.100.2" };
  const seen = { source: "203.0.113.1", target: "198.51.100.2" };

  /** A packet with a right checksum between `ends`; `zero`: UDP without one. */
  function segment(ends: { source: string; target: string }, protocol: 6 | 17, length: number, zero = false) {
    const packet = ipv4({ ...ends, protocol, payload: Uint8Array.from({ length }, (_, i) => i * 37) });
    const field = 20 + (protocol === 6 ? 16 : 6);
    packet[field] = 0;
    packet[field + 1] = 0;
    const sum = checksumOf(packet);
    if (!zero) Buffer.from(packet.buffer).writeUInt16BE(protocol === 17 ? sum || 0xffff : sum, field);
    return packet;
  }

  /** RFC 1071 over pseudo header and payload: 0 when the checksum in it is right. */
  function checksumOf(packet: Uint8Array): number {
    let sum = (packet[9] as number) + packet.length - 20;
    for (let i = 12; i < packet.length; i++) sum += (packet[i] as number) * (i % 2 === 0 ? 256 : 1);
    while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
    return ~sum & 0xffff;
  }

  async function through(original: { source: string; target: string } | "unknown" | undefined, packet: Uint8Array) {
    const near = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const far = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const { tunnel: _, ...transport } = { ...gcm("out"), mode: "transport" } as never as { tunnel: unknown };
    const out = near.addSa({ ...transport, direction: "out", endpoints: inside } as never);
    far.addSa({
      ...transport,
      direction: "in",
      endpoints: seen,
      natTraversal: { ...NATT, ...(original === undefined ? {} : { original }) },
    } as never);
    const { packet: opened } = far.unprotect(0, near.protect(0, packet, out).datagrams[0] as Uint8Array);
    return opened as Uint8Array;
  }

  it("49: TCP and UDP follow the addresses, known or unknown; a UDP checksum of zero stays; else bytes stay", async () => {
    for (const original of [inside, "unknown"] as const)
      for (const protocol of [6, 17] as const)
        for (const length of [20, 21, 100, 1399]) {
          const opened = await through(original, segment(inside, protocol, length));
          expect(checksumOf(opened)).toBe(0);
          expect(opened.subarray(12, 16)).toEqual(Uint8Array.of(203, 0, 113, 1));
        }
    const untold = await through(undefined, segment(inside, 17, 100));
    expect(checksumOf(untold)).not.toBe(0);
    const bare = await through(inside, segment(inside, 17, 100, true));
    expect([bare[26], bare[27]]).toEqual([0, 0]);
    const wrong = segment(seen, 6, 100);
    wrong[36] = (wrong[36] as number) ^ 0x55; // a wrong checksum stays wrong where the addresses did not change
    expect((await through(seen, wrong)).subarray(20)).toEqual(wrong.subarray(20));
  });

  it("49: original addresses are for inbound SAs in transport mode", async () => {
    const plane = await DataPlane.create({ limits: "edge" });
    expect(() => plane.addSa(gcm("in", { natTraversal: { ...NATT, original: inside } }))).toThrow(/transport mode/);
  });
});
