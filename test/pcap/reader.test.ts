import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { IpsecError } from "../../src/errors.js";
import { CaptureReader, ipPacketOf, PcapngWriter, readCapture, writeCapture } from "../../src/pcap/index.js";
import * as build from "./build-capture.js";

const first = Uint8Array.of(1, 2, 3, 4, 5);
const second = new Uint8Array(64).fill(9);

function errorOf(act: () => unknown): IpsecError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(IpsecError);
    return error as IpsecError;
  }
  throw new Error("nothing was thrown");
}

describe.each([true, false])("little-endian %s", (littleEndian) => {
  test.each([true, false])("a classic file, nanoseconds %s", (nanoseconds) => {
    const file = build.classicFile(littleEndian, nanoseconds, 101, [
      { data: first, seconds: 0xf0000000, fraction: 999_999 },
      { data: second, seconds: 7, fraction: 1 },
    ]);
    const packets = [...readCapture(file)];
    const unit = nanoseconds ? 1n : 1000n;
    expect(packets.map((packet) => packet.data)).toEqual([first, second]);
    expect(packets.map((packet) => packet.timestamp)).toEqual([
      0xf0000000n * 1_000_000_000n + 999_999n * unit,
      7n * 1_000_000_000n + unit,
    ]);
    expect(packets[0]?.linkType).toBe(101);
    expect(packets[0]?.originalLength).toBe(12);
  });

  test("pcapng: several interfaces, clocks of several resolutions, all packet blocks, unknown blocks skipped", () => {
    const file = build.concat(
      build.sectionBlock(littleEndian),
      build.interfaceBlock(littleEndian, 1, 0),
      build.block(littleEndian, 0x0bad, Uint8Array.of(1, 2, 3, 4)),
      build.interfaceBlock(littleEndian, 101, 4, 9),
      build.interfaceBlock(littleEndian, 113, 0, 0x8a),
      build.enhancedBlock(littleEndian, 0, 5_000_000_000n, first),
      build.enhancedBlock(littleEndian, 1, 5_000_000_001n, second),
      build.enhancedBlock(littleEndian, 2, 1536n, first),
      build.obsoleteBlock(littleEndian, 1, 17n, second),
      build.simpleBlock(littleEndian, 5, first),
    );
    const packets = [...readCapture(file)];
    expect(packets.map((packet) => packet.linkType)).toEqual([1, 101, 113, 101, 1]);
    expect(packets.map((packet) => packet.timestamp)).toEqual([
      5_100_000_000_000n,
      105_000_000_001n,
      101_500_000_000n,
      100_000_000_017n,
      0n,
    ]);
    expect(packets.map((packet) => packet.data)).toEqual([first, second, first, second, first]);
    expect(packets[0]?.comment).toBe("hello");
  });

  test("a second section has its own byte order and interfaces", () => {
    const file = build.concat(
      build.sectionBlock(littleEndian),
      build.interfaceBlock(littleEndian, 1, 0),
      build.enhancedBlock(littleEndian, 0, 0n, first),
      build.sectionBlock(!littleEndian),
      build.interfaceBlock(!littleEndian, 101, 3),
      build.simpleBlock(!littleEndian, 5, first.subarray(0, 3)),
    );
    const packets = [...readCapture(file)];
    expect(packets.map((packet) => packet.linkType)).toEqual([1, 101]);
    expect(packets[1]?.data).toEqual(first.subarray(0, 3));
    expect(packets[1]?.originalLength).toBe(5);
  });

  test("a file that was cut gives its whole packets, then says so", () => {
    const classic = build.classicFile(littleEndian, false, 101, [
      { data: first, seconds: 1, fraction: 1 },
      { data: second, seconds: 2, fraction: 2 },
    ]);
    const pcapng = build.concat(
      build.sectionBlock(littleEndian),
      build.interfaceBlock(littleEndian, 101, 0),
      build.enhancedBlock(littleEndian, 0, 1n, first),
      build.enhancedBlock(littleEndian, 0, 2n, second),
    );
    for (const file of [classic, pcapng]) {
      for (let length = 0; length < file.length; length++) {
        const reader = new CaptureReader();
        reader.push(file.subarray(0, length));
        const seen = [];
        for (let packet = reader.read(); packet; packet = reader.read()) seen.push(packet.data);
        expect(seen).toEqual([first, second].slice(0, seen.length));
        expect(seen.length).toBeLessThan(2);
      }
      const cut = file.subarray(0, file.length - 1);
      expect(errorOf(() => [...readCapture(cut)]).message).toContain("ends inside a record");
    }
  });

  test("pieces of any size give the same packets as the whole", () => {
    const file = build.concat(
      build.sectionBlock(littleEndian),
      build.interfaceBlock(littleEndian, 101, 0),
      ...Array.from({ length: 9 }, (_, index) =>
        build.enhancedBlock(littleEndian, 0, BigInt(index), new Uint8Array(index * 7).fill(index)),
      ),
    );
    const whole = [...readCapture(file)];
    expect(whole).toHaveLength(9);
    for (const size of [1, 3, 16, 100, 333]) {
      const reader = new CaptureReader();
      const seen = [];
      for (let position = 0; position < file.length; position += size) {
        reader.push(file.slice(position, position + size));
        for (let packet = reader.read(); packet; packet = reader.read()) seen.push(packet);
      }
      reader.end();
      expect(seen).toEqual(whole);
    }
  });
});

test("garbage is refused with a sentence", () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "not a capture: the file has no bytes"],
    [Uint8Array.of(1, 2), "not a capture: the file has 2 bytes"],
    [new TextEncoder().encode("<html>not found</html>"), "begins with 3c 68 74 6d"],
    [build.classicFile(true, false, 1, []).map((byte, index) => (index === 4 ? 9 : byte)), "version 9"],
    [build.concat(build.sectionBlock(true), build.enhancedBlock(true, 0, 0n, first)), "interface 0"],
    [build.concat(build.sectionBlock(true), build.block(true, 1, Uint8Array.of(1))), "too short"],
    [build.sectionBlock(true).map((byte, index) => (index === 8 ? 0 : byte)), "byte-order magic"],
    [build.sectionBlock(true).map((byte, index) => (index === 4 ? 0xff : byte)), "the capture is damaged"],
    [build.sectionBlock(true).map((byte, index) => (index === 24 ? 32 : byte)), "another length"],
  ];
  for (const [bytes, sentence] of cases) {
    const error = errorOf(() => [...readCapture(bytes)]);
    expect(error.code).toBe("capture");
    expect(error.message).toContain(sentence);
  }
  const huge = build.classicFile(true, false, 1, [{ data: first, seconds: 0, fraction: 0 }]);
  huge[24 + 11] = 0x7f;
  expect(errorOf(() => [...readCapture(huge)]).message).toContain("the capture is damaged");
});

test("no damage to a capture does worse than an IpsecError", () => {
  const file = build.concat(
    build.sectionBlock(true),
    build.interfaceBlock(true, 101, 0, 9),
    build.enhancedBlock(true, 0, 1n, first),
    build.obsoleteBlock(true, 0, 1n, second),
    build.simpleBlock(true, 5, first),
  );
  const classic = build.classicFile(false, true, 1, [{ data: first, seconds: 1, fraction: 1 }]);
  let refused = 0;
  for (const original of [file, classic]) {
    for (let index = 0; index < original.length; index++) {
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        const damaged = original.slice();
        damaged[index] = value;
        try {
          for (const packet of readCapture(damaged)) ipPacketOf(packet.linkType, packet.data);
        } catch (error) {
          expect(error).toBeInstanceOf(IpsecError);
          refused++;
        }
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test("what is written is read back, with times to the nanosecond and comments", () => {
  const packets = [0, 1, 2, 3, 4, 63, 64, 65, 1500].map((length, index) => ({
    timestamp: 1_700_000_000_123_456_789n + BigInt(index),
    data: new Uint8Array(length).fill(index),
    ...(index % 2 ? { comment: `packet ${index}: "größer"` } : {}),
  }));
  const read = [...readCapture(writeCapture(packets))];
  expect(read).toEqual(packets.map((packet) => ({ ...packet, linkType: 101, originalLength: packet.data.length })));
});

test("a writer refuses an interface it did not describe", () => {
  const writer = new PcapngWriter();
  writer.section();
  expect(() => writer.packet({ timestamp: 0n, data: first })).toThrow(RangeError);
});

test("the committed traffic is read whole", () => {
  const file = readFileSync(new URL("../../examples/traffic.pcap", import.meta.url));
  const packets = [...readCapture(file)];
  expect(packets.length).toBeGreaterThan(1500);
  expect(packets.every((packet) => packet.linkType === 101)).toBe(true);
  expect(packets.every((packet) => packet.data.constructor === Uint8Array)).toBe(true); // Not the Buffer that was read.
  for (const packet of packets) expect(ipPacketOf(101, packet.data)).toHaveLength(packet.originalLength);
});
