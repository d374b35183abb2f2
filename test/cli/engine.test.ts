// What the engine sealed, as captures: opened again by the command line.

import { describe, expect, test } from "vitest";
import { DataPlane, type EspConfig } from "../../src/index.js";
import { espSaRow, formatEspSa, writeCapture } from "../../src/pcap/index.js";
import { setWord16, word16 } from "../../src/wire/words.js";
import { concat, ipv4, ipv6 } from "../pcap/build-capture.js";
import { decryptBytes } from "./run.js";

const NOW = 0;
const key = (length: number, first = 1) => Uint8Array.from({ length }, (_, index) => first + index);
const GCM = { encryption: "aes-gcm-16", encryptionKey: key(20) } as const;
const CBC = {
  encryption: "aes-cbc",
  encryptionKey: key(16),
  integrity: "hmac-sha2-256-128",
  integrityKey: key(32, 99),
} as const;
const TUNNEL = { source: "192.0.2.1", target: "192.0.2.2" };
const TUNNEL6 = { source: "2001:db8::1", target: "2001:db8::2" };

const inner4 = (length: number) => {
  const packet = ipv4(length);
  setWord16(packet, 10, 0x1234); // Not checked by anybody in between.
  return packet;
};

function config(more: object): EspConfig {
  return {
    direction: "out",
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    tunnel: TUNNEL,
    ...GCM,
    ...more,
  } as EspConfig;
}

/** Whole IP packets with the ESP of `packets` in them. */
async function sealed(sa: EspConfig, packets: Uint8Array[]): Promise<Uint8Array[]> {
  const plane = await DataPlane.create({ carrier: "ip", limits: "edge", profile: "legacy" });
  const out = plane.addSa(sa);
  const datagrams = packets.flatMap((packet) => plane.protect(NOW, packet, out).datagrams);
  expect(datagrams).toHaveLength(packets.length);
  return datagrams;
}

async function decrypted(frames: Uint8Array[], rows: string) {
  const packets = frames.map((data, index) => ({ data, timestamp: BigInt(index) }));
  const { packets: opened, ...ran } = await decryptBytes(writeCapture(packets), rows);
  return { ...ran, opened: opened.map(({ data }) => data), comments: opened.map(({ comment }) => comment) };
}

const rowsFor = (...configs: EspConfig[]) => formatEspSa(configs.map((each) => espSaRow(each, "*", "*")));

describe.each([
  ["AES-GCM", GCM],
  ["AES-CBC with HMAC", CBC],
  [
    "3DES with MD5",
    { encryption: "3des-cbc", encryptionKey: key(24), integrity: "hmac-md5-96", integrityKey: key(16) },
  ],
  [
    "DES with SHA-1",
    { encryption: "des-cbc", encryptionKey: key(8), integrity: "hmac-sha1-96", integrityKey: key(20) },
  ],
  ["NULL with CMAC", { encryption: "null", encryptionKey: undefined, integrity: "aes-cmac-96", integrityKey: key(16) }],
])("%s", (_name, suite) => {
  const packets = [inner4(60), inner4(1300), ipv6(17, new Uint8Array(40).fill(3)), inner4(21)];

  test.each([
    ["over IPv4", {}],
    ["over IPv6", { tunnel: TUNNEL6 }],
    ["in UDP", { natTraversal: { sourcePort: 4500, targetPort: 4500 } }],
    ["in UDP on another port", { natTraversal: { sourcePort: 7000, targetPort: 7001 } }],
    ["in UDP behind the non-IKE marker", { natTraversal: { sourcePort: 500, targetPort: 500, marker: "non-ike" } }],
  ])("tunnel mode %s", async (_where, more) => {
    const sa = config({ ...suite, ...more });
    const { status, opened, said, comments } = await decrypted(await sealed(sa, packets), rowsFor(sa));
    expect(opened).toEqual(packets);
    expect(status).toBe(0);
    const title = [sa.encryption, sa.integrity ?? []].flat().join(" + ");
    expect(said).toMatch(new RegExp(`0x00001001 +4 +4 +0 +0 +0 +0  ${title.replace("+", "\\+")}\n`));
    expect(comments[0]).toBe(`ESP 0x00001001 number 1: opened, ${title}`);
  });

  test("transport mode, over IPv4 and IPv6", async () => {
    const sa = config({ ...suite, mode: "transport", tunnel: undefined });
    const whole = [inner4(60), inner4(1300), ipv6(17, new Uint8Array(40).fill(3))];
    const { opened } = await decrypted(await sealed(sa, whole), rowsFor(sa));
    expect(opened.map((packet) => packet.length)).toEqual(whole.map((packet) => packet.length));
    for (const [index, packet] of opened.entries()) {
      const original = whole[index] as Uint8Array;
      const header = (original[0] ?? 0) >> 4 === 4 ? 20 : 40;
      expect(packet.subarray(header)).toEqual(original.subarray(header));
      expect(packet.subarray(header - 8, header)).toEqual(original.subarray(header - 8, header));
    }
  });

  test("a flipped bit is forged, and what is good around it is opened", async () => {
    const sa = config(suite);
    const frames = await sealed(sa, packets);
    const bad = frames[1] as Uint8Array;
    bad[40] = (bad[40] ?? 0) ^ 1;
    const { status, said, opened, comments } = await decrypted(frames, rowsFor(sa));
    expect(status).toBe(1);
    expect(said).toMatch(/0x00001001 +4 +3 +1 +0 +0 +0/);
    expect(opened).toEqual([packets[0], bad, packets[2], packets[3]]);
    expect(comments[1]).toContain("forged");
  });
});

test("64-bit sequence numbers, from the high half in the row", async () => {
  const sa = config({ esn: true, initialSequence: 0x7_ffff_fffen });
  const packets = [inner4(60), inner4(61), inner4(62)];
  const { opened } = await decrypted(await sealed(sa, packets), rowsFor(sa));
  expect(opened).toEqual(packets); // The second crosses into the next epoch.
  const wrong = rowsFor({ ...sa, initialSequence: 0n } as EspConfig);
  expect((await decrypted(await sealed(sa, packets.slice(0, 1)), wrong)).said).toMatch(/0x00001001 +1 +0 +1/);
});

test("one SPI for two peers with different keys, told apart by their addresses", async () => {
  const first = config({});
  const second = config({ tunnel: { source: "192.0.2.3", target: "192.0.2.2" }, encryptionKey: key(20, 50) });
  const frames = [...(await sealed(first, [inner4(60)])), ...(await sealed(second, [inner4(61)]))];
  const rows = formatEspSa([espSaRow(first, "192.0.2.1", "*"), espSaRow(second, "192.0.2.3", "*")]);
  const { status, opened } = await decrypted(frames, rows);
  expect([status, opened]).toEqual([0, [inner4(60), inner4(61)]]);
});

test("rows that all fit are tried in turn", async () => {
  const right = config({});
  const wrong = config({ encryptionKey: key(20, 50) });
  const { status, opened } = await decrypted(await sealed(right, [inner4(60)]), rowsFor(wrong, right));
  expect([status, opened]).toEqual([0, [inner4(60)]]);
});

test("a row for any SPI", async () => {
  const sa = config({});
  const other = config({ spi: 0xfffffff0 });
  const frames = [...(await sealed(sa, [inner4(60)])), ...(await sealed(other, [inner4(61)]))];
  const { status, opened } = await decrypted(frames, rowsFor(sa).replaceAll("0x00001001", "*"));
  expect([status, opened]).toEqual([0, [inner4(60), inner4(61)]]);
});

test("a packet seen twice is opened twice", async () => {
  const sa = config({});
  const [frame] = await sealed(sa, [inner4(60)]);
  const { opened } = await decrypted([frame as Uint8Array, frame as Uint8Array], rowsFor(sa));
  expect(opened).toEqual([inner4(60), inner4(60)]);
});

test("ESP that was cut on its way is put together first", async () => {
  const sa = config({ pathMtu: 3000 });
  const [frame] = await sealed(sa, [inner4(2500)]);
  if (frame === undefined) throw new Error("nothing was sealed");
  const pieces = [0, 1200, 2400].map((offset) => {
    const piece = concat(frame.subarray(0, 20), frame.subarray(20 + offset, 20 + offset + 1200));
    setWord16(piece, 2, piece.length);
    setWord16(piece, 6, (20 + offset + 1200 < frame.length ? 0x2000 : 0) | (offset >> 3));
    return piece;
  });
  const { status, opened } = await decrypted([pieces[2], pieces[0], pieces[1]] as Uint8Array[], rowsFor(sa));
  expect([status, opened]).toEqual([0, [inner4(2500)]]);
  const incomplete = await decrypted([pieces[2], pieces[0]] as Uint8Array[], rowsFor(sa));
  expect(incomplete.opened).toEqual([pieces[2], pieces[0]]);
  expect(incomplete.said).toContain("2 fragments never became a packet");
});

test("HMAC with a key of a length the engine refuses is verified all the same", async () => {
  const sa = config(CBC);
  const frames = await sealed(sa, [inner4(60)]);
  // HMAC pads a short key with zeroes: this one is the same key, and not 32 bytes.
  const integrityKey = concat(key(31, 99), Uint8Array.of(0));
  const zeroEnded = config({ ...CBC, integrityKey, esn: true, initialSequence: 0x7_0000_0001n });
  const rows = rowsFor(zeroEnded).replaceAll('00","64-bit"', '","64-bit"');
  const same = await decrypted(await sealed(zeroEnded, [inner4(60)]), rows);
  expect(same.said).toContain("(node:crypto)");
  expect([same.status, same.opened]).toEqual([0, [inner4(60)]]);
  expect((await decrypted(frames, rows)).said).toMatch(/0x00001001 +1 +0 +1/);
});

test("a row without the integrity key opens what the row with it would have verified, and is not used beside that", async () => {
  const sa = config(CBC);
  const frames = await sealed(sa, [inner4(60)]);
  const unchecked = `"IPv4","*","*","*","AES-CBC [RFC3602]","0x${Buffer.from(CBC.encryptionKey).toString("hex")}",`;
  const row = `${unchecked}"ANY 128 bit authentication [no checking]",""\n`;
  const alone = await decrypted(frames, row);
  expect([alone.status, alone.opened]).toEqual([0, [inner4(60)]]);
  expect(alone.said).toContain("aes-cbc, not verified");
  const forged = frames.map((frame) => frame.slice());
  const [bad] = forged as [Uint8Array];
  bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
  expect((await decrypted(forged, row)).opened).toEqual([inner4(60)]);
  expect((await decrypted(forged, row + rowsFor(sa))).said).toMatch(/0x00001001 +1 +0 +1/);
});

test("AES-CTR without the integrity key", async () => {
  const sa = config({
    encryption: "aes-ctr",
    encryptionKey: key(36),
    integrity: "hmac-sha1-96",
    integrityKey: key(20),
  });
  const row = `"IPv4","*","*","*","AES-CTR [RFC3686]","0x${Buffer.from(key(36)).toString("hex")}",`;
  const packets = [inner4(60), inner4(1000)];
  const ran = await decrypted(await sealed(sa, packets), `${row}"ANY 96 bit authentication [no checking]",""\n`);
  expect([ran.status, ran.opened]).toEqual([0, packets]);
  expect(ran.said).toContain("aes-ctr, not verified");
});

test("the outer length is the capture's, not the packet's", async () => {
  const sa = config({});
  const [frame] = await sealed(sa, [inner4(60)]);
  if (frame === undefined) throw new Error("nothing was sealed");
  expect(word16(frame, 2)).toBe(frame.length);
  const { opened } = await decrypted([concat(frame, new Uint8Array(6))], rowsFor(sa)); // Ethernet's padding.
  expect(opened).toEqual([inner4(60)]);
});
