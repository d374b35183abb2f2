// A peer that is somewhere else, over carrier "ip": the outer header says where a packet goes.
import { describe, expect, it } from "vitest";
import { DataPlane, type EspConfig, type Path, type Sa, type SaConfig } from "../../src/index.js";
import { IpFields } from "../../src/wire/fields.js";
import { writeTooBig } from "../../src/wire/icmp.js";
import { readIp } from "../../src/wire/ip.js";
import { word16 } from "../../src/wire/words.js";
import { hex, ipv4, ipv4ChecksumHolds, ipv6, udpOverIpv6ChecksumHolds } from "../packets.js";
import { drain, events, gcm, TUNNEL } from "./world.js";

const NATT = { sourcePort: 4500, targetPort: 4500 };
const TUNNEL6 = { source: "2001:db8::1", target: "2001:db8::2" };

interface Shape {
  readonly six?: boolean;
  readonly transport?: boolean;
  readonly natt?: boolean;
  readonly marker?: "rfc3948" | "non-ike";
}

function config(direction: "out" | "in", spi: number, shape: Shape): EspConfig {
  const { six = false, transport = false, natt = true, marker = "rfc3948" } = shape;
  const base = gcm(direction, { spi, tunnel: six ? TUNNEL6 : TUNNEL });
  const { tunnel, ...rest } = base;
  const ends = transport ? { mode: "transport" } : { tunnel };
  return { ...rest, ...ends, ...(natt ? { natTraversal: { ...NATT, marker } } : {}) } as EspConfig;
}

/** A plane with a pair of SAs to one peer, and datagrams of that peer. */
async function moving(shape: Shape = {}) {
  const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
  const far = await DataPlane.create({ limits: "edge", carrier: "ip" });
  const peer = plane.addPeer({ addresses: ["192.0.2.2"] });
  const out = plane.addSa({ ...config("out", 0x1001, shape), peer });
  const incoming = plane.addSa({ ...config("in", 0x2002, shape), peer });
  const farOut = far.addSa(config("out", 0x2002, shape));
  const farIn = far.addSa(config("in", 0x1001, shape));
  const packet = shape.six ? ipv6() : ipv4();
  const come = () => far.protect(0, packet, farOut).datagrams[0] as Uint8Array;
  const send = () => plane.protect(0, packet, out).datagrams[0] as Uint8Array;
  const at = (address: string, port: number) => plane.path({ remote: { address, port } });
  return { plane, far, farIn, out, incoming, packet, come, send, at };
}

/** Target address and UDP ports of a datagram. */
function header(datagram: Uint8Array) {
  const six = (datagram[0] as number) >> 4 === 6;
  const udp = six ? 40 : 20;
  return {
    source: hex(six ? datagram.subarray(8, 24) : datagram.subarray(12, 16)),
    target: hex(six ? datagram.subarray(24, 40) : datagram.subarray(16, 20)),
    ports: [word16(datagram, udp), word16(datagram, udp + 2)],
  };
}

describe("a followed NAT mapping", () => {
  it.each([
    ["IPv4", {}, "198.51.100.7", "c6336407"],
    ["IPv4, non-IKE marker", { marker: "non-ike" }, "198.51.100.7", "c6336407"],
    ["IPv6", { six: true }, "2001:db8::77", "20010db8000000000000000000000077"],
  ] as [string, Shape, string, string][])(
    "%s: address and port of the outer header",
    async (_, shape, address, text) => {
      const { plane, far, out, packet, come, send, at } = await moving(shape);
      const before = send();
      plane.unprotect(0, come(), at(address, 61_001));
      const datagram = send();
      expect(out.path).toBe(at(address, 61_001));
      expect(header(datagram)).toEqual({ source: header(before).source, target: text, ports: [4500, 61_001] });
      expect(datagram.length).toBe(before.length);
      if (shape.six) expect(udpOverIpv6ChecksumHolds(datagram)).toBe(true);
      else expect(ipv4ChecksumHolds(datagram)).toBe(true);
      const translated = datagram.slice(); // as the NAT hands it on
      translated.set(before.subarray(0, shape.six ? 44 : 24), 0);
      expect(far.unprotect(0, translated).packet).toEqual(packet);
      expect(events(plane)).toEqual(["mapping-changed", "mapping-changed"]);
    },
  );

  it("only after an authenticated packet that is the newest", async () => {
    const { plane, out, incoming, come, send, at } = await moving();
    const [first, second, third] = [come(), come(), come()] as [Uint8Array, Uint8Array, Uint8Array];
    plane.unprotect(0, second, at("192.0.2.2", 40_000));
    const forged = third.slice();
    forged[60] = (forged[60] as number) ^ 1;
    expect(plane.unprotect(0, first, at("198.51.100.7", 1)).verdict).toBe("delivered");
    expect(plane.unprotect(0, forged, at("198.51.100.7", 1)).verdict).toBe("forged");
    expect(plane.unprotect(0, second, at("198.51.100.7", 1)).verdict).toBe("replayed");
    expect(header(send())).toMatchObject({ target: "c0000202", ports: [4500, 40_000] });
    expect(incoming.path).toBe(out.path);
  });

  it("a path of another address family is not followed: the header stays", async () => {
    const { plane, out, incoming, come, send, at } = await moving();
    const before = out.path;
    const here = header(send());
    plane.unprotect(0, come(), at("2001:db8::77", 61_001));
    expect(incoming.path).toBe(at("2001:db8::77", 61_001));
    expect(out.path).toBe(before);
    expect(header(send())).toEqual(here);
    expect(events(plane)).toEqual(["mapping-changed"]);
  });

  it("without NAT-T there is no mapping: protocol 50 goes where it was told to", async () => {
    const { plane, out, come, send, at } = await moving({ natt: false });
    const before = out.path;
    plane.unprotect(0, come(), at("198.51.100.7", 0));
    expect(out.path).toBe(before);
    expect(header(send()).target).toBe("c0000202");
  });

  it("transport mode: the port is followed, the packet's own addresses stay", async () => {
    for (const six of [false, true]) {
      const { plane, out, packet, come, send, at } = await moving({ transport: true, six });
      const home = six ? "fd00:2::9" : "10.2.0.9";
      plane.unprotect(0, come(), at(home, 61_001));
      expect(out.path).toBe(at(home, 61_001));
      expect(header(send())).toMatchObject({ target: header(packet).target, ports: [4500, 61_001] });
      plane.unprotect(0, come(), at(six ? "fd00:2::a" : "10.2.0.10", 61_002));
      expect(out.path).toBe(at(home, 61_001)); // its packets would still go to the old address
      expect(header(send()).ports).toEqual([4500, 61_001]);
    }
  });

  it("keepalives go there too", async () => {
    const { plane, come, at } = await moving();
    plane.natKeepalive = { seconds: 20 };
    plane.tick(0);
    plane.unprotect(0, come(), at("198.51.100.7", 61_001));
    plane.tick(20_000);
    const [keepalive] = drain(plane, 20_000);
    expect(keepalive?.verdict).toBe("keepalive");
    expect(header(keepalive?.bytes as Uint8Array)).toMatchObject({ target: "c6336407", ports: [4500, 61_001] });
  });

  it("a router on the new way is heeded, one on the old way no more", async () => {
    const { plane, out, come, send, at } = await moving();
    const old = send();
    plane.unprotect(0, come(), at("198.51.100.7", 61_001));
    const told = (datagram: Uint8Array, mtu: number) => {
      const fields = new IpFields();
      readIp(datagram, 0, datagram.length, fields);
      const icmp = new Uint8Array(1280);
      const from = Uint8Array.of(203, 0, 113, 9);
      return icmp.subarray(0, writeTooBig(icmp, 0, { packet: datagram, start: 0, fields, mtu, from }));
    };
    plane.unprotect(0, told(old, 1300));
    expect(out.pathMtu).toBe(1500);
    plane.unprotect(0, told(send(), 1200));
    expect(out.pathMtu).toBe(1200);
  });

  it("what is staged goes the new way, and its item says so", async () => {
    const { plane, out, packet, come, at } = await moving();
    plane.outbound(0, packet, out);
    plane.unprotect(0, come(), at("198.51.100.7", 61_001));
    plane.flush(0);
    const item = plane.createItem();
    expect(plane.poll(item)).toBe(true);
    expect(item.path).toBe(at("198.51.100.7", 61_001));
    expect(header(item.copy())).toMatchObject({ target: "c6336407", ports: [4500, 61_001] });
  });
});

describe("the SPI of an outbound SA is unique with its peer's address and port", () => {
  it("two peers behind one NAT may have chosen the same", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
    const add = (targetPort: number) =>
      plane.addSa(gcm("out", { natTraversal: { sourcePort: 4500, targetPort } }) as SaConfig);
    add(4500);
    add(61_001);
    expect(() => add(4500)).toThrow(expect.objectContaining({ code: "duplicate-spi" }));
  });

  it("where another SA has it there already, the mapping is not followed; the old place is free once it was", async () => {
    const { plane, out, come, send, at } = await moving();
    const taken = { ...gcm("out", { natTraversal: { ...NATT, targetPort: 50_000 } }) } as SaConfig;
    plane.addSa(taken);
    plane.unprotect(0, come(), at("192.0.2.2", 50_000));
    expect(header(send()).ports).toEqual([4500, 4500]);
    plane.unprotect(0, come(), at("192.0.2.2", 50_001));
    expect(header(send()).ports).toEqual([4500, 50_001]);
    const second = plane.addSa(config("out", 0x1001, {}));
    out.delete();
    second.delete();
    plane.addSa({ ...taken, natTraversal: { ...NATT, targetPort: 50_001 } } as SaConfig);
  });
});

describe("a path that its owner sets", () => {
  const sender = async (shape: Shape): Promise<[DataPlane, Sa]> => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
    return [plane, plane.addSa(config("out", 0x1001, shape))];
  };

  it("moves the outer header, with NAT-T and without", async () => {
    for (const natt of [true, false]) {
      const [plane, out] = await sender({ natt });
      out.path = plane.path({ remote: { address: "198.51.100.7", port: natt ? 61_001 : 0 } });
      const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
      expect(header(datagram).target).toBe("c6336407");
      if (natt) expect(header(datagram).ports).toEqual([4500, 61_001]);
    }
  });

  it("throws, and nothing changes, where its headers cannot lead there", async () => {
    const [plane, out] = await sender({});
    const before = out.path;
    plane.addSa({ ...config("out", 0x1001, {}), tunnel: { ...TUNNEL, target: "192.0.2.9" } } as SaConfig);
    for (const [address, port, code] of [
      ["2001:db8::77", 4500, "address"],
      ["198.51.100.7", 0, "port"],
      ["192.0.2.9", 4500, "duplicate-spi"],
    ] as const) {
      const path = plane.path({ remote: { address, port } });
      const set = () => {
        out.path = path;
      };
      expect(set).toThrow(expect.objectContaining({ code }));
      expect(out.path).toBe(before);
    }
    expect(header(plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array).target).toBe("c0000202");
  });
});

describe("one place, two objects", () => {
  it("an address is one however it is spelled", async () => {
    const plane = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const path = plane.path({ remote: { address: "2001:db8::1", port: 4500 } });
    for (const address of ["2001:DB8::1", "2001:db8:0:0:0:0:0:1"]) {
      expect(plane.path({ remote: { address, port: 4500 } })).toBe(path);
      expect(plane.path({ remote: { address, port: 4500 } })).toBe(path);
    }
  });

  it("a path that strangers crowded out of the table is none that the peer has moved to", async () => {
    const plane = await DataPlane.create({ carrier: "udp", limits: { paths: 2 } });
    const far = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const peer = plane.addPeer({ addresses: ["192.0.2.1"] });
    plane.addSa({ ...gcm("out", { spi: 0x3003 }), peer });
    const incoming = plane.addSa({ ...gcm("in"), peer });
    const farOut = far.addSa(gcm("out"));
    const at = (address: string) => plane.path({ remote: { address, port: 4500 } });
    const come = (path: Path) => plane.unprotect(0, far.protect(0, ipv4(), farOut).datagrams[0] as Uint8Array, path);
    come(at("192.0.2.1"));
    events(plane);
    const before = incoming.path;
    for (let i = 1; i < 5; i++) plane.unprotect(0, new Uint8Array(40).fill(i), at(`198.51.100.${i}`));
    events(plane);
    const again = at("192.0.2.1");
    expect(again).not.toBe(before);
    come(again);
    expect(events(plane)).toEqual([]);
    expect(incoming.path).toBe(again);
    come(at("192.0.2.77"));
    expect(events(plane)).toEqual(["mapping-changed", "mapping-changed"]);
  });
});
