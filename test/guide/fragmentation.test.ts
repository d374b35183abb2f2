// The guide's chapter on pre-fragmentation: items 13 to 20.
import { describe, expect, it } from "vitest";
import { DataPlane, type IpsecError, type SaConfig } from "../../src/index.js";
import { type Shape, saConfig } from "../differential/arbitrary.js";
import { drain, GCM_KEY, gcm, type Options, TUNNEL, world } from "../engine/world.js";
import { hex, ipv4, ipv4ChecksumHolds, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { joinFragments } from "../reference/fragments.js";
import { readPacket } from "../reference/ip.js";
import { SUITES } from "../reference/suites.js";

const CARRIERS = ["ip", "udp"] as const;
const offsetOf = (packet: Uint8Array) => (Buffer.from(packet).readUInt16BE(6) & 0x1fff) * 8;
const dfOf = (packet: Uint8Array) => ((packet[6] as number) & 0x40) !== 0;

function transport(direction: "out" | "in", options: object = {}): SaConfig {
  const ends = { endpoints: { source: "10.1.0.7", target: "10.2.0.9" } };
  const suite = { encryption: "aes-gcm-16", encryptionKey: GCM_KEY };
  return { direction, protocol: "esp", spi: 0x3003, mode: "transport", ...ends, ...suite, ...options } as SaConfig;
}

/** What one packet becomes, and what the peer opens of it. */
async function send(packet: Uint8Array, options: Options, carrier: "ip" | "udp" = "ip") {
  const { plane, peer, out } = await world(gcm("out", options), gcm("in"), { carrier });
  const { verdict, datagrams, icmp } = plane.protect(0, packet, out);
  const opened = datagrams.map((datagram) => peer.unprotect(0, datagram));
  return { verdict, datagrams, icmp, opened, inner: opened.flatMap(({ packet }) => packet ?? []), out, plane };
}

describe("what becomes of a packet that is too long", () => {
  it.each(CARRIERS)("13: in tunnel mode it is cut into pieces that each travel alone, carrier %s", async (carrier) => {
    const packet = ipv4({ payload: new Random().bytes(1480) });
    const { verdict, datagrams, opened, inner } = await send(packet, { prefragment: "greedy" }, carrier);
    expect(verdict).toBe("sealed");
    expect(datagrams.length).toBe(2);
    expect(opened.map(({ verdict }) => verdict)).toEqual(["delivered", "delivered"]);
    expect(inner.every(ipv4ChecksumHolds)).toBe(true);
    expect(hex(joinFragments(inner) as Buffer)).toBe(hex(packet));
  });

  it("13: GRE in tunnel mode is an inner packet like any other", async () => {
    const gre = ipv4({ protocol: 47, payload: new Random().bytes(1480) });
    const { datagrams, inner } = await send(gre, { prefragment: "equal" });
    expect(datagrams.length).toBe(2);
    expect(hex(joinFragments(inner) as Buffer)).toBe(hex(gre));
  });

  it("13: in transport mode it is refused as a setting of one SA and passes it by as the plane's default", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge", defaults: { prefragment: "greedy" } });
    for (const wrong of [{ prefragment: "equal" }, { tunnelMtu: 1400 }]) {
      expect(() => plane.addSa(transport("out", wrong))).toThrow(
        expect.objectContaining({ code: "mode" }) as unknown as IpsecError,
      );
    }
    const out = plane.addSa(transport("out", { pathMtu: 600 }));
    const { verdict, datagrams } = plane.protect(0, ipv4({ length: 900 }), out);
    expect(verdict).toBe("sealed");
    expect(datagrams.map((datagram) => readPacket(datagram)?.isFragment)).toEqual([true, true]); // cut after
    const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
    peer.addSa(transport("in"));
    const whole = joinFragments(datagrams) as Buffer;
    expect(hex(peer.unprotect(0, whole).packet as Uint8Array)).toBe(hex(ipv4({ length: 900 })));
  });

  it("14: on a plane that only opens, the setting changes nothing", async () => {
    const { plane, out } = await world(gcm("out", { prefragment: "equal" }), gcm("in"), { carrier: "ip" });
    const sent = plane.protect(0, ipv4({ length: 1500 }), out).datagrams;
    const peers = await Promise.all(
      [false, "equal", "greedy"].map(async (prefragment) => {
        const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
        peer.addSa({ ...gcm("in"), prefragment } as SaConfig);
        return peer;
      }),
    );
    const seen = peers.map((peer) => sent.map((datagram) => hex(peer.unprotect(0, datagram).packet as Uint8Array)));
    expect(seen[0]?.length).toBe(2);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(peers.map((peer) => peer.counters)).toEqual(peers.map(() => ({ ...peers[0]?.counters, delivered: 2 })));
    expect(peers.map((peer) => peer.nextEvent())).toEqual([undefined, undefined, undefined]);
  });

  const ROWS = [
    [1, "greedy", "clear", false, "before"],
    [2, "greedy", "clear", true, "before"],
    [3, false, "clear", false, "after"],
    [4, false, "clear", true, "after"],
    [5, "greedy", "set", false, "before"],
    [6, "greedy", "set", true, "drop"],
    [7, false, "set", false, "after"],
    [8, false, "set", true, "drop"],
    [9, "greedy", "copy", false, "before"],
    [10, "greedy", "copy", true, "drop"],
    [11, false, "copy", false, "after"],
    [12, false, "copy", true, "drop"],
  ] as const;

  it.each(ROWS)("16: row %i: prefragment %s, df-bit %s, DF %s: %s", async (_, prefragment, dfBit, df, result) => {
    const packet = ipv4({ payload: new Random().bytes(1480), df });
    const { verdict, datagrams, inner, out } = await send(packet, { prefragment, dfBit });
    expect(verdict).toBe(result === "drop" ? "too-big" : "sealed");
    for (const datagram of datagrams) {
      expect(datagram.length).toBeLessThanOrEqual(1500);
      expect(ipv4ChecksumHolds(datagram)).toBe(true);
    }
    const outerFragments = datagrams.filter((datagram) => readPacket(datagram)?.isFragment).length;
    switch (result) {
      case "before":
        expect([datagrams.length, outerFragments, out.sequence]).toEqual([2, 0, 2n]);
        expect(datagrams.map(dfOf)).toEqual([dfBit === "set", dfBit === "set"]);
        expect(hex(joinFragments(inner) as Buffer)).toBe(hex(packet));
        return;
      case "after": {
        expect([datagrams.length, outerFragments, out.sequence]).toEqual([2, 2, 1n]);
        const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
        peer.addSa(gcm("in"));
        expect(hex(peer.unprotect(0, joinFragments(datagrams) as Buffer).packet as Uint8Array)).toBe(hex(packet));
        return;
      }
      case "drop":
        expect([datagrams.length, out.sequence]).toEqual([0, 0n]);
    }
  });

  it("16: over a socket the operating system cuts after sealing, and the item says that it may", async () => {
    const { plane, out } = await world(gcm("out", { dfBit: "set" }));
    plane.outbound(0, ipv4({ length: 1500 }), out);
    plane.outbound(0, ipv4({ length: 100 }), out);
    const items = drain(plane, 0);
    expect(items.map(({ kind, df, last }) => [kind, df, last])).toEqual([
      ["datagram", false, true],
      ["datagram", true, true],
    ]);
    expect(items[0]?.bytes.length).toBeGreaterThan(1500);
    out.path = plane.path({ remote: { address: "192.0.2.2", port: 4500 }, maxDatagram: 1400 });
    expect(plane.protect(0, ipv4({ length: 1400 }), out).verdict).toBe("too-big");
  });

  it("16: IPv6 inside counts as DF and is never cut first; 1280 bytes pass, cut after", async () => {
    for (const dfBit of ["clear", "set", "copy"] as const) {
      const long = await send(ipv6({ length: 1480 }), { prefragment: "equal", dfBit });
      expect(long.verdict).toBe("too-big");
      expect(long.icmp?.[40]).toBe(2);
      const small = await send(ipv6({ length: 1280 }), { prefragment: "equal", dfBit, pathMtu: 1280 });
      expect(small.verdict).toBe("sealed");
      expect(small.datagrams.length).toBe(2);
      expect(joinFragments(small.datagrams)?.length).toBeGreaterThan(1280);
    }
    expect((await send(ipv6({ length: 1480 }), { dfBit: "clear" })).datagrams.length).toBe(2); // row 4
  });
});

describe("the size", () => {
  const SHAPES: Shape[] = CARRIERS.flatMap((carrier) =>
    (["tunnel", "transport"] as const).flatMap((mode) =>
      ([4, 6] as const).flatMap((outer) =>
        (carrier === "ip" ? [false, true] : [false]).map((natt) => ({ carrier, mode, outer, natt })),
      ),
    ),
  );

  it.each(SHAPES)("17: is predicted to the byte: carrier $carrier, $mode, IPv$outer, NAT-T $natt", async (shape) => {
    const random = new Random(17);
    const plane = await DataPlane.create({ carrier: shape.carrier, limits: { sas: 8, packets: 16 } });
    for (const suite of SUITES) {
      for (const version of shape.mode === "transport" ? [shape.outer] : ([4, 6] as const)) {
        for (const tfcPadding of shape.mode === "tunnel" ? [0, 1500] : [0]) {
          const config = { ...saConfig(suite, shape, 0x4000, random), tfcPadding, dfBit: "set" } as SaConfig;
          const length = random.between(1290, 1400);
          const packet = version === 4 ? ipv4({ length, df: true }) : ipv6({ length });
          const under = (pathMtu: number) => {
            const sa = plane.addSa({ ...config, pathMtu } as SaConfig);
            const result = plane.protect(0, packet, sa);
            sa.delete();
            return result;
          };
          const hidden = shape.carrier === "udp" ? (shape.outer === 6 ? 48 : 28) : 0;
          const sealed = (under(9000).datagrams[0] as Uint8Array).length + hidden;
          expect(under(sealed).verdict, `${suite.name} IPv${version} ${length}`).toBe("sealed");
          const tighter = under(sealed - 1);
          if (tfcPadding === 0) expect(tighter.verdict, `${suite.name} IPv${version} ${length}`).toBe("too-big");
          else for (const shorter of tighter.datagrams) expect(shorter.length + hidden).toBeLessThan(sealed);
        }
      }
    }
  });

  it("18: equal pieces differ by less than eight bytes of data; greedy ones are as full as fits", async () => {
    const cut = async (prefragment: "equal" | "greedy", length: number, pathMtu: number) => {
      const { datagrams, inner } = await send(ipv4({ length }), { prefragment, pathMtu });
      for (const datagram of datagrams) expect(datagram.length).toBeLessThanOrEqual(pathMtu);
      return inner.map((packet) => packet.length - 20);
    };
    expect(await cut("greedy", 1500, 1500)).toEqual([1424, 56]);
    expect(await cut("equal", 1500, 1500)).toEqual([744, 736]);
    expect(await cut("equal", 3020, 1500)).toEqual([1000, 1000, 1000]);
    expect(await cut("greedy", 3020, 1500)).toEqual([1424, 1424, 152]);
    expect(await cut("equal", 1469, 1500)).toEqual([728, 721]);
  });

  it("18: cutting and joining is the identity, for every path MTU from 256 to 1500", async () => {
    const random = new Random();
    const { plane, peer } = await world(gcm("out"), gcm("in", { replayWindow: 0 }), { carrier: "ip" });
    for (let pathMtu = 256; pathMtu <= 1500; pathMtu++) {
      const prefragment = random.pick(["equal", "greedy"] as const);
      const out = plane.addSa(gcm("out", { pathMtu, prefragment, spi: 0x1001, ...otherPeer(pathMtu) }));
      const again = random.chance(0.3)
        ? { moreFragments: random.chance(0.5), fragmentOffset: 8 * random.below(900) }
        : {};
      const packet = ipv4({ payload: random.bytes(random.between(pathMtu, 4500)), id: random.below(65536), ...again });
      const { verdict, datagrams } = plane.protect(0, packet, out);
      expect(verdict, `SEED=${random.seed} MTU ${pathMtu}`).toBe("sealed");
      const inner = datagrams.map((datagram) => peer.unprotect(0, datagram).packet as Uint8Array);
      expect(datagrams.every((datagram) => datagram.length <= pathMtu)).toBe(true);
      expect(hex(rejoin(inner)), `SEED=${random.seed} MTU ${pathMtu}`).toBe(hex(packet));
      out.delete();
    }
  });

  /** Joins pieces of what may be a fragment itself. */
  function rejoin(pieces: readonly Uint8Array[]): Buffer {
    const base = offsetOf(pieces[0] as Uint8Array);
    const last = (((pieces.at(-1) as Uint8Array)[6] as number) & 0x20) !== 0;
    const moved = pieces.map((piece, index) => {
      const copy = Buffer.from(piece);
      copy.writeUInt16BE((index + 1 < pieces.length ? 0x2000 : 0) + (offsetOf(piece) - base) / 8, 6);
      return copy;
    });
    const whole = joinFragments(moved) as Buffer;
    whole.writeUInt16BE((last ? 0x2000 : 0) + base / 8, 6);
    expect(pieces.every(ipv4ChecksumHolds)).toBe(true);
    return restamp(whole);
  }

  it("18: one packet's pieces are consecutive, all or none, and end as one packet", async () => {
    const { plane, out } = await world(gcm("out", { prefragment: "equal", pathMtu: 576 }), gcm("in"), {
      carrier: "ip",
    });
    let taken = 0;
    while (plane.outbound(0, ipv4({ length: 1500 }), out)) taken++;
    expect(taken).toBe(21); // three pieces each, 64 places
    const items = drain(plane, 0);
    expect(items.map(({ last }) => last)).toEqual(Array.from({ length: 63 }, (_, index) => index % 3 === 2));
    expect(plane.counters.sealed).toBe(21); // one a packet
    expect(out.stats.packets).toBe(63); // one a sequence number
    expect(out.sequence).toBe(63n);
  });

  it("18: a lifetime that has no room for all pieces refuses the packet", async () => {
    const options = { prefragment: "equal", pathMtu: 576, lifetime: { packets: 5 } } as const;
    const { plane, out } = await world(gcm("out", options), gcm("in"), { carrier: "ip" });
    expect(plane.protect(0, ipv4({ length: 1500 }), out).datagrams.length).toBe(3);
    expect(plane.protect(0, ipv4({ length: 1500 }), out).verdict).toBe("no-sa");
    expect(out.stats.packets).toBe(3);
  });

  it("18: IPv4 options: only those with the copied flag are in the later pieces", async () => {
    const options = Uint8Array.of(0x07, 7, 4, 0, 0, 0, 0, 1, 0x83, 7, 4, 1, 2, 3, 4, 0); // record route, loose source route
    const { inner, verdict } = await send(withOptions(ipv4({ length: 1500 }), options), { prefragment: "greedy" });
    expect(verdict).toBe("sealed");
    expect(inner.map((packet) => hex(packet.subarray(20, ((packet[0] as number) & 15) * 4)))).toEqual([
      hex(options),
      "8307040102030400",
    ]);
    expect(inner.every(ipv4ChecksumHolds)).toBe(true);
    expect(joinFragments(inner)?.length).toBe(1516);
  });

  it("18: what would take more pieces than the ring holds is too big, with every verb", async () => {
    const options = { prefragment: "greedy", pathMtu: 256 } as const;
    const { plane, out } = await world(gcm("out", options), gcm("in"), { carrier: "ip" });
    expect(plane.protect(0, ipv4({ length: 60_000 }), out).verdict).toBe("too-big");
    expect(plane.outbound(0, ipv4({ length: 60_000 }), out)).toBe(true);
    expect(drain(plane, 0).map(({ verdict, kind }) => [verdict, kind])).toEqual([
      ["too-big", "icmp"],
      ["too-big", "dropped"],
    ]);
  });

  it("19: off unless asked for, in the SA or for the plane", async () => {
    const off = await world(gcm("out"), gcm("in"), { carrier: "ip" });
    const after = off.plane.protect(0, ipv4({ length: 1500 }), off.out).datagrams;
    expect(after.map((datagram) => readPacket(datagram)?.isFragment)).toEqual([true, true]);
    const on = await world(gcm("out"), gcm("in"), { carrier: "ip", defaults: { prefragment: "equal" } });
    const before = on.plane.protect(0, ipv4({ length: 1500 }), on.out).datagrams;
    expect(before.map((datagram) => readPacket(datagram)?.isFragment)).toEqual([false, false]);
    const own = on.plane.addSa(gcm("out", { prefragment: false, ...otherPeer(1) }));
    expect(readPacket(on.plane.protect(0, ipv4({ length: 1500 }), own).datagrams[0] as Uint8Array)?.isFragment).toBe(
      true,
    );
  });

  it("20: the tunnel's ip mtu says how long a packet may be before it is cut", async () => {
    const { inner, icmp: none } = await send(ipv4({ length: 1400 }), { prefragment: "greedy", tunnelMtu: 1000 });
    expect(inner.map((packet) => packet.length)).toEqual([996, 424]);
    expect(none).toBeUndefined();
    const refused = await send(ipv4({ length: 1400, df: true }), { prefragment: "greedy", tunnelMtu: 1000 });
    expect([refused.verdict, Buffer.from(refused.icmp as Uint8Array).readUInt16BE(26)]).toEqual(["too-big", 1000]);
  });

  it("20: above the egress MTU it asks for cutting after encryption", async () => {
    const { datagrams, out } = await send(ipv4({ length: 1500 }), { prefragment: "greedy", tunnelMtu: 1501 });
    expect(datagrams.map((datagram) => readPacket(datagram)?.isFragment)).toEqual([true, true]);
    expect(out.sequence).toBe(1n);
    const both = await send(ipv4({ length: 4000 }), { prefragment: "greedy", tunnelMtu: 3000 });
    expect(both.out.sequence).toBe(2n);
    expect(both.datagrams.length).toBe(4); // 3000 bytes become three fragments, 1000 bytes fit
  });
});

function otherPeer(index: number): { tunnel: typeof TUNNEL } {
  return { tunnel: { ...TUNNEL, target: `198.51.${index >> 8}.${index & 255}` } };
}

function withOptions(packet: Uint8Array, options: Uint8Array): Buffer {
  const longer = Buffer.concat([packet.subarray(0, 20), options, packet.subarray(20)]);
  longer.writeUInt8(0x40 + (20 + options.length) / 4, 0);
  longer.writeUInt16BE(longer.length, 2);
  return restamp(longer);
}

function restamp(packet: Buffer): Buffer {
  packet.writeUInt16BE(0, 10);
  let sum = 0;
  for (let at = 0; at < (packet.readUInt8(0) & 15) * 4; at += 2) sum += packet.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  packet.writeUInt16BE(0xffff - sum, 10);
  return packet;
}
