import { describe, expect, it } from "vitest";
import {
  AES_POOL,
  AES_POOL_END,
  AES_STARTS,
  AES_STARTS_END,
  AES_STRETCHES,
  AES_STRETCHES_END,
  D_IV,
  D_SA,
  D_SIZE_OF,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_INVERSE_PLANES,
  HOT_OWNER,
  HOT_PLANES,
  HOT_SIZE,
  SA_HOT,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
  SA_SIZE,
  SCRATCH,
  SCRATCH_END,
} from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { generator, run, unhex } from "./aes-reference.js";
import { type Entry, loadEntry, TARGETS } from "./entry.js";
import { ivsInOrder } from "./ivs.js";

// Where things lie in a test: SA records, hot entries, a key, a list of descriptors, texts.
const RECORDS = 0x10000;
const HOT = 0x20000;
const KEY = 0x30000;
const LIST = 0x38000;
const DESCRIPTORS = 0x40000;
const TEXTS = 0x50000;

const KEY_LENGTHS = [16, 24, 32] as const;
const seed = Number(process.env["SEED"] ?? Date.now() % 0x1_0000_0000);
const random = generator(seed);

describe.each(TARGETS)("%s", (target) => {
  describe("CBC, inbound", () => {
    const cbcPacket = (sa: Sa, index: number, length: number, pending = true): Packet => {
      const iv = random.bytes(16);
      const expected = random.bytes(length);
      return { sa: index, iv, text: run(`aes-${sa.key.length * 8}-cbc`, sa.key, iv, expected), expected, pending };
    };
    const lengths = Array.from({ length: 23 }, (_, i) => 16 * i);
    it.each(KEY_LENGTHS)("lists of every length with a %i-byte key", async (keyLength) => {
      await tryLists(target, "cbcDecrypt", keyLength, lengths, 65520, 16, cbcPacket);
    });
  });

  describe("CTR", () => {
    const ivs = ivsInOrder(random);
    const ctrPacket = (sa: Sa, index: number, length: number, pending = true): Packet => {
      const iv = ivs();
      const text = random.bytes(length);
      const counterBlock = Buffer.concat([sa.salt, iv, unhex("00000001")]);
      return {
        sa: index,
        iv,
        text,
        expected: run(`aes-${sa.key.length * 8}-ctr`, sa.key, counterBlock, text),
        pending,
      };
    };
    const lengths = Array.from({ length: 301 }, (_, i) => i);
    it.each(KEY_LENGTHS)("lists of every length with a %i-byte key", async (keyLength) => {
      await tryLists(target, "ctrApply", keyLength, lengths, 65535, 1, ctrPacket);
    });
  });
});

interface Sa {
  readonly key: Buffer;
  readonly salt: Buffer;
}

interface Packet {
  readonly sa: number;
  readonly iv: Buffer;
  readonly text: Buffer;
  readonly expected: Buffer;
  readonly pending: boolean;
}

type Maker = (sa: Sa, index: number, length: number, pending?: boolean) => Packet;

/** Every length of `lengths` alone, all together, then lists of mixed SAs, lengths up to `longest` and verdicts. */
async function tryLists(
  target: (typeof TARGETS)[number],
  room: string,
  keyLength: number,
  lengths: readonly number[],
  longest: number,
  multiple: number,
  make: Maker,
): Promise<void> {
  const entry = await loadEntry("aes", target);
  const sas = Array.from({ length: 5 }, (_, index) => {
    const sa = { key: random.bytes(keyLength), salt: random.bytes(4) };
    installSa(entry, index, sa.key, sa.salt);
    return sa;
  });
  const packet = (index: number, length: number, pending = true) => make(sas[index] as Sa, index, length, pending);
  expectRoom(entry, room, []);
  for (const length of lengths) expectRoom(entry, room, [packet(length % 5, length)]);
  for (let start = 0; start < lengths.length; start += 60) {
    expectRoom(
      entry,
      room,
      lengths.slice(start, start + 60).map((length) => packet(1, length)),
    );
  }
  expectRoom(entry, room, [packet(0, longest), packet(0, longest), packet(2, longest)]);
  // Long ones alone: what one leaves in the hot entry, the next finds.
  for (let i = 0; i < 60; i++) {
    const length = 500 + random.below(1700);
    expectRoom(entry, room, [packet(random.below(3), length - (length % multiple))]);
  }
  for (let i = 0; i < 40; i++) {
    const limit = [64, 400, 3000, 20000][i & 3] as number;
    const packets: Packet[] = [];
    for (let sa = 0, room = random.below(5) + 1; sa < room; sa++) {
      for (let n = random.below(i & 3 ? 12 : 50); n > 0; n--) {
        const length = random.below(limit);
        packets.push(packet(sa, length - (length % multiple), random.below(5) > 0));
      }
    }
    expectRoom(entry, room, packets);
  }
}

/**
 * Runs a room over a list and compares all of the memory but the hot entries with what ought to be there: the pool and
 * the list of its stretches zero, the scratch of other rooms as it was.
 */
function expectRoom(entry: Entry, room: string, packets: readonly Packet[]): void {
  const { bytes, view } = entry;
  bytes.fill(0xa5, SCRATCH, SCRATCH_END);
  bytes.fill(0, AES_POOL, AES_POOL_END);
  bytes.fill(0, AES_STARTS, AES_STARTS_END);
  bytes.fill(0, AES_STRETCHES, AES_STRETCHES_END);
  let end = TEXTS;
  const texts = packets.map(({ sa, iv, text, pending }, index) => {
    end += random.below(40) + iv.length;
    const descriptor = DESCRIPTORS + index * D_SIZE_OF;
    bytes.set(random.bytes(D_SIZE_OF), descriptor);
    view.setUint32(LIST + 4 * index, descriptor, true);
    view.setUint32(descriptor + D_SA, RECORDS + sa * SA_SIZE, true);
    view.setUint32(descriptor + D_STATUS, pending ? PENDING : FORGED, true);
    view.setUint32(descriptor + D_IV, end - iv.length, true);
    view.setUint32(descriptor + D_TEXT, end, true);
    view.setUint32(descriptor + D_TEXT_LENGTH, text.length, true);
    bytes.set(iv, end - iv.length);
    bytes.set(text, end);
    end += text.length;
    return end - text.length;
  });
  const expected = Buffer.from(bytes.subarray(0, end + 64));
  packets.forEach(({ expected: after, pending }, index) => {
    if (pending) expected.set(after, texts[index] as number);
  });
  entry.call(room, LIST, packets.length);
  const after = Buffer.from(bytes.buffer, 0, end + 64);
  const unlike = (from: number, to: number) =>
    after.compare(expected, from, to, from, to) === 0
      ? undefined
      : from + after.subarray(from, to).findIndex((byte, i) => byte !== expected[from + i]);
  const where = `seed ${seed}, lengths ${packets.map(({ text }) => text.length).join(" ")}`;
  expect(unlike(0, HOT), where).toBeUndefined();
  expect(unlike(LIST, end + 64), where).toBeUndefined();
}

/** An SA record with a hot entry of its own, as hot.ts would fill it. */
function installSa(entry: Entry, index: number, key: Buffer, salt: Buffer): void {
  const record = RECORDS + index * SA_SIZE;
  const hot = HOT + index * HOT_SIZE;
  entry.bytes.set(key, KEY);
  const rounds = entry.call("aesExpand", KEY, key.length, record + SA_ROUND_KEYS);
  entry.call("aesPlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_PLANES);
  entry.call("aesInversePlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_INVERSE_PLANES);
  entry.view.setUint32(hot + HOT_OWNER, record, true);
  entry.view.setUint32(record + SA_HOT, hot, true);
  entry.bytes[record + SA_ROUNDS] = rounds;
  entry.bytes.set(salt, record + SA_SALT);
}
