// The guide's chapter on the DF bit, and where the RFCs know better.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { gcm, TUNNEL, world } from "../engine/world.js";
import { ipv4 } from "../packets.js";
import { readPacket } from "../reference/ip.js";

const SETTINGS = ["clear", "set", "copy"] as const;
type DfBit = (typeof SETTINGS)[number];
const dfOf = (packet: Uint8Array) => ((packet[6] as number) & 0x40) !== 0;

/** Outer DF of an inner packet without and with DF. */
function outerDf(plane: DataPlane, sa: Parameters<DataPlane["protect"]>[2]): boolean[] {
  return [false, true].map((df) => dfOf(plane.protect(0, ipv4({ df }), sa).datagrams[0] as Uint8Array));
}

const EXPECTED: Record<DfBit, boolean[]> = { clear: [false, false], set: [true, true], copy: [false, true] };

describe("the outer DF bit", () => {
  it.each(SETTINGS)("55: df-bit %s for the whole plane; an SA's own setting wins", async (dfBit) => {
    const { plane, out } = await world(gcm("out"), gcm("in"), { carrier: "ip", defaults: { dfBit } });
    expect(outerDf(plane, out)).toEqual(EXPECTED[dfBit]);
    for (const [index, own] of SETTINGS.entries()) {
      const tunnel = { ...TUNNEL, target: `198.51.100.${index}` };
      expect(outerDf(plane, plane.addSa(gcm("out", { dfBit: own, tunnel })))).toEqual(EXPECTED[own]);
    }
  });

  it("55: transport mode has no encapsulating header: its packets keep their own", async () => {
    const { tunnel: _, ...rest } = gcm("out", { dfBit: "set" }) as SaConfig & { tunnel: unknown };
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const out = plane.addSa({ ...rest, mode: "transport" } as SaConfig);
    expect(outerDf(plane, out)).toEqual([false, true]);
  });

  it("57: what is cut after encryption must be joined, and the queue for that can fill up", async () => {
    const limits = { reassemblies: 2 };
    const { plane, peer, out } = await world(gcm("out", { dfBit: "clear" }), gcm("in"), { carrier: "ip", limits });
    const [first, second, third] = [1, 2, 3].map(
      () => plane.protect(0, ipv4({ length: 1500, df: true }), out).datagrams,
    );
    expect(peer.unprotect(0, first?.[0] as Uint8Array).verdict).toBe("waiting");
    expect(peer.unprotect(0, second?.[0] as Uint8Array).verdict).toBe("waiting"); // one sender: half of the two places
    expect(peer.reassembly).toEqual({ waiting: 1, timedOut: 0, evicted: 1 });
    expect(peer.unprotect(0, second?.[1] as Uint8Array).packet).toEqual(ipv4({ length: 1500, df: true }));
    expect(peer.unprotect(0, first?.[1] as Uint8Array).verdict).toBe("waiting"); // its first half is gone
    peer.unprotect(0, third?.[0] as Uint8Array);
    peer.tick(30_000);
    expect(peer.reassembly).toEqual({ waiting: 0, timedOut: 1, evicted: 2 });
  });

  it("e9: DF may be overridden, as the guide has it, or honoured with the ICMP error, as RFC 791 has it", async () => {
    const packet = ipv4({ length: 1500, df: true });
    for (const prefragment of ["equal", "greedy"] as const) {
      const guide = await world(gcm("out", { dfBit: "clear", prefragment }), gcm("in"), { carrier: "ip" });
      expect(guide.plane.protect(0, packet, guide.out).datagrams.length).toBe(2);
      const options = { dfBit: "clear", prefragment, innerDf: "honour" } as const;
      const { plane, out } = await world(gcm("out", options), gcm("in"), { carrier: "ip" });
      const refused = plane.protect(0, packet, out);
      expect([refused.verdict, refused.datagrams]).toEqual(["too-big", []]);
      const mtu = Buffer.from(refused.icmp as Uint8Array).readUInt16BE(26);
      expect(plane.protect(0, ipv4({ length: mtu, df: true }), out).datagrams.length).toBe(1);
      expect(plane.protect(0, ipv4({ length: mtu + 1, df: true }), out).verdict).toBe("too-big");
      expect(plane.protect(0, ipv4({ length: 1500 }), out).datagrams.length).toBe(2); // without DF nothing is lost
    }
  });

  it("e10: a drop is told to the inner host with the MTU that fits; ten at once, then ten a second, each host its own", async () => {
    const { plane, out } = await world(gcm("out"), gcm("in"), { carrier: "ip" });
    const noisy = ipv4({ length: 1500, df: true, source: "10.1.0.66" });
    const told = (now: number, packet: Uint8Array) => plane.protect(now, packet, out).icmp !== undefined;
    expect(Array.from({ length: 30 }, () => told(0, noisy)).filter(Boolean).length).toBe(10);
    expect(plane.counters["too-big"]).toBe(30);
    const icmp = Buffer.from(plane.protect(0, ipv4({ length: 1500, df: true }), out).icmp as Uint8Array); // another host
    expect([icmp.readUInt8(20), icmp.readUInt8(21), icmp.subarray(16, 20).join(".")]).toEqual([3, 4, "10.1.0.7"]);
    const mtu = icmp.readUInt16BE(26);
    expect(plane.protect(0, ipv4({ length: mtu, df: true }), out).verdict).toBe("sealed");
    expect(plane.protect(0, ipv4({ length: mtu + 1, df: true }), out).verdict).toBe("too-big");
    expect([told(100, noisy), told(100, noisy), told(1100, noisy)]).toEqual([true, false, true]);
  });

  it("e11: RFC 4301 section 8.1: three SAs of one plane, three settings", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const all = SETTINGS.map((dfBit, index) =>
      plane.addSa(gcm("out", { dfBit, tunnel: { ...TUNNEL, target: `198.51.100.${index}` } })),
    );
    expect(all.map((sa) => outerDf(plane, sa))).toEqual(SETTINGS.map((dfBit) => EXPECTED[dfBit]));
  });

  it("e12: the guide's example has copy on FastEthernet: DF is honoured there, not overridden", async () => {
    const { plane, out: others } = await world(gcm("out"), gcm("in"), { carrier: "ip", defaults: { dfBit: "clear" } });
    const fastEthernet = plane.addSa(gcm("out", { dfBit: "copy", tunnel: { ...TUNNEL, target: "192.168.10.66" } }));
    const packet = ipv4({ length: 1500, df: true });
    expect(plane.protect(0, packet, fastEthernet).verdict).toBe("too-big");
    const elsewhere = plane.protect(0, packet, others);
    expect(elsewhere.datagrams.map((datagram) => readPacket(datagram)?.isFragment)).toEqual([true, true]);
  });
});
