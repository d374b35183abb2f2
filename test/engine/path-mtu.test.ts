// What routers say of the path, what inner hosts are told, and TCP's MSS.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { IpFields } from "../../src/wire/fields.js";
import { writeTooBig } from "../../src/wire/icmp.js";
import { readIp } from "../../src/wire/ip.js";
import { internetChecksum } from "../../src/wire/ipv4.js";
import { pseudoHeaderSum } from "../../src/wire/ipv6.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { drain, events, gcm, type Options, world } from "./world.js";

const TUNNEL6 = { source: "2001:db8::1", target: "2001:db8::2" };
const NATT = { sourcePort: 4500, targetPort: 4500 };

/** The ICMP error of a router on the way about one of our datagrams. */
function told(datagram: Uint8Array, mtu: number): Buffer {
  const fields = new IpFields();
  expect(readIp(datagram, 0, datagram.length, fields)).toBe(true);
  const from = fields.version === 4 ? Uint8Array.of(203, 0, 113, 9) : Uint8Array.from({ length: 16 }, (_, i) => i + 32);
  const icmp = new Uint8Array(1280);
  const length = writeTooBig(icmp, 0, { packet: datagram, start: 0, fields, mtu, from });
  return Buffer.from(icmp.subarray(0, length));
}

async function make(options: Options = {}) {
  const { plane, out, peer } = await world(gcm("out", options), gcm("in"), { carrier: "ip" });
  const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
  return { plane, out, peer, datagram };
}

describe("fragmentation needed, packet too big", () => {
  it.each([
    ["IPv4", {}],
    ["IPv4 NAT-T", { natTraversal: NATT }],
    ["IPv4 non-IKE marker", { natTraversal: { ...NATT, marker: "non-ike" } }],
    ["IPv6", { tunnel: TUNNEL6 }],
    ["IPv6 NAT-T", { tunnel: TUNNEL6, natTraversal: NATT }],
  ] as [string, Options][])(
    "%s: lowers the SA's path MTU; the inner host is told on its next packet",
    async (_, options) => {
      const { plane, out, datagram } = await make(options);
      const message = told(datagram, 1300);
      expect(plane.unprotect(0, message).verdict).toBe("discarded"); // and goes to the inbound policy like any clear packet
      expect(out.pathMtu).toBe(1300);
      expect(plane.nextEvent()).toEqual({ kind: "path-mtu", sa: out, mtu: 1300, previous: 1500 });
      const refused = plane.protect(0, ipv4({ length: 1300, df: true }), out);
      const mtu = Buffer.from(refused.icmp as Uint8Array).readUInt16BE(26);
      expect(plane.protect(0, ipv4({ length: mtu, df: true }), out).datagrams[0]?.length).toBeLessThanOrEqual(1300);
      expect(plane.protect(0, ipv4({ length: mtu + 1, df: true }), out).verdict).toBe("too-big");
      plane.unprotect(0, told(datagram, 1400)); // never raised
      expect(out.pathMtu).toBe(1300);
    },
  );

  it("ages: after ten minutes the configured MTU is tried again, unless it was said anew", async () => {
    const { plane, out, datagram } = await make();
    plane.unprotect(1000, told(datagram, 1200));
    plane.unprotect(300_000, told(datagram, 1200));
    expect(plane.deadline()).toBe(900_000);
    plane.tick(601_000);
    expect([out.pathMtu, plane.deadline()]).toEqual([1200, 900_000]);
    plane.tick(900_000);
    expect([out.pathMtu, plane.deadline()]).toEqual([1500, Infinity]);
    expect(events(plane)).toEqual(["path-mtu", "path-mtu"]);
  });

  it("never below 576 over IPv4; below 1280 over IPv6 it is discarded", async () => {
    const four = await make();
    four.plane.unprotect(0, told(four.datagram, 68));
    expect(four.out.pathMtu).toBe(576);
    const six = await make({ tunnel: TUNNEL6 });
    six.plane.unprotect(0, told(six.datagram, 1279));
    expect(six.out.pathMtu).toBe(1500);
  });

  it("a router older than RFC 1191 names no MTU: the next smaller plateau holds", async () => {
    const { plane, out } = await make();
    const long = plane.protect(0, ipv4({ length: 1440, df: true }), out).datagrams[0] as Uint8Array;
    plane.unprotect(0, told(long, 0));
    expect(out.pathMtu).toBe(1006 < long.length && long.length <= 1492 ? 1006 : 1492);
  });

  it("which may have added the header to the length that it quotes: RFC 1191 section 5", async () => {
    for (const [quoted, mtu] of [
      [1499, 1492],
      [1500, 1006], // 1480 and the header
      [1520, 1492], // 1500 and the header
    ] as const) {
      const { plane, out, datagram } = await make();
      const long = Buffer.alloc(quoted);
      long.set(datagram);
      long.writeUInt16BE(quoted, 2);
      plane.unprotect(0, told(long, 0));
      expect([quoted, out.pathMtu]).toEqual([quoted, mtu]);
    }
  });

  it("what does not quote a packet of ours, or not whole, is not heeded", async () => {
    const { plane, out, datagram } = await make({ natTraversal: NATT });
    const wrong = (change: (copy: Buffer) => void, quoted = datagram) => {
      const copy = Buffer.from(quoted);
      change(copy);
      plane.unprotect(0, told(copy, 1300));
      expect(out.pathMtu).toBe(1500);
    };
    wrong((copy) => copy.writeUInt8(7, 15)); // another source
    wrong((copy) => copy.writeUInt8(7, 19)); // another target
    wrong((copy) => copy.writeUInt16BE(4501, 20)); // another port
    wrong((copy) => copy.writeUInt32BE(0x1002, 28)); // another SPI
    wrong((copy) => copy.writeUInt8(6, 9)); // no IPsec
    const damaged = told(datagram, 1300);
    damaged.writeUInt8(damaged.readUInt8(60) ^ 1, 60);
    plane.unprotect(0, damaged);
    expect(out.pathMtu).toBe(1500);
    plane.unprotect(0, told(datagram, 1300).subarray(0, 52)); // cut short: its length lies
    expect(out.pathMtu).toBe(1500);
    out.delete();
    plane.unprotect(0, told(datagram, 1300));
    expect(plane.nextEvent()).toBeUndefined();
  });

  describe("the quoted number must be one that was sent lately", () => {
    const AH = { protocol: "ah", integrity: "hmac-sha2-256-128", integrityKey: new Uint8Array(32).fill(3) } as const;
    const ah = (more: object): SaConfig =>
      ({
        direction: "out",
        spi: 0x1001,
        mode: "tunnel",
        tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
        ...AH,
        ...more,
      }) as SaConfig;
    const esp = (more: object): SaConfig => gcm("out", more);
    /** Where the number stands in the datagram. */
    const kinds = [
      ["ESP", esp, 24],
      ["ESP with ESN", (more: object) => esp({ ...more, esn: true }), 24],
      ["ESP in UDP", (more: object) => esp({ ...more, natTraversal: NATT }), 32],
      ["ESP, IPv6", (more: object) => esp({ ...more, tunnel: TUNNEL6 }), 44],
      ["AH", ah, 28],
      ["AH with ESN", (more: object) => ah({ ...more, esn: true }), 28],
      ["AH, IPv6", (more: object) => ah({ ...more, tunnel: TUNNEL6 }), 48],
    ] as const;

    it.each(kinds)("%s", async (name, config, at) => {
      const last = name.includes("ESN") ? 2n ** 33n + 3_000_000n : 3_000_000n;
      const heeds = async (quoted: number, initialSequence = last) => {
        const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
        const out = plane.addSa(config({ initialSequence }));
        const datagram = Buffer.from(plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array);
        expect(datagram.readUInt32BE(at)).toBe(Number((initialSequence + 1n) & 0xffff_ffffn));
        datagram.writeUInt32BE(quoted, at);
        plane.unprotect(0, told(datagram, 1300));
        plane.close();
        return out.pathMtu === 1300;
      };
      const newest = Number((last + 1n) & 0xffff_ffffn);
      expect(await heeds(newest)).toBe(true);
      expect(await heeds(newest - 1_000_000)).toBe(true);
      expect(await heeds(newest + 1)).toBe(false); // nobody has seen it yet
      expect(await heeds(newest - 2 ** 20)).toBe(false); // long ago
      expect(await heeds((newest ^ 0x8000_0000) >>> 0)).toBe(false);
      expect(await heeds(1, 0n)).toBe(true);
      expect(await heeds(0, 0n)).toBe(false); // never sent
      expect(await heeds(0xffff_ffff, 0n)).toBe(false);
    });

    it("a quote that ends before it proves nothing: eight bytes of AH", async () => {
      const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
      const out = plane.addSa(ah({}));
      const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
      const quoting = (length: number) => {
        const cut = Buffer.from(datagram.subarray(0, length));
        const fields = new IpFields();
        cut.writeUInt16BE(length, 2);
        expect(readIp(cut, 0, length, fields)).toBe(true);
        const icmp = new Uint8Array(600);
        const from = Uint8Array.of(203, 0, 113, 9);
        return icmp.slice(0, writeTooBig(icmp, 0, { packet: cut, start: 0, fields, mtu: 1300, from }));
      };
      plane.unprotect(0, quoting(28));
      expect(out.pathMtu).toBe(1500);
      plane.unprotect(0, quoting(32));
      expect(out.pathMtu).toBe(1300);
    });

    it("a later fragment of ours shows no SPI, whatever its bytes are", async () => {
      const { plane, out, datagram } = await make();
      const fragment = Buffer.from(datagram);
      fragment.writeUInt16BE(100, 6);
      const message = told(datagram, 1300);
      message.set(fragment.subarray(6, 8), 28 + 6);
      message.writeUInt16BE(0, 22);
      message.writeUInt16BE(internetChecksum(message, 20, message.length - 20), 22);
      plane.unprotect(0, message);
      expect(out.pathMtu).toBe(1500);
    });
  });

  it("is heeded four times at once, then once a second", async () => {
    const { plane, out, datagram } = await make();
    for (let mtu = 1499; mtu > 1480; mtu--) plane.unprotect(0, told(datagram, mtu));
    expect(out.pathMtu).toBe(1496);
    plane.unprotect(1000, told(datagram, 1400));
    expect(out.pathMtu).toBe(1400);
  });

  it("prefragmentation follows it", async () => {
    const { plane, out, datagram } = await make({ prefragment: "greedy" });
    plane.unprotect(0, told(datagram, 700));
    const { datagrams } = plane.protect(0, ipv4({ length: 1500 }), out);
    expect(datagrams.map(({ length }) => length <= 700)).toEqual([true, true, true]);
  });
});

describe("fragments judged by their first fragment's ports, RFC 4301 section 7", () => {
  const selectors = [{ protocol: 17, targetPort: 2000 }];
  const part = (offset: number, options: object = {}) =>
    ipv4({ id: 77, length: 420, ...(offset === 0 ? { moreFragments: true } : { fragmentOffset: offset }), ...options });

  it("pre-fragmented traffic passes port selectors at the receiver", async () => {
    const { plane, peer, out } = await world(gcm("out", { prefragment: "equal" }), gcm("in", { selectors }));
    const good = plane.protect(0, ipv4({ length: 3000, targetPort: 2000, id: 1 }), out).datagrams;
    expect(good.map((datagram) => peer.unprotect(0, datagram).verdict)).toEqual([
      "delivered",
      "delivered",
      "delivered",
    ]);
    const bad = plane.protect(0, ipv4({ length: 3000, targetPort: 2001, id: 2 }), out).datagrams;
    for (const datagram of bad) expect(peer.unprotect(0, datagram).verdict).toBe("policy-mismatch");
  });

  it("a later fragment without its first, too late, or laid over it matches no port", async () => {
    const { plane, peer, out } = await world(gcm("out"), gcm("in", { selectors, replayWindow: 0 }));
    const judge = (now: number, packet: Uint8Array) =>
      peer.unprotect(now, plane.protect(now, packet, out).datagrams[0] as Uint8Array).verdict;
    expect(judge(0, part(400))).toBe("policy-mismatch");
    expect(judge(0, part(0, { targetPort: 2000 }))).toBe("delivered");
    expect(judge(0, part(400))).toBe("delivered");
    expect(judge(0, part(392))).toBe("policy-mismatch"); // reaches into the first
    expect(judge(0, part(400, { id: 78 }))).toBe("policy-mismatch");
    expect(judge(0, part(400, { source: "10.1.0.8" }))).toBe("policy-mismatch");
    expect(judge(29_999, part(400))).toBe("delivered");
    expect(judge(30_000, part(400))).toBe("policy-mismatch");
    expect(judge(40_000, part(0, { targetPort: 2000 }))).toBe("delivered");
    expect(judge(40_000, part(0, { targetPort: 2001 }))).toBe("policy-mismatch");
    expect(judge(40_000, part(400))).toBe("policy-mismatch"); // two firsts that differ: neither speaks for it
  });

  it("outbound, a later fragment meets the policy of its first", async () => {
    const { plane, out } = await world();
    plane.addPolicy({ direction: "out", selector: { protocol: 17, targetPort: 2000 }, action: "protect", sa: out });
    expect(plane.protect(0, part(400)).verdict).toBe("discarded");
    expect(plane.protect(0, part(0, { targetPort: 2000 })).verdict).toBe("sealed");
    expect(plane.protect(0, part(400)).verdict).toBe("sealed");
    expect(plane.outbound(0, part(408))).toBe(true);
    expect(drain(plane, 0).map(({ verdict }) => verdict)).toEqual(["sealed"]);
    expect(plane.protect(0, part(0, { targetPort: 9, id: 5 })).verdict).toBe("discarded");
    expect(plane.protect(0, part(400, { id: 5 })).verdict).toBe("discarded");
  });
});

describe("clampMss", () => {
  /** A SYN with options in front of the MSS. */
  function syn(version: 4 | 6, mss: number, before: number[], flags = 2): Uint8Array {
    const options = [...before, 2, 4, mss >> 8, mss & 255];
    while (options.length % 4 !== 0) options.push(0);
    const tcp = Uint8Array.from([
      ...new Array<number>(12).fill(1),
      (5 + options.length / 4) << 4,
      flags,
      0,
      0,
      0,
      0,
      0,
      0,
      ...options,
    ]);
    tcp.set([4, 210, 0, 80]);
    const make = version === 4 ? ipv4 : ipv6;
    const packet = make({ protocol: 6, payload: tcp, sourcePort: 1234, targetPort: 80 });
    const sum = checksumOf(packet);
    packet[packet.length - tcp.length + 16] = sum >> 8;
    packet[packet.length - tcp.length + 17] = sum & 255;
    return packet;
  }

  /** 0 for a packet whose checksum holds. */
  function checksumOf(packet: Uint8Array): number {
    const header = (packet[0] as number) >> 4 === 4 ? 20 : 40;
    const [source, target] =
      header === 20
        ? [packet.subarray(12, 16), packet.subarray(16, 20)]
        : [packet.subarray(8, 24), packet.subarray(24, 40)];
    const length = packet.length - header;
    if (header === 40) return internetChecksum(packet, header, length, pseudoHeaderSum(source, target, length, 6));
    let carried = 6 + length;
    for (const address of [source, target])
      for (let i = 0; i < 4; i += 2) carried += ((address[i] as number) << 8) | (address[i + 1] as number);
    return internetChecksum(packet, header, length, carried);
  }

  it.each([4, 6] as const)(
    "IPv%i: a SYN's MSS becomes what passes whole, its checksum holds; both directions",
    async (version) => {
      const random = new Random();
      const header = version === 4 ? 20 : 40;
      for (const before of [[], [1], [1, 1], [3, 3, 7], [8, 10, 0, 0, 0, 0, 0, 0, 0, 0]]) {
        for (const side of ["out", "in"] as const) {
          const clamp = { clampMss: true } as const;
          const { plane, peer, out } = await world(
            gcm("out", side === "out" ? clamp : {}),
            gcm("in", side === "in" ? clamp : {}),
          );
          const pass = (packet: Uint8Array) =>
            peer.unprotect(0, plane.protect(0, packet, out).datagrams[0] as Uint8Array).packet as Uint8Array;
          const mss = random.between(1401, 9000);
          const clamped = pass(syn(version, mss, before));
          const at = header + 20 + before.length + 2;
          const value = ((clamped[at] as number) << 8) | (clamped[at + 1] as number);
          expect(checksumOf(clamped), `SEED=${random.seed}`).toBe(0);
          const full = version === 4 ? ipv4({ length: value + 40, df: true }) : ipv6({ length: value + 60 });
          expect(plane.protect(0, full, out).verdict).toBe("sealed");
          const over = version === 4 ? ipv4({ length: value + 41, df: true }) : ipv6({ length: value + 61 });
          expect(plane.protect(0, over, out).verdict).toBe("too-big");
          for (const untouched of [syn(version, 500, before), syn(version, mss, before, 16)])
            expect(hex(pass(untouched))).toBe(hex(untouched));
        }
      }
    },
  );

  it.each([4, 6] as const)("IPv%i: in a bundle its whole growth counts, both ways", async (version) => {
    const ah = (direction: "out" | "in", more: object = {}) =>
      ({
        direction,
        protocol: "ah",
        spi: 0x1002,
        mode: "transport",
        integrity: "hmac-sha2-512-256",
        integrityKey: new Uint8Array(64).fill(3),
        ...more,
      }) as SaConfig;
    const inner = (direction: "out" | "in", mode: "tunnel" | "transport", clamp: boolean) => {
      const { tunnel, ...rest } = gcm(direction, clamp ? { clampMss: true } : {});
      return (mode === "tunnel" ? { ...rest, tunnel } : { ...rest, mode }) as SaConfig;
    };
    for (const mode of ["tunnel", "transport"] as const) {
      for (const side of ["out", "in"] as const) {
        for (const outerMtu of [1500, 900]) {
          const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
          const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
          for (const [here, direction] of [
            [plane, "out"],
            [peer, "in"],
          ] as const) {
            const outer = ah(direction, { pathMtu: outerMtu });
            const sa = [here.addSa(inner(direction, mode, side === direction)), here.addSa(outer)];
            here.addPolicy({ direction, action: "protect", sa });
          }
          const clamped = peer.unprotect(0, plane.protect(0, syn(version, 9000, [])).datagrams[0] as Uint8Array);
          const at = (version === 4 ? 20 : 40) + 22;
          const mss = Buffer.from(clamped.packet as Uint8Array).readUInt16BE(at);
          expect(checksumOf(clamped.packet as Uint8Array)).toBe(0);
          const full = (length: number) => (version === 4 ? ipv4({ length, df: true }) : ipv6({ length }));
          const whole = mss + (version === 4 ? 40 : 60);
          expect(plane.protect(0, full(whole)).datagrams.map(({ length }) => length <= outerMtu)).toEqual([true]);
          const over = plane.protect(0, full(whole + 1));
          // IPv6 of 1280 bytes or less is never refused: it is cut after sealing.
          expect(over.verdict === "too-big" || over.datagrams.length === 2, `${mode} ${side} ${whole}`).toBe(true);
        }
      }
    }
  });

  it("a number is the limit itself; off by default; other numbers are refused", async () => {
    const { plane, peer, out } = await world(gcm("out", { clampMss: 1000 }), gcm("in"));
    const through = peer.unprotect(0, plane.protect(0, syn(4, 1460, []), out).datagrams[0] as Uint8Array)
      .packet as Uint8Array;
    expect(hex(through.subarray(40, 44))).toBe("020403e8");
    const off = await world();
    const same = off.peer.unprotect(0, off.plane.protect(0, syn(4, 1460, []), off.out).datagrams[0] as Uint8Array);
    expect(hex(same.packet as Uint8Array)).toBe(hex(syn(4, 1460, [])));
    const fresh = await DataPlane.create({ limits: "edge" });
    expect(() => fresh.addSa(gcm("out", { clampMss: 63 }) as SaConfig)).toThrow(/64 to 65495/);
  });
});
