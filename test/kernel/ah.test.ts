// AH, RFC 4302: published packets, every integrity in every shape, every bit flipped, and Scapy.
import { describe, expect, it } from "vitest";
import { C_NEXT_ID, C_SPI_MASK, C_SPI_TABLE, SA_SPI } from "../../assembly/layout.js";
import { type AhConfig, DataPlane, type Sa } from "../../src/index.js";
import { ahConfig, inbound } from "../differential/arbitrary.js";
import { hex, ipv4, ipv6, unhex } from "../packets.js";
import { Random } from "../random.js";
import { integrityCheckValue } from "../reference/ciphers.js";
import { readPacket } from "../reference/ip.js";
import { ReferencePlane } from "../reference/plane.js";
import { AH_INTEGRITIES } from "../reference/suites.js";
import { SCAPY, SCAPY_INTEGRITIES, SCAPY_IS_HERE, scapy } from "./scapy.js";

const VARIANTS = ["simd", "relaxed-simd"] as const;

async function pair(config: AhConfig, variant: (typeof VARIANTS)[number] = "simd") {
  const [plane, peer] = await Promise.all(
    [0, 1].map(() => DataPlane.create({ carrier: "ip", variant, limits: "edge" })),
  );
  const both = { plane: plane as DataPlane, peer: peer as DataPlane };
  return { ...both, out: both.plane.addSa(config), incoming: both.peer.addSa(inbound(config)) };
}

function seal(plane: DataPlane, packet: Uint8Array, sa: Sa): Uint8Array {
  const { verdict, datagrams } = plane.protect(0, packet, sa);
  expect(verdict).toBe("sealed");
  return datagrams[0] as Uint8Array;
}

/** Immutable and mutable options: router alert, a record route, a used-up loose source route, the end. */
function withIpv4Options(packet: Uint8Array): Uint8Array {
  const options = unhex("94040000 0707040a000001 01 830708c0000201 01 0000");
  const whole = Uint8Array.from([...packet.subarray(0, 20), ...options, ...new Uint8Array(2), ...packet.subarray(20)]);
  whole[0] = 0x45 + 24 / 4;
  whole[2] = whole.length >> 8;
  whole[3] = whole.length;
  whole[10] = 0;
  whole[11] = 0;
  const ip = readPacket(whole);
  expect(ip?.headerLength).toBe(44);
  return whole;
}

/** Hop-by-hop with an option that may change and one that may not, a routing header that is used up. */
function withExtensions(payload: Uint8Array): Uint8Array {
  const hopByHop = unhex("2b 01 3e04aabbccdd 0504 01020304 0100");
  const routing = unhex("11 02 00 00 00000000 20010db8000000000000000000000003");
  const packet = ipv6({ protocol: 58, payload: Uint8Array.from([...hopByHop, ...routing, ...payload]) });
  packet[6] = 0;
  return packet;
}

describe("published packets", () => {
  // OpenDataPlane, test/validation/api/ipsec/test_vectors.h (BSD-3-Clause, Linaro and Nokia): pkt_ipv4_icmp_0 and what
  // AH with HMAC-SHA-256-128, a key of 0x5a, SPI 123 and sequence number 1 makes of it.
  const icmp = unhex(
    "0800fb3712340000babe01234567cafe" +
      Array.from({ length: 0x5c }, (_, i) => i.toString(16).padStart(2, "0")).join(""),
  );
  const plain = Uint8Array.from([...unhex("45000080000000004001ac27c0a86f02c0a8de02"), ...icmp]);
  const vectors = {
    "transport, IPv4": {
      mode: "transport",
      sealed: [
        "4500009c000000004033abd9c0a86f02c0a8de02 010500000000007b00000001 6c2ef71f7c7039a34a7701479e457351",
        icmp,
      ],
    },
    "tunnel, IPv4 in IPv4": {
      mode: "tunnel",
      tunnel: { source: "10.0.111.2", target: "10.0.222.2" },
      sealed: [
        "450000b00000000040331917 0a006f02 0a00de02 040500000000007b00000001 d5359b21e6149b421f00fa36734c53cf",
        plain,
      ],
    },
    "tunnel, IPv4 in IPv6": {
      mode: "tunnel",
      tunnel: { source: "2001:db8::211:43ff:fe4a:d70a", target: "2001:db8::16" },
      sealed: [
        "6000000000a03340 20010db80000000002114 3fffe4ad70a 20010db8000000000000000000000016" +
          "040600000000007b00000001 2b45bed29c9c3e0de032afa02d26e191 00000000",
        plain,
      ],
    },
    // DPDK, app/test/test_cryptodev_security_ipsec_test_vectors.h (BSD-3-Clause, Marvell): pkt_ah_ipv4_aes_gmac_128. The
    // sender chooses the IV, this engine another one: so the vector is opened.
    "transport, IPv4, AES-GMAC": {
      mode: "transport",
      integrity: "aes-gmac",
      integrityKey: unhex("a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5 cafebabe"),
      sealed: [
        "450000a4000000004033abd1c0a86f02c0a8de02 010700000000007b00000001 0100000000000000" +
          "d60ecc223179597268c958fb8bb0bbd5",
        icmp,
      ],
    },
    "sequence number 0x1235": {
      mode: "transport",
      sealed: [
        "4500009c000000004033abd9c0a86f02c0a8de02 010500000000007b00001235 04ef7173a1d4713fd678fea259e99370",
        icmp,
      ],
    },
  } as const;

  it.each(Object.entries(vectors))("%s", async (name, { sealed: [head, rest], ...mode }) => {
    const sealed = Uint8Array.from([...unhex(head), ...rest]);
    const integrity = { integrity: "hmac-sha2-256-128", integrityKey: new Uint8Array(32).fill(0x5a) } as const;
    const initialSequence = name.includes("0x1235") ? 0x1234n : 0n;
    const fixed = { direction: "out", protocol: "ah", spi: 0x1000, initialSequence, carrier: "ip" };
    const config = { ...fixed, ...integrity, ...mode } as AhConfig;
    const reference = new ReferencePlane("ip");
    reference.addSa({ ...config, direction: "in", spi: 123 });
    const opened = reference.unprotect(0, sealed);
    expect(opened.verdict).toBe("delivered");
    expect(hex(opened.packet as Uint8Array)).toBe(hex(plain));
    for (const variant of VARIANTS) {
      const plane = await DataPlane.create({ variant, limits: "edge" });
      if (config.integrity === "aes-gmac") {
        openUnder123(plane, plane.addSa({ ...config, direction: "in" }));
        expect(hex(plane.unprotect(0, sealed).packet as Uint8Array), variant).toBe(hex(plain));
        continue;
      }
      const sa = plane.addSa(config);
      // SPI 123 is reserved (RFC 4302 section 2.4), so addSa refuses it: it goes straight into the record. So does the ID.
      const memory = new DataView(plane.createItem().memory.buffer);
      memory.setUint32(sa.record + SA_SPI, 123, true);
      memory.setUint32(C_NEXT_ID, 0, true);
      expect(hex(seal(plane, plain, sa)), variant).toBe(hex(sealed));
    }
  });
});

/** SPI 123 is reserved, so addSa refuses it: every free place of the SPI table names the SA. */
function openUnder123(plane: DataPlane, { index }: Sa): void {
  const words = new Uint32Array(plane.createItem().memory.buffer);
  const table = (words[C_SPI_TABLE >> 2] as number) >> 2;
  for (let entry = 0; entry <= (words[C_SPI_MASK >> 2] as number); entry++)
    if (words[table + 2 * entry + 1] === 0) words.set([123, index + 1], table + 2 * entry);
}

/** The bits that RFC 4302 section 3.3.3.1 calls mutable, counted from the packet's first. */
function mutableBits(packet: Uint8Array): Set<number> {
  const bits = new Set<number>();
  const bytes = (from: number, count: number) => {
    for (let bit = from * 8; bit < (from + count) * 8; bit++) bits.add(bit);
  };
  if ((packet[0] as number) >> 4 === 4) {
    bytes(1, 1); // TOS
    bytes(6, 3); // flags, fragment offset, TTL
    bytes(10, 2); // checksum
    if (packet[0] === 0x4b) bytes(26, 5); // of the record route
    if (packet[0] === 0x4b) bytes(34, 5); // of the source route
    return bits;
  }
  for (let bit = 4; bit < 32; bit++) bits.add(bit); // traffic class, flow label
  bytes(7, 1); // hop limit
  if (packet[6] === 0) bytes(44, 4); // data of the option that may change
  return bits;
}

describe.each(VARIANTS)("%s", (variant) => {
  const shapes = (["transport", "tunnel"] as const).flatMap((mode) =>
    ([4, 6] as const).flatMap((outer) => [false, true].map((esn) => ({ mode, outer, esn }))),
  );

  describe.each(shapes)("$mode, IPv$outer, ESN $esn", ({ mode, outer, esn }) => {
    it.each(AH_INTEGRITIES)("%s: round trips, also through the reference", async (integrity) => {
      const random = new Random();
      const initialSequence = esn ? 2n ** 32n - 3n : 0n;
      const config = { ...ahConfig(integrity, { mode, outer }, 0x5001, random), esn, initialSequence };
      const { plane, peer, out, incoming } = await pair(config, variant);
      const reference = new ReferencePlane("ip");
      reference.addSa(inbound(config));
      const payload = random.bytes(random.between(8, 1300));
      const fours = [ipv4({ payload, tos: 0xb8, df: true }), withIpv4Options(ipv4({ payload }))];
      const sixes = [ipv6({ payload, tos: 0x28 }), withExtensions(payload)];
      for (const packet of mode === "tunnel" ? [...fours, ...sixes] : outer === 4 ? fours : sixes) {
        const sealed = seal(plane, packet, out);
        expect(sealed[mode === "transport" && packet === sixes[1] ? 56 : outer === 4 ? 9 : 6]).toBe(51);
        const twin = reference.unprotect(0, sealed);
        expect(twin.verdict, `SEED=${random.seed}`).toBe("delivered");
        const opened = peer.unprotect(0, sealed);
        expect(opened.verdict, `SEED=${random.seed}`).toBe("delivered");
        expect(hex(opened.packet as Uint8Array)).toBe(hex(twin.packet as Uint8Array));
        if (packet !== fours[1]) expect(hex(opened.packet as Uint8Array)).toBe(hex(packet));
        expect(opened.sequence).toBe(out.sequence);
        expect(peer.unprotect(0, sealed).verdict).toBe("replayed");
      }
      expect(incoming.sequence).toBe(out.sequence);
      expect(incoming.stats.bytes).toBe(out.stats.bytes);
    });
  });

  it.each([
    ["IPv4, transport", "transport", 4, "hmac-sha2-256-128"],
    ["IPv6, transport", "transport", 6, "hmac-sha2-256-128"],
    ["IPv4, tunnel", "tunnel", 4, "hmac-sha2-256-128"],
    ["IPv6, tunnel", "tunnel", 6, "hmac-sha2-256-128"],
    ["IPv4, transport, IV too", "transport", 4, "aes-gmac"],
    ["IPv6, tunnel, IV too", "tunnel", 6, "aes-gmac"],
  ] as const)("%s: whatever bit flips, nothing but mutable fields may differ", async (_, mode, outer, integrity) => {
    const random = new Random();
    const config = ahConfig(integrity, { mode, outer }, 0x5001, random);
    const made = await pair(config, variant);
    const { plane, peer, out } = made;
    let { incoming } = made;
    const payload = random.bytes(24);
    const packet =
      mode === "tunnel"
        ? ipv4({ payload, tos: 2 })
        : outer === 4
          ? withIpv4Options(ipv4({ payload }))
          : withExtensions(payload);
    const good = seal(plane, packet, out);
    const mutable = mutableBits(good);
    let delivered = 0;
    for (let bit = 0; bit < good.length * 8; bit++) {
      const flipped = good.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (0x80 >> (bit & 7));
      const { verdict, packet: opened } = peer.unprotect(0, flipped);
      if (verdict === "delivered") {
        incoming.delete();
        incoming = peer.addSa(inbound(config));
      }
      if (packet[0] === 0x4b && [24, 25, 32, 33].includes(bit >> 3)) continue; // makes another option, mutable or not
      if (!mutable.has(bit)) {
        expect(verdict, `SEED=${random.seed} bit ${bit}`).not.toBe("delivered");
        expect(opened).toBeUndefined();
        continue;
      }
      // A fragment is no whole packet: it waits for the others, or cannot be one.
      expect(["delivered", "waiting", "malformed", "overlap"], `SEED=${random.seed} bit ${bit}`).toContain(verdict);
      if (verdict === "delivered") delivered++;
    }
    expect(delivered).toBeGreaterThan(mutable.size - 16);
    expect(peer.unprotect(0, good).verdict).toBe("delivered");
  });
});

describe("a fragment header that cuts nothing (RFC 6946) in front of AH", () => {
  /** Behind the IPv6 header, or behind the hop-by-hop header. */
  function withAtomic(packet: Uint8Array, at: number, protocol: number): Uint8Array {
    const fragment = Uint8Array.from([packet[protocol] as number, 0xee, 0, 0, 1, 2, 3, 4]);
    const whole = Uint8Array.from([...packet.subarray(0, at), ...fragment, ...packet.subarray(at)]);
    whole[protocol] = 44;
    const length = whole.length - 40;
    whole.set([length >> 8, length & 255], 4);
    return whole;
  }

  const payload = new Random(5).bytes(60);
  const cases = {
    alone: [ipv6({ payload }), 40, 6],
    "behind hop-by-hop": [withExtensions(payload), 56, 40],
    "in front of hop-by-hop and routing": [withExtensions(payload), 40, 6],
  } as const;

  it.each(Object.entries(cases))(
    "%s: is not covered by the ICV, and gone behind it",
    async (_, [packet, at, named]) => {
      for (const integrity of ["hmac-sha2-256-128", "aes-gmac"] as const) {
        const { plane, peer, out } = await pair(
          ahConfig(integrity, { mode: "transport", outer: 6 }, 0x5001, new Random()),
        );
        // Put in on the way: AH is sealed without.
        const added = withAtomic(seal(plane, packet, out), at, named);
        expect(hex(peer.unprotect(0, added).packet as Uint8Array)).toBe(hex(packet));
        // There when it is sealed: RFC 4302 appendix A2 has it taken out first.
        const sealed = seal(plane, withAtomic(packet, at, named), out);
        expect(hex(peer.unprotect(0, sealed).packet as Uint8Array)).toBe(hex(packet));
        expect(sealed.length).toBe(added.length - 8);
        const forged = withAtomic(seal(plane, packet, out), at, named);
        forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
        expect(peer.unprotect(0, forged).verdict).toBe("forged");
      }
    },
  );

  it("in tunnel mode, and by the batch; never joined with fragments of the same identification", async () => {
    const { plane, peer, out } = await pair(
      ahConfig("hmac-sha2-256-128", { mode: "tunnel", outer: 6 }, 0x5001, new Random()),
    );
    const sealed = [1, 2].map(() => withAtomic(seal(plane, ipv4({ payload }), out), 40, 6)) as [Uint8Array, Uint8Array];
    const fragment = sealed[0].slice(0, 48 + 64);
    fragment.set([0, 72, 44], 4);
    fragment[43] = 1; // more of them
    expect(peer.unprotect(0, fragment).verdict).toBe("waiting");
    for (const datagram of sealed) expect(peer.inbound(0, datagram)).toBe(true);
    peer.flush(0);
    const item = peer.createItem();
    for (const _ of sealed) {
      expect(peer.poll(item)).toBe(true);
      expect(hex(item.copy())).toBe(hex(ipv4({ payload })));
    }
  });
});

describe("refused", () => {
  const config = ahConfig("aes-cmac-96", { mode: "transport", outer: 4 }, 0x5001, new Random(1));

  it("over a socket, behind NAT-T, with encryption, with what only ESP has", async () => {
    const wrong = [
      ["mode", { carrier: "udp", endpoints: { source: "10.1.0.7", target: "10.2.0.9" } }],
      ["mode", { natTraversal: { sourcePort: 4500, targetPort: 4500 } }],
      ["algorithm", { encryption: "aes-cbc", encryptionKey: new Uint8Array(16) }],
      ["algorithm", { integrity: undefined, integrityKey: undefined }],
      ["key-length", { integrityKey: new Uint8Array(20) }],
      ["key-length", { integrity: "aes-gmac", integrityKey: new Uint8Array(16) }],
      ["option", { mode: "tunnel", tunnel: { source: "192.0.2.1", target: "192.0.2.2" }, tfcPadding: 100 }],
      ["option", { dummySeconds: 10 }],
    ] as const;
    for (const [code, more] of wrong) {
      const plane = await DataPlane.create({ limits: "edge" });
      expect(() => plane.addSa({ ...config, ...more } as AhConfig)).toThrow(expect.objectContaining({ code }));
    }
  });

  it("fragments, unreadable options, a header beyond 144 bytes; and what is no AH of this SA", async () => {
    const { plane, peer, out, incoming } = await pair(config);
    expect(plane.protect(0, ipv4({ moreFragments: true }), out).verdict).toBe("fragment");
    const cut = withIpv4Options(ipv4());
    cut[25] = 60; // the record route runs over the header's end
    expect(plane.protect(0, cut, out).verdict).toBe("malformed");
    const long = ipv6({ protocol: 58, payload: Uint8Array.from([17, 13, 1, 108, ...new Uint8Array(108 + 20)]) });
    long[6] = 60;
    expect(plane.protect(0, long, out).verdict).toBe("malformed");
    expect(out.stats).toMatchObject({ packets: 0, bytes: 0 });

    const good = seal(plane, ipv4(), out);
    const asEsp = good.slice();
    asEsp[9] = 50;
    asEsp.set(good.subarray(24, 28), 20); // its SPI where ESP has it
    expect(peer.unprotect(0, asEsp).verdict).toBe("unknown-spi");
    const padded = good.slice();
    padded[21] = 9;
    expect(peer.unprotect(0, padded).verdict).toBe("malformed");
    expect(peer.unprotect(0, good.subarray(0, 31)).verdict).toBe("malformed");
    expect(incoming.sequence).toBe(0n);
    expect(peer.unprotect(0, good).verdict).toBe("delivered");
  });

  it("a forged packet leaves its bytes in the slot as they came", async () => {
    const { plane, peer, out } = await pair({ ...config, esn: true });
    const forged = seal(plane, withIpv4Options(ipv4({ tos: 0xb8 })), out).slice();
    forged[forged.length - 1] = (forged[forged.length - 1] as number) ^ 1;
    const item = peer.createItem();
    expect(peer.inbound(0, forged)).toBe(true);
    peer.flush(0);
    expect(peer.poll(item)).toBe(true);
    expect(item.verdict).toBe("forged");
    expect(hex(item.memory.subarray(item.start, item.start + forged.length))).toBe(hex(forged));
    expect(
      item.memory.subarray(item.start + forged.length + 4, item.start + forged.length + 90).every((b) => b === 0),
    ).toBe(true);
  });
});

it("the guide's ah-md5-hmac, in the legacy build alone", async () => {
  const config = ahConfig("hmac-md5-96", { mode: "tunnel", outer: 4 }, 0x5001, new Random());
  const interop = await DataPlane.create({ carrier: "ip", limits: "edge" });
  expect(() => interop.addSa(config)).toThrow(expect.objectContaining({ code: "algorithm" }));
  const [plane, peer] = await Promise.all(
    [0, 1].map(() => DataPlane.create({ carrier: "ip", limits: "edge", profile: "legacy" })),
  );
  const sealed = seal(plane as DataPlane, ipv4(), (plane as DataPlane).addSa(config));
  (peer as DataPlane).addSa(inbound(config));
  const reference = new ReferencePlane("ip");
  reference.addSa(inbound(config));
  expect(reference.unprotect(0, sealed).verdict).toBe("delivered");
  expect((peer as DataPlane).unprotect(0, sealed).packet).toEqual(ipv4());
});

it("a peer that aligns AH to 8 bytes over IPv4 is understood", async () => {
  const random = new Random();
  const config = ahConfig("hmac-sha2-256-128", { mode: "transport", outer: 4 }, 0x5001, random);
  const { peer } = await pair(config);
  const packet = ipv4({ length: 80 });
  const ah = Uint8Array.from([17, 6, 0, 0, 0, 0, 0x50, 1, 0, 0, 0, 1, ...new Uint8Array(20)]);
  const sealed = Buffer.concat([packet.subarray(0, 20), ah, packet.subarray(20)]);
  sealed.writeUInt8(51, 9);
  sealed.writeUInt16BE(sealed.length, 2);
  const covered = Buffer.from(sealed);
  for (const at of [1, 6, 7, 8, 10, 11]) covered.writeUInt8(0, at);
  sealed.set(integrityCheckValue("hmac-sha2-256-128", config.integrityKey, covered), 32);
  expect(hex(peer.unprotect(0, sealed).packet as Uint8Array)).toBe(hex(packet));
});

describe.skipIf(!SCAPY_IS_HERE)(SCAPY, () => {
  const shapes = (["transport", "tunnel"] as const).flatMap((mode) =>
    ([4, 6] as const).flatMap((outer) => [false, true].map((esn) => ({ mode, outer, esn }))),
  );
  const random = new Random();
  const cases = shapes.flatMap(({ mode, outer, esn }) =>
    SCAPY_INTEGRITIES.map((integrity) => {
      const initialSequence = esn ? 2n ** 33n + 5n : 5n;
      const config = { ...ahConfig(integrity, { mode, outer }, 0x5001, random), esn, initialSequence };
      const payload = random.bytes(random.between(8, 200));
      const packet = outer === 4 ? ipv4({ payload, tos: 0x48 }) : ipv6({ payload });
      return {
        config,
        packet,
        sequence: initialSequence + 1n,
        where: `SEED=${random.seed} ${integrity} ${mode} ${outer} ${esn}`,
      };
    }),
  );

  it("opens what this engine seals", async () => {
    const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const sealed = cases.map(({ config, packet }, i) =>
      seal(plane, packet, plane.addSa({ ...config, spi: 0x5001 + i })),
    );
    const opened = scapy(
      cases.map(({ config, sequence }, i) => ({
        configs: [{ ...config, spi: 0x5001 + i }],
        sequences: [sequence],
        sealed: sealed[i] as Uint8Array,
      })),
    );
    for (const [i, { packet, where }] of cases.entries()) expect(opened[i], where).toBe(hex(packet));
  });

  it("seals what this engine opens", async () => {
    const sealed = scapy(
      cases.map(({ config, packet, sequence }) => ({ configs: [config], sequences: [sequence], packet })),
    );
    for (const [i, { config, packet, where }] of cases.entries()) {
      const peer = await DataPlane.create({ carrier: "ip", limits: "edge" });
      peer.addSa(inbound(config));
      const opened = peer.unprotect(0, unhex(sealed[i] as string));
      expect(opened.verdict, where).toBe("delivered");
      expect(hex(opened.packet as Uint8Array), where).toBe(hex(packet));
      peer.close();
    }
  });
});
