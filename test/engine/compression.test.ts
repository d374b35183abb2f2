// IPComp inside an SA, RFC 3173, with DEFLATE, RFC 2394: fflate in the engine, node:zlib as the second implementation.
import { deflateRawSync, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Compressor, DataPlane, type EspConfig, IpsecError, type Sa } from "../../src/index.js";
import { deflate } from "../../src/ipcomp/deflate.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { openEsp, readTrailer, sealEsp } from "../reference/esp.js";
import { drain, gcm } from "./world.js";

const zlib: Compressor = {
  algorithm: "deflate",
  compress: (bytes) => deflateRawSync(bytes),
  inflate(bytes, most) {
    try {
      return inflateRawSync(bytes, { maxOutputLength: most });
    } catch {
      return undefined;
    }
  },
};

/** What node:zlib says of a broken stream, "" of a good one. Z_BUF_ERROR: its end is missing. */
function complaint(bytes: Uint8Array): string {
  try {
    inflateRawSync(bytes, { maxOutputLength: 65_535 });
    return "";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const HOSTS = {
  4: { source: "10.1.0.7", target: "10.2.0.9" },
  6: { source: "fd00:1::7", target: "fd00:2::9" },
};
const COMPRESSION = { algorithm: "deflate" } as const;
const word = Buffer.from("All work and no play makes a dull payload. ");
const prose = (length: number) => Uint8Array.from({ length }, (_, i) => word[i % word.length] as number);

interface Shape {
  readonly carrier: "udp" | "ip";
  readonly mode: "tunnel" | "transport";
  readonly version: 4 | 6;
}
const SHAPES: Shape[] = (["udp", "ip"] as const).flatMap((carrier) =>
  (["tunnel", "transport"] as const).flatMap((mode) =>
    ([4, 6] as const).map((version) => ({ carrier, mode, version })),
  ),
);

function config({ carrier, mode, version }: Shape, more: object = {}): EspConfig {
  const { tunnel, ...rest } = gcm("out");
  const ends = mode === "tunnel" ? { tunnel } : carrier === "udp" ? { endpoints: HOSTS[version] } : {};
  return { ...rest, mode, ...ends, compression: COMPRESSION, ...more } as EspConfig;
}

const inbound = (sa: EspConfig): EspConfig => ({ ...sa, direction: "in" });
const plane = (carrier: "udp" | "ip", compression: Compressor = deflate) =>
  DataPlane.create({ carrier, limits: "edge", compression });

function packet({ version }: Shape, payload: Uint8Array): Uint8Array {
  return version === 4 ? ipv4({ payload, ttl: 64, id: 0 }) : ipv6({ payload, ttl: 64 });
}

describe.each(
  SHAPES.map((shape) => [`carrier ${shape.carrier}, ${shape.mode} mode, IPv${shape.version}`, shape] as const),
)("%s", (_, shape) => {
  it.each([
    ["fflate", "fflate", deflate, deflate],
    ["fflate", "zlib", deflate, zlib],
    ["zlib", "fflate", zlib, deflate],
  ])("%s compresses, %s inflates: any payload comes back", async (_, __, here, there) => {
    const [plain, peer] = [await plane(shape.carrier, here), await plane(shape.carrier, there)];
    const out = plain.addSa(config(shape));
    const incoming = peer.addSa(inbound(config(shape)));
    const { seed } = new Random();
    const payload = fc
      .tuple(fc.uint8Array({ minLength: 8, maxLength: 300 }), fc.integer({ min: 1, max: 8 }))
      .map(([bytes, times]) =>
        Uint8Array.from({ length: Math.min(1300, bytes.length * times) }, (_, i) => bytes[i % bytes.length] as number),
      );
    fc.assert(
      fc.property(payload, (bytes) => {
        const sent = packet(shape, bytes);
        const { verdict, datagrams } = plain.protect(0, sent, out);
        expect(verdict).toBe("sealed");
        const opened = peer.unprotect(0, datagrams[0] as Uint8Array);
        expect(hex(opened.packet as Uint8Array)).toBe(hex(sent));
      }),
      { numRuns: 60, seed },
    );
    const { compressed, notCompressed, compressFailed, packets } = out.stats;
    expect(compressed + notCompressed + compressFailed).toBe(packets);
    expect(compressed).toBeGreaterThan(5);
    expect(incoming.stats).toMatchObject({
      decompressed: compressed,
      notDecompressed: packets - compressed,
      decompressFailed: 0,
    });
  });

  it("a batch, with packets longer than a slot on the way out and in", async () => {
    const [plain, peer] = [await plane(shape.carrier), await plane(shape.carrier)];
    const out = plain.addSa(config(shape, { pathMtu: 65535 }));
    peer.addSa(inbound(config(shape)));
    const sent = [100, 1400, 2040, 2100, 9000, 40_000, 65_000].map((length) => packet(shape, prose(length)));
    for (const each of sent.slice(0, 4)) expect(plain.outbound(0, each, out)).toBe(true);
    const sealed = drain(plain, 0);
    for (const each of sent.slice(4)) {
      expect(plain.outbound(0, each, out)).toBe(true);
      sealed.push(...drain(plain, 0));
    }
    for (const { bytes } of sealed) {
      expect(bytes.length).toBeLessThan(700);
      expect(peer.inbound(0, bytes)).toBe(true);
      expect(drain(peer, 0).map((item) => [item.verdict, hex(item.bytes)])).toEqual([
        ["delivered", hex(sent.shift() as Uint8Array)],
      ]);
    }
  });
});

const TUNNEL: Shape = { carrier: "udp", mode: "tunnel", version: 4 };

/** ESP around what is no IPComp of ours: a peer who knows the key. */
function forge(sequence: bigint, payload: Uint8Array, nextHeader = 108): Uint8Array {
  const iv = Buffer.alloc(8);
  iv.writeBigUInt64BE(sequence);
  return Uint8Array.from(sealEsp(config(TUNNEL), sequence, iv, payload, nextHeader));
}

function ipcomp(nextHeader: number, cpi: number, data: Uint8Array, flags = 0): Uint8Array {
  return Buffer.concat([Buffer.of(nextHeader, flags, cpi >> 8, cpi & 255), data]);
}

describe("what is sent", () => {
  it("ESP carries next header 108; behind it the packet's own, zero, the CPI, DEFLATE as zlib reads it", async () => {
    for (const cpi of [2, 256, 61439]) {
      const sa = config(TUNNEL, { compression: { ...COMPRESSION, cpi } });
      const plain = await plane("udp");
      const sent = ipv4({ payload: prose(1000) });
      const { datagrams } = plain.protect(0, sent, plain.addSa(sa));
      const { payload, nextHeader } = readTrailer(openEsp(sa, 1n, datagrams[0] as Uint8Array) as Uint8Array) ?? fail();
      expect(nextHeader).toBe(108);
      expect([...payload.subarray(0, 4)]).toEqual([4, 0, cpi >> 8, cpi & 255]);
      expect(hex(inflateRawSync(payload.subarray(4)))).toBe(hex(sent));
    }
  });

  it("never longer than without: what does not shrink goes as it is, and after five such in a row fifty go untried", async () => {
    const plain = await plane("udp");
    const out = plain.addSa(config(TUNNEL));
    const without = plain.addSa({ ...config(TUNNEL), compression: undefined, spi: 0x1002 } as unknown as EspConfig);
    const random = new Random();
    const length = (payload: Uint8Array, sa: Sa) => plain.protect(0, ipv4({ payload }), sa).datagrams[0]?.length;
    for (let i = 0; i < 5; i++) {
      const noise = random.bytes(random.between(100, 1300));
      expect(length(noise, out), `SEED=${random.seed}`).toBe(length(noise, without));
    }
    expect(out.stats).toMatchObject({ compressed: 0, compressFailed: 5, notCompressed: 0 });
    for (let i = 0; i < 50; i++) expect(length(prose(1000), out)).toBe(length(prose(1000), without));
    expect(out.stats).toMatchObject({ compressed: 0, compressFailed: 5, notCompressed: 50 });
    expect(length(prose(1000), out)).toBeLessThan(200);
    expect(out.stats.compressed).toBe(1);
  });

  it("short packets are not tried: below 90 bytes, or as configured", async () => {
    const plain = await plane("udp");
    const usual = plain.addSa(config(TUNNEL));
    const long = plain.addSa(config(TUNNEL, { spi: 0x1002, compression: { ...COMPRESSION, minimumLength: 1001 } }));
    for (const [sa, length] of [
      [usual, 90],
      [long, 1001],
    ] as const) {
      plain.protect(0, ipv4({ payload: new Uint8Array(length - 21) }), sa);
      expect(sa.stats).toMatchObject({ compressed: 0, notCompressed: 1 });
      plain.protect(0, ipv4({ payload: new Uint8Array(length - 20) }), sa);
      expect(sa.stats).toMatchObject({ compressed: 1, notCompressed: 1 });
    }
  });

  it("the volume is that of the compressed text; DSCP, ECN and DF of the outer header are the packet's own", async () => {
    const plain = await plane("ip");
    const out = plain.addSa(config({ ...TUNNEL, carrier: "ip" }));
    const { datagrams } = plain.protect(0, ipv4({ payload: prose(1000), tos: 0xb9, df: true }), out);
    const [datagram] = datagrams as [Uint8Array];
    expect(out.stats.bytes).toBe(datagram.length - 20 - 8 - 8 - 16);
    expect([datagram[1], (datagram[6] as number) & 0x40]).toEqual([0xb9, 0x40]);
    const six = plain.protect(0, ipv6({ payload: prose(1000), tos: 0x28 }), out).datagrams[0] as Uint8Array;
    expect([six[1], (six[6] as number) & 0x40]).toEqual([0x28, 0x40]);
  });
});

describe("what is received", () => {
  const sent = ipv4({ payload: prose(400) });
  const stream = deflateRawSync(sent);

  it.each([
    ["a stream that ends early", ipcomp(4, 2, stream.subarray(0, -1))],
    ["no stream at all", ipcomp(4, 2, new Uint8Array(0))],
    ["less than an IPComp header", Uint8Array.of(4, 0, 2)],
    ["another CPI", ipcomp(4, 3, stream)],
    ["IPComp in IPComp", ipcomp(108, 2, stream)],
    ["another next header than the packet's version", ipcomp(41, 2, stream)],
    ["a next header that is no IP packet", ipcomp(17, 2, stream)],
    ["an IP header that says more than there is", ipcomp(4, 2, deflateRawSync(sent.subarray(0, -1)))],
    ["a bomb: 65,536 bytes", ipcomp(4, 2, deflateRawSync(Buffer.concat([sent, Buffer.alloc(65_536 - sent.length)])))],
    ["a bomb: 16 MiB", ipcomp(4, 2, deflateRawSync(Buffer.alloc(2 ** 24)))],
  ])("%s is malformed, and nothing of it is delivered", async (_, payload) => {
    const peer = await plane("udp");
    const sa = peer.addSa(inbound(config(TUNNEL)));
    const { verdict, packet } = peer.unprotect(0, forge(1n, payload));
    expect([verdict, packet]).toEqual(["malformed", undefined]);
    peer.inbound(0, forge(2n, payload));
    expect(drain(peer, 0).map(({ verdict, bytes }) => [verdict, bytes.length])).toEqual([["malformed", 0]]);
    expect(sa.stats).toMatchObject({ packets: 2, decompressed: 0, decompressFailed: 2, dropped: { malformed: 2 } });
    expect(peer.unprotect(0, forge(3n, ipcomp(4, 2, stream))).verdict).toBe("delivered");
  });

  it("flags are ignored, bytes behind the packet too, and packets that came as they are pass", async () => {
    const peer = await plane("udp");
    const sa = peer.addSa(inbound(config(TUNNEL)));
    const padded = deflateRawSync(Buffer.concat([sent, Buffer.alloc(65_535 - sent.length)]));
    for (const [i, esp] of [
      forge(1n, ipcomp(4, 2, stream, 0xff)),
      forge(2n, ipcomp(4, 2, padded)),
      forge(3n, sent, 4),
    ].entries())
      expect(hex(peer.unprotect(0, esp).packet as Uint8Array), `${i}`).toBe(hex(sent));
    expect(sa.stats).toMatchObject({ decompressed: 2, notDecompressed: 1 });
  });

  it("every bit flipped inside, sealed again by who knows the key: what node:zlib inflates comes out the same", async () => {
    const peer = await plane("udp");
    peer.addSa(inbound(config(TUNNEL, { replayWindow: 0 })));
    let delivered = 0;
    for (let bit = 0; bit < stream.length * 8; bit++) {
      const flipped = Buffer.from(stream);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const { verdict, packet } = peer.unprotect(0, forge(BigInt(bit + 1), ipcomp(4, 2, flipped)));
      const expected = zlib.inflate(flipped, 65_535);
      const isPacket =
        expected !== undefined &&
        expected[0] === 0x45 &&
        expected.length >= 420 &&
        expected[2] === 1 &&
        expected[3] === 164;
      if (verdict === "delivered") delivered++;
      if (isPacket) expect(hex(packet as Uint8Array), `bit ${bit}`).toBe(hex(expected.subarray(0, 420)));
      else if (complaint(flipped) === "Z_BUF_ERROR") expect(verdict, `bit ${bit}`).toBe("malformed");
      expect(["delivered", "malformed"], `bit ${bit}`).toContain(verdict);
    }
    expect(delivered).toBeGreaterThan(0);
  });

  it("random bytes never throw, and never pass without an end", async () => {
    const random = new Random();
    const peer = await plane("udp");
    peer.addSa(inbound(config(TUNNEL, { replayWindow: 0 })));
    for (let i = 1; i < 2000; i++) {
      const data = random.bytes(random.below(200));
      const { verdict } = peer.unprotect(0, forge(BigInt(i), ipcomp(4, 2, data)));
      expect(["delivered", "malformed"]).toContain(verdict);
      if (complaint(data) === "Z_BUF_ERROR") expect(verdict, `SEED=${random.seed} ${hex(data)}`).toBe("malformed");
    }
  });

  it("selectors and ECN judge what came out", async () => {
    const peer = await plane("ip");
    const sa = config({ ...TUNNEL, carrier: "ip" }, { selectors: [{ protocol: 17, targetPort: 2000 }] });
    peer.addSa(inbound(sa));
    const sender = await plane("ip");
    const out = sender.addSa({ ...sa, selectors: undefined } as unknown as EspConfig);
    const open = (tos: number, targetPort: number, outerEcn: number) => {
      const inner = ipv4({ payload: prose(400), tos, targetPort });
      const datagram = sender.protect(0, inner, out).datagrams[0] as Uint8Array;
      datagram[1] = ((datagram[1] as number) & 0xfc) | outerEcn;
      const { verdict, packet } = peer.unprotect(0, datagram);
      return [verdict, packet?.[1]];
    };
    expect(open(0, 2000, 0)).toEqual(["delivered", 0]);
    expect(open(0, 2001, 0)).toEqual(["policy-mismatch", undefined]);
    expect(open(2, 2000, 3)).toEqual(["delivered", 3]);
    expect(open(0, 2000, 3)).toEqual(["malformed", undefined]);
  });

  it("an SA without compression: malformed in tunnel mode; transport mode hands the protocol on", async () => {
    const peer = await plane("udp");
    const { compression: _, ...tunnel } = config(TUNNEL) as EspConfig & { compression: object };
    peer.addSa(inbound(tunnel as EspConfig));
    expect(peer.unprotect(0, forge(1n, ipcomp(4, 2, stream))).verdict).toBe("malformed");
    const { compression: __, ...transport } = config({ ...TUNNEL, mode: "transport" }, { spi: 0x1002 }) as EspConfig & {
      compression: object;
    };
    peer.addSa(inbound(transport as EspConfig));
    const iv = new Uint8Array(8);
    const { verdict, packet } = peer.unprotect(0, sealEsp(transport as EspConfig, 1n, iv, ipcomp(17, 2, stream), 108));
    expect([verdict, packet?.[9]]).toEqual(["delivered", 108]);
  });

  it("unprotectInto asks for room for whatever may come out, before a number is spent", async () => {
    const peer = await plane("udp");
    const sa = peer.addSa(inbound(config(TUNNEL)));
    const esp = forge(1n, ipcomp(4, 2, deflateRawSync(ipv4({ payload: prose(9000) }))));
    expect(() => peer.unprotectInto(0, esp, new Uint8Array(esp.length + 40))).toThrow(/65535 may be needed/);
    expect([sa.sequence, sa.stats.packets]).toEqual([0n, 0]);
    const target = new Uint8Array(65_535);
    expect(peer.unprotectInto(0, esp, target)).toBe(9020);
    expect(hex(target.subarray(0, 9020))).toBe(hex(ipv4({ payload: prose(9000) })));
  });

  it("no jumbo slot is free: too-big, and later packets are none the worse", async () => {
    const peer = await DataPlane.create({
      carrier: "udp",
      limits: { sas: 8, packets: 16, jumboPackets: 1 },
      compression: deflate,
    });
    peer.addSa(inbound(config(TUNNEL)));
    const long = deflateRawSync(ipv4({ payload: prose(3000) }));
    for (const sequence of [1n, 2n]) peer.inbound(0, forge(sequence, ipcomp(4, 2, long)));
    expect(drain(peer, 0).map(({ verdict }) => verdict)).toEqual(["delivered", "too-big"]);
    peer.inbound(0, forge(3n, ipcomp(4, 2, long)));
    expect(drain(peer, 0).map(({ verdict }) => verdict)).toEqual(["delivered"]);
  });
});

describe("what is refused", () => {
  it.each([
    [{ compression: { algorithm: "lzs" } }, /algorithm is "lzs"/],
    [{ compression: { algorithm: "deflate", cpi: 3 } }, /cpi is 3/],
    [{ compression: { algorithm: "deflate", cpi: 61440 } }, /cpi is 61440/],
    [{ compression: { algorithm: "deflate", minimumLength: -1 } }, /minimumLength is -1/],
    [{ tfcPadding: 100 }, /exclude each other/],
  ])("%o", async (more, sentence) => {
    const here = await plane("udp");
    expect(() => here.addSa(config(TUNNEL, more))).toThrow(sentence);
    expect(() => here.addSa(config(TUNNEL))).not.toThrow();
  });

  it("a plane without a compressor says where there is one", async () => {
    const here = await DataPlane.create({ carrier: "udp", limits: "edge" });
    expect(() => here.addSa(config(TUNNEL))).toThrow(IpsecError);
    expect(() => here.addSa(config(TUNNEL))).toThrow(/wasm-ipsec\/ipcomp/);
  });
});

function fail(): never {
  throw new Error("no trailer");
}
