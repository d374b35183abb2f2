// Tunnel interfaces with `tunnel protection`.
import { describe, expect, it } from "vitest";
import { DataPlane } from "../../src/index.js";
import { applyConfig, execute, type LiveIdent, parseConfig } from "../../src/ios/index.js";
import { labOf } from "../ios/lab.js";
import { ipv4 } from "../packets.js";

/** A router with one inside network; `routes`: what stands behind the interfaces. */
function router(
  own: string,
  far: string,
  inside: string,
  routes: string,
  tunnel = " tunnel mode ipsec ipv4\n ip mtu 1400",
) {
  return `crypto ipsec transform-set t esp-gcm
crypto ipsec profile p
 set security-association replay disable
 set transform-set t
interface FastEthernet0/0
 ip address ${own} 255.255.255.0
interface FastEthernet0/1
 ip address ${inside} 255.255.255.0
interface Tunnel0
${tunnel}
 tunnel source FastEthernet0/0
 tunnel destination ${far}
 tunnel protection ipsec profile p
${routes}
`;
}

const A = (routes = "ip route 10.2.0.0 255.255.0.0 Tunnel0", tunnel?: string) =>
  router("192.0.2.1", "192.0.2.2", "10.1.0.1", routes, tunnel);
const B = (routes = "ip route 10.1.0.0 255.255.0.0 Tunnel0", tunnel?: string) =>
  router("192.0.2.2", "192.0.2.1", "10.2.0.1", routes, tunnel);

async function applied(text: string, options = {}) {
  const plane = await DataPlane.create({ carrier: "ip", limits: "edge" });
  const session = applyConfig(plane, parseConfig(text).config, { chance: () => 0, ...options });
  const verdict = (target: string, more = {}) =>
    plane.protect(0, ipv4({ source: "10.1.0.5", target, ...more })).verdict;
  return { session, verdict };
}

describe("what goes into a tunnel of IPsec", () => {
  it("is what static routes send there: the longest mask decides, what is connected stays outside", async () => {
    const { session, verdict } = await applied(
      A(`ip route 10.0.0.0 255.0.0.0 Tunnel0
ip route 10.2.5.0 255.255.255.0 192.0.2.9
ip route 10.2.5.128 255.255.255.128 tunnel 0`),
    );
    expect(session.diagnostics).toEqual([]);
    expect([verdict("10.2.0.9"), verdict("10.9.9.9")]).toEqual(["no-sa", "no-sa"]);
    expect([verdict("10.2.5.9"), verdict("10.2.5.200")]).toEqual(["bypassed", "no-sa"]);
    expect([verdict("10.1.0.77"), verdict("198.51.100.1")]).toEqual(["bypassed", "bypassed"]);
    expect(session.idents[0]?.planned).toMatchObject({
      localAddress: "192.0.2.1",
      peers: ["192.0.2.2"],
      origin: "tunnel",
    });
  });

  it("comes before the crypto map of the interface that it leaves through", async () => {
    const text = `${A()}crypto map m 10
 set peer 192.0.2.9
 set transform-set t
 match address 101
interface FastEthernet0/0
 crypto map m
access-list 101 permit ip any any
`;
    const { session, verdict } = await applied(text);
    expect(verdict("10.2.0.9")).toBe("no-sa");
    const askedOf = (target: string) => {
      verdict(target);
      return session.idents.find(({ policies }) => policies.some(({ acquiring }) => acquiring))?.peer.address;
    };
    expect(askedOf("10.2.0.9")).toBe("192.0.2.2");
    expect((await applied(text)).session.idents.map(({ peer }) => peer.address)).toEqual(["192.0.2.2", "192.0.2.9"]);
  });

  it("without a route it is nothing, and that is said; by name it takes everything", async () => {
    const { session, verdict } = await applied(A(""));
    expect(session.diagnostics).toMatchObject([{ severity: "warning", text: "Tunnel0" }]);
    expect(session.diagnostics[0]?.reason).toContain("add ip route NETWORK MASK Tunnel0, or apply it by name");
    expect(verdict("10.2.0.9")).toBe("bypassed");
    const named = await applied(A(""), { interface: "tunnel0" });
    expect([named.verdict("10.2.0.9"), named.verdict("198.51.100.1")]).toEqual(["no-sa", "no-sa"]);
    expect(named.session.diagnostics).toEqual([]);
  });

  it("is discarded while the tunnel lacks something, never sent clear", async () => {
    const { session, verdict } = await applied(A().replace(" tunnel destination 192.0.2.2\n", ""));
    expect(session.diagnostics).toMatchObject([
      { severity: "error", reason: "needs a tunnel destination, an address: what is routed into it is discarded" },
    ]);
    expect([verdict("10.2.0.9"), verdict("198.51.100.1")]).toEqual(["discarded", "bypassed"]);
  });

  it("8, 20: two routers: packets both ways, the profile's settings, the IP MTU", async () => {
    const { lab, all } = await labOf(A(), B());
    const [a, b] = all as [(typeof all)[0], (typeof all)[0]];
    expect(lab.ping(a, a.session.idents[0] as LiveIdent, 5, 0).answered).toBe(5);
    const shown = execute(a.session, "show crypto ipsec sa interface tunnel0", 0);
    expect(shown).toContain("interface: Tunnel0\n  Crypto map tag: Tunnel0-head-0, local addr. 192.0.2.1\n");
    expect(shown).toContain("local ident (addr/mask/prot/port): (0.0.0.0/0.0.0.0/0/0)");
    expect(shown).toContain("#pkts encaps: 5, #pkts encrypt: 5");
    expect(shown.match(/replay detection support: N/g)).toHaveLength(2);
    expect(execute(b.session, "show ip interface tunnel 0", 0)).toContain("MTU is 1400 bytes");
  });
});

describe("where packets are cut", () => {
  const pieces = async (tunnel: string, length: number) => {
    const { lab, all } = await labOf(A(undefined, tunnel), B(undefined, tunnel));
    const [a, b] = all as [(typeof all)[0], (typeof all)[0]];
    lab.ping(a, a.session.idents[0] as LiveIdent, 1, 0);
    const packet = ipv4({ source: "10.1.0.5", target: "10.2.0.5", length });
    const sealed = a.plane.protect(1, packet);
    const opened = sealed.datagrams.map((datagram) => b.plane.unprotect(1, datagram).verdict);
    return { sealed: sealed.datagrams.map((datagram) => datagram.length), opened };
  };
  const VTI = " tunnel mode ipsec ipv4\n";

  it("20: before encryption where `ip mtu` is at most the egress interface's", async () => {
    const { sealed, opened } = await pieces(`${VTI} ip mtu 1400`, 1450);
    expect(opened).toEqual(["delivered", "delivered"]);
    expect(Math.max(...sealed)).toBeLessThan(1000); // two equal units, each sealed
  });

  it.each([
    ["above it", `${VTI} ip mtu 1501`],
    ["absent", VTI.trimEnd()],
  ])("20: after encryption where `ip mtu` is %s", async (_, tunnel) => {
    const { opened } = await pieces(tunnel, 1500);
    expect(opened).toEqual(["waiting", "delivered"]);
  });
});

describe("a tunnel of GRE", () => {
  const GRE = " ip address 10.255.0.1 255.255.255.252";

  it("13: the host's GRE packets between its ends are protected, and nothing else", async () => {
    const { session, verdict } = await applied(A("ip route 10.2.0.0 255.255.0.0 Tunnel0", GRE));
    expect(session.diagnostics).toEqual([]);
    expect(verdict("192.0.2.2", { source: "192.0.2.1", protocol: 47 })).toBe("no-sa");
    expect(verdict("192.0.2.2", { source: "192.0.2.1" })).toBe("bypassed");
    expect(verdict("10.2.0.5")).toBe("bypassed"); // not yet GRE
  });

  it("13: its `ip mtu` is the host's; GRE packets are cut before encryption where that is asked for", async () => {
    const lengths = async (more: string) => {
      const { lab, all } = await labOf(A("", `${GRE}\n ip mtu 1400${more}`), B("", GRE.replace("0.1", "0.2")));
      const [a, b] = all as [(typeof all)[0], (typeof all)[0]];
      lab.ping(a, a.session.idents[0] as LiveIdent, 1, 0);
      const send = (length: number) => {
        const sealed = a.plane.protect(1, ipv4({ source: "192.0.2.1", target: "192.0.2.2", protocol: 47, length }));
        return sealed.datagrams.map((datagram) => b.plane.unprotect(1, datagram).verdict);
      };
      return [send(1424), send(1490)];
    };
    expect(await lengths("")).toEqual([["delivered"], ["waiting", "delivered"]]);
    expect(await lengths("\n crypto ipsec fragmentation before-encryption")).toEqual([
      ["delivered"],
      ["delivered", "delivered"],
    ]);
  });

  it("in transport mode its own header is kept", async () => {
    const transport = (text: string) => text.replace("t esp-gcm\n", "t esp-gcm\n mode transport\n");
    const { lab, all } = await labOf(transport(A("", GRE)), transport(B("", GRE.replace("0.1", "0.2"))));
    const [a, b] = all as [(typeof all)[0], (typeof all)[0]];
    expect(lab.ping(a, a.session.idents[0] as LiveIdent, 3, 0).answered).toBe(3);
    const packet = ipv4({ source: "192.0.2.1", target: "192.0.2.2", protocol: 47, length: 100 });
    const [sealed] = a.plane.protect(1, packet).datagrams as [Uint8Array];
    expect(sealed.length).toBe(100 + 8 + 8 + 4 + 16); // SPI and number, IV, trailer, ICV: no second IP header
    expect(b.plane.unprotect(1, sealed).packet).toEqual(packet);
    expect(execute(a.session, "show crypto ipsec sa", 1)).toContain("in use settings ={Transport, }");
  });

  it("two routers agree on it", async () => {
    const { lab, all } = await labOf(A("", GRE), B("", GRE.replace("0.1", "0.2")));
    const [a] = all as [(typeof all)[0]];
    expect(lab.ping(a, a.session.idents[0] as LiveIdent, 3, 0).answered).toBe(3);
    expect(execute(a.session, "show crypto ipsec sa", 0)).toContain("(192.0.2.1/255.255.255.255/47/0)");
  });
});
