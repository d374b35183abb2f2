// What is cut here Scapy joins, and what Scapy cuts is joined here: outer fragments, and the pieces of prefragment.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { SCAPY, SCAPY_IS_HERE } from "../kernel/scapy.js";
import { hex, ipv4 } from "../packets.js";
import { Random } from "../random.js";

const SCRIPT = fileURLToPath(new URL("./scapy-fragments.py", import.meta.url));
const V4 = { source: "192.0.2.1", target: "192.0.2.2" };
const V6 = { source: "2001:db8::1", target: "2001:db8::2" };

type Case = { readonly cut: string; readonly size: number } | { readonly join: readonly string[] };

function scapy(cases: readonly Case[]): string[][] {
  const input = JSON.stringify(cases);
  const { status, stdout, stderr } = spawnSync("/usr/bin/python3", [SCRIPT], { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout)) as string[][];
}

const unhex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));

function association(direction: "out" | "in", tunnel: typeof V4, more: Partial<SaConfig> = {}): SaConfig {
  return {
    direction,
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: "aes-gcm-16",
    encryptionKey: new Uint8Array(20).fill(7),
    tunnel,
    dfBit: "clear",
    replayWindow: 1024,
    ...more,
  } as SaConfig;
}

async function pair(tunnel: typeof V4, more: Partial<SaConfig>) {
  const [plane, peer] = await Promise.all([DataPlane.create({ carrier: "ip" }), DataPlane.create({ carrier: "ip" })]);
  const sa = plane.addSa(association("out", tunnel, more));
  peer.addSa(association("in", tunnel));
  const sealed = (packet: Uint8Array) => {
    const { verdict, datagrams } = plane.protect(0, packet, sa);
    expect(verdict).toBe("sealed");
    return datagrams;
  };
  return { sealed, peer };
}

/** Packets of 28 to 4000 bytes without DF, of a protocol (RFC 3692) that Scapy does not read: it would drop what UDP's length excludes. */
function packetsOf(random: Random): Uint8Array[] {
  return Array.from({ length: 40 }, () =>
    ipv4({
      protocol: 253,
      payload: random.bytes(random.between(8, 3980)),
      id: random.below(65536),
      tos: random.below(64) << 2,
    }),
  );
}

describe.skipIf(!SCAPY_IS_HERE)(SCAPY, () => {
  it.each([
    ["IPv4", V4],
    ["IPv6", V6],
  ])("joins our outer fragments over %s: the peer opens what it made", async (_version, tunnel) => {
    const random = new Random();
    const { sealed, peer } = await pair(tunnel, { pathMtu: 600 });
    const packets = packetsOf(random);
    const fragments = packets.map((packet) => [...sealed(packet)].map(hex));
    expect(fragments.some(({ length }) => length > 5)).toBe(true);
    const cut = fragments.filter(({ length }) => length > 1);
    const joined = scapy(cut.map((join) => ({ join })));
    for (const [i, made] of joined.entries()) {
      const packet = packets[fragments.indexOf(cut[i] as string[])] as Uint8Array;
      expect(made, `seed ${random.seed}`).toHaveLength(1);
      const opened = peer.unprotect(0, unhex(made[0] as string));
      expect(opened.verdict, `seed ${random.seed}`).toBe("delivered");
      expect(hex(opened.packet as Uint8Array)).toBe(hex(packet));
    }
  });

  it("cuts our datagrams: we join them, in any order", async () => {
    const random = new Random();
    const { sealed, peer } = await pair(V4, { pathMtu: 9000 });
    const packets = packetsOf(random);
    const cases = packets.map((packet) => ({
      cut: hex(sealed(packet)[0] as Uint8Array),
      size: 8 * random.between(8, 60),
    }));
    for (const [i, fragments] of scapy(cases).entries()) {
      const order = fragments.map((text) => ({ text, at: random.u32() })).sort((a, b) => a.at - b.at);
      const results = order.map(({ text }) => peer.unprotect(0, unhex(text)));
      const where = `seed ${random.seed}, packet ${i}`;
      expect(
        results.slice(0, -1).every(({ verdict }) => verdict === "waiting"),
        where,
      ).toBe(true);
      expect(results.at(-1)?.verdict, where).toBe("delivered");
      expect(hex(results.at(-1)?.packet as Uint8Array), where).toBe(hex(packets[i] as Uint8Array));
    }
  });

  it.each(["equal", "greedy"] as const)(
    "joins the %s pieces of prefragment to the packet as it was",
    async (prefragment) => {
      const random = new Random();
      const { sealed, peer } = await pair(V4, { pathMtu: 700, prefragment });
      const packets = packetsOf(random).filter(({ length }) => length > 700);
      expect(packets.length).toBeGreaterThan(10);
      const pieces = packets.map((packet) =>
        [...sealed(packet)].map((datagram) => hex(peer.unprotect(0, datagram).packet as Uint8Array)),
      );
      for (const [i, made] of scapy(pieces.map((join) => ({ join }))).entries())
        expect(made, `seed ${random.seed}`).toEqual([hex(packets[i] as Uint8Array)]);
    },
  );
});
