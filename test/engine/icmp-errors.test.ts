// ICMP errors: RFC 4301 section 6. Inside SAs they belong to the packets that they quote; outside the SPD says which count.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig, type Selector } from "../../src/index.js";
import { internetChecksum } from "../../src/wire/ipv4.js";
import { ipv4, ipv6 } from "../packets.js";
import { gcm } from "./world.js";

const WEB: Selector = { source: "10.1.0.0/16", target: "10.2.0.0/16", protocol: 6, targetPort: 80 };
const WEB6: Selector = { source: "fd00:1::/32", target: "fd00:2::/32", protocol: 6, targetPort: 80 };
/** A router on the left, whose address is in no selector. */
const ROUTER = "198.51.100.9";

interface Quoted {
  readonly sourcePort?: number;
  readonly source?: string;
  readonly protocol?: number;
  readonly type?: number;
  readonly from?: string;
}

/** "Time exceeded", sent by the router, about a packet that came from the right: port 80 of 10.2.0.9. */
function error({ sourcePort = 80, source = "10.2.0.9", protocol = 6, type = 11, from = ROUTER }: Quoted = {}) {
  const quoted = ipv4({ source, target: "10.1.0.7", protocol, sourcePort, targetPort: 5000, length: 400 }).subarray(
    0,
    28,
  );
  const payload = new Uint8Array(8 + quoted.length);
  payload[0] = type;
  payload.set(quoted, 8);
  return ipv4({ source: from, target: "10.2.0.9", protocol: 1, payload });
}

function error6(sourcePort = 80) {
  const quoted = ipv6({
    source: "fd00:2::9",
    target: "fd00:1::7",
    protocol: 6,
    sourcePort,
    targetPort: 5000,
    length: 900,
  });
  const payload = new Uint8Array(8 + 200);
  payload[0] = 3;
  payload.set(quoted.subarray(0, 200), 8);
  return ipv6({ source: "2001:db8::9", target: "fd00:2::9", protocol: 58, payload });
}

async function gateways(more: Partial<SaConfig> = {}) {
  const [left, right] = await Promise.all([
    DataPlane.create({ limits: "edge", carrier: "udp" }),
    DataPlane.create({ limits: "edge", carrier: "udp" }),
  ]);
  const selectors = [WEB, WEB6];
  const sa = left.addSa(gcm("out", { selectors }));
  left.addPolicy({ direction: "out", selector: selectors, action: "protect", sa });
  right.addSa({ ...gcm("in", { selectors }), ...more } as SaConfig);
  return { left, right };
}

describe("an ICMP error goes with the answers to what it quotes: RFC 4301 section 6.2", () => {
  it("out: there is no policy for it, but for them; in: the selectors do not have it, but them", async () => {
    const { left, right } = await gateways();
    for (const packet of [error(), error({ type: 3 }), error({ type: 12 }), error6()]) {
      const { verdict, datagrams } = left.protect(0, packet);
      expect(verdict).toBe("sealed");
      expect(right.unprotect(0, datagrams[0] as Uint8Array).packet).toEqual(packet);
    }
  });

  it("on the fast verbs too", async () => {
    const { left } = await gateways();
    expect([left.outbound(0, error()), left.outbound(0, error({ sourcePort: 81 }))]).toEqual([true, true]);
    left.flush(0);
    expect(left.counters).toMatchObject({ sealed: 1, discarded: 1 });
  });

  it("what quotes other traffic, nothing, or is no error is discarded, and no SA is asked for", async () => {
    const { left } = await gateways();
    const cut = error().subarray(0, 47);
    cut[3] = 47;
    const others = [
      error({ sourcePort: 81 }),
      error({ source: "10.3.0.9" }),
      error({ protocol: 17 }),
      error({ type: 8 }),
      cut,
    ];
    expect(others.map((packet) => left.protect(0, packet).verdict)).toEqual(Array(5).fill("discarded"));
    left.addPolicy({ direction: "out", selector: { target: "10.3.0.0/16" }, action: "protect" });
    expect(left.protect(0, error({ source: "10.3.0.9" })).verdict).toBe("discarded");
    expect(left.nextEvent()).toBeUndefined();
  });

  it("in: what quotes other traffic is a policy-mismatch", async () => {
    const { right } = await gateways();
    const forger = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const sa = forger.addSa(gcm("out"));
    const through = (packet: Uint8Array) =>
      right.unprotect(0, forger.protect(0, packet, sa).datagrams[0] as Uint8Array).verdict;
    const others = [error({ sourcePort: 81 }), error({ source: "10.3.0.9" }), error({ type: 8 }), error6(81)];
    expect(others.map(through)).toEqual(Array(4).fill("policy-mismatch"));
    expect(through(error())).toBe("delivered");
  });

  it("checkIcmpErrors: one that the selectors have must quote such traffic as well", async () => {
    const selectors = [WEB, { protocol: 1 }];
    const forger = await DataPlane.create({ limits: "edge", carrier: "udp" });
    const sa = forger.addSa(gcm("out"));
    for (const [checkIcmpErrors, expected] of [
      [false, ["delivered", "delivered", "delivered"]],
      [true, ["delivered", "policy-mismatch", "delivered"]],
    ] as const) {
      const right = await DataPlane.create({ limits: "edge", carrier: "udp" });
      right.addSa({ ...gcm("in", { selectors }), checkIcmpErrors });
      const packets = [error(), error({ sourcePort: 81 }), error({ type: 8, sourcePort: 81 })]; // the last is no error
      const through = (packet: Uint8Array) =>
        right.unprotect(0, forger.protect(0, packet, sa).datagrams[0] as Uint8Array).verdict;
      expect(packets.map(through)).toEqual(expected);
    }
  });
});

describe("ICMP errors in the clear are heeded as the SPD says: RFC 4301 section 6.1.1", () => {
  it("no policy, or bypass: heeded; discard or protect: not", async () => {
    for (const [action, heeded] of [
      [undefined, true],
      ["bypass", true],
      ["discard", false],
      ["protect", false],
    ] as const) {
      const plane = await DataPlane.create({ limits: "edge", carrier: "ip" });
      const sa = plane.addSa(gcm("out"));
      const selector = { protocol: 1, icmpType: 3, icmpCode: 4 };
      if (action !== undefined) plane.addPolicy({ direction: "in", selector, action });
      const [datagram] = plane.protect(0, ipv4({ length: 400 }), sa).datagrams;
      const payload = new Uint8Array(36);
      payload.set([3, 4, 0, 0, 0, 0, 4, 0]);
      payload.set((datagram as Uint8Array).subarray(0, 28), 8);
      new DataView(payload.buffer).setUint16(2, internetChecksum(payload, 0, 36));
      plane.unprotect(0, ipv4({ protocol: 1, source: ROUTER, target: "192.0.2.1", payload }));
      expect([action, sa.pathMtu]).toEqual([action, heeded ? 1024 : 1500]);
    }
  });
});

describe("later fragments in SAs with ports: RFC 4301 section 7.3", () => {
  const first = ipv4({ protocol: 6, targetPort: 80, moreFragments: true, length: 100, id: 7 });
  const later = ipv4({ protocol: 6, fragmentOffset: 80, length: 60, id: 7 });

  it("travel with their first fragment, unless the peers did not agree on it", async () => {
    for (const statefulFragments of [true, false]) {
      const plane = await DataPlane.create({ limits: "edge", carrier: "udp" });
      const sa = plane.addSa({ ...gcm("out"), statefulFragments });
      plane.addPolicy({ direction: "out", selector: WEB, action: "protect", sa });
      plane.addPolicy({ direction: "out", selector: { protocol: 6, targetPort: "opaque" }, action: "bypass" });
      const verdicts = [first, later].map((packet) => plane.protect(0, packet).verdict);
      expect(verdicts).toEqual(["sealed", statefulFragments ? "sealed" : "bypassed"]);
    }
  });

  it("in and out, where an SA is given or has selectors of its own", async () => {
    for (const statefulFragments of [true, false]) {
      const { left, right } = await gateways({ statefulFragments });
      const any = await DataPlane.create({ limits: "edge", carrier: "udp" });
      const unselected = any.addSa(gcm("out"));
      const own = left.addSa({ ...gcm("out", { spi: 0x1002, selectors: [WEB] }), statefulFragments });
      const out = [first, later].map((packet) => left.protect(0, packet, own).verdict);
      const arrived = [first, later].map(
        (packet) => right.unprotect(0, any.protect(0, packet, unselected).datagrams[0] as Uint8Array).verdict,
      );
      expect(out).toEqual(["sealed", statefulFragments ? "sealed" : "policy-mismatch"]);
      expect(arrived).toEqual(["delivered", statefulFragments ? "delivered" : "policy-mismatch"]);
    }
  });
});
