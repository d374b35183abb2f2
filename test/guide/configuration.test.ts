// What the guide configures, read and written back.
import { describe, expect, it } from "vitest";
import { effectiveDfBit, execute, parseConfig, saSettingsOf, writeConfig } from "../../src/ios/index.js";
import { guideConfig, plainLines } from "../ios/configs.js";
import { routers } from "../ios/lab.js";
import { ipv4 } from "../packets.js";

const read = (text: string) => parseConfig(text).config;
const said = (text: string) => parseConfig(text).diagnostics.map(({ reason }) => reason);

describe("dead peer detection", () => {
  it("35: on-demand is the default and is not shown; periodic is", () => {
    expect(read("crypto isakmp keepalive 10").isakmp.keepalive?.mode).toBe("on-demand");
    expect(plainLines(writeConfig(read("crypto isakmp keepalive 10 on-demand")))).toEqual([
      "crypto isakmp keepalive 10",
    ]);
    expect(plainLines(writeConfig(read("crypto isakmp keepalive 10 5 periodic")))).toEqual([
      "crypto isakmp keepalive 10 5 periodic",
    ]);
  });

  it("36: seconds are needed, 10 to 3600", () => {
    expect(said("crypto isakmp keepalive")).toEqual(["seconds (10 to 3600) is missing: the line is left out"]);
    expect(said("crypto isakmp keepalive 9")).toEqual(["seconds is 9: 10 to 3600 is allowed: the line is left out"]);
    expect(said("crypto isakmp keepalive 3601")).toHaveLength(1);
    expect([10, 3600].map((n) => read(`crypto isakmp keepalive ${n}`).isakmp.keepalive?.seconds)).toEqual([10, 3600]);
  });

  it("37: the retry interval, 2 to 60", () => {
    expect(said("crypto isakmp keepalive 10 1")).toHaveLength(1);
    expect(said("crypto isakmp keepalive 10 61")).toHaveLength(1);
    expect(read("crypto isakmp keepalive 10 60").isakmp.keepalive).toEqual({
      seconds: 10,
      retrySeconds: 60,
      mode: "on-demand",
    });
  });

  it("44: several peers, several transform sets, one access list", () => {
    const [map] = read(guideConfig("dpd-peers")).maps;
    expect(map?.entries[0]?.peers.map(({ host }) => host)).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    const more = read(
      "crypto map green 1\n set peer gw.example dynamic\n set transform-set a b\n set transform-set c\n",
    );
    expect(more.maps[0]?.entries[0]?.peers).toEqual([{ host: "gw.example", dynamic: true, default: false }]);
    expect(more.maps[0]?.entries[0]?.transformSets).toEqual(["a", "b", "c"]);
  });

  it("45: an Easy VPN remote: peers, group and key, mode; connect is auto unless said", () => {
    const [client] = read(guideConfig("dpd-ezvpn-peers")).ezvpn;
    expect(client).toEqual({
      name: "ezvpn-config",
      connect: "auto",
      group: "unity",
      key: "preshared",
      mode: "client",
      peers: ["10.10.10.10", "10.2.2.2", "10.3.3.3"],
    });
    expect(read("crypto ipsec client ezvpn a\n group g key k").ezvpn[0]?.connect).toBe("auto");
    expect(read("crypto ipsec client ezvpn a\n connect manual\n mode network-extension").ezvpn[0]).toMatchObject({
      connect: "manual",
      mode: "network-extension",
    });
  });

  it("47: the examples: 3des, group 2; keepalive 10 periodic; 30 20 periodic; an IKE lifetime of 180", () => {
    const site = read(guideConfig("dpd-site-to-site"));
    expect(site.isakmp.policies[0]).toMatchObject({ encryption: "3des", authentication: "pre-share", group: 2 });
    expect(site.isakmp.keepalive).toEqual({ seconds: 10, retrySeconds: undefined, mode: "periodic" });
    expect(site.transformSets[0]?.transforms).toEqual(["esp-3des", "esp-sha-hmac"]);
    expect(read(guideConfig("dpd-ezvpn")).isakmp.keepalive).toEqual({
      seconds: 30,
      retrySeconds: 20,
      mode: "periodic",
    });
    expect(read(guideConfig("router-a")).isakmp.policies[0]?.lifetimeSeconds).toBe(180);
  });

  it("e8: the second number is read as an interval in seconds", () => {
    expect(read("crypto isakmp keepalive 30 20 periodic").isakmp.keepalive?.retrySeconds).toBe(20);
  });

  it("e13: the site-to-site example is periodic", () => {
    expect(read(guideConfig("dpd-site-to-site")).isakmp.keepalive?.mode).toBe("periodic");
  });
});

describe("NAT transparency", () => {
  it("48: on unless switched off", () => {
    expect(read("").ipsec.udpEncapsulation).toBe(true);
    const off = "no crypto ipsec nat-transparency udp-encapsulation";
    expect(read(off).ipsec.udpEncapsulation).toBe(false);
    expect(plainLines(writeConfig(read(off)))).toEqual([off]);
    expect(plainLines(writeConfig(read("")))).toEqual([]);
  });

  it("54: the keepalive example", () => {
    const config = read(guideConfig("nat-keepalive"));
    expect(config.isakmp.natKeepaliveSeconds).toBe(20);
    expect(config.transformSets).toEqual([{ name: "t2", transforms: ["esp-des", "esp-sha-hmac"], mode: "tunnel" }]);
    expect(plainLines(writeConfig(config))).toContain("crypto isakmp nat keepalive 20");
    expect(said("crypto isakmp nat keepalive 4")).toEqual(["seconds is 4: 5 to 3600 is allowed: the line is left out"]);
  });
});

/** The guide's example, its access lists added, and the router at its other end. */
const DF_BIT_ENDS = [
  `${guideConfig("df-bit")}
access-list 101 permit ip host 10.1.0.1 host 10.2.0.1
access-list 102 permit ip host 10.1.0.1 host 10.3.0.1
`,
  `crypto isakmp key Delaware address 192.168.10.38
crypto ipsec transform-set exampleset ah-md5-hmac esp-des
crypto map armadillo 1 ipsec-isakmp
 set peer 192.168.10.38
 set transform-set exampleset
 match address 101
interface FastEthernet
 ip address 192.168.10.66 255.255.255.0
 crypto map armadillo
access-list 101 permit ip host 10.2.0.1 host 10.1.0.1
`,
] as const;

describe("the DF bit", () => {
  it("56: interfaces that share a map by its local address must share the setting", () => {
    const shared = (second: string) => `crypto map m local-address Loopback0
interface Ethernet0
 crypto map m
 crypto ipsec df-bit set
interface Ethernet1
 crypto map m
 ${second}
`;
    const apart = "interfaces that share a map by local-address must share df-bit: Ethernet0 set, Ethernet1 copy";
    expect(said(shared("crypto ipsec df-bit copy"))).toContain(apart);
    expect(said(shared("crypto ipsec df-bit set")).filter((reason) => reason.includes("df-bit"))).toEqual([]);
  });

  it("58: show running-config shows it: globally clear, copied on one interface", () => {
    const config = read(guideConfig("df-bit"));
    const lines = plainLines(writeConfig(config));
    expect(lines).toEqual(plainLines(guideConfig("df-bit")));
    expect(lines.filter((line) => line.includes("df-bit"))).toEqual([
      "crypto ipsec df-bit clear",
      "crypto ipsec df-bit copy",
    ]);
    expect(config.interfaces.map((found) => [found.name, effectiveDfBit(config, found)])).toEqual([
      ["FastEthernet", "copy"],
      ["FastEthernet1", "clear"],
      ["Serial0", "clear"],
    ]);
    expect(config.transformSets[0]?.transforms).toEqual(["ah-md5-hmac", "esp-des"]);
    expect(config.isakmp.policies[0]?.hash).toBe("md5");
  });

  it("58: the example in force: ESP with DES alone inside AH with MD5, DF copied, and neither without the other", async () => {
    const { lab, a, b } = await routers(...DF_BIT_ENDS);
    expect(a.session.diagnostics).toEqual([]);
    const packet = (df: boolean) => ipv4({ source: "10.1.0.1", target: "10.2.0.1", df });
    expect(lab.send(a, packet(false), 0)).toEqual({ verdict: "delivered", at: b.name });
    const sas = a.session.idents[0]?.installed.map(({ sa }) => [sa.protocol, sa.encryption, sa.integrity]);
    const [ah, esp] = [
      ["ah", undefined, "hmac-md5-96"],
      ["esp", "des-cbc", "none"],
    ];
    expect(sas).toEqual([ah, ah, esp, esp]);
    for (const df of [false, true]) {
      const sealed = a.plane.protect(1, packet(df)).datagrams[0] as Uint8Array;
      expect([sealed[9], ((sealed[6] as number) & 0x40) !== 0]).toEqual([51, df]);
      expect(b.plane.unprotect(1, sealed).packet).toEqual(packet(df));
    }
    const shown = execute(a.session, "show crypto ipsec sa", 1);
    for (const label of ["ah-md5-hmac", "esp-des"]) expect(shown).toContain(`transform: ${label} ,`);
    const bare = a.session.idents[0]?.installed.find(({ sa }) => sa.direction === "out" && sa.protocol === "esp")?.sa;
    expect(a.plane.protect(1, packet(false), bare).verdict).toBe("no-sa");
  });
});

describe("idle timers", () => {
  it("60: globally and in a map, 60 to 86400 seconds; the map's word stands", () => {
    expect(read(guideConfig("idle-global")).ipsec.idleSeconds).toBe(600);
    const [map] = read(guideConfig("idle-map")).maps;
    expect(map?.entries[0]?.idleSeconds).toBe(600);
    const both = read(
      "crypto ipsec security-association idle-time 120\ncrypto map a 1\n set security-association idle-time 60\ncrypto map a 2\n",
    );
    expect(both.maps[0]?.entries.map((entry) => saSettingsOf(both, entry).idleSeconds)).toEqual([60, 120]);
    expect(said("crypto ipsec security-association idle-time 59")[0]).toContain("60 to 86400 is allowed");
    expect(said("crypto ipsec security-association idle-time 86401")[0]).toContain("60 to 86400 is allowed");
  });
});

describe("where the guide's text is wrong", () => {
  it("e14: peers without an isakmp key are named", () => {
    const reasons = said(guideConfig("replay-map"));
    expect(reasons).toContain("peer 192.168.1.3 has no isakmp key");
    expect(reasons).toContain("peer 192.168.1.4 has no isakmp key");
    expect(reasons).not.toContain("peer 172.17.150.2 has no isakmp key");
  });

  it("e16: misspellings, glued lines and an interface configured twice are read, and reported", () => {
    const misspelt = parseConfig("crypto isamkp nat keepalive 20");
    expect(misspelt.config.isakmp.natKeepaliveSeconds).toBe(20);
    expect(misspelt.diagnostics).toEqual([
      {
        line: 1,
        text: "crypto isamkp nat keepalive 20",
        reason: 'misspelt: read as "crypto isakmp nat keepalive"',
        severity: "warning",
      },
    ]);
    const glued = parseConfig(guideConfig("replay-map"));
    expect(glued.diagnostics).toContainEqual({
      line: 52,
      text: "logi",
      reason: 'misspelt: read as "login"',
      severity: "warning",
    });
    expect(glued.diagnostics.filter(({ reason }) => reason.includes("in one line")).map(({ line }) => line)).toEqual([
      8, 14, 16, 20, 21, 39, 41,
    ]);
    const twice = parseConfig(guideConfig("dpd-ezvpn"));
    expect(twice.config.interfaces).toHaveLength(1);
    expect(twice.diagnostics.map(({ line, severity }) => [line, severity])).toEqual([
      [15, "warning"],
      [16, "warning"],
      [18, "warning"],
    ]);
  });

  it("e17: DES, 3DES and MD5 are read, and called weak", () => {
    const weak = said(
      "crypto ipsec transform-set a esp-des esp-md5-hmac\ncrypto ipsec transform-set b esp-3des esp-sha-hmac",
    );
    expect(weak).toEqual([
      "esp-des is weak: DES MUST NOT be used (RFC 8221)",
      "esp-md5-hmac is weak: HMAC-MD5 MUST NOT be used (RFC 8221)",
      "esp-3des is weak: 3DES SHOULD NOT be used (RFC 8221)",
      "esp-sha-hmac is weak: HMAC-SHA1 is MUST- (to be phased out) (RFC 8221)",
    ]);
    expect(said("crypto ipsec transform-set a esp-gcm 256")).toEqual([]);
  });
});
