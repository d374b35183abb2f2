import { describe, expect, it } from "vitest";
import { DataPlane } from "../../src/index.js";
import { applyConfig, execute, type LiveIdent, parseConfig } from "../../src/ios/index.js";
import { ipv4 } from "../packets.js";
import { routers, twoRouters, withTransforms } from "./lab.js";

const chance = () => 0;

async function applied(text: string) {
  const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
  const session = applyConfig(plane, parseConfig(text).config, { chance });
  const verdict = (source: string, target: string, more = {}) =>
    plane.protect(0, ipv4({ source, target, ...more })).verdict;
  return { plane, session, verdict };
}

const MAP = (rules: string, more = "") => `crypto isakmp key k address 192.0.2.2
crypto ipsec transform-set t esp-gcm
crypto map m 10 ipsec-isakmp
 set peer 192.0.2.2
 set transform-set t
 match address 101
${more}
interface FastEthernet0/0
 ip address 192.0.2.1 255.255.255.0
 crypto map m
${rules}
`;

describe("access lists as policies", () => {
  it("what is permitted asks for an SA, what is not goes clear", async () => {
    const { verdict } = await applied(MAP("access-list 101 permit tcp 10.1.0.0 0.0.255.255 any eq www"));
    const web = { protocol: 6, targetPort: 80 };
    expect(verdict("10.1.2.3", "10.9.0.1", web)).toBe("no-sa");
    expect(verdict("10.1.2.3", "10.9.0.1", { ...web, targetPort: 81 })).toBe("bypassed");
    expect(verdict("10.2.2.3", "10.9.0.1", web)).toBe("bypassed");
    expect(verdict("10.1.2.3", "10.9.0.1", { protocol: 17, targetPort: 80 })).toBe("bypassed");
  });

  it("deny means: not by this entry; a later entry of the map may still protect it", async () => {
    const second = `crypto map m 20 ipsec-isakmp
 set peer 192.0.2.3
 set transform-set t
 match address 102`;
    const { session, plane, verdict } = await applied(
      MAP(
        `access-list 101 deny ip 10.1.1.0 0.0.0.255 any
access-list 101 permit ip 10.1.0.0 0.0.255.255 any
access-list 102 permit ip any 10.9.0.0 0.0.255.255`,
        second,
      ),
    );
    const askedFor = (source: string, target: string) => {
      expect(verdict(source, target)).toBe("no-sa");
      const event = plane.nextEvent();
      const ident = session.idents.find(({ policies }) => event?.kind === "acquire" && policies.includes(event.policy));
      return ident?.peer.address;
    };
    expect(askedFor("10.1.2.3", "10.8.0.1")).toBe("192.0.2.2");
    expect(askedFor("10.1.1.3", "10.9.0.1")).toBe("192.0.2.3"); // denied by 10, permitted by 20
    expect(verdict("10.1.1.3", "10.8.0.1")).toBe("bypassed"); // denied by 10, unknown to 20
    expect(askedFor("10.2.1.3", "10.9.0.1")).toBe("192.0.2.3");
  });

  it("a wildcard with gaps, neq and several ports", async () => {
    const { verdict } = await applied(
      MAP("access-list 101 permit udp 10.0.0.5 0.255.0.0 any neq 53 500\naccess-list 101 permit tcp any any eq 22 443"),
    );
    expect(verdict("10.77.0.5", "10.9.0.1", { targetPort: 54 })).toBe("no-sa");
    expect(verdict("10.77.1.5", "10.9.0.1", { targetPort: 54 })).toBe("bypassed");
    expect(verdict("10.77.0.5", "10.9.0.1", { targetPort: 53 })).toBe("bypassed");
    expect(verdict("10.77.0.5", "10.9.0.1", { targetPort: 500 })).toBe("bypassed");
    expect(verdict("1.1.1.1", "10.9.0.1", { protocol: 6, targetPort: 443 })).toBe("no-sa");
    expect(verdict("1.1.1.1", "10.9.0.1", { protocol: 6, targetPort: 80 })).toBe("bypassed");
  });

  it("what is to be protected and cannot be is discarded, never sent clear", async () => {
    const without = MAP("access-list 101 permit ip any any").replace(" set transform-set t\n", "");
    const { verdict, session } = await applied(without);
    expect(verdict("10.1.2.3", "10.9.0.1")).toBe("discarded");
    expect(session.diagnostics).toMatchObject([{ severity: "error", text: "crypto map m 10" }]);
    const gaps = await applied(MAP("access-list 101 permit ip 10.0.0.1 0.85.85.170 any"));
    expect(gaps.verdict("10.85.85.171", "10.9.0.1")).toBe("discarded");
  });

  it("a session that is closed leaves the plane as it was", async () => {
    const { session, verdict } = await applied(MAP("access-list 101 permit ip any any"));
    session.close();
    expect(verdict("10.1.2.3", "10.9.0.1")).toBe("discarded"); // no policy at all
  });
});

describe("settings reach the SAs", () => {
  it("replay, idle, lifetime of the map over the global ones; df-bit and ip mtu of the interface", async () => {
    const text = (own: string, peer: string, list: string) => `crypto ipsec security-association replay window-size 1024
crypto ipsec security-association lifetime seconds 300
crypto ipsec df-bit clear
crypto ipsec transform-set t esp-gcm
crypto map m 10 ipsec-isakmp
 set peer ${peer}
 set security-association replay disable
 set security-association idle-time 60
 set transform-set t
 match address 101
interface FastEthernet0/0
 ip address ${own} 255.255.255.0
 ip mtu 1400
 crypto map m
 crypto ipsec df-bit set
access-list 101 permit ip ${list}
`;
    const { lab, a, b } = await routers(
      text("192.0.2.1", "192.0.2.2", "host 10.1.0.1 host 10.2.0.1"),
      text("192.0.2.2", "192.0.2.1", "host 10.2.0.1 host 10.1.0.1"),
    );
    const [ident] = a.session.idents as [LiveIdent];
    expect(lab.ping(a, ident, 3, 0).answered).toBe(3);
    const [shown] = a.session.shown(0);
    expect(shown?.sas.map(({ replayDetection }) => replayDetection)).toEqual([false, false]);
    expect([shown?.mediaMtu, shown?.sas[0]?.remainingSeconds]).toEqual([1400, 300]);
    const sealed = a.plane.protect(1, ipv4({ source: "10.1.0.1", target: "10.2.0.1" })).datagrams[0] as Uint8Array;
    expect((sealed[6] as number) & 0x40).toBe(0x40); // DF set
    expect(b.plane.unprotect(1, sealed).verdict).toBe("delivered");
    expect(b.plane.unprotect(2, sealed).verdict).toBe("delivered"); // replay disabled
    lab.tick(61_001);
    expect(a.session.shown(61_001)[0]?.sas).toEqual([]);
    expect(a.session.log.lines.at(-1)).toContain("Crypto tunnel is DOWN. Peer 192.0.2.2:500");
  });
});

describe("two routers of the guide", () => {
  it("ah-sha-hmac alone: digested and verified, nothing encrypted", async () => {
    const { lab, a } = await twoRouters(withTransforms("ah-sha-hmac"));
    expect(lab.ping(a, a.session.idents[0] as LiveIdent, 2, 0)).toMatchObject({
      answered: 2,
      last: { verdict: "delivered", at: "ipseca-71a" },
    });
    const shown = execute(a.session, "show crypto ipsec sa", 0);
    expect(shown).toContain("#pkts encaps: 2, #pkts encrypt: 0, #pkts digest: 2");
    expect(shown).toMatch(/inbound ah sas:\n {4}spi: .*\n {6}transform: ah-sha-hmac ,\n/);
  });

  it.each([
    "esp-aes esp-sha-hmac",
    "esp-gcm 256",
    "esp-aes 256 esp-sha512-hmac",
    "esp-des esp-sha-hmac",
    "esp-3des esp-md5-hmac",
    "ah-sha-hmac esp-des esp-sha-hmac",
    "ah-md5-hmac esp-des",
    "ah-sha256-hmac esp-aes",
    "ah-sha512-hmac esp-gcm 256",
  ])("%s: ten pings, counted on both sides", async (transforms) => {
    const { lab, a, b } = await twoRouters(withTransforms(transforms));
    expect(lab.ping(a, a.session.idents[0] as LiveIdent, 10, 1000).answered).toBe(10);
    for (const { session } of [a, b]) {
      const shown = execute(session, "show crypto ipsec sa", 1000);
      expect(shown).toContain("#pkts encaps: 10, #pkts encrypt: 10, #pkts digest: 10");
      expect(shown).toContain("#pkts decaps: 10, #pkts decrypt: 10, #pkts verify: 10");
      expect(shown).toContain("#send errors 0, #recv errors 0");
      for (const label of transforms.split(/(?<=^ah-\S+) /)) expect(shown).toContain(`transform: ${label} ,`);
    }
  });
});
