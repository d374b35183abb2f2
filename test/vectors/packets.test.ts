// The published whole packets through the public API, in both builds. Their next header is what the drafts chose, so most
// are opened in transport mode: what was sealed comes back behind the IP header of the datagram.
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { DataPlane, type EspConfig } from "../../src/index.js";
import { hex, ipv4 } from "../packets.js";
import { CBC_PACKETS, CHACHA_PACKETS, type EspCase, GCM_PACKETS, GMAC_PACKETS, unhex } from "./read.js";

const VARIANTS = ["simd", "relaxed-simd"] as const;
const OUTER = { source: "192.0.2.1", target: "192.0.2.2" };
const INTEGRITY_KEY = new Uint8Array(32).fill(7);

function inbound(one: EspCase, encryption: "aes-gcm-16" | "aes-gmac" | "chacha20-poly1305"): EspConfig {
  return {
    direction: "in",
    protocol: "esp",
    spi: Number.parseInt(one.spi, 16),
    mode: "transport",
    encryption,
    encryptionKey: unhex(one.key + one.salt),
    esn: one.esn,
    initialSequence: BigInt(`0x${one.sequence}`) - 1n,
  };
}

/** An ESP packet behind an IP header like that of RFC 3602 case 5. */
function behindIp(esp: Uint8Array, addresses: { source: string; target: string }): Uint8Array<ArrayBuffer> {
  const datagram = ipv4({ ...addresses, protocol: 50, id: 0x08f2, ttl: 64, length: 20 + esp.length });
  datagram.set(esp, 20);
  return datagram;
}

/** What stands in front of the padding of a text that ends `padding | pad length | next header`. */
function payloadOf(text: string): string {
  const padLength = Number.parseInt(text.slice(-4, -2), 16);
  return text.slice(0, -4 - 2 * padLength);
}

const AEADS = [
  ...GCM_PACKETS.map((one) => ({ one, encryption: "aes-gcm-16" as const, name: `mcgrew ${one.case}` })),
  ...GMAC_PACKETS.map((one) => ({ one, encryption: "aes-gmac" as const, name: "AES-GMAC" })),
  ...CHACHA_PACKETS.map((one) => ({ one, encryption: "chacha20-poly1305" as const, name: "RFC 7634 appendix A" })),
];

describe.each(VARIANTS)("published packets, %s", (variant) => {
  // Case 4 has SPI 0, which no SA may have: the room alone opens it (published.test.ts).
  it.each(AEADS.filter(({ one }) => one.spi !== "00000000"))(
    "$name is delivered once, then replayed; flipped, forged",
    async ({ one, encryption }) => {
      const plane = await DataPlane.create({ limits: "edge", variant, carrier: "ip" });
      const sa = plane.addSa(inbound(one, encryption));
      const datagram = behindIp(unhex(one.packet), OUTER);
      for (const at of [28, datagram.length - 1]) {
        const flipped = datagram.map((byte, i) => (i === at ? byte ^ 0x80 : byte));
        expect(plane.unprotect(0, flipped).verdict).toBe("forged");
      }
      const { verdict, packet, sequence } = plane.unprotect(1, datagram);
      expect(verdict).toBe("delivered");
      expect(hex(packet?.subarray(20) ?? new Uint8Array())).toBe(payloadOf(one.payloadWithTrailer));
      expect(packet?.[9]).toBe(Number.parseInt(one.payloadWithTrailer.slice(-2), 16));
      expect(sequence).toBe(BigInt(`0x${one.sequence}`));
      expect(plane.unprotect(2, datagram).verdict).toBe("replayed");
      expect(sa.sequence).toBe(sequence);
      plane.close();
    },
  );

  it("RFC 7634 appendix A in tunnel mode, as the RFC has it: the ICMP packet comes out", async () => {
    const [one] = CHACHA_PACKETS as [EspCase];
    const plane = await DataPlane.create({ limits: "edge", variant });
    plane.addSa({ ...inbound(one, "chacha20-poly1305"), mode: "tunnel", tunnel: OUTER } as EspConfig);
    const { packet } = plane.unprotect(0, unhex(one.packet));
    expect(hex(packet ?? new Uint8Array())).toBe(payloadOf(one.payloadWithTrailer));
    plane.close();
  });

  // The API refuses encryption without integrity (RFC 3602's packets have none), so an ICV is put behind them.
  it.each(CBC_PACKETS)("RFC 3602 case $case, $mode mode, with an ICV behind it", async (one) => {
    const plane = await DataPlane.create({ limits: "edge", variant, carrier: "ip" });
    const keys = { encryptionKey: unhex(one.key), integrityKey: INTEGRITY_KEY };
    const suite = { encryption: "aes-cbc", integrity: "hmac-sha2-256-128", ...keys } as const;
    const spi = Number.parseInt(one.spi, 16);
    const initialSequence = BigInt(`0x${one.sequence}`) - 1n;
    const common = { direction: "in", protocol: "esp", spi, initialSequence, ...suite } as const;
    if (one.mode === "tunnel") plane.addSa({ ...common, mode: "tunnel", tunnel: OUTER });
    else plane.addSa({ ...common, mode: "transport" });
    const icv = createHmac("sha256", INTEGRITY_KEY).update(unhex(one.packet)).digest().subarray(0, 16);
    const addresses = one.mode === "tunnel" ? OUTER : { source: "192.168.123.3", target: "192.168.123.100" };
    const datagram = behindIp(Buffer.concat([unhex(one.packet), icv]), addresses);
    const { verdict, packet } = plane.unprotect(0, datagram);
    expect(verdict).toBe("delivered");
    const delivered = hex(packet ?? new Uint8Array());
    expect(one.mode === "tunnel" ? delivered : delivered.slice(40)).toBe(one.payload);
    if (one.original) expect(delivered).toBe(one.original);
    plane.close();
  });

  it("encryption without integrity is refused by name", async () => {
    const [one] = CBC_PACKETS as [(typeof CBC_PACKETS)[number]];
    const plane = await DataPlane.create({ limits: "edge", variant });
    const alone = { direction: "in", protocol: "esp", spi: 0x4321, mode: "transport", encryption: "aes-cbc" } as const;
    expect(() => plane.addSa({ ...alone, encryptionKey: unhex(one.key) } as never)).toThrow(/integrity/);
    plane.close();
  });
});
