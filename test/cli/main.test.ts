import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCapture, writeCapture } from "../../src/pcap/index.js";
import * as build from "../pcap/build-capture.js";
import { decryptBytes, directory, run } from "./run.js";

const ROW = '"IPv4","*","*","0x1001","NULL","","NULL",""\n';

function files() {
  const folder = directory();
  const capture = join(folder, "capture.pcap");
  const keys = join(folder, "esp_sa");
  const out = join(folder, "out.pcapng");
  writeFileSync(capture, writeCapture([{ timestamp: 5n, data: build.ipv4(60) }]));
  writeFileSync(keys, ROW);
  return { folder, capture, keys, out };
}

test("--help and --version", async () => {
  const help = await run("--help");
  expect(help.status).toBe(0);
  expect(help.said).toContain("wasm-ipsec decrypt CAPTURE --keys ESP_SA --out OUT.pcapng");
  expect((await run("decrypt", "-h")).said).toBe(help.said);
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect((await run("--version")).said).toBe(`${version}\n`);
});

test("explain: the rule of a verdict, in both directions", async () => {
  const { status, said } = await run("explain", "policy-mismatch");
  expect(status).toBe(0);
  expect(said).toMatch(
    /^policy-mismatch\n {2}the SA's selectors .*RFC 4301 section 4.4.2\)\n {2}.*RFC 4301 section 5.2 step 4\)\n$/,
  );
});

describe("what cannot be done ends with status 2, a sentence, and no file", () => {
  test.each([
    [[], "no command"],
    [["encrypt"], 'unknown command "encrypt"'],
    [["explain", "late"], "explain takes one verdict: sealed, delivered"],
    [["decrypt"], "needs a capture"],
    [["decrypt", "a", "b"], '"b" is one too many'],
    [["decrypt", "a"], "needs --keys"],
    [["decrypt", "a", "--keys", "k"], "needs --out"],
    [["decrypt", "a", "--key", "k"], "'--key'"],
    [["decrypt", "a", "--keys"], "--keys"],
  ])("%j", async (words, sentence) => {
    const { status, said, complained } = await run(...words);
    expect([status, said]).toEqual([2, ""]);
    expect(complained).toContain(sentence);
    expect(complained).toContain("wasm-ipsec --help");
  });

  test("a file that is not there", async () => {
    const { capture, keys, out, folder } = files();
    const noKeys = await run("decrypt", capture, "--keys", join(folder, "none"), "--out", out);
    expect([noKeys.status, noKeys.complained]).toEqual([2, expect.stringContaining("cannot read the keys")]);
    const noCapture = await run("decrypt", join(folder, "none"), "--keys", keys, "--out", out);
    expect([noCapture.status, noCapture.complained]).toEqual([2, expect.stringContaining("there is no such file")]);
    const aFolder = await run("decrypt", folder, "--keys", keys, "--out", out);
    expect([aFolder.status, aFolder.complained]).toEqual([2, expect.stringContaining("it is no file")]);
    const noRoom = await run("decrypt", capture, "--keys", keys, "--out", join(folder, "none", "out"));
    expect([noRoom.status, noRoom.complained]).toEqual([2, expect.stringContaining("cannot write")]);
    expect(existsSync(out)).toBe(false);
  });

  test("a bad row, with its line", async () => {
    const { capture, keys, out } = files();
    writeFileSync(keys, `# keys\n${ROW}"IPv4","*","*","0x1002","AES-CBC [RFC3602]","0x0011","NULL",""\n`);
    const { status, complained } = await run("decrypt", capture, "--keys", keys, "--out", out);
    expect(status).toBe(2);
    expect(complained).toContain(`${keys}, line 3: the encryption key has 2 bytes`);
  });

  test("something that is no capture", async () => {
    const { capture, keys, out } = files();
    for (const bytes of [new Uint8Array(0), new TextEncoder().encode("hello, this is text")]) {
      writeFileSync(capture, bytes);
      const { status, complained } = await run("decrypt", capture, "--keys", keys, "--out", out);
      expect([status, complained]).toEqual([2, expect.stringContaining("not a ")]);
      expect(existsSync(out)).toBe(false);
    }
  });

  test("an output that exists, unless --force; never the capture itself", async () => {
    const { capture, keys, out } = files();
    writeFileSync(out, "precious");
    const refused = await run("decrypt", capture, "--keys", keys, "--out", out);
    expect([refused.status, refused.complained]).toEqual([2, expect.stringContaining("--force")]);
    expect(readFileSync(out, "utf8")).toBe("precious");
    expect((await run("decrypt", capture, "--keys", keys, "--out", out, "--force")).status).toBe(0);
    expect([...readCapture(readFileSync(out))]).toHaveLength(1);
    const itself = await run("decrypt", capture, "--keys", keys, "--out", capture, "--force");
    expect([itself.status, itself.complained]).toEqual([2, expect.stringContaining("is the capture itself")]);
  });
});

test("a capture without ESP is copied: link types, times, lengths and comments stay", async () => {
  const capture = build.concat(
    build.sectionBlock(false),
    build.interfaceBlock(false, 1, 0),
    build.interfaceBlock(false, 113, 0, 9),
    build.interfaceBlock(false, 105, 0),
    build.enhancedBlock(false, 0, 1_000_001n, new Uint8Array(60).fill(1)),
    build.enhancedBlock(false, 1, 5n, new Uint8Array(20)),
    build.enhancedBlock(false, 2, 6n, new Uint8Array(30)),
    build.enhancedBlock(false, 0, 7n, new Uint8Array(0)),
  );
  const { status, said, packets } = await decryptBytes(capture, ROW);
  expect(status).toBe(0);
  expect(said).toContain("4 packets, 0 of them ESP");
  expect(packets).toEqual([...readCapture(capture)]);
});

test("a capture cut off while it was written: what is whole is done, and the status says so", async () => {
  const whole = writeCapture([1n, 2n, 3n].map((timestamp) => ({ timestamp, data: build.ipv4(60) })));
  const { status, complained, packets } = await decryptBytes(whole.subarray(0, whole.length - 5), ROW);
  expect(status).toBe(1);
  expect(complained).toContain("ends inside a record");
  expect(packets).toHaveLength(2);
});

describe("unverified NULL encryption", () => {
  const inner = build.ipv4(33);
  const esp = (spi: number, nextHeader: number, payload: Uint8Array) => {
    const padding = (4 - ((payload.length + 2) % 4)) % 4;
    const pad = Array.from({ length: padding }, (_, index) => index + 1);
    return Uint8Array.of(0, 0, spi >> 8, spi & 255, 0, 0, 0, 1, ...payload, ...pad, padding, nextHeader);
  };

  async function openOne(packet: Uint8Array, rows = ROW) {
    const { packets, ...ran } = await decryptBytes(writeCapture([{ timestamp: 1n, data: packet }]), rows);
    return { ...ran, packet: packets[0]?.data, count: packets.length };
  }

  test("tunnel mode gives the inner packet, cut to its length", async () => {
    const carried = esp(0x1001, 4, build.concat(inner, new Uint8Array(50)));
    const { status, packet } = await openOne(build.ipv4(20 + carried.length, 50, carried));
    expect(status).toBe(0);
    expect(packet).toEqual(inner);
  });

  test("transport mode puts the payload back behind the header it had, extension headers included", async () => {
    const carried = esp(0x1001, 17, inner.subarray(20));
    const four = await openOne(build.ipv4(20 + carried.length, 50, carried));
    expect(four.packet?.[9]).toBe(17);
    expect(four.packet?.subarray(20)).toEqual(inner.subarray(20));
    expect(four.packet?.[3]).toBe(33);
    const destinationOptions = Uint8Array.of(50, 0, 1, 4, 0, 0, 0, 0);
    const six = await openOne(build.ipv6(60, build.concat(destinationOptions, carried)), ROW.replace("IPv4", "IPv6"));
    expect(six.packet?.length).toBe(40 + 8 + 13);
    expect([six.packet?.[5], six.packet?.[6], six.packet?.[40]]).toEqual([8 + 13, 60, 17]);
  });

  test("ESP in ESP is opened twice", async () => {
    const rows = ROW + ROW.replace("0x1001", "0x1002");
    const carried = esp(0x1002, 4, inner);
    const between = build.ipv4(20 + carried.length, 50, carried);
    const outside = esp(0x1001, 4, between);
    const { status, said, packet } = await openOne(build.ipv4(20 + outside.length, 50, outside), rows);
    expect(status).toBe(0);
    expect(said).toContain("2 of them ESP, 2 opened");
    expect(packet).toEqual(inner);
  });

  test("a dummy is opened and leaves no packet", async () => {
    const carried = esp(0x1001, 59, new Uint8Array(10));
    const { status, count } = await openOne(build.ipv4(20 + carried.length, 50, carried));
    expect([status, count]).toEqual([0, 0]);
  });

  test("padding that is none is damaged; other addresses and unsupported ciphers are no key", async () => {
    const carried = esp(0x1001, 4, inner);
    const packet = build.ipv4(20 + carried.length, 50, carried);
    const bad = packet.slice();
    bad[bad.length - 2] = 200;
    expect((await openOne(bad)).said).toMatch(/0x00001001 +1 +0 +0 +1 +0 +0/);
    const elsewhere = await openOne(packet, ROW.replace('"*","*"', '"192.0.2.1","*"'));
    expect(elsewhere.said).toMatch(/0x00001001 +1 +0 +0 +0 +0 +1 +line 1 is for other addresses/);
    const twofish = await openOne(packet, ROW.replace('"NULL",""', '"TWOFISH-CBC","0x00"'));
    expect(twofish.said).toContain("TWOFISH-CBC with NULL is not supported");
    expect(twofish.status).toBe(1);
  });

  test("UDP on any port is ESP when a row names the SPI", async () => {
    const carried = esp(0x1001, 4, inner);
    const udp = Uint8Array.of(1, 0, 2, 0, 0, 8 + carried.length, 0, 0, ...carried);
    const { packet } = await openOne(build.ipv4(20 + udp.length, 17, udp));
    expect(packet).toEqual(inner);
  });
});
