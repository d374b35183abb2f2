// What the show commands print, against the guide's own output.
import { describe, expect, it } from "vitest";
import {
  parseConfig,
  showCryptoMap,
  showIpInterface,
  showIpsecSa,
  showIsakmpSa,
  showRunningConfig,
  showSession,
  tunnelFragmentation,
} from "../../src/ios/index.js";
import { guideConfig, plainLines } from "../ios/configs.js";
import { bare, printed, ROUTER_A, ROUTER_B, ROUTER_B_AGAIN } from "../ios/printed.js";

const lines = (text: string, pattern: RegExp) => bare(text).filter((line) => pattern.test(line));

describe("show crypto ipsec sa", () => {
  it("29: Router A as the guide prints it, blanks included; a bundle counts ten packets as ten", () => {
    const shown = showIpsecSa([ROUTER_A]);
    expect(bare(shown)).toEqual(bare(printed("ipsec-sa-a")));
    // The indentation is whole up to the page's end.
    const first = printed("ipsec-sa-a").replace("settings = {", "settings ={").split("\n").slice(0, 28);
    expect(shown.split("\n").slice(0, 28)).toEqual(first);
    expect(lines(shown, /encaps|decaps/)).toEqual([
      "#pkts encaps: 10, #pkts encrypt: 10, #pkts digest: 10",
      "#pkts decaps: 10, #pkts decrypt: 10, #pkts verify: 10",
    ]);
    const guide = bare(printed("ipsec-sa-b"));
    expect(bare(showIpsecSa([ROUTER_B])).slice(0, guide.length)).toEqual(guide);
  });

  it("30: the outbound SPI bare and padded; others with 0x and as they come", () => {
    const shown = showIpsecSa([ROUTER_A, { ...ROUTER_B, sas: ROUTER_B.sas.map((sa) => ({ ...sa, spi: 0x1214f0d })) }]);
    expect(lines(shown, /current outbound/)).toEqual([
      "current outbound spi: 7AA69CB7",
      "current outbound spi: 01214F0D",
    ]);
    expect(shown).toContain("spi: 0x1214F0D(18960141)");
    expect(shown).toContain("spi: 0xB16D1587(2976716167)");
  });

  it("31: connection ids in pairs, AH before ESP; the next SAs go on with them", () => {
    const ids = (text: string) =>
      lines(text, /conn id/).map((line) => /conn id: (\d+), flow_id: (\d+)/.exec(line)?.slice(1).join(" "));
    expect(ids(showIpsecSa([ROUTER_A]))).toEqual(["5123 1", "5121 1", "5124 2", "5122 2"]);
    expect(ids(showIpsecSa([ROUTER_B_AGAIN]))).toEqual(["5127 3", "5125 3", "5128 4", "5126 4"]);
    const guide = bare(printed("ipsec-sa-b-again"));
    expect(bare(showIpsecSa([ROUTER_B_AGAIN])).slice(-guide.length)).toEqual(guide);
  });

  it("32: by map, by interface, by address, identities alone, in detail", () => {
    const both = [ROUTER_A, { ...ROUTER_B, map: "other" }];
    expect(showIpsecSa(both, { map: "testtag1" })).toBe(showIpsecSa([ROUTER_A]));
    expect(showIpsecSa(both, { interface: "fastethernet1/0" })).toBe(showIpsecSa([{ ...ROUTER_B, map: "other" }]));
    expect(showIpsecSa(both, { map: "none" })).toBe("No SAs found");
    expect(showIpsecSa(both, { peer: "10.2.2.2" })).toBe(showIpsecSa([ROUTER_A]));
    const identity = showIpsecSa([ROUTER_A], { form: "identity" });
    expect(identity).toBe(showIpsecSa([ROUTER_A]).split("\n  inbound esp sas:")[0]);
    const address = bare(showIpsecSa([ROUTER_A], { form: "address" }));
    expect(address.filter((line) => /^dest|^protocol|^spi/.test(line))).toEqual([
      "dest address: 10.1.1.1",
      "protocol: ESP",
      "spi: 0x249C5062(614223970)",
      "protocol: AH",
      "spi: 0xB16D1587(2976716167)",
      "dest address: 10.2.2.2",
      "protocol: ESP",
      "spi: 0x7AA69CB7(2057739447)",
      "protocol: AH",
      "spi: 0x1214F0D(18960141)",
    ]);
    const failing = { ...ROUTER_A, counters: { ...ROUTER_A.counters, replayFailed: 7, receiveErrors: 7 } };
    expect(showIpsecSa([failing], { detail: true })).toContain("#pkts replay failed (rcv) 7");
    expect(showIpsecSa([failing])).not.toContain("replay failed");
  });

  it("33: what is left of volume and time stands with each SA", () => {
    expect(lines(showIpsecSa([ROUTER_A]), /sa timing/)[0]).toBe(
      "sa timing: remaining key lifetime (k/sec): (4537831/3595)",
    );
  });

  it("34: the lists of IPComp SAs are always there", () => {
    expect(lines(showIpsecSa([ROUTER_A]), /pcp/)).toEqual(["inbound pcp sas:", "outbound pcp sas:"]);
    const [sa] = ROUTER_A.sas;
    const comp = { ...sa, protocol: "pcp", spi: 0x1234, transform: "comp-deflate " } as (typeof ROUTER_A.sas)[0];
    expect(showIpsecSa([{ ...ROUTER_A, sas: [comp] }])).toContain("inbound pcp sas:\n    spi: 0x1234(4660)\n");
  });
});

describe("show crypto isakmp sa, show crypto session, show crypto map", () => {
  const ike = { target: "10.1.1.1", source: "10.2.2.2", state: "QM_IDLE", connectionId: 1, deleted: false } as const;

  it("27: Router B as the guide prints it; a deleted SA says so", () => {
    expect(`${showIsakmpSa([ike])}\n`).toBe(printed("isakmp-sa-b"));
    // Router A's rows have lost their columns, and the later ones their addresses, on their way into the text.
    const words = (text: string) => text.split("\n").map((line) => line.trim().split(/\s+/));
    const atA = { ...ike, target: "10.2.2.2", source: "10.1.1.1" };
    expect(words(showIsakmpSa([atA]))).toEqual(words(printed("isakmp-sa-a").trimEnd()));
    const again = [{ ...atA, state: "MM_NO_STATE", deleted: true } as const, { ...atA, connectionId: 2 }];
    const bare = words(showIsakmpSa(again).replaceAll("10.2.2.2", "/").replaceAll("10.1.1.1", "/"));
    expect(bare).toEqual(words(printed("isakmp-sa-a-again").trimEnd()));
    const deleted = showIsakmpSa([{ ...ike, state: "MM_NO_STATE", deleted: true }]);
    expect(deleted.split("\n")[1]).toBe("  /           10.1.1.1    10.2.2.2    MM_NO_STATE 1         0 (deleted)");
  });

  it("46: show crypto session tells what there is to clear", () => {
    expect(showSession([ROUTER_B], [ike])).toBe(`Crypto session current status

Interface: FastEthernet1/0
Session status: UP-ACTIVE
Peer: 10.1.1.1 port 500
  IKE SA: local 10.2.2.2/500 remote 10.1.1.1/500 Active
  IPSEC FLOW: permit ip host 10.0.2.2 host 10.0.0.1
        Active SAs: 4, origin: crypto map`);
    expect(showSession([{ ...ROUTER_B, sas: [] }], [])).toContain("Session status: DOWN");
  });

  it("44: show crypto map lists the peers and the one in use", () => {
    const { config } = parseConfig(guideConfig("dpd-peers"));
    const shown = showCryptoMap(config, () => "10.0.0.2").split("\n");
    expect(shown.slice(0, 5)).toEqual([
      'Crypto Map "green" 1 ipsec-isakmp',
      "\tPeer = 10.0.0.1",
      "\tPeer = 10.0.0.2",
      "\tPeer = 10.0.0.3",
      "\tExtended IP access list 101",
    ]);
    expect(shown).toContain("\tCurrent peer: 10.0.0.2");
    expect(shown).toContain("\tSecurity association lifetime: 4608000 kilobytes/3600 seconds");
  });
});

describe("show ip interface, show running-config", () => {
  const config = (mtu: string) =>
    parseConfig(`interface FastEthernet0/0\n ip address 10.1.1.1 255.0.0.0\ninterface tunnel0\n ${mtu}\n`).config;

  it("20: show ip interface tunnel prints the IP MTU, which decides where packets are cut", () => {
    expect(showIpInterface(config("ip mtu 1400"), "tunnel")).toBe(`Tunnel0 is up, line protocol is up
  Internet protocol processing disabled
  Broadcast address is 255.255.255.255
  MTU is 1400 bytes`);
    const order = (mtu: string) => {
      const [egress, tunnel] = config(mtu).interfaces;
      return tunnelFragmentation(tunnel as never, egress as never);
    };
    expect(order("ip mtu 1400")).toBe("before-encryption");
    expect(order("ip mtu 1500")).toBe("before-encryption");
    expect(order("ip mtu 1501")).toBe("after-encryption");
    expect(order("no ip mtu")).toBe("after-encryption");
  });

  it("58: show running-config prints the configuration behind its size", () => {
    const { config: read } = parseConfig(guideConfig("df-bit"));
    const shown = showRunningConfig(read);
    expect(shown).toMatch(/^Building configuration\.\.\.\nCurrent configuration : \d+ bytes\n!\n/);
    expect(shown).toMatch(/\nend$/);
    expect(plainLines(shown)).toEqual(plainLines(guideConfig("df-bit")));
    expect(parseConfig(shown).config).toEqual(read);
  });
});
