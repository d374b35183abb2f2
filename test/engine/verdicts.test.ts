// One story a verdict, told through the public surface; the last test asks that no verdict is without one.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig, VERDICTS, type Verdict } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";

const KEY = Uint8Array.from({ length: 20 }, (_, i) => i + 1);
const TUNNEL = { source: "192.0.2.1", target: "192.0.2.2" };
const told = new Set<Verdict>();

function tell(verdict: Verdict, expected: Verdict): void {
  told.add(verdict);
  expect(verdict).toBe(expected);
}

type Options = Partial<
  Pick<SaConfig, "esn" | "replayWindow" | "lifetime" | "initialSequence" | "selectors" | "pathMtu" | "natTraversal">
>;

function config(direction: "out" | "in", options: Options = {}): SaConfig {
  return {
    direction,
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: "aes-gcm-16",
    encryptionKey: KEY,
    tunnel: TUNNEL,
    ...options,
  };
}

let plane: DataPlane;
let peer: DataPlane;
let out: Sa;
let incoming: Sa;

async function renew(
  outOptions: Options = {},
  inOptions: Options = outOptions,
  carrier: "udp" | "ip" = "udp",
): Promise<void> {
  plane?.close();
  peer?.close();
  plane = await DataPlane.create({ carrier, limits: "edge" });
  peer = await DataPlane.create({ carrier, limits: "edge" });
  out = plane.addSa(config("out", outOptions));
  incoming = peer.addSa(config("in", inOptions));
}

function sealed(packet: Uint8Array = ipv4()): Uint8Array {
  const result = plane.protect(0, packet, out);
  expect(result.verdict).toBe("sealed");
  return result.datagrams[0] as Uint8Array;
}

beforeAll(() => renew());
afterAll(() => {
  expect([...VERDICTS].sort()).toEqual([...told].sort());
});

describe("outbound", () => {
  it("sealed, and delivered at the other end, exactly as it came", async () => {
    await renew();
    for (const packet of [ipv4(), ipv6(), ipv4({ length: 20 }), ipv6({ length: 40 })]) {
      const result = plane.protect(0, packet, out);
      tell(result.verdict, "sealed");
      const opened = peer.unprotect(0, result.datagrams[0] as Uint8Array);
      tell(opened.verdict, "delivered");
      expect(opened.packet).toEqual(packet);
      expect(opened.sa).toBe(incoming);
    }
    expect(out.sequence).toBe(4n);
    expect(incoming.sequence).toBe(4n);
  });

  it("bypassed and discarded: by policy, and discarded where none matches", async () => {
    await renew();
    plane.addPolicy({ direction: "out", selector: { target: "10.2.0.0/16", protocol: 6 }, action: "bypass" });
    plane.addPolicy({ direction: "out", selector: { target: "10.2.0.0/16" }, action: "discard" });
    tell(plane.protect(0, ipv4({ protocol: 6 })).verdict, "bypassed");
    tell(plane.protect(0, ipv4()).verdict, "discarded");
    tell(plane.protect(0, ipv4({ target: "10.3.0.1" })).verdict, "discarded");
  });

  it("an IPv4 packet after an IPv6 one is matched by its own addresses", async () => {
    await renew();
    plane.addPolicy({ direction: "out", selector: { source: "10.1.0.7", target: "10.2.0.0/16" }, action: "bypass" });
    tell(plane.protect(0, ipv6()).verdict, "discarded");
    tell(plane.protect(0, ipv4()).verdict, "bypassed");
  });

  it("no-sa: a protect policy never lets clear text through, and asks for an SA once", async () => {
    await renew();
    const policy = plane.addPolicy({ direction: "out", action: "protect" });
    for (let i = 0; i < 3; i++) {
      const result = plane.protect(0, ipv4());
      tell(result.verdict, "no-sa");
      expect(result.datagrams).toEqual([]);
    }
    const packet = { source: "10.1.0.7", target: "10.2.0.9", protocol: 17, sourcePort: 1000, targetPort: 2000 };
    expect(plane.nextEvent()).toEqual({ kind: "acquire", policy, packet }); // PFP, RFC 4301 section 4.4.1
    expect(plane.nextEvent()).toBeUndefined();
    policy.use(out);
    tell(plane.protect(0, ipv4()).verdict, "sealed");
    out.delete();
    tell(plane.protect(0, ipv4()).verdict, "no-sa");
    expect(plane.nextEvent()).toEqual({ kind: "acquire", policy, packet });
    tell(plane.protect(0, ipv4(), out).verdict, "no-sa");
  });

  it("a policy may name its peer, for who takes the event acquire", async () => {
    await renew();
    const remote = plane.addPeer({ addresses: ["192.0.2.2"] });
    const policy = plane.addPolicy({ direction: "out", action: "protect", peer: remote });
    tell(plane.protect(0, ipv4()).verdict, "no-sa");
    expect(plane.nextEvent()).toMatchObject({ kind: "acquire", policy: { peer: remote } });
    expect(policy.peer).toBe(remote);
    for (const wrong of [
      { direction: "in", action: "protect" },
      { direction: "out", action: "bypass" },
    ] as const)
      expect(() => plane.addPolicy({ ...wrong, peer: remote })).toThrow(expect.objectContaining({ code: "policy" }));
    remote.delete();
    expect(() => plane.addPolicy({ direction: "out", action: "protect", peer: remote })).toThrow(
      expect.objectContaining({ code: "peer" }),
    );
  });

  it("too-big, with the ICMP that says what would fit", async () => {
    await renew({ pathMtu: 1400 });
    const result = plane.protect(0, ipv4({ length: 1400, df: true }), out);
    tell(result.verdict, "too-big");
    const icmp = result.icmp as Uint8Array;
    expect([icmp[20], icmp[21]]).toEqual([3, 4]);
    const mtu = ((icmp[26] as number) << 8) | (icmp[27] as number);
    tell(plane.protect(0, ipv4({ length: mtu, df: true }), out).verdict, "sealed");
    tell(plane.protect(0, ipv4({ length: mtu + 1, df: true }), out).verdict, "too-big");
    const six = plane.protect(0, ipv6({ length: 1400 }), out);
    tell(six.verdict, "too-big");
    expect((six.icmp as Uint8Array)[40]).toBe(2);
    await renew({ pathMtu: 1280 });
    tell(plane.protect(0, ipv6({ length: 1280 }), out).verdict, "sealed"); // 1280 bytes are never refused
  });

  it("exhausted: the number after the last is never taken", async () => {
    await renew({ initialSequence: 0xffff_fffen });
    tell(plane.protect(0, ipv4(), out).verdict, "sealed");
    tell(plane.protect(0, ipv4(), out).verdict, "exhausted");
    tell(plane.protect(0, ipv4(), out).verdict, "exhausted");
    expect(out.sequence).toBe(0xffff_ffffn);
    expect(plane.nextEvent()).toEqual({ kind: "hard-expired", sa: out, limit: "sequence" });
    expect(plane.nextEvent()).toBeUndefined();
  });

  it("malformed: no IP packet", async () => {
    await renew();
    for (const bad of [
      new Uint8Array(0),
      new Uint8Array(19),
      new Uint8Array(40),
      ipv4().subarray(0, 60),
      ipv6().subarray(0, 60),
    ]) {
      tell(plane.protect(0, bad, out).verdict, "malformed");
    }
  });

  it("policy-mismatch: what may not travel in the SA", async () => {
    await renew({ selectors: [{ protocol: 17, targetPort: 53 }] });
    tell(plane.protect(0, ipv4({ targetPort: 80 }), out).verdict, "policy-mismatch");
    tell(plane.protect(0, ipv4({ targetPort: 53 }), out).verdict, "sealed");
  });

  it("fragment: transport mode takes whole packets only", async () => {
    await renew({}, {}, "ip");
    const { tunnel: _, ...rest } = config("out") as SaConfig & { tunnel: unknown };
    const transport = plane.addSa({ ...rest, mode: "transport", spi: 0x2000 } as SaConfig);
    tell(plane.protect(0, ipv4({ moreFragments: true }), transport).verdict, "fragment");
    tell(plane.protect(0, ipv4(), transport).verdict, "sealed");
  });
});

describe("inbound", () => {
  it("unknown-spi, malformed: what is no packet of ours", async () => {
    await renew();
    const good = sealed();
    for (const length of [0, 3, 7]) tell(peer.unprotect(0, good.subarray(0, length)).verdict, "malformed");
    tell(peer.unprotect(0, good.subarray(0, 20)).verdict, "malformed");
    const other = good.slice();
    other[0] = 0x77;
    tell(peer.unprotect(0, other).verdict, "unknown-spi");
    tell(peer.unprotect(0, good).verdict, "delivered");
  });

  it("replayed, stale, forged: and nothing of them moves the window", async () => {
    await renew();
    const packets = Array.from({ length: 80 }, () => sealed());
    tell(peer.unprotect(0, packets[79] as Uint8Array).verdict, "delivered");
    tell(peer.unprotect(0, packets[79] as Uint8Array).verdict, "replayed");
    tell(peer.unprotect(0, packets[16] as Uint8Array).verdict, "delivered"); // 17: the oldest of 64
    tell(peer.unprotect(0, packets[15] as Uint8Array).verdict, "stale");
    const forged = sealed().slice();
    forged[forged.length - 1] = (forged.at(-1) as number) ^ 1;
    tell(peer.unprotect(0, forged).verdict, "forged");
    expect(incoming.sequence).toBe(80n);
    expect(incoming.stats.dropped).toEqual({ replayed: 1, stale: 1, forged: 1 });
  });

  it("expired: after the hard lifetime, in the middle of a batch too", async () => {
    await renew({}, { lifetime: { packets: 2 } });
    const packets = Array.from({ length: 4 }, () => sealed());
    for (const packet of packets) expect(peer.inbound(0, packet)).toBe(true);
    peer.flush(0);
    const item = peer.createItem();
    const verdicts: Verdict[] = [];
    while (peer.poll(item)) verdicts.push(item.verdict);
    expect(verdicts).toEqual(["delivered", "delivered", "expired", "expired"]);
    tell(peer.unprotect(0, sealed()).verdict, "expired");
    expect(incoming.state).toBe("expired");
  });

  it("policy-mismatch: an inner packet that its SA does not allow", async () => {
    await renew({}, { selectors: [{ source: "10.1.0.0/16", protocol: 17, targetPort: [50, 60] }] });
    tell(peer.unprotect(0, sealed(ipv4({ targetPort: 61 }))).verdict, "policy-mismatch");
    tell(peer.unprotect(0, sealed(ipv4({ source: "10.9.0.1", targetPort: 55 }))).verdict, "policy-mismatch");
    tell(peer.unprotect(0, sealed(ipv4({ targetPort: 55 }))).verdict, "delivered");
  });

  it("keepalive and ike: told apart before anything else", async () => {
    await renew();
    tell(peer.unprotect(0, Uint8Array.of(0xff)).verdict, "keepalive");
    tell(peer.unprotect(0, Uint8Array.of(0, 0, 0, 0, 0xff)).verdict, "keepalive");
    const ike = peer.unprotect(0, Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4));
    tell(ike.verdict, "ike");
    expect(ike.packet).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it("dummy: next header 59 is dropped and counted", async () => {
    await renew();
    expect(plane.dummy(0, out, 100)).toBe(true);
    plane.flush(0);
    const item = plane.createItem();
    expect(plane.poll(item)).toBe(true);
    tell(item.verdict, "sealed");
    tell(peer.unprotect(0, item.copy()).verdict, "dummy");
    expect(incoming.stats.dummies).toBe(1);
  });

  it("bypassed and discarded: what came clear, by the inbound policies", async () => {
    await renew({}, {}, "ip");
    peer.addPolicy({ direction: "in", selector: { protocol: 1 }, action: "bypass" });
    const ping = ipv4({ protocol: 1, length: 64 });
    const clear = peer.unprotect(0, ping);
    tell(clear.verdict, "bypassed");
    expect(clear.packet).toEqual(ping);
    tell(peer.unprotect(0, ipv4()).verdict, "discarded");
  });

  it("waiting: until the last fragment has come, in any order, or 30 seconds are over", async () => {
    await renew({ pathMtu: 576 }, {}, "ip");
    const packet = ipv4({ length: 1500 });
    const fragments = plane.protect(0, packet, out).datagrams;
    expect(fragments.length).toBe(3);
    const [first, second, third] = fragments as [Uint8Array, Uint8Array, Uint8Array];
    tell(peer.unprotect(0, third).verdict, "waiting");
    tell(peer.unprotect(0, first).verdict, "waiting");
    tell(peer.unprotect(0, first).verdict, "waiting"); // twice the same is no overlap
    expect(peer.reassembly).toEqual({ waiting: 1, timedOut: 0, evicted: 0 });
    expect(peer.unprotect(1000, second).packet).toEqual(packet);
    tell(peer.unprotect(2000, second).verdict, "waiting");
    expect(peer.deadline()).toBe(32_000);
    peer.tick(32_000);
    expect(peer.reassembly).toEqual({ waiting: 0, timedOut: 1, evicted: 0 });
    expect(peer.deadline()).toBe(Infinity);
  });

  it("overlap: the whole datagram is refused, what still comes of it too", async () => {
    await renew({}, {}, "ip");
    const part = (offset: number, length: number, more: boolean, fill: number) =>
      ipv4({ protocol: 50, fragmentOffset: offset, moreFragments: more, payload: new Uint8Array(length).fill(fill) });
    tell(peer.unprotect(0, part(0, 64, true, 1)).verdict, "waiting");
    tell(peer.unprotect(0, part(56, 64, true, 1)).verdict, "overlap");
    tell(peer.unprotect(0, part(64, 64, false, 1)).verdict, "overlap");
    tell(peer.unprotect(30_000, part(0, 64, true, 1)).verdict, "waiting"); // forgotten: a new datagram
    tell(peer.unprotect(30_000, part(0, 64, true, 2)).verdict, "overlap"); // the same place, other bytes
  });

  it("too-many-fragments: more than limits.fragments for one datagram", async () => {
    peer.close();
    peer = await DataPlane.create({ carrier: "ip", limits: { fragments: 4 } });
    const part = (index: number) =>
      ipv4({ protocol: 50, fragmentOffset: 8 * index, moreFragments: true, payload: new Uint8Array(8) });
    for (let index = 1; index <= 4; index++) tell(peer.unprotect(0, part(index)).verdict, "waiting");
    tell(peer.unprotect(0, part(5)).verdict, "too-many-fragments");
    tell(peer.unprotect(0, part(0)).verdict, "too-many-fragments");
  });

  it("fragment: a plane that joins none refuses them", async () => {
    peer.close();
    peer = await DataPlane.create({ carrier: "ip", limits: { reassemblies: 0 } });
    tell(peer.unprotect(0, ipv4({ protocol: 50, fragmentOffset: 64 })).verdict, "fragment");
  });

  it("no-sa: staged packets of a deleted SA", async () => {
    await renew();
    const datagram = sealed();
    peer.inbound(0, datagram);
    plane.outbound(0, ipv4(), out);
    incoming.delete();
    out.delete();
    for (const one of [plane, peer]) {
      one.flush(0);
      const item = one.createItem();
      expect(one.poll(item)).toBe(true);
      tell(item.verdict, "no-sa");
    }
    tell(peer.unprotect(0, datagram).verdict, "unknown-spi");
  });

  it("bad-trailer: authentic, but its padding is not 1, 2, 3", async () => {
    const { authenticEsp } = await import("./authentic.js");
    await renew();
    const bad = authenticEsp({
      key: KEY,
      spi: 0x1001,
      sequence: 1,
      text: Uint8Array.of(...ipv4({ length: 28 }), 9, 9, 2, 4),
    });
    tell(peer.unprotect(0, bad).verdict, "bad-trailer");
    const lying = authenticEsp({ key: KEY, spi: 0x1001, sequence: 2, text: Uint8Array.of(0, 0, 200, 4) });
    tell(peer.unprotect(0, lying).verdict, "bad-trailer");
    expect(incoming.sequence).toBe(2n);
  });
});
