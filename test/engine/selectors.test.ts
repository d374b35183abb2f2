// Selectors as RFC 4301 section 4.4.1.1 has them, on both lines: what is read of a packet, and what matches it.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig, type Selector, type Verdict } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { counterIv, sealEsp } from "../reference/esp.js";
import { gcm } from "./world.js";

const TRANSPORT: SaConfig = {
  direction: "out",
  protocol: "esp",
  spi: 0x2001,
  mode: "transport",
  encryption: "null",
  integrity: "hmac-sha2-256-128",
  integrityKey: new Uint8Array(32).fill(7),
};

async function plane(selector: Selector): Promise<DataPlane> {
  const one = await DataPlane.create({ carrier: "ip", limits: "edge" });
  one.addPolicy({ direction: "out", selector, action: "bypass" });
  one.addPolicy({ direction: "in", selector, action: "bypass" });
  one.addSa(gcm("in", { selectors: [selector] }));
  return one;
}

let sequence = 0n;

/** The verdicts of the line out, of the line in for a clear packet, and for one that comes through an SA. */
function verdicts(one: DataPlane, packet: Uint8Array): Verdict[] {
  const nextHeader = (packet[0] as number) >> 4 === 4 ? 4 : 41;
  const number = ++sequence;
  const esp = Uint8Array.from(sealEsp(gcm("out"), number, counterIv(number), packet, nextHeader));

  const outer = ipv4({ protocol: 50, source: "192.0.2.1", target: "192.0.2.2", payload: esp });
  outer.set(esp, 20);
  return [one.protect(0, packet).verdict, one.unprotect(0, packet).verdict, one.unprotect(0, outer).verdict];
}

const MATCHES = ["bypassed", "bypassed", "delivered"];
const NOT = ["discarded", "discarded", "policy-mismatch"];

describe("the Mobility Header is an upper protocol: RFC 4301 section 4.4.1.1", () => {
  /** RFC 6275 section 6.1.1: no next header, one unit of 8 bytes more, type. */
  const mobility = (type: number) =>
    ipv6({ protocol: 135, payload: Uint8Array.of(59, 1, type, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) });

  it("is what a selector's protocol names, and has a type", async () => {
    const one = await plane({ protocol: 135, mobilityType: [5, 6] });
    const packets = [4, 5, 6, 7].map((type) => {
      const packet = mobility(type);
      packet.set([59, 1, type, 0], 40); // the ports of the builder
      return packet;
    });
    expect(packets.map((packet) => verdicts(one, packet))).toEqual([NOT, MATCHES, MATCHES, NOT]);
    expect(() => one.addPolicy({ direction: "out", selector: { mobilityType: 5 }, action: "discard" })).toThrow(
      "mobilityType needs protocol 135",
    );
  });

  it("is sealed in transport mode, not left in front of ESP", async () => {
    const one = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const sa = one.addSa(TRANSPORT);
    const packet = mobility(5);
    const [datagram] = one.protect(0, packet, sa).datagrams;
    expect((datagram as Uint8Array)[6]).toBe(50);
    expect((datagram as Uint8Array).subarray(48, 64)).toEqual(packet.subarray(40));
  });
});

describe("ICMP type and code are one number: RFC 4301 section 4.4.1.1", () => {
  const icmp = (type: number, code: number) =>
    ipv4({ protocol: 1, payload: Uint8Array.of(type, code, 0, 0, 0, 0, 0, 0) });

  it("of several types, from the first code of the first to the last code of the last", async () => {
    const one = await plane({ protocol: 1, icmpType: [3, 5], icmpCode: [2, 1] as never }).catch((error) => error.code);
    expect(one).toBe("selector"); // a range of codes is a range
    const two = await plane({ protocol: 1, icmpType: [13, 15], icmpCode: [2, 4] });
    const packets = [icmp(13, 1), icmp(13, 2), icmp(13, 200), icmp(14, 0), icmp(15, 4), icmp(15, 5)];
    expect(packets.map((packet) => verdicts(two, packet))).toEqual([NOT, MATCHES, MATCHES, MATCHES, MATCHES, NOT]);
  });

  it("a code without a type is refused", async () => {
    const one = await DataPlane.create({ carrier: "ip", limits: "edge" });
    const selector = { protocol: 1, icmpCode: 4 };
    expect(() => one.addPolicy({ direction: "out", selector, action: "discard" })).toThrow("icmpCode is given without");
  });
});

describe('ports that are "opaque": RFC 4301 sections 4.4.1.1 and 7.2', () => {
  const later = (fragmentOffset: number, id: number) =>
    ipv4({ protocol: 6, fragmentOffset, id, length: 60, sourcePort: 9, targetPort: 9 });

  it("are those of packets that show none: later fragments whose first has not come", async () => {
    const one = await plane({ protocol: 6, sourcePort: "opaque", targetPort: "opaque" });
    expect(verdicts(one, ipv4({ protocol: 6, length: 60 }))).toEqual(NOT);
    expect(verdicts(one, later(64, 1))).toEqual(MATCHES);
    expect(verdicts(one, later(1480, 1))).toEqual(MATCHES);
  });

  it("a later fragment of IPv4 that reaches into a TCP header is none of them, whatever came before", async () => {
    const one = await plane({ protocol: 6, sourcePort: "opaque" });
    expect(verdicts(one, later(1480, 2))).toEqual(MATCHES);
    expect(verdicts(one, later(8, 2))).toEqual(NOT); // RFC 3128
    expect(verdicts(one, later(56, 2))).toEqual(NOT);
    expect(verdicts(one, later(64, 2))).toEqual(MATCHES);
  });
});
