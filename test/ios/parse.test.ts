import { describe, expect, it } from "vitest";
import { type Diagnostic, parseConfig, writeConfig } from "../../src/ios/index.js";
import { guideConfig, NAMES, plainLines } from "./configs.js";

const told = ({ diagnostics }: { diagnostics: Diagnostic[] }) =>
  diagnostics
    .filter(({ reason }) => !reason.includes("is weak"))
    .map(({ line, severity, text, reason }) => `${line} ${severity}: ${text.slice(0, 48).trim()}: ${reason}`);

const NOTHING_PROTECTED = (line: number, about: string) => [
  `${line} warning: ${about}: has no transform set: the entry protects nothing`,
  `${line} warning: ${about}: has no peer: the entry protects nothing`,
  `${line} warning: ${about}: has no access list: the entry protects nothing`,
];
const REPLAY_OFF = "anti-replay is off: a captured packet may be sent again (RFC 4303 section 3.4.3)";
const NO_KEY = (line: number, peer: string) => `${line} warning: set peer ${peer}: peer ${peer} has no isakmp key`;

/** Everything that is said of the guide's examples, weak algorithms aside. */
const SAID: Record<string, string[]> = {
  "df-bit": [
    "16 warning: match address 101: access list 101 is not there",
    "21 warning: match address 102: access list 102 is not there",
    "2 note: crypto isakmp policy 1: md5: not to be used for IKE any more (RFC 8247)",
  ],
  "dpd-ezvpn": [
    "15 warning: interface FastEthernet0: FastEthernet0 is configured in line 10 already: the two sections are read as one",
    "16 warning: ip address 10.1.32.14 255.255.255.0: replaces ip address 10.2.3.4 255.255.255.0",
    "18 warning: crypto ipsec client ezvpn ezvpn-config outside: FastEthernet0 is both inside and outside of ezvpn-config",
  ],
  "dpd-ezvpn-peers": [],
  "dpd-peers": [
    "6 warning: set transform-set txfm: transform set txfm is not there: the entry cannot protect with it",
    "7 warning: match address 101: access list 101 is not there",
    NO_KEY(3, "10.0.0.1"),
    NO_KEY(4, "10.0.0.2"),
    NO_KEY(5, "10.0.0.3"),
  ],
  "dpd-site-to-site": [
    "13 warning: match address 101: access list 101 is not there",
    "2 note: crypto isakmp policy 1: 3des, group 2: not to be used for IKE any more (RFC 8247)",
  ],
  "idle-global": [],
  "idle-map": NOTHING_PROTECTED(2, "crypto map test 1"),
  "nat-keepalive": ["13 warning: match address 101: access list 101 is not there"],
  "replay-global": [
    "37 note: ip address 192.165.200.2 255.255.255.252 serial: 3 commands in one line: read one by one",
    "44 note: access-list 101 permit ip 192.168.1.0 0.0.0.255: 2 commands in one line: read one by one",
  ],
  "replay-map": [
    "8 note: enable secret 5 $1$KxKv$cbqKsZtQTLJLGPn.tErFZl e: 2 commands in one line: read one by one",
    "14 note: crypto isakmp key cisco170 address 172.17.150.2: 3 commands in one line: read one by one",
    "16 note: crypto ipsec transform-set 170cisco esp-des esp-: 3 commands in one line: read one by one",
    `20 note: set security-association replay disable: ${REPLAY_OFF}`,
    "20 note: set security-association replay disable set tran: 3 commands in one line: read one by one",
    "21 note: crypto map ETH0 18 ipsec-isakmp set peer 192.168: 8 commands in one line: read one by one",
    "39 note: ip route 172.18.170.0 255.255.255.0 172.17.150.2: 4 commands in one line: read one by one",
    "41 note: access-list 170 permit ip 172.16.160.0 0.0.0.255: 3 commands in one line: read one by one",
    '52 warning: logi: misspelt: read as "login"',
    NO_KEY(21, "192.168.1.3"),
    NO_KEY(22, "192.168.1.4"),
  ],
  "router-a": [],
  "router-b": [],
  steps: [
    "3 warning: crypto ipsec security-association replay disable: replaces `replay window-size 256`: the two exclude each other",
    `3 note: crypto ipsec security-association replay disable: ${REPLAY_OFF}`,
    "6 warning: set security-association replay disable: replaces `replay window-size 128`: the two exclude each other",
    `6 note: set security-association replay disable: ${REPLAY_OFF}`,
    ...NOTHING_PROTECTED(4, "crypto map ETH0 17"),
    "13 warning: set transform-set txfm: transform set txfm is not there: the entry cannot protect with it",
    "14 warning: match address 101: access list 101 is not there",
    NO_KEY(12, "10.12.12.12"),
    ...NOTHING_PROTECTED(24, "crypto map test 1"),
  ],
};

describe("the guide's examples", () => {
  it.each(NAMES)("%s: exactly this is said of it", (name) => {
    expect(told(parseConfig(guideConfig(name)))).toEqual(SAID[name]);
  });

  it.each(NAMES)("%s: written and read again it is the same, and whole", (name) => {
    const { config } = parseConfig(guideConfig(name));
    const again = parseConfig(writeConfig(config));
    expect(again.config).toEqual(config);
    expect(again.diagnostics.filter(({ reason }) => /in one line|broken|misspelt|not understood/.test(reason))).toEqual(
      [],
    );
  });

  it.each(NAMES.filter((name) => !["replay-map", "replay-global", "dpd-ezvpn", "steps", "idle-map"].includes(name)))(
    "%s comes back line by line",
    (name) => {
      const text = guideConfig(name);
      expect(plainLines(writeConfig(parseConfig(text).config))).toEqual(plainLines(text));
    },
  );
});

describe("what cannot be in force is refused with what is allowed", () => {
  it.each([
    ["crypto isakmp keepalive", "seconds (10 to 3600) is missing"],
    ["crypto isakmp keepalive 9", "seconds is 9: 10 to 3600 is allowed"],
    ["crypto isakmp keepalive 3601 periodic", "seconds is 3601: 10 to 3600 is allowed"],
    ["crypto isakmp keepalive 10 1", "retrySeconds is 1: 2 to 60 is allowed"],
    ["crypto isakmp keepalive 10 61 periodic", "retrySeconds is 61: 2 to 60 is allowed"],
    ["crypto isakmp nat keepalive 4", "seconds is 4: 5 to 3600 is allowed"],
    ["crypto ipsec security-association idle-time 59", "seconds is 59: 60 to 86400 is allowed"],
    ["crypto ipsec security-association idle-time 86401", "seconds is 86401: 60 to 86400 is allowed"],
    ["crypto ipsec security-association replay window-size 100", "size is 100: 64, 128, 256, 512, 1024, 2048 or 4096"],
    ["crypto ipsec security-association lifetime seconds 60", "seconds is 60: 120 to 2592000 is allowed"],
    ["crypto ipsec transform-set x esp-aes", "encryption without integrity is refused"],
    ["crypto ipsec transform-set x ah-sha-hmac esp-null", "esp-null without an hmac does nothing"],
    ["crypto ipsec transform-set x comp-lzs", "LZS is not implemented"],
    ["crypto ipsec transform-set x esp-aes 64 esp-sha-hmac", "128, 192 or 256 bits are allowed"],
    ["crypto ipsec transform-set x esp-blowfish", "esp-blowfish is no transform known here"],
    ["crypto ipsec transform-set x esp-gcm esp-sha-hmac", "make their own ICV"],
    ["crypto ipsec transform-set x ah-sha-hmac ah-md5-hmac", "a second ah transform"],
    ["crypto map x 10 ipsec-manual", "ipsec-manual is refused"],
  ])("%s", (line, reason) => {
    const { config, diagnostics } = parseConfig(line);
    expect(diagnostics).toEqual([{ line: 1, text: line, severity: "error", reason: expect.stringContaining(reason) }]);
    expect(config).toEqual(parseConfig("").config);
  });

  it("a line that is no command is kept and named, not swallowed", () => {
    const { config, diagnostics } = parseConfig("interface Ethernet0\n ip frobnicate\n!\nzone security x\n");
    expect(diagnostics.map(({ line, text, severity }) => [line, text, severity])).toEqual([
      [2, "ip frobnicate", "warning"],
      [4, "zone security x", "warning"],
    ]);
    expect(plainLines(writeConfig(config))).toEqual([
      "interface Ethernet0",
      "no ip address",
      "ip frobnicate",
      "zone security x",
    ]);
  });

  it("a choice is kept as it is spelt, whatever was typed", () => {
    expect(parseConfig("crypto ipsec df-bit CLEAR").config.ipsec.dfBit).toBe("clear");
    const { config, diagnostics } = parseConfig("crypto isakmp keepalive 10 periodoc");
    expect(config.isakmp.keepalive?.mode).toBe("periodic");
    expect(diagnostics).toMatchObject([{ severity: "warning", reason: expect.stringContaining("misspelt") }]);
    expect(
      parseConfig("crypto map m 1\n set peer 10.0.0.1 DYNAMIC").config.maps[0]?.entries[0]?.peers[0]?.dynamic,
    ).toBe(true);
  });

  it("what follows a command and is none itself is named", () => {
    const { diagnostics } = parseConfig("crypto isakmp invalid-spi-recovery quickly");
    expect(diagnostics[0]).toMatchObject({
      text: "quickly",
      severity: "warning",
      reason: expect.stringContaining("behind"),
    });
  });
});

describe("no", () => {
  it.each([
    ["crypto isakmp keepalive 10 periodic", "no crypto isakmp keepalive"],
    ["crypto isakmp nat keepalive 20", "no crypto isakmp nat keepalive"],
    ["crypto isakmp invalid-spi-recovery", "no crypto isakmp invalid-spi-recovery"],
    ["crypto ipsec df-bit clear", "no crypto ipsec df-bit"],
    ["crypto ipsec fragmentation before-encryption", "no crypto ipsec fragmentation"],
    ["crypto ipsec security-association replay disable", "no crypto ipsec security-association replay disable"],
    ["crypto ipsec security-association idle-time 600", "no crypto ipsec security-association idle-time"],
    ["crypto ipsec transform-set x esp-gcm", "no crypto ipsec transform-set x"],
    ["crypto map x 10 ipsec-isakmp", "no crypto map x"],
    ["access-list 101 permit ip any any", "no access-list 101"],
    ["interface Tunnel0", "no interface Tunnel0"],
    ["no crypto ipsec nat-transparency udp-encapsulation", "crypto ipsec nat-transparency udp-encapsulation"],
  ])("%s / %s", (line, no) => {
    expect(parseConfig(line).config).not.toEqual(parseConfig("").config);
    expect(parseConfig(`${line}\n${no}`).config).toEqual(parseConfig("").config);
  });
});
