// Every verdict can be asked why; where a setting would have accepted the packet, it is applied, and the packet passes.
import { expect, it } from "vitest";
import {
  type DataPlane,
  type Explanation,
  DataPlane as Plane,
  type PlaneOptions,
  type PolicyConfig,
  type SaConfig,
  VERDICTS,
  type Verdict,
} from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { authenticEsp } from "./authentic.js";
import { drain, GCM_KEY, gcm, type Options } from "./world.js";

async function receiver(options: Options = {}, plane: PlaneOptions = {}) {
  const peer = await Plane.create({ limits: "edge", ...plane });
  return { peer, sa: peer.addSa(gcm("in", options)) };
}

async function sender(options: Options = {}, planeOptions: PlaneOptions = {}) {
  const plane = await Plane.create({ limits: "edge", ...planeOptions });
  return { plane, sa: plane.addSa(gcm("out", options)) };
}

async function numbered(count: number, packet = ipv4(), options: Options = {}): Promise<Uint8Array[]> {
  const { plane, sa } = await sender(options);
  return Array.from({ length: count }, () => plane.protect(0, packet, sa).datagrams[0] as Uint8Array);
}

const facts = ({ facts }: Explanation) => Object.fromEntries(facts.map(({ name, value }) => [name, value]));
const saOptions = ({ setting }: Explanation) => {
  if (setting?.of !== "SA") throw new Error("the setting is not the SA's");
  return setting.options as Options;
};

function whyOf(plane: DataPlane, verdict: Verdict, rule: RegExp, source: RegExp): Explanation {
  const why = plane.explain(verdict);
  expect(why.verdict).toBe(verdict);
  expect(why.rules).toHaveLength(1);
  expect(why.rules[0]?.rule).toMatch(rule);
  expect(why.rules[0]?.source).toMatch(source);
  return why;
}

it("every verdict has a rule with its source before anything happened; what is none is refused", async () => {
  const plane = await Plane.create({ limits: "edge" });
  for (const verdict of VERDICTS) {
    const why = plane.explain(verdict);
    expect(why).toMatchObject({ verdict, direction: undefined, packets: 0, facts: [] });
    expect(why.rules.length).toBeGreaterThan(0);
    for (const { rule, source } of why.rules)
      expect([rule.length > 10, /RFC \d{3,4}/.test(source)]).toEqual([true, true]);
    expect([Object.isFrozen(why), Object.isFrozen(why.rules), Object.isFrozen(why.facts)]).toEqual([true, true, true]);
  }
  expect(plane.explain("policy-mismatch").rules).toHaveLength(2);
  expect(() => plane.explain("late" as Verdict)).toThrow(/unknown: sealed, delivered/);
});

it("sealed, delivered, dummy, keepalive, ike, bypassed, waiting: the rule and how many, nothing of the packet", async () => {
  const { plane, sa } = await sender();
  const { peer } = await receiver();
  plane.addPolicy({ direction: "out", selector: { protocol: 1 }, action: "bypass" });
  plane.protect(0, ipv4({ protocol: 1 }));
  peer.unprotect(0, plane.protect(0, ipv4(), sa).datagrams[0] as Uint8Array);
  peer.unprotect(0, Uint8Array.of(0xff));
  peer.unprotect(0, Uint8Array.of(0, 0, 0, 0, 1, 2, 3, 4));
  plane.dummy(0, sa, 64);
  peer.unprotect(0, drain(plane, 0)[0]?.bytes as Uint8Array);
  const { peer: router } = await receiver({}, { carrier: "ip" });
  router.unprotect(0, ipv4({ protocol: 50, moreFragments: true }));
  for (const [where, verdict] of [
    [plane, "sealed"],
    [plane, "bypassed"],
    [peer, "delivered"],
    [peer, "keepalive"],
    [peer, "ike"],
    [peer, "dummy"],
    [router, "waiting"],
  ] as const) {
    const why = where.explain(verdict);
    expect(why).toMatchObject({ packets: verdict === "sealed" ? 2 : 1, facts: [] });
    expect(why.setting).toBeUndefined();
  }
});

it.each([
  [165, 100, 128],
  [80, 64, 128],
  [2000, 1999, 2048],
])("stale: of %i numbers one %i behind; a window of %i would have accepted it", async (count, behind, window) => {
  const packets = await numbered(count);
  const late = packets[count - 1 - behind] as Uint8Array;
  const { peer } = await receiver();
  peer.unprotect(5, packets[count - 1] as Uint8Array);
  expect(peer.unprotect(7, late).verdict).toBe("stale");
  const why = whyOf(peer, "stale", /left of the anti-replay window/, /RFC 4303 section 3.4.3/);
  expect(facts(why)).toEqual({
    direction: "in",
    at: "7 ms",
    length: "136 bytes",
    spi: "0x1001 (4097)",
    sequence: String(count - behind),
    "highest accepted": String(count),
    behind: String(behind),
    window: "64 numbers",
  });
  expect(why.setting).toEqual({ of: "SA", options: { replayWindow: window } });
  for (const [replayWindow, verdict] of [
    [window, "delivered"],
    [window - 64, "stale"],
  ] as const) {
    const { peer: other } = await receiver({ replayWindow });
    other.unprotect(0, packets[count - 1] as Uint8Array);
    expect(other.unprotect(0, late).verdict).toBe(verdict);
  }
});

it("stale by more than any window, and number 0: no setting", async () => {
  const [last] = await numbered(1, ipv4(), { initialSequence: 4999n });
  const [first] = await numbered(1);
  const { peer } = await receiver();
  peer.unprotect(0, last as Uint8Array);
  peer.unprotect(0, first as Uint8Array);
  expect(peer.explain("stale").setting).toBeUndefined();
  const zero = authenticEsp({ key: GCM_KEY, spi: 0x1001, sequence: 0, text: new Uint8Array(4) });
  expect(peer.unprotect(0, zero).verdict).toBe("stale");
  expect(facts(peer.explain("stale"))["sequence"]).toBe("0");
  expect(peer.explain("stale").setting).toBeUndefined();
});

it("replayed and forged: the numbers, and no setting; a key is nowhere in it", async () => {
  const [first, second] = (await numbered(2)) as [Uint8Array, Uint8Array];
  const { peer } = await receiver();
  peer.unprotect(0, first);
  peer.unprotect(0, first);
  const replayed = whyOf(peer, "replayed", /accepted once/, /RFC 4303 section 3.4.3/);
  expect(facts(replayed)).toMatchObject({ sequence: "1", "highest accepted": "1", window: "64 numbers" });
  second[30] = (second[30] as number) ^ 1;
  peer.unprotect(0, second);
  const forged = whyOf(peer, "forged", /ICV does not verify/, /RFC 4303 section 3.4.4/);
  expect(facts(forged)).toMatchObject({ spi: "0x1001 (4097)", sequence: "2", "highest accepted": "1" });
  expect([replayed.setting, forged.setting]).toEqual([undefined, undefined]);
  for (const why of [replayed, forged]) expect(JSON.stringify(why)).not.toMatch(/encryptionKey|1,2,3,4/);
});

it("exhausted: 64-bit numbers go on", async () => {
  const { plane, sa } = await sender({ initialSequence: 0xffff_ffffn });
  plane.protect(0, ipv4(), sa);
  const why = whyOf(plane, "exhausted", /never used twice/, /RFC 4303 section 3.3.3/);
  expect(facts(why)).toMatchObject({ "last number": "4294967295", "sequence numbers": "32 bits" });
  const { plane: other, sa: longer } = await sender({ initialSequence: 0xffff_ffffn, ...saOptions(why) });
  expect(other.protect(0, ipv4(), longer).verdict).toBe("sealed");
  const { plane: last, sa: over } = await sender({ initialSequence: 0xffff_ffff_ffff_ffffn, esn: true });
  last.protect(0, ipv4(), over);
  expect(last.explain("exhausted").setting).toBeUndefined();
});

it("no-sa: none given, deleted, expired in time, used up; the limit that was reached is moved", async () => {
  const reason = (plane: DataPlane) =>
    facts(whyOf(plane, "no-sa", /never sent clear/, /RFC 4301 section 5.1/))["reason"];
  const { plane, sa } = await sender();
  const policy = plane.addPolicy({ direction: "out", action: "protect" });
  plane.protect(0, ipv4());
  expect(reason(plane)).toBe("the policy was given no SA yet");
  policy.use(sa);
  sa.delete();
  plane.protect(0, ipv4());
  expect(reason(plane)).toBe("the SA has been deleted");
  expect(plane.explain("no-sa").setting).toBeUndefined();

  for (const [lifetime, at, said, wanted] of [
    [{ seconds: 10, packets: 100 }, 12_500, "seconds", { seconds: 13, packets: 100 }],
    [{ packets: 1 }, 0, "packets", { packets: 2 }],
    [{ kilobytes: 1 }, 0, "kilobytes", { kilobytes: 2 }],
  ] as const) {
    const packet = ipv4({ length: 600 });
    const run = async (options: Options) => {
      const { plane, sa } = await sender({ addedAt: 0, ...options });
      expect(plane.protect(0, packet, sa).verdict).toBe("sealed");
      return { plane, sa, verdict: plane.protect(at, packet, sa).verdict };
    };
    const { plane, sa, verdict } = await run({ lifetime });
    expect(verdict).toBe("no-sa");
    expect(reason(plane)).toBe(`the SA has expired: ${said}`);
    const why = plane.explain("no-sa");
    expect(why.setting).toEqual({ of: "SA", options: { lifetime: wanted } });
    expect((await run(saOptions(why))).verdict).toBe("sealed");
    plane.protect(at, packet, sa);
    expect(plane.explain("no-sa").setting).toEqual({ of: "SA", options: { lifetime: wanted } });
  }
});

it("no-sa inbound: deleted while staged", async () => {
  const [packet] = await numbered(1);
  const { peer, sa } = await receiver();
  peer.inbound(0, packet as Uint8Array);
  sa.delete();
  drain(peer, 0);
  expect(peer.explain("no-sa")).toMatchObject({ verdict: "no-sa", packets: 1 });
});

it("expired: how long and how much, and the lifetime that would have lasted", async () => {
  const packets = await numbered(3, ipv4({ length: 600 }));
  for (const [lifetime, wanted] of [
    [{ packets: 2 }, { packets: 3 }],
    [{ seconds: 1 }, { seconds: 2 }],
    [{ kilobytes: 1.2 }, { kilobytes: 2 }],
  ] as const) {
    const run = async (options: Options) => {
      const { peer } = await receiver({ addedAt: 0, ...options });
      return { peer, verdicts: packets.map((packet, i) => peer.unprotect(i * 500, packet).verdict) };
    };
    const { peer, verdicts } = await run({ lifetime });
    expect(verdicts[2]).toBe("expired");
    const why = whyOf(peer, "expired", /hard lifetime/, /RFC 4301 section 4.4.2.1/);
    expect(facts(why)["state"]).toBe("expired");
    expect(saOptions(why).lifetime).toEqual(wanted);
    expect((await run(saOptions(why))).verdicts[2]).toBe("delivered");
  }
});

it("policy-mismatch, out and in: the packet, the selectors, and the selector for it alone", async () => {
  const selectors = [{ protocol: 17, targetPort: 53 }];
  const packet = ipv4({ targetPort: 80 });
  const { plane, sa } = await sender({ selectors });
  plane.protect(0, packet, sa);
  const out = whyOf(plane, "policy-mismatch", /selectors do not have/, /RFC 4301 section 4.4.2/);
  const told = { packet: "10.1.0.7 port 1000 to 10.2.0.9 port 80, protocol 17", selectors: JSON.stringify(selectors) };
  expect(facts(out)).toMatchObject({ direction: "out", ...told });
  const again = await sender(saOptions(out));
  const sealed = again.plane.protect(0, packet, again.sa);
  expect(sealed.verdict).toBe("sealed");
  expect(again.plane.protect(0, ipv4({ targetPort: 81 }), again.sa).verdict).toBe("policy-mismatch");
  const { peer } = await receiver({ selectors });
  peer.unprotect(0, sealed.datagrams[0] as Uint8Array);
  const into = whyOf(peer, "policy-mismatch", /what came out of the SA/, /RFC 4301 section 5.2/);
  expect(facts(into)).toMatchObject({ direction: "in", spi: "0x1001 (4097)", ...told });
  expect((await receiver(saOptions(into))).peer.unprotect(0, sealed.datagrams[0] as Uint8Array).verdict).toBe(
    "delivered",
  );
});

it("discarded, out and in: the policy that would have let it", async () => {
  const packet = ipv6({ protocol: 58 });
  const { plane, sa } = await sender({}, { carrier: "ip" });
  plane.protect(0, packet);
  const out = whyOf(plane, "discarded", /says discard, or none/, /RFC 4301 section 5.1/);
  expect(facts(out)["packet"]).toBe("fd00:1::7 to fd00:2::9, protocol 58 type 90 code 90");
  plane.addPolicy({ ...(out.setting?.options as PolicyConfig), sa });
  expect(plane.protect(0, packet).verdict).toBe("sealed");
  plane.unprotect(0, ipv4({ protocol: 6 }));
  const into = whyOf(plane, "discarded", /came clear/, /RFC 4301 section 5.2/);
  plane.addPolicy(into.setting?.options as PolicyConfig);
  expect(plane.unprotect(0, ipv4({ protocol: 6 })).verdict).toBe("bypassed");
});

it("too-big: sealed size, path MTU, DF; and the MTU that it takes", async () => {
  const packet = ipv4({ length: 1400, df: true });
  const { plane, sa } = await sender({ pathMtu: 1400 });
  plane.protect(0, packet, sa);
  const why = whyOf(plane, "too-big", /longer than the path takes/, /RFC 4301 section 8.2/);
  expect(facts(why)).toMatchObject({ length: "1400 bytes", sealed: "1464 bytes", "path mtu": "1400 bytes", DF: "set" });
  expect(why.setting).toEqual({ of: "SA", options: { pathMtu: 1464 } });
  for (const [pathMtu, verdict] of [
    [1464, "sealed"],
    [1463, "too-big"],
  ] as const) {
    const { plane: other, sa: wider } = await sender({ pathMtu });
    expect(other.protect(0, packet, wider).verdict).toBe(verdict);
  }
  const target = new Uint8Array(2000);
  plane.protectInto(0, packet, target, sa);
  expect(plane.explain("too-big")).toMatchObject({ packets: 2, setting: why.setting });
});

it("too-big where the path says so: the DF bit, and nothing for IPv6", async () => {
  const { plane, sa } = await sender();
  sa.path = plane.path({ remote: { address: "192.0.2.2", port: 4500 }, mtu: 1300 });
  const packet = ipv4({ length: 1400, df: true });
  plane.protect(0, packet, sa);
  expect(facts(plane.explain("too-big"))["path mtu"]).toBe("1300 bytes, as the path says");
  const { plane: other, sa: clear } = await sender(saOptions(plane.explain("too-big")));
  clear.path = other.path({ remote: { address: "192.0.2.2", port: 4500 }, mtu: 1300 });
  expect(other.protect(0, packet, clear).verdict).toBe("sealed");
  plane.protect(0, ipv6({ length: 1400 }), sa);
  expect(plane.explain("too-big").setting).toBeUndefined();
});

it("unknown-spi: the SPI and who sent it; an SA with it", async () => {
  const { plane, sa } = await sender({ spi: 0x2002 }, { carrier: "ip" });
  const { peer } = await receiver({}, { carrier: "ip" });
  const [datagram] = plane.protect(0, ipv4(), sa).datagrams as [Uint8Array];
  peer.unprotect(0, datagram);
  const why = whyOf(peer, "unknown-spi", /no inbound SA/, /RFC 4303 section 3.4.2/);
  expect(facts(why)).toMatchObject({ spi: "0x2002 (8194)", "outer header": "192.0.2.1 to 192.0.2.2, protocol 50" });
  peer.addSa({ ...gcm("in"), ...saOptions(why) } as SaConfig);
  expect(peer.unprotect(0, datagram).verdict).toBe("delivered");
});

it("unknown-spi over a socket: the path", async () => {
  const [datagram] = await numbered(1, ipv4(), { spi: 0x2002 });
  const { peer } = await receiver();
  peer.unprotect(0, datagram as Uint8Array, peer.path({ remote: { address: "198.51.100.9", port: 4500 } }));
  expect(facts(peer.explain("unknown-spi"))["from"]).toBe("198.51.100.9");
});

it("malformed, out and in; bad-trailer: lengths, and nothing to set", async () => {
  const { plane, sa } = await sender();
  plane.protect(0, new Uint8Array(19), sa);
  expect(facts(whyOf(plane, "malformed", /no whole IPv4/, /RFC 791/))).toMatchObject({
    direction: "out",
    length: "19 bytes",
  });
  const { peer } = await receiver();
  peer.unprotect(0, Uint8Array.of(0, 0, 0x10, 1, 0, 0, 0, 1, 9, 9));
  const short = whyOf(peer, "malformed", /too short/, /RFC 4303/);
  expect(facts(short)).toMatchObject({ direction: "in", length: "10 bytes", spi: "0x1001 (4097)" });
  peer.unprotect(0, authenticEsp({ key: GCM_KEY, spi: 0x1001, sequence: 7, text: Uint8Array.of(9, 9, 2, 4) }));
  const bad = whyOf(peer, "bad-trailer", /padding/, /RFC 4303 section 2.4/);
  expect(facts(bad)).toMatchObject({ sequence: "7" });
  expect([short.setting, bad.setting]).toEqual([undefined, undefined]);
});

it("overlap, too-many-fragments, fragment: limits that would have taken them", async () => {
  const part = (index: number, fill = 0) =>
    ipv4({ protocol: 50, fragmentOffset: 8 * index, moreFragments: true, payload: new Uint8Array(8).fill(fill) });
  const { peer } = await receiver({}, { carrier: "ip", limits: { fragments: 2 } });
  peer.unprotect(0, part(0, 1));
  peer.unprotect(0, part(0, 2));
  expect(whyOf(peer, "overlap", /overlap/, /RFC 5722/).setting).toBeUndefined();
  const other = ipv4({ protocol: 50, id: 9, moreFragments: true, payload: new Uint8Array(8) });
  const many = async (limits: PlaneOptions["limits"]) => {
    const { peer } = await receiver({}, { carrier: "ip", limits: limits as object });
    return { peer, verdicts: [1, 2, 3].map((index) => peer.unprotect(0, part(index)).verdict) };
  };
  const { peer: few, verdicts } = await many({ fragments: 2 });
  expect(verdicts[2]).toBe("too-many-fragments");
  const why = whyOf(few, "too-many-fragments", /more fragments/, /RFC 8200/);
  expect(why.setting).toEqual({ of: "plane", options: { limits: { fragments: 3 } } });
  if (why.setting?.of === "plane") expect((await many(why.setting.options.limits)).verdicts[2]).toBe("waiting");
  const none = await receiver({}, { carrier: "ip", limits: { reassemblies: 0 } });
  none.peer.unprotect(0, other);
  const whole = whyOf(none.peer, "fragment", /without places/, /RFC 4303/);
  if (whole.setting?.of !== "plane") throw new Error("the setting is the plane's");
  const one = await receiver({}, { carrier: "ip", limits: whole.setting.options.limits });
  expect(one.peer.unprotect(0, other).verdict).toBe("waiting");
});

it("fragment, out: transport mode", async () => {
  const plane = await Plane.create({ limits: "edge", carrier: "ip" });
  const { tunnel: _, ...rest } = gcm("out");
  const sa = plane.addSa({ ...rest, mode: "transport" } as SaConfig);
  plane.protect(0, ipv4({ moreFragments: true }), sa);
  const why = whyOf(plane, "fragment", /whole packets only/, /RFC 4303 section 3.3.4/);
  const { plane: other, sa: tunnel } = await sender(saOptions(why), { carrier: "ip" });
  expect(other.protect(0, ipv4({ moreFragments: true }), tunnel).verdict).toBe("sealed");
});
