import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { guideConfig } from "../ios/configs.js";
import { withTransforms } from "../ios/lab.js";
import { directory, run } from "./run.js";

/** The guide's routers, DES in the place of the bundle. */
function files(): { a: string; b: string; folder: string } {
  const folder = directory();
  const [a, b] = ["a", "b"].map((name) => {
    const file = join(folder, `${name}.cfg`);
    writeFileSync(file, withTransforms("esp-des esp-sha-hmac")(guideConfig(`router-${name}`)));
    return file;
  }) as [string, string];
  return { a, b, folder };
}

function lab(a: string, b: string, ...commands: string[]) {
  return run("ios", "lab", a, b, ...commands.flatMap((command) => ["-c", command]));
}

test("--help says what there is", async () => {
  const { status, said } = await run("ios", "--help");
  expect([status, said]).toEqual([0, expect.stringContaining("wasm-ipsec ios lab A.cfg B.cfg")]);
});

describe("what cannot be done ends with status 2 and a sentence", () => {
  test.each([
    [[], "there are check, format and lab"],
    [["show"], 'unknown command "show"'],
    [["check"], "check needs a file"],
    [["check", "/nowhere/a.cfg"], "cannot read the configuration /nowhere/a.cfg: ENOENT"],
    [["format", "a", "b"], "format takes one file"],
    [["lab", "a"], "lab takes 2 to 16 files"],
    [["lab", "--speed"], "'--speed'"],
  ])("%j", async (words, sentence) => {
    const { status, said, complained } = await run("ios", ...words);
    expect([status, said, complained]).toEqual([2, "", expect.stringContaining(sentence)]);
  });
});

describe("check", () => {
  test("a table of what is doubtful, with lines; status 1 when it is worse than notes", async () => {
    const file = join(directory(), "r.cfg");
    writeFileSync(file, guideConfig("replay-map"));
    const { status, said } = await run("ios", "check", file);
    expect(status).toBe(1);
    expect(said).toContain("3 crypto map entries, 3 transform sets, 3 access lists, 2 interfaces");
    expect(said).toMatch(/\n +21 {2}warning {2}set peer 192\.168\.1\.3 +peer 192\.168\.1\.3 has no isakmp key\n/);
    expect(said).toMatch(
      /\n +16 {2}note +crypto ipsec transform-set 170cisco esp-d\.\.\. +esp-des is weak: DES MUST NOT be used/,
    );
    expect(said).toContain("0 errors, 3 warnings, 14 notes");
    const quiet = await run("ios", "check", "--quiet", file);
    expect(quiet.said).not.toContain("is weak");
  });

  test("a router without faults", async () => {
    const { a } = files();
    expect(await run("ios", "check", a)).toMatchObject({ status: 0, complained: "" });
  });
});

test("format writes what show running-config prints", async () => {
  const { a } = files();
  const { status, said } = await run("ios", "format", a);
  expect(status).toBe(0);
  expect(said).toContain(
    "\ninterface FastEthernet0/0\n ip address 10.1.1.1 255.0.0.0\n no ip route-cache cef\n duplex full\n",
  );
});

describe("lab", () => {
  test("two routers pass packets, and show it", async () => {
    const { a, b } = files();
    const { status, said } = await lab(a, b, "ping 10", "sh cry ips sa", "ipseca-72a# show crypto session", "show log");
    expect(status).toBe(0);
    expect(said).toContain(
      "ipseca-71a#ping 10\nSending 10, 100-byte ICMP Echos to 10.0.2.2 from 10.0.0.1\n!!!!!!!!!!\n",
    );
    expect(said).toContain("Success rate is 100 percent (10/10)");
    expect(said).toContain("    #pkts decaps: 10, #pkts decrypt: 10, #pkts verify: 10\n");
    expect(said).toContain("Interface: FastEthernet1/0\nSession status: UP-ACTIVE\nPeer: 10.1.1.1 port 500\n");
    expect(said).toMatch(
      /\*\w{3} [ \d]\d [\d:.]+: %CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP {2}\. Peer 10\.2\.2\.2:500/,
    );
  });

  test("the black hole and its end; an unplugged cable; the clock", async () => {
    const { a, b } = files();
    const { said } = await lab(
      a,
      b,
      "ping",
      "connect ipseca-72a",
      "clear crypto isakmp",
      "clear crypto sa",
      "ipseca-71a# ping",
      "unplug",
      "ipseca-71a#ping 2",
      "plug",
      "wait 3700",
      "show crypto ipsec sa",
      "connect ipseca-72a",
      "explain unknown-spi",
    );
    expect(said).toContain(".!!!!\nSuccess rate is 80 percent (4/5)");
    expect(said).toContain("ipseca-72a#unplug\nipseca-72a is unplugged\n");
    expect(said).toContain("..\nSuccess rate is 0 percent (0/2)\nthe last packet: discarded, says the network\n");
    expect(said).toContain("#pkts decaps: 9, #pkts decrypt: 9, #pkts verify: 9");
    expect(said).not.toContain("conn id: 5121,");
    expect(said).toMatch(
      /unknown-spi: 1 packet\n {2}no inbound SA has this SPI \(RFC 4303 section 3.4.2\)\n[^#]* spi: 0x/,
    );
  });

  test("three routers: a hub that answers anybody, two that it does not name", async () => {
    const folder = directory();
    const spoke = (number: number) => `hostname s${number}
crypto ipsec transform-set t esp-gcm
crypto map m 10
 set peer 192.0.2.100
 set transform-set t
 match address 101
interface FastEthernet0
 ip address 192.0.2.${number} 255.255.255.0
 crypto map m
access-list 101 permit ip 10.${number}.0.0 0.0.255.255 10.100.0.0 0.0.255.255
`;
    const hub = `hostname hub
crypto ipsec transform-set t esp-gcm
crypto dynamic-map anybody 10
 set transform-set t
crypto map m 10 ipsec-isakmp dynamic anybody
interface FastEthernet0
 ip address 192.0.2.100 255.255.255.0
 crypto map m
`;
    const files = [hub, spoke(1), spoke(2)].map((text, nth) => {
      const file = join(folder, `${nth}.cfg`);
      writeFileSync(file, text);
      return file;
    });
    const commands = ["s1# ping 3", "s2# ping 3", "hub# show crypto session", "hub# show crypto isakmp sa"];
    const { status, said, complained } = await run("ios", "lab", ...files, ...commands.flatMap((one) => ["-c", one]));
    expect([status, complained]).toEqual([0, ""]);
    expect(said.match(/Success rate is 100 percent \(3\/3\)/g)).toHaveLength(2);
    expect(said.match(/Session status: UP-ACTIVE/g)).toHaveLength(2);
  });

  test("a command that is none is marked, and the status says so", async () => {
    const { a, b } = files();
    const { status, said } = await lab(a, b, "show crypto ipsec su", "connect nobody");
    expect(status).toBe(1);
    expect(said).toContain("show crypto ipsec su\n                  ^\n% Invalid input detected at '^' marker.\n");
    expect(said).toContain("% there is no router nobody: ipseca-71a, ipseca-72a");
  });

  test("? lists the commands", async () => {
    const { a, b } = files();
    const { said } = await lab(a, b, "?");
    expect(said).toContain(
      "\nshow crypto ipsec sa [map MAP] [peer PEER] [address | identity] [interface INTERFACE [UNIT]] [detail]\n",
    );
    expect(said).toContain("\nping [COUNT] [FLOW]\n");
  });
});
