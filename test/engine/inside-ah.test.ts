// Encryption without integrity: under profile "legacy", right inside AH, and in no other way.
import { describe, expect, it } from "vitest";
import { type AhConfig, DataPlane, type EspConfig, IpsecError, type Sa, type SaConfig } from "../../src/index.js";
import { inbound } from "../differential/arbitrary.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { ReferencePlane } from "../reference/plane.js";
import { drain } from "./world.js";

const ENDS = { 4: { source: "192.0.2.1", target: "192.0.2.2" }, 6: { source: "2001:db8::1", target: "2001:db8::2" } };
const CIPHERS = { "des-cbc": 8, "3des-cbc": 24, "aes-cbc": 16, "aes-ctr": 20 } as const;
type Cipher = keyof typeof CIPHERS;
type Mode = "tunnel" | "transport";

const random = new Random(41);

function mode(name: Mode, outer: 4 | 6): object {
  return name === "tunnel" ? { mode: name, tunnel: ENDS[outer] } : { mode: name };
}

function bare(options: object = {}, encryption: Cipher = "des-cbc", shape = mode("tunnel", 4)): EspConfig {
  const suite = { encryption, encryptionKey: random.bytes(CIPHERS[encryption]), integrity: "none" };
  return { direction: "out", protocol: "esp", spi: 0x1001, ...shape, ...suite, ...options } as EspConfig;
}

function ah(options: object = {}, shape = mode("transport", 4)): AhConfig {
  const suite = { integrity: "hmac-md5-96", integrityKey: random.bytes(16) };
  return { direction: "out", protocol: "ah", spi: 0x2001, ...shape, ...suite, ...options } as AhConfig;
}

function legacy(): Promise<DataPlane> {
  return DataPlane.create({ profile: "legacy", carrier: "ip", limits: "edge" });
}

async function sender(configs: readonly SaConfig[]) {
  const plane = await legacy();
  const sas = configs.map((config) => plane.addSa(config));
  plane.addPolicy({ direction: "out", action: "protect", sa: sas });
  return { plane, sas };
}

async function receiver(configs: readonly SaConfig[]) {
  const plane = await legacy();
  const sas = configs.map((config) => plane.addSa(inbound(config)));
  const policy = plane.addPolicy({ direction: "in", action: "protect", sa: sas });
  return { plane, sas, policy };
}

const seal = (plane: DataPlane, packet: Uint8Array) => plane.protect(0, packet).datagrams[0] as Uint8Array;
/** The SA's record, window included. */
const recordOf = (plane: DataPlane, sa: Sa | undefined) => {
  const { memory } = plane.createItem();
  return hex(new Uint8Array(memory.buffer, memory.byteOffset + (sa as Sa).record, 512));
};

/** ESP without an ICV as it would arrive alone: what came out of AH. */
async function aloneOf(esp: SaConfig, around: SaConfig, packet: Uint8Array): Promise<Uint8Array> {
  const { plane } = await sender([esp, around]);
  const opener = await legacy();
  opener.addSa(inbound(around));
  const opened = opener.unprotect(0, seal(plane, packet)).packet as Uint8Array;
  expect(opened[9]).toBe(50);
  return opened;
}

/** The code and the sentence of what `call` throws. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof IpsecError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}

describe.each(Object.keys(CIPHERS) as Cipher[])("%s inside AH", (cipher) => {
  it.each([
    ["tunnel", "transport", 4],
    ["transport", "transport", 4],
    ["tunnel", "tunnel", 4],
    ["tunnel", "transport", 6],
  ] as const)(
    "ESP %s mode, AH %s mode, IPv%i: sealed as the reference opens it, opened in batches",
    async (...shape) => {
      const [inner, outer, version] = shape;
      const configs = [bare({}, cipher, mode(inner, version)), ah({}, mode(outer, version))];
      const [from, to] = await Promise.all([sender(configs), receiver(configs)]);
      const packets = Array.from({ length: 20 }, (_, i) => {
        const payload = random.bytes(i < 9 ? 8 + i : random.between(8, 900));
        return inner === "tunnel" && i % 2 === 1 ? ipv6({ payload }) : ipv4({ payload });
      });
      const given = inner === "transport" ? packets.filter((packet) => (packet[0] as number) >> 4 === 4) : packets;
      for (const packet of given) expect(from.plane.outbound(0, packet)).toBe(true);
      const sealed = drain(from.plane, 0).map(({ bytes }) => bytes);
      for (const [i, datagram] of sealed.entries()) {
        let bytes = datagram;
        for (const config of [...configs].reverse()) {
          const reference = new ReferencePlane("ip");
          reference.addSa(inbound(config));
          bytes = reference.unprotect(0, bytes).packet as Uint8Array;
        }
        expect(hex(bytes)).toBe(hex(given[i] as Uint8Array));
        expect(to.plane.inbound(0, datagram)).toBe(true);
      }
      const opened = drain(to.plane, 0);
      expect(opened.map(({ verdict, bytes }) => [verdict, hex(bytes)])).toEqual(
        given.map((packet) => ["delivered", hex(packet)]),
      );
      expect(to.plane.unprotect(0, sealed[3] as Uint8Array).verdict).toBe("replayed");
    },
  );
});

describe("inbound", () => {
  const configs = [bare(), ah()] as const;
  const packet = ipv4({ length: 90 });

  it("every single bit: nothing is delivered, and the inner SA's record stays as it was", async () => {
    const { plane: out } = await sender(configs);
    const { plane, sas } = await receiver(configs);
    const datagram = seal(out, packet);
    const before = recordOf(plane, sas[0]);
    // Behind the IP header; of that, AH leaves out what may change on the way (RFC 4302 section 3.3.3.1.1).
    for (let bit = 20 * 8; bit < datagram.length * 8; bit++) {
      const copy = datagram.slice();
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(plane.unprotect(0, copy).packet, `bit ${bit}`).toBeUndefined();
      expect(plane.inbound(0, copy)).toBe(true);
      expect(drain(plane, 0)[0]?.kind, `bit ${bit}`).toBe("dropped");
    }
    expect(recordOf(plane, sas[0])).toBe(before);
    expect(sas.map((sa) => sa.stats.packets)).toEqual([0, 0]);
    expect(plane.counters["bad-trailer"]).toBe(0);
    expect(plane.unprotect(0, datagram).packet).toEqual(packet);
  });

  it("a forged AH around valid ESP", async () => {
    const { plane: out } = await sender([configs[0], { ...configs[1], integrityKey: new Uint8Array(16) }]);
    const { plane, sas } = await receiver(configs);
    const before = recordOf(plane, sas[0]);
    expect(plane.unprotect(0, seal(out, packet))).toEqual({ verdict: "forged", sa: sas[1] });
    expect(recordOf(plane, sas[0])).toBe(before);
  });

  it("bad padding is told only of what AH has authenticated", async () => {
    const { plane, sas } = await receiver(configs);
    const esp = await aloneOf(...configs, packet);
    esp[esp.length - 10] = (esp[esp.length - 10] as number) ^ 1; // of the block before the last: one pad length more
    const [attacker, owner] = await Promise.all([
      sender([{ ...configs[1], integrityKey: new Uint8Array(16) }]),
      sender([configs[1]]),
    ]);
    expect(plane.unprotect(0, esp).verdict).toBe("policy-mismatch");
    expect(plane.unprotect(0, seal(attacker.plane, esp)).verdict).toBe("forged");
    expect(sas[0]?.stats.dropped).toEqual({ "policy-mismatch": 1 });
    expect(plane.unprotect(0, seal(owner.plane, esp)).verdict).toBe("bad-trailer");
  });

  it.each(["declared", "not declared", "no longer declared", "without its AH"])("alone, the bundle %s", async (how) => {
    const esp = await aloneOf(...configs, packet);
    const plane = await legacy();
    const [inner, outer] = configs.map((config) => plane.addSa(inbound(config))) as [Sa, Sa];
    if (how !== "not declared") {
      const policy = plane.addPolicy({ direction: "in", action: "protect", sa: [inner, outer] });
      if (how === "no longer declared") policy.delete();
      if (how === "without its AH") outer.delete();
    }
    const before = recordOf(plane, inner);
    expect(plane.unprotect(0, esp)).toEqual({ verdict: "policy-mismatch", sa: inner });
    plane.inbound(0, esp);
    expect(drain(plane, 0).map(({ kind, verdict }) => [kind, verdict])).toEqual([["dropped", "policy-mismatch"]]);
    expect(recordOf(plane, inner)).toBe(before);
  });

  it("AH of another bundle around it, or of none", async () => {
    const other = ah({ spi: 0x2002 });
    const { plane: out } = await sender([configs[0], other]);
    const { plane, sas } = await receiver(configs);
    const outer = plane.addSa(inbound(other));
    const before = recordOf(plane, sas[0]);
    // No bundle has that AH outside: it delivers what it carries, which is ESP still, sealed.
    expect(plane.unprotect(0, seal(out, packet)).packet?.[9]).toBe(50);
    const neighbour = plane.addSa(inbound(bare({ spi: 0x1002 })));
    plane.addPolicy({ direction: "in", action: "protect", sa: [neighbour, outer] });
    expect(plane.unprotect(0, seal(out, packet))).toEqual({ verdict: "policy-mismatch", sa: sas[0] });
    expect(recordOf(plane, sas[0])).toBe(before);
  });
});

describe("outbound", () => {
  it("given alone it seals nothing, and takes no number", async () => {
    const { plane, sas } = await sender([bare(), ah()]);
    const [inner] = sas as [Sa, Sa];
    seal(plane, ipv4()); // the bundle does
    expect(plane.protect(0, ipv4(), inner)).toMatchObject({ verdict: "no-sa", datagrams: [] });
    expect(plane.outbound(0, ipv4(), inner)).toBe(true);
    expect(drain(plane, 0).map(({ kind, verdict }) => [kind, verdict])).toEqual([["dropped", "no-sa"]]);
    expect(plane.dummy(0, inner, 64)).toBe(false);
    expect([inner.sequence, inner.stats.packets]).toEqual([1n, 1]);
    expect(plane.explain("no-sa").facts).toContainEqual(
      expect.objectContaining({ name: "reason", value: expect.stringContaining("AH") }),
    );
  });

  it("the kernel refuses it too, whatever the engine stages", async () => {
    const { plane, sas } = await sender([bare(), ah()]);
    const [inner] = sas as [Sa, Sa];
    Object.assign(inner.resolved, { insideAh: false });
    inner.outers = undefined;
    expect(plane.protect(0, ipv4(), inner)).toMatchObject({ verdict: "no-sa", datagrams: [] });
    plane.dummy(0, inner, 64);
    expect(drain(plane, 0).map(({ verdict }) => verdict)).toEqual(["no-sa"]);
    expect(inner.sequence).toBe(0n);
  });
});

describe("misuse", () => {
  it.each(["out", "in"] as const)("policies %s have it right inside AH or not at all", async (direction) => {
    const plane = await legacy();
    const add = (config: SaConfig) => plane.addSa({ ...config, direction });
    const inner = add(bare());
    const another = add(bare({ spi: 0x1002 }));
    const around = add(ah());
    const hmac = { integrity: "hmac-md5-96", integrityKey: new Uint8Array(16) };
    const esp = add(bare({ spi: 0x1003, ...hmac }));
    const wrong = [
      [inner, esp],
      [inner, another, around],
      [around, inner],
      [inner, esp, around],
      [esp, inner, around],
    ];
    for (const sa of direction === "out" ? [inner, [inner], ...wrong] : wrong) {
      expect(refusal(() => plane.addPolicy({ direction, action: "protect", sa }))).toMatch(/^policy: .*AH as the next/);
      const policy = plane.addPolicy({ direction, action: "protect" });
      expect(refusal(() => policy.use(sa))).toMatch(/^policy: .*AH as the next/);
      policy.delete();
    }
    expect(refusal(() => plane.addPolicy({ direction, action: "protect", sa: [inner, around] }))).toBe(
      "nothing was thrown",
    );
  });

  const wrong: [string, object, RegExp][] = [
    ["NULL", { encryption: "null", encryptionKey: undefined }, /^algorithm: .*not for NULL/],
    ["an AEAD", { encryption: "aes-gcm-16", encryptionKey: new Uint8Array(20) }, /^algorithm: .*its own ICV/],
    ["a key for no integrity", { integrityKey: new Uint8Array(16) }, /^algorithm: .*without integrityKey/],
    ["no word on integrity", { integrity: undefined }, /^algorithm: integrity is missing/],
    [
      "AH",
      { ...ah(), integrity: "none", integrityKey: undefined, encryption: undefined, encryptionKey: undefined },
      /^algorithm/,
    ],
    ["NAT-T", { natTraversal: { sourcePort: 4500, targetPort: 4500 } }, /^mode: .*natTraversal/],
    ["64-bit numbers", { esn: true }, /^option: .*32-bit/],
    ["a window", { replayWindow: 64 }, /^replay-window: .*needs integrity/],
    ["dummies", { dummySeconds: 5 }, /^option: .*dummySeconds/],
  ];
  it.each(wrong)("addSa refuses %s", async (_, options, sentence) => {
    const plane = await legacy();
    const before = plane.createItem().memory.slice();
    expect(refusal(() => plane.addSa(bare(options)))).toMatch(sentence);
    expect(Buffer.from(plane.createItem().memory).equals(before)).toBe(true);
  });

  it("a socket, and every other profile", async () => {
    const socket = await DataPlane.create({ profile: "legacy", limits: "edge" });
    expect(refusal(() => socket.addSa(bare({ carrier: "udp" })))).toMatch(/^mode: .*carrier "ip"/);
    for (const profile of ["modern", "interop"] as const) {
      const plane = await DataPlane.create({ profile, carrier: "ip", limits: "edge" });
      expect(refusal(() => plane.addSa(bare({}, "aes-cbc")))).toMatch(/^algorithm: integrity "none".*"legacy"$/);
    }
  });
});
