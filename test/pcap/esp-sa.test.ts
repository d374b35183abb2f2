import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { IpsecError } from "../../src/errors.js";
import { espSaMatcher, espSaRow, formatEspSa, parseEspSa } from "../../src/pcap/index.js";

const address = (text: string) => Uint8Array.from(ipaddr.parse(text).toByteArray());
const key = (length: number) => `0x${"5a".repeat(length)}`;
const aesRow = (protocol: string, source: string, target: string, spi: string) =>
  `"${protocol}","${source}","${target}","${spi}","AES-CBC [RFC3602]","${key(16)}","HMAC-SHA-1-96 [RFC2404]","${key(20)}"`;

function matches(row: string, source: string, target: string, spi: number): boolean {
  const [parsed] = parseEspSa(row);
  if (parsed === undefined) throw new Error("no row");
  return espSaMatcher(parsed).matches(address(source), address(target), spi);
}

test("a table with comments, empty lines, bare fields and escapes", () => {
  const text = [
    "# a comment",
    "",
    aesRow("IPv4", "10.0.0.1", "*", "0x1001"),
    `  IPv4 , * , * , 4098 , NULL , , "hmac-md5-96 [rfc2403]" , "a \\x22text\\x22 key"  `,
    `"IPv6","*","*","0x1003","TripleDes-CBC [RFC2451]","${key(24)}","NULL","","64-bit","0x7"\r`,
  ].join("\n");
  const rows = parseEspSa(text);
  expect(rows.map((row) => row.line)).toEqual([3, 4, 5]);
  expect(rows.map((row) => row.encryption.encryption)).toEqual(["aes-cbc", "null", "3des-cbc"]);
  expect(rows.map((row) => row.authentication.integrity)).toEqual(["hmac-sha1-96", "hmac-md5-96", undefined]);
  expect(rows[0]?.encryptionKey).toEqual(new Uint8Array(16).fill(0x5a));
  expect(new TextDecoder().decode(rows[1]?.authenticationKey)).toBe('a "text" key');
  expect(rows.map((row) => [row.esn, row.sequenceHigh])).toEqual([
    [false, 0],
    [false, 0],
    [true, 7],
  ]);
});

test.each([
  ["AES-GCM with 16 octet ICV [RFC4106]", "NULL", "aes-gcm-16"],
  ["AES-GCM with 8 octet ICV [RFC4106]", "NULL", "aes-gcm-8"],
  ["AES-GCM [RFC4106]", "NULL", "aes-gcm-16"],
  ["AES-GCM [RFC4106]", "ANY 96 bit authentication [no checking]", "aes-gcm-12"],
  ["AES-GCM [RFC4106]", "ANY 128 bit authentication [no checking]", "aes-gcm-16"],
])("%s with %s is %s", (encryption, authentication, expected) => {
  const [row] = parseEspSa(`"IPv4","*","*","*","${encryption}","${key(20)}","${authentication}",""`);
  expect(row?.encryption.encryption).toBe(expected);
});

describe("patterns", () => {
  test.each([
    ["*", "*", "*", "1.2.3.4", "5.6.7.8", 1, true],
    ["10.0.0.1", "*", "0x1001", "10.0.0.1", "5.6.7.8", 0x1001, true],
    ["10.0.0.1", "*", "0x1001", "10.0.0.2", "5.6.7.8", 0x1001, false],
    ["10.0.0.1", "*", "4097", "10.0.0.1", "5.6.7.8", 0x1001, true],
    ["10.0.*.1", "*", "*", "10.0.77.1", "5.6.7.8", 9, true],
    ["10.0.*.1", "*", "*", "10.1.77.1", "5.6.7.8", 9, false],
    ["10.0.0.0/8", "*", "*", "10.1.77.1", "5.6.7.8", 9, true],
    ["10.0.0.0/15", "*", "*", "10.2.77.1", "5.6.7.8", 9, false],
    ["*", "10.0.0.0/8", "*", "1.1.1.1", "11.6.7.8", 9, false],
    ["*", "*", "0x12*4", "1.2.3.4", "5.6.7.8", 0x1294, true],
    ["*", "*", "0x12*4", "1.2.3.4", "5.6.7.8", 0x11294, false],
    ["*", "*", "0xf***0001", "1.2.3.4", "5.6.7.8", 0xfabc0001, true],
    ["*", "*", "0xf***0001", "1.2.3.4", "5.6.7.8", 0xeabc0001, false],
    ["*", "*", "0xffffffff", "1.2.3.4", "5.6.7.8", 0xffffffff, true],
    ["*", "*", "*", "fd00::1", "fd00::2", 1, false],
  ])("IPv4 row %s %s %s: %s to %s, SPI %i is %s", (source, target, spi, from, to, seen, expected) => {
    expect(matches(aesRow("IPv4", source, target, spi), from, to, seen)).toBe(expected);
  });

  test.each([
    ["fd00:1::2", "*", "fd00:1::2", true],
    ["fd00:1::2", "*", "fd00:1::3", false],
    ["fd00:*::2", "*", "fd00:abcd::2", true],
    ["fd00:*::2", "*", "fd01:abcd::2", false],
    ["fd00::/16", "*", "fd00:abcd::2", true],
    ["*", "*", "10.0.0.1", false],
  ])("IPv6 row %s %s: from %s is %s", (source, target, from, expected) => {
    expect(matches(aesRow("IPv6", source, target, "*"), from, "fd00::9", 1)).toBe(expected);
  });

  test("a row for any protocol takes both", () => {
    expect(matches(aesRow("Any", "*", "*", "*"), "10.0.0.1", "10.0.0.2", 1)).toBe(true);
    expect(matches(aesRow("Any", "*", "*", "*"), "fd00::1", "fd00::2", 1)).toBe(true);
  });
});

test.each([
  [aesRow("IPv5", "*", "*", "*"), 'unknown protocol "IPv5"'],
  [aesRow("IPv4", "10.0.0", "*", "*"), '"10.0.0" is not an address'],
  [aesRow("IPv4", "10.0.0.1/33", "*", "*"), "no prefix length from 0 to 32"],
  [aesRow("IPv4", "gateway", "*", "*"), '"gateway" is not an address'],
  [aesRow("IPv4", "*", "*", "0x123456789"), "not an SPI"],
  [aesRow("IPv4", "*", "*", "4294967296"), "not an SPI"],
  [aesRow("IPv4", "*", "*", "1001h"), "not an SPI"],
  [`"IPv4","*","*","*","ROT13","","NULL",""`, 'unknown encryption "ROT13"'],
  [`"IPv4","*","*","*","NULL","","CRC32",""`, 'unknown authentication "CRC32"'],
  [
    `"IPv4","*","*","*","AES-CBC [RFC3602]","${key(15)}","NULL",""`,
    "has 15 bytes; AES-CBC [RFC3602] takes 16 or 24 or 32",
  ],
  [`"IPv4","*","*","*","AES-CBC [RFC3602]","0x5","NULL",""`, "odd number"],
  [`"IPv4","*","*","*","AES-CBC [RFC3602]","0xzz","NULL",""`, "not hexadecimal"],
  [`"IPv4","*","*","*","NULL","","NULL"`, "7 fields"],
  [`"IPv4","*","*","*","NULL","","NULL","","65-bit",""`, "65-bit"],
  [`"IPv4","*","*","*","NULL","","NULL","","64-bit","x"`, "high half"],
  [`"IPv4","*","*",*","NULL","","NULL",""`, "quote"],
])("%s is refused with its line", (row, sentence) => {
  const act = () => parseEspSa(`# comment\n${aesRow("IPv4", "*", "*", "*")}\n${row}\n`);
  expect(act).toThrow(IpsecError);
  expect(act).toThrow(`line 3: `);
  expect(act).toThrow(sentence);
});

describe("writing", () => {
  const encryptionKey = Uint8Array.from({ length: 20 }, (_, index) => index);
  const integrityKey = new Uint8Array(16).fill(9);

  test("rows are read back as they were", () => {
    const rows = [
      espSaRow({ spi: 0x1001, encryption: "aes-gcm-16", encryptionKey }, "192.0.2.1", "192.0.2.2"),
      espSaRow(
        { spi: 0x1002, encryption: "chacha20-poly1305", encryptionKey: new Uint8Array(36) },
        "fd00::1",
        "fd00::2",
      ),
      espSaRow({ spi: 0x1003, encryption: "aes-ccm-8", encryptionKey: new Uint8Array(19) }, "192.0.2.1", "*"),
      espSaRow(
        { spi: 0x1004, encryption: "aes-gcm-16", encryptionKey, esn: true, initialSequence: 0x3_0000_0001n },
        "192.0.2.1",
        "192.0.2.2",
      ),
      espSaRow(
        { spi: 0x1005, encryption: "aes-ctr", encryptionKey, integrity: "aes-xcbc-96", integrityKey },
        "::1",
        "::2",
      ),
    ];
    const text = formatEspSa(rows);
    const read = parseEspSa(text).filter((row) => row.authentication.wireshark || row.authentication.integrity);
    for (const row of rows) expect(read).toContainEqual({ ...row, line: expect.any(Number) });
    expect(text).toContain('"64-bit","0x3"');
  });

  test("a name Wireshark would stumble over is behind the mark, and our row goes first", () => {
    const row = espSaRow({ spi: 0x1001, encryption: "null", integrity: "aes-cmac-96", integrityKey }, "192.0.2.1", "*");
    const lines = formatEspSa([row]).trim().split("\n").slice(1);
    expect(lines).toEqual([
      `#wasm-ipsec: "IPv4","192.0.2.1","*","0x00001001","NULL","","aes-cmac-96","0x${"09".repeat(16)}"`,
      `"IPv4","192.0.2.1","*","0x00001001","NULL","","ANY 96 bit authentication [no checking]",""`,
    ]);
    const read = parseEspSa(lines.join("\n"));
    expect(read.map((each) => each.authentication.integrity)).toEqual(["aes-cmac-96", undefined]);
  });

  test("a row for both protocols is two for Wireshark", () => {
    const text = formatEspSa([espSaRow({ spi: 256, encryption: "aes-gcm-16", encryptionKey }, "*", "*")]);
    expect(parseEspSa(text).map((row) => row.protocol)).toEqual(["IPv4", "IPv6"]);
  });

  test("an algorithm without a name is refused", () => {
    expect(() => espSaRow({ spi: 256, encryption: "rot13" }, "*", "*")).toThrow(IpsecError);
    expect(() => espSaRow({ spi: 256, encryption: "null", integrity: "crc32" }, "*", "*")).toThrow(IpsecError);
  });
});
