// Captures that others made: those of tcpdump's test suite, whose keys are public.

import { createCipheriv } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { writeCapture } from "../../src/pcap/index.js";
import { internetChecksum } from "../../src/wire/ipv4.js";
import { concat, ipv4 } from "../pcap/build-capture.js";
import { decryptBytes } from "./run.js";

const read = (name: string) => readFileSync(new URL(`../pcap/captures/${name}`, import.meta.url));
const ANY96 = "ANY 96 bit authentication [no checking]";
const row = (spi: string, encryption: string, key: string) =>
  `"IPv4","*","*","${spi}","${encryption}","${key}","${ANY96}",""\n`;
const TRIPLE_DES = "TripleDES-CBC [RFC2451]";
const KEY_02 = "0x4043434545464649494a4a4c4c4f4f515152525454575758";
const KEY_ESP2 = "0x43434545464649494a4a4c4c4f4f51515252545457575840";
const KEY_ESP2_BACK = "0x434545464649494a4a4c4c4f4f5151525254545757584043";
const KEY_AES = "0xaaaabbbbccccdddd4043434545464649494a4a4c4c4f4f515152525454575758";

test.each([
  ["02-sunrise-sunset-esp.pcap", 8, row("0x12345678", TRIPLE_DES, KEY_02)],
  ["08-sunrise-sunset-aes.pcap", 8, row("0xd1234567", "AES-CBC [RFC3602]", KEY_AES)],
  [
    "08-sunrise-sunset-esp2.pcap",
    8,
    row("0x12345678", TRIPLE_DES, KEY_ESP2) + row("0xabcdabcd", TRIPLE_DES, KEY_ESP2_BACK),
  ],
  ["espudp1.pcap", 8, row("0x12345678", TRIPLE_DES, KEY_02)],
])("%s is opened, and said to be unverified", async (name, count, rows) => {
  const { status, said, packets } = await decryptBytes(read(name), rows);
  expect(said).toContain("not verified");
  expect(status).toBe(0);
  expect(packets).toHaveLength(count);
  for (const { linkType, data, comment } of packets) {
    expect(linkType).toBe(101);
    expect(internetChecksum(data, 0, 20)).toBe(0); // An IPv4 header that is right,
    expect(data[9]).toBe(1);
    expect(internetChecksum(data, 20, data.length - 20)).toBe(0); // and an ICMP message.
    expect(comment).toContain("not verified");
  }
});

test("with another key nothing is opened, and everything is copied", async () => {
  const { status, said, packets } = await decryptBytes(
    read("espudp1.pcap"),
    row("*", TRIPLE_DES, KEY_AES.slice(0, 50)),
  );
  expect(status).toBe(1);
  expect(said).toMatch(/0x12345678 +8 +0 +0 +8 +0 +0/);
  expect(packets.map(({ linkType }) => linkType)).toEqual(Array(8).fill(1));
  expect(packets[0]?.comment).toContain("damaged");
});

test("IKE on port 4500 and ARP go through as they were; ESP without a row is told", async () => {
  const { status, said, packets } = await decryptBytes(read("isakmp4500.pcap"), row("0x1", TRIPLE_DES, KEY_02));
  expect(status).toBe(1);
  expect(packets.length).toBe(Number(/(\d+) packets/.exec(said)?.[1]));
  expect(said).toContain("0xf4dc0ae5");
  expect(said).toContain("no row for this SPI");
  expect(packets.filter(({ comment }) => comment === undefined).length).toBe(35 - 8);
});

test("DES", async () => {
  const key = Buffer.from("0123456789abcdef", "hex");
  const iv = Buffer.from("1234567890abcdef", "hex");
  const encrypt = (text: Uint8Array) => {
    const cipher = createCipheriv("des-ede3-cbc", Buffer.concat([key, key, key]), iv).setAutoPadding(false);
    return Buffer.concat([cipher.update(text), cipher.final()]);
  };
  // FIPS 81, table C1: so this is DES.
  const published = "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6";
  expect(encrypt(Buffer.from("Now is the time for all ")).toString("hex")).toBe(published);
  const inner = ipv4(37);
  const text = concat(inner, Uint8Array.of(1, 1, 4));
  const esp = concat(Uint8Array.of(0, 0, 16, 1, 0, 0, 0, 1), iv, encrypt(text), new Uint8Array(12));
  const capture = writeCapture([{ timestamp: 0n, data: ipv4(20 + esp.length, 50, esp) }]);
  const { packets } = await decryptBytes(capture, row("0x1001", "DES-CBC [RFC2405]", "0x0123456789abcdef"));
  expect(packets.map(({ data }) => data)).toEqual([inner]);
});
