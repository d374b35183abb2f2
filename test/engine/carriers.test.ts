// What stands around ESP: outer headers of every combination, NAT-T framing, DSCP, ECN, DF, mappings.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { hex, ipv4, ipv4ChecksumHolds, ipv6, udpOverIpv6ChecksumHolds } from "../packets.js";
import { drain, events, GCM_KEY, gcm, TUNNEL, world } from "./world.js";

const TUNNEL6 = { source: "2001:db8::1", target: "2001:db8::2" };
const NATT = { sourcePort: 4500, targetPort: 4500 };

function with6(config: SaConfig): SaConfig {
  return { ...config, tunnel: TUNNEL6 } as SaConfig;
}

function transport(direction: "out" | "in", rest: Partial<SaConfig> = {}): SaConfig {
  return {
    direction,
    protocol: "esp",
    spi: 0x3003,
    mode: "transport",
    encryption: "aes-gcm-16",
    encryptionKey: GCM_KEY,
    ...rest,
  } as SaConfig;
}

describe("carrier ip, tunnel mode", () => {
  it("outer IPv4: protocol 50, right length and checksum, IDs that differ", async () => {
    const { plane, peer, out } = await world(gcm("out"), gcm("in"), { carrier: "ip" });
    const datagrams = [1, 2].map(() => plane.protect(0, ipv4({ tos: 0xb8 }), out).datagrams[0] as Uint8Array);
    for (const datagram of datagrams) {
      expect(hex(datagram.subarray(0, 2))).toBe("45b8");
      expect(((datagram[2] as number) << 8) | (datagram[3] as number)).toBe(datagram.length);
      expect(datagram[9]).toBe(50);
      expect(hex(datagram.subarray(12, 20))).toBe("c0000201c0000202");
      expect(ipv4ChecksumHolds(datagram)).toBe(true);
      expect(peer.unprotect(0, datagram).packet).toEqual(ipv4({ tos: 0xb8 }));
    }
    expect(hex((datagrams[0] as Uint8Array).subarray(4, 6))).not.toBe(hex((datagrams[1] as Uint8Array).subarray(4, 6)));
  });

  it("outer IPv6, both inner versions", async () => {
    const { plane, peer, out } = await world(with6(gcm("out")), with6(gcm("in")), { carrier: "ip" });
    for (const packet of [ipv4(), ipv6({ tos: 0x28 })]) {
      const datagram = plane.protect(0, packet, out).datagrams[0] as Uint8Array;
      expect((datagram[0] as number) >> 4).toBe(6);
      expect(datagram[6]).toBe(50);
      expect(((datagram[4] as number) << 8) | (datagram[5] as number)).toBe(datagram.length - 40);
      expect(peer.unprotect(0, datagram).packet).toEqual(packet);
    }
  });

  it("NAT-T: UDP in front of ESP; checksum zero over IPv4, computed over IPv6; any source port is accepted", async () => {
    for (const six of [false, true]) {
      const make = (direction: "out" | "in") => {
        const config = gcm(direction, { natTraversal: { sourcePort: 4500, targetPort: 5500 } });
        return six ? with6(config) : config;
      };
      const { plane, peer, out } = await world(make("out"), make("in"), { carrier: "ip" });
      const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
      const udp = six ? 40 : 20;
      expect(datagram[six ? 6 : 9]).toBe(17);
      expect(hex(datagram.subarray(udp, udp + 4))).toBe("1194157c");
      expect(((datagram[udp + 4] as number) << 8) | (datagram[udp + 5] as number)).toBe(datagram.length - udp);
      if (six) expect(udpOverIpv6ChecksumHolds(datagram)).toBe(true);
      else expect(hex(datagram.subarray(udp + 6, udp + 8))).toBe("0000");
      const translated = datagram.slice();
      translated[udp] = 99;
      expect(peer.unprotect(0, translated).packet).toEqual(ipv4());
    }
  });

  it("the non-IKE marker: eight zero bytes between UDP and ESP", async () => {
    const natTraversal = { sourcePort: 500, targetPort: 500, marker: "non-ike" as const };
    for (const carrier of ["ip", "udp"] as const) {
      const { plane, peer, out } = await world(gcm("out", { natTraversal }), gcm("in", { natTraversal }), { carrier });
      const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
      const at = carrier === "ip" ? 28 : 0;
      expect(hex(datagram.subarray(at, at + 12))).toBe("000000000000000000001001");
      expect(peer.unprotect(0, datagram).packet).toEqual(ipv4());
    }
  });

  it("a keepalive is a whole packet", async () => {
    for (const six of [false, true]) {
      const config = gcm("out", { natTraversal: { ...NATT, keepaliveSeconds: 20 } });
      const { plane, peer } = await world(six ? with6(config) : config, gcm("in", { natTraversal: NATT }), {
        carrier: "ip",
      });
      plane.tick(0);
      plane.tick(20_000);
      const [keepalive] = drain(plane, 20_000);
      const bytes = keepalive?.bytes as Uint8Array;
      expect(bytes.length).toBe(six ? 49 : 29);
      expect(bytes.at(-1)).toBe(0xff);
      expect(six ? udpOverIpv6ChecksumHolds(bytes) : ipv4ChecksumHolds(bytes)).toBe(true);
      expect(peer.unprotect(0, bytes).verdict).toBe("keepalive");
    }
  });

  it("DF: copied, set, cleared; an inner IPv6 packet counts as DF; the item says so too", async () => {
    for (const [dfBit, plain, marked, six] of [
      ["copy", 0, 0x40, 0x40],
      ["set", 0x40, 0x40, 0x40],
      ["clear", 0, 0, 0],
    ] as const) {
      const { plane, out } = await world(gcm("out", { dfBit }), gcm("in"), { carrier: "ip" });
      const flags = [ipv4(), ipv4({ df: true }), ipv6()].map(
        (packet) => (plane.protect(0, packet, out).datagrams[0] as Uint8Array)[6],
      );
      expect(flags).toEqual([plain, marked, six]);
      for (const packet of [ipv4(), ipv4({ df: true }), ipv6()]) plane.outbound(0, packet, out);
      expect(drain(plane, 0).map((item) => item.df)).toEqual(
        [plain, marked, six].map((bits) => (dfBit === "copy" ? bits !== 0 : dfBit === "set")),
      );
    }
  });

  it("DSCP: copied, or as configured; ECN always as in the inner header", async () => {
    for (const [dscp, expected] of [
      ["copy", 0xba],
      [10, (10 << 2) | 2],
    ] as const) {
      const { plane, out } = await world(gcm("out", { dscp }), gcm("in"), { carrier: "ip" });
      expect((plane.protect(0, ipv4({ tos: 0xba }), out).datagrams[0] as Uint8Array)[1]).toBe(expected);
    }
  });

  it("ECN inbound follows the table of RFC 6040 section 4.2", async () => {
    const table: readonly (readonly (number | "drop")[])[] = [
      [0, 0, 0, "drop"], // inner Not-ECT under outer Not-ECT, ECT(1), ECT(0), CE
      [1, 1, 1, 3], // ECT(1)
      [2, 1, 2, 3], // ECT(0)
      [3, 3, 3, 3], // CE
    ];
    for (const make of [ipv4, ipv6]) {
      const { plane, peer, out } = await world(gcm("out"), gcm("in"), { carrier: "ip" });
      for (const [inner, row] of table.entries()) {
        for (const [outer, result] of row.entries()) {
          const datagram = (plane.protect(0, make({ tos: 0x50 | inner }), out).datagrams[0] as Uint8Array).slice();
          datagram[1] = ((datagram[1] as number) & 0xfc) | outer;
          const opened = peer.unprotect(0, datagram);
          if (result === "drop") expect(opened.verdict).toBe("malformed");
          else expect(opened.packet).toEqual(make({ tos: 0x50 | result }));
        }
      }
    }
  });
});

describe("transport mode", () => {
  it("where ECN changes, a header checksum that was wrong stays wrong: nobody may take what was damaged for whole", async () => {
    const { plane, peer, out } = await world(gcm("out"), gcm("in"), { carrier: "ip" });
    for (const damage of [0, 1]) {
      const packet = ipv4({ tos: 2 });
      packet[11] = (packet[11] as number) ^ damage;
      const datagram = (plane.protect(0, packet, out).datagrams[0] as Uint8Array).slice();
      datagram[1] = 1; // ECT(1)
      const opened = peer.unprotect(0, datagram).packet as Uint8Array;
      expect(opened[1]).toBe(1);
      expect(ipv4ChecksumHolds(opened)).toBe(damage === 0);
    }
  });

  it("carrier ip: the packet's own header stays, with options and TTL, and comes back as it was", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const out = plane.addSa(transport("out"));
    const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
    peer.addSa(transport("in"));
    const options = ipv4({ ttl: 7, id: 0xbeef, length: 120 });
    // 24 bytes of options: more than ESP and IV will take of the header's old place
    const long = new Uint8Array(120 + 24);
    long.set(options.subarray(0, 20));
    long.fill(1, 20, 44);
    long.set(options.subarray(20), 44);
    long[0] = 0x4b;
    long[2] = 0;
    long[3] = long.length;
    for (const packet of [ipv4({ ttl: 7, id: 0xbeef }), ipv6({ protocol: 6 }), long]) {
      const datagram = plane.protect(0, packet, out).datagrams[0] as Uint8Array;
      expect(datagram[packet[0] === 0x60 ? 6 : 9]).toBe(50);
      const opened = peer.unprotect(0, datagram).packet as Uint8Array;
      if (packet === long) {
        expect(hex(opened.subarray(12))).toBe(hex(long.subarray(12)));
        expect(ipv4ChecksumHolds(opened)).toBe(true);
      } else {
        expect(opened).toEqual(packet);
      }
    }
  });

  it("carrier ip: IPv6 extension headers stay in front of ESP", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const out = plane.addSa(transport("out"));
    const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
    peer.addSa(transport("in"));
    const udp = ipv6({ length: 100 }).subarray(40);
    const packet = ipv6({ protocol: 0, payload: new Uint8Array(8 + udp.length) });
    packet.set([17, 0, 1, 4, 0, 0, 0, 0], 40); // hop-by-hop with a PadN
    packet.set(udp, 48);
    const datagram = plane.protect(0, packet, out).datagrams[0] as Uint8Array;
    expect([datagram[6], datagram[40]]).toEqual([0, 50]);
    expect(peer.unprotect(0, datagram).packet).toEqual(packet);
  });

  it("carrier udp: a minimal header between the endpoints", async () => {
    for (const [endpoints, packet] of [
      [{ source: "10.1.0.7", target: "10.2.0.9" }, ipv4({ ttl: 64, id: 0 })],
      [{ source: "fd00:1::7", target: "fd00:2::9" }, ipv6({ ttl: 64 })],
    ] as const) {
      const plane = await DataPlane.create({ limits: "edge" });
      const out = plane.addSa(transport("out", { endpoints } as Partial<SaConfig>));
      const peer = await DataPlane.create({ limits: "edge" });
      peer.addSa(transport("in", { endpoints } as Partial<SaConfig>));
      const datagram = plane.protect(0, packet, out).datagrams[0] as Uint8Array;
      expect(hex(datagram.subarray(0, 4))).toBe("00003003");
      expect(peer.unprotect(0, datagram).packet).toEqual(packet);
    }
  });
});

describe("paths", () => {
  it("only an authenticated packet newer than the highest moves a peer", async () => {
    const { plane, peer, out, incoming } = await world();
    const home = peer.path({ remote: { address: TUNNEL.source, port: 4500 } });
    const away = peer.path({ remote: { address: "198.51.100.7", port: 61001 } });
    expect(peer.path({ remote: { address: "198.51.100.7", port: 61001 } })).toBe(away);
    expect(incoming.path).toBe(home);
    const [first, second, third] = [1, 2, 3].map(() => plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    peer.unprotect(0, second, home);
    const forged = third.slice();
    forged[30] = (forged[30] as number) ^ 1;
    expect(peer.unprotect(0, forged, away).verdict).toBe("forged");
    expect(peer.unprotect(0, first, away).verdict).toBe("delivered"); // older: late, or held back by somebody
    expect(incoming.path).toBe(home);
    expect(events(peer)).toEqual([]);
    peer.unprotect(0, third, away);
    expect(incoming.path).toBe(away);
    expect(events(peer)).toEqual(["mapping-changed"]);
  });

  it("maxDatagram and the path's MTU count like the SA's own", async () => {
    const { plane, out } = await world();
    out.path = plane.path({ remote: { address: "192.0.2.2", port: 4500 }, maxDatagram: 500 });
    const lengths = [440, 470, 1280].map((length) => plane.protect(0, ipv6({ length }), out));
    expect(lengths.map((result) => result.verdict)).toEqual(["sealed", "too-big", "too-big"]);
    expect(lengths[0]?.datagrams[0]?.length).toBeLessThanOrEqual(500);
    out.path = plane.path({ remote: { address: "192.0.2.2", port: 4500 }, mtu: 600 });
    expect(plane.protect(0, ipv4({ length: 560, df: true }), out).verdict).toBe("too-big");
    expect(plane.protect(0, ipv4({ length: 500 }), out).verdict).toBe("sealed");
  });
});

it("TFC: packets shorter than tfcPadding all look alike, and come back at their own length", async () => {
  const { plane, peer, out } = await world(gcm("out", { tfcPadding: 700 }));
  const sealed = [40, 100, 699, 700].map(
    (length) => plane.protect(0, ipv4({ length }), out).datagrams[0] as Uint8Array,
  );
  expect(new Set(sealed.map((datagram) => datagram.length)).size).toBe(1);
  expect(sealed.map((datagram) => peer.unprotect(0, datagram).packet?.length)).toEqual([40, 100, 699, 700]);
  expect((plane.protect(0, ipv4({ length: 710 }), out).datagrams[0] as Uint8Array).length).toBeGreaterThan(
    sealed[0]?.length as number,
  );
});
