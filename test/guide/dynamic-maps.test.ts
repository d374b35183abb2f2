// Dynamic maps: peers that nobody has named.
import { describe, expect, it } from "vitest";
import { execute, type LabRouter, type LiveIdent } from "../../src/ios/index.js";
import { labOf } from "../ios/lab.js";
import { ipv4 } from "../packets.js";

/** A router that answers anybody. `entry`: further lines of the dynamic map's entry; `more`: of the configuration. */
const hub = (entry = "", more = "") => `crypto ipsec transform-set strong esp-gcm 256
crypto ipsec transform-set t esp-gcm
crypto dynamic-map anybody 10
 set transform-set t
${entry}
crypto map m 65000 ipsec-isakmp dynamic anybody
interface FastEthernet0/0
 ip address 192.0.2.100 255.255.255.0
 crypto map m
 crypto ipsec df-bit set
${more}
`;

const spoke = (number: number, rule = `permit ip 10.${number}.0.0 0.0.255.255 10.100.0.0 0.0.255.255`) =>
  `hostname spoke${number}
crypto ipsec transform-set t esp-gcm
crypto map m 10
 set peer 192.0.2.100
 set transform-set t
 match address 101
interface FastEthernet0/0
 ip address 192.0.2.${number} 255.255.255.0
 crypto map m
access-list 101 ${rule}
`;

const LIST = ` match address 120`;
const first = ({ session }: LabRouter) => session.idents[0] as LiveIdent;
const back = (number: number) => ipv4({ source: "10.100.0.1", target: `10.${number}.0.1` });

describe("a peer that is not named", () => {
  it("brings up SAs through the dynamic map, and is answered in them", async () => {
    const { lab, all } = await labOf(hub(), spoke(1), spoke(2));
    const [center, one, two] = all as [LabRouter, LabRouter, LabRouter];
    expect(center.session.diagnostics).toEqual([]);
    expect(center.session.idents).toEqual([]);
    for (const router of [one, two]) expect(lab.ping(router, first(router), 5, 0).answered).toBe(5);
    expect(center.session.idents.map(({ peer }) => peer.address)).toEqual(["192.0.2.1", "192.0.2.2"]);
    const shown = execute(center.session, "show crypto session", 0);
    expect(shown).toContain(
      "IPSEC FLOW: permit ip 10.100.0.0 0.0.255.255 10.2.0.0 0.0.255.255\n        Active SAs: 2, origin: dynamic crypto map",
    );
    expect(execute(center.session, "show crypto ipsec sa", 0)).toContain("#pkts encaps: 5, #pkts encrypt: 5");
    expect(execute(center.session, "show crypto isakmp sa", 0)).toContain("192.0.2.2   192.0.2.100 QM_IDLE");
  });

  it("cannot be asked: traffic towards it goes clear before it has come, and after it has gone", async () => {
    const { lab, all } = await labOf(hub(), spoke(1));
    const [center, one] = all as [LabRouter, LabRouter];
    expect(lab.send(center, back(1), 0).verdict).not.toBe("delivered");
    expect(center.session.idents).toEqual([]);
    lab.ping(one, first(one), 1, 0);
    expect(lab.send(center, back(1), 1)).toEqual({ verdict: "delivered", at: "spoke1" });
    execute(one.session, "clear crypto session", 2);
    lab.settle(2);
    expect(center.session.idents).toEqual([]);
    expect(center.plane.protect(3, back(1)).verdict).toBe("bypassed");
    expect(center.session.log.lines.at(-1)).toContain("Crypto tunnel is DOWN. Peer 192.0.2.1:500");
    expect(lab.ping(one, first(one), 1, 4).answered).toBe(1);
  });

  it("with an access list: what it permits may be asked for, and is discarded while nobody has", async () => {
    const list =
      "access-list 120 deny ip any 10.2.0.0 0.0.255.255\naccess-list 120 permit ip 10.100.0.0 0.0.255.255 any";
    const { lab, all } = await labOf(
      hub(LIST, list),
      spoke(1),
      spoke(2),
      spoke(3, "permit ip 10.3.0.0 0.0.255.255 any"),
    );
    const [center, one, two, three] = all as [LabRouter, LabRouter, LabRouter, LabRouter];
    expect(center.plane.protect(0, back(1)).verdict).toBe("discarded");
    expect(center.plane.protect(0, back(2)).verdict).toBe("bypassed");
    expect(lab.ping(one, first(one), 3, 0).answered).toBe(3);
    for (const refused of [two, three]) {
      expect(lab.ping(refused, first(refused), 1, 0)).toMatchObject({ answered: 0, last: { verdict: "no-sa" } });
    }
    expect(center.plane.protect(1, back(1)).verdict).toBe("sealed");
    expect(center.plane.protect(1, ipv4({ source: "10.100.0.1", target: "10.4.0.1" })).verdict).toBe("discarded");
    expect(center.session.log.lines.filter((line) => line.includes("IKMP_MODE_FAILURE"))).toHaveLength(2);
  });

  it("a named peer that speaks from the second address of its list is answered there", async () => {
    const named = spoke(100, "permit ip 10.100.0.0 0.0.255.255 10.2.0.0 0.0.255.255").replace(
      " set peer 192.0.2.100\n",
      " set peer 192.0.2.1\n set peer 192.0.2.2\n",
    );
    const { lab, all } = await labOf(named, spoke(2));
    const [center, two] = all as [LabRouter, LabRouter];
    expect(first(center).peer.address).toBe("192.0.2.1");
    expect(lab.ping(two, first(two), 2, 0).answered).toBe(2);
    expect(first(center).peer.address).toBe("192.0.2.2");
  });

  it("with peers: only those", async () => {
    const { lab, all } = await labOf(hub(" set peer 192.0.2.2"), spoke(1), spoke(2));
    const [, one, two] = all as [LabRouter, LabRouter, LabRouter];
    expect([lab.ping(one, first(one), 1, 0).answered, lab.ping(two, first(two), 1, 0).answered]).toEqual([0, 1]);
  });

  it("named peers come first, the dynamic map in its place among them", async () => {
    const more = `crypto map m 10
 set peer 192.0.2.1
 set transform-set strong
 match address 101
access-list 101 permit ip 10.100.0.0 0.0.255.255 10.1.0.0 0.0.255.255
`;
    const { lab, all } = await labOf(hub("", more), spoke(1), spoke(2));
    const [center, one, two] = all as [LabRouter, LabRouter, LabRouter];
    expect(lab.ping(one, first(one), 1, 0).answered).toBe(0); // its entry has another transform set
    expect(lab.ping(two, first(two), 1, 0).answered).toBe(1);
    expect(center.plane.protect(0, back(1)).verdict).toBe("no-sa");
  });

  it.each([
    ["peers", { peers: 1 }],
    ["policies", { policies: 4 }],
    ["SAs", { sas: 2 }],
  ])("a table that is full (%s) refuses the next peer and keeps those there are", async (_, limits) => {
    const { lab, all } = await labOf({ text: hub(), limits }, spoke(1), spoke(2));
    const [center, one, two] = all as [LabRouter, LabRouter, LabRouter];
    expect(lab.ping(one, first(one), 1, 0).answered).toBe(1);
    expect(lab.ping(two, first(two), 1, 0)).toMatchObject({ answered: 0, last: { verdict: "no-sa" } });
    expect(lab.ping(one, first(one), 2, 1).answered).toBe(2);
    expect([center.session.idents.length, first(two).hasSas]).toEqual([1, false]);
    execute(one.session, "clear crypto session", 2);
    lab.settle(2);
    expect(lab.ping(two, first(two), 2, 3).answered).toBe(2);
  });

  it("who moves to another address takes the traffic along", async () => {
    const { lab, all } = await labOf(hub(), spoke(1), spoke(1).replace("address 192.0.2.1 ", "address 192.0.2.77 "));
    const [center, before, after] = all as [LabRouter, LabRouter, LabRouter];
    lab.ping(before, first(before), 1, 0);
    before.reachable = false;
    expect(lab.ping(after, first(after), 2, 1).answered).toBe(2);
    expect(center.session.idents.map(({ peer }) => peer.address)).toEqual(["192.0.2.77"]);
  });
});

describe("what the entry says holds for the SAs", () => {
  it("8: replay, idle and lifetimes of the entry; df-bit of the interface; keepalive of the configuration", async () => {
    const settings = ` set security-association replay disable
 set security-association idle-time 60
 set security-association lifetime seconds 300`;
    const more = "crypto isakmp keepalive 10 periodic\ncrypto ipsec security-association replay window-size 1024";
    const { lab, all } = await labOf(hub(settings, more), spoke(1));
    const [center, one] = all as [LabRouter, LabRouter];
    lab.ping(one, first(one), 1, 0);
    const [shown] = center.session.shown(0);
    expect(shown?.sas.map(({ replayDetection, remainingSeconds }) => [replayDetection, remainingSeconds])).toEqual([
      [false, 300],
      [false, 300],
    ]);
    const sealed = center.plane.protect(1, back(1)).datagrams[0] as Uint8Array;
    expect((sealed[6] as number) & 0x40).toBe(0x40);
    expect(first(center).peer.deadPeerDetection).toMatchObject({ mode: "periodic", seconds: 10 });
    for (let now = 1000; now <= 62_000; now += 1000) lab.tick(now);
    expect(center.session.idents).toEqual([]); // idle
  });

  it("40: a peer that falls silent is found dead, and forgotten", async () => {
    const { lab, all } = await labOf(hub("", "crypto isakmp keepalive 10 periodic"), spoke(1));
    const [center, one] = all as [LabRouter, LabRouter];
    lab.ping(one, first(one), 1, 0);
    one.reachable = false;
    for (let now = 1000; now <= 21_000; now += 1000) lab.tick(now);
    expect(center.session.idents).toEqual([]);
    expect(center.plane.protect(22_000, back(1)).verdict).toBe("bypassed");
    expect(center.session.log.lines.some((line) => line.includes("Crypto tunnel is DOWN. Peer 192.0.2.1:500"))).toBe(
      true,
    );
  });

  it("it is rekeyed as any other, from either end", async () => {
    const { lab, all } = await labOf(hub(" set security-association lifetime seconds 120"), spoke(1));
    const [center, one] = all as [LabRouter, LabRouter];
    lab.ping(one, first(one), 1, 0);
    for (let now = 0; now <= 115_000; now += 1000) lab.tick(now);
    expect(first(center).shown(115_000).sas).toHaveLength(4); // the old pair drains
    for (let now = 116_000; now <= 400_000; now += 1000) lab.tick(now);
    expect(lab.ping(one, first(one), 3, 400_000).answered).toBe(3);
    expect(center.session.idents).toHaveLength(1);
  });
});
