// DES and 3DES in sixteen lanes: published blocks, and CBC against node:crypto for lists of every shape.
import { createCipheriv, createDecipheriv } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { C_IV_KEY, DES_BLOCKS, DES_KEYS, HOT_DES_KEYS, REGIONS } from "../../assembly/layout.js";
import { hex, unhex } from "../packets.js";
import { Random } from "../random.js";
import { decrypt, encrypt } from "../reference/ciphers.js";
import { type Job, Room } from "./room.js";

const KEY_AT = REGIONS + 0x8000;
const EXPANDED_AT = KEY_AT + 0x100;
const CIPHERS = [
  { name: "des-cbc", keyLength: 8, rounds: 16 },
  { name: "3des-cbc", keyLength: 24, rounds: 48 },
] as const;

let room: Room;
beforeAll(async () => {
  room = await Room.load("des", "legacy");
});

/** Sixteen blocks, each under its own key. */
function run(keys: readonly Uint8Array[], blocks: readonly Uint8Array[], decrypting: boolean): Uint8Array[] {
  const { bytes } = room.entry;
  const passes = (keys[0] as Uint8Array).length / 8;
  for (const [lane, key] of keys.entries()) {
    bytes.set(key, KEY_AT);
    room.entry.call("desExpand", KEY_AT, passes, decrypting ? 1 : 0, EXPANDED_AT);
    for (let i = 0; i < passes * 128; i++) bytes[DES_KEYS + 16 * i + lane] = bytes[EXPANDED_AT + i] as number;
    for (let i = 0; i < 8; i++) bytes[DES_BLOCKS + 16 * i + lane] = blocks[lane]?.[i] as number;
  }
  room.entry.call("desRun", passes * 16);
  const results = keys.map((_, lane) =>
    Uint8Array.from({ length: 8 }, (_, i) => bytes[DES_BLOCKS + 16 * i + lane] ?? 0),
  );
  bytes.fill(0, DES_KEYS, 0xc000);
  return results;
}

describe("published blocks", () => {
  // NIST SP 800-20, tables A.1 (variable plaintext) and A.2 (variable key), where the three keys are one; FIPS 81
  // table B1; SP 800-67 appendix B.1.
  const CASES = [
    ["0101010101010101", "8000000000000000", "95f8a5e5dd31d900"],
    ["0101010101010101", "4000000000000000", "dd7f121ca5015619"],
    ["0101010101010101", "2000000000000000", "2e8653104f3834ea"],
    ["0101010101010101", "1000000000000000", "4bd388ff6cd81d4f"],
    ["0101010101010101", "0800000000000000", "20b9e767b2fb1456"],
    ["8001010101010101", "0000000000000000", "95a8d72813daa94d"],
    ["4001010101010101", "0000000000000000", "0eec1487dd8c26d5"],
    ["0123456789abcdef", "4e6f772069732074", "3fa40e8a984d4815"],
    ["0123456789abcdef23456789abcdef01456789abcdef0123", "5468652071756663", "a826fd8ce53b855f"],
    ["0123456789abcdef23456789abcdef01456789abcdef0123", "6b2062726f776e20", "cce21c8112256fe6"],
    ["0123456789abcdef23456789abcdef01456789abcdef0123", "666f78206a756d70", "68d5c05dd9b6b900"],
  ].map((row) => row.map(unhex)) as [Uint8Array, Uint8Array, Uint8Array][];

  it.each([8, 24])("keys of %i bytes, side by side, there and back", (keyLength) => {
    const cases = CASES.filter(([key]) => key.length === keyLength);
    const keys = cases.map(([key]) => key);
    const [plain, cipher] = [cases.map((row) => row[1]), cases.map((row) => row[2])];
    expect(run(keys, plain, false).map(hex)).toEqual(cipher.map(hex));
    expect(run(keys, cipher, true).map(hex)).toEqual(plain.map(hex));
  });

  it("FIPS 81 table C1: the CBC of a sentence", () => {
    makeSa(0, "des-cbc", unhex("0123456789abcdef"), true);
    const text = unhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
    const job = { sa: 0, iv: unhex("1234567890abcdef"), text };
    const [outcome] = room.run([job], (list, n) => room.entry.call("desCbcDecrypt", 16, list, n));
    expect(Buffer.from(outcome?.text ?? []).toString()).toBe("Now is the time for all ");
  });

  it("sixteen random keys and blocks, the parity bits whatever they are", () => {
    const random = new Random();
    for (const keyLength of [8, 24]) {
      const keys = Array.from({ length: 16 }, () => random.bytes(keyLength));
      const blocks = Array.from({ length: 16 }, () => random.bytes(8));
      const expected = keys.map((key, i) => {
        const whole = keyLength === 8 ? Buffer.concat([key, key, key]) : key;
        return hex(
          createCipheriv("des-ede3", whole, null)
            .setAutoPadding(false)
            .update(blocks[i] as Uint8Array),
        );
      });
      const otherParity = keys.map((key) => key.map((byte) => byte ^ random.below(2)));
      expect(run(keys, blocks, false).map(hex), `SEED=${random.seed}`).toEqual(expected);
      expect(run(otherParity, blocks, false).map(hex), `SEED=${random.seed}`).toEqual(expected);
    }
  });
});

function makeSa(sa: number, name: string, key: Uint8Array, decrypting: boolean): void {
  const { hot } = room.makeSa(sa);
  room.entry.bytes.set(key, KEY_AT);
  room.entry.call("desExpand", KEY_AT, name === "des-cbc" ? 1 : 3, decrypting ? 1 : 0, hot + HOT_DES_KEYS);
}

describe.each(CIPHERS)("$name", ({ name, keyLength, rounds }) => {
  it.each([true, false])("lists of all sizes, packets of many lengths and SAs; decrypting %s", (decrypting) => {
    const random = new Random();
    const keys = Array.from({ length: 5 }, () => random.bytes(keyLength));
    for (const [sa, key] of keys.entries()) makeSa(sa, name, key, decrypting);
    for (const count of [1, 2, 15, 16, 17, 40, 100]) {
      const jobs: Job[] = Array.from({ length: count }, () => ({
        sa: random.below(keys.length),
        iv: random.bytes(8),
        text: random.bytes(8 * random.pick([1, 1, 2, 15, 16, 17, random.between(1, 190)])),
      }));
      const verb = decrypting ? "desCbcDecrypt" : "desCbcEncrypt";
      const outcomes = room.run(jobs, (list, n) => room.entry.call(verb, rounds, list, n));
      outcomes.forEach(({ text, iv }, i) => {
        const job = jobs[i] as Job;
        const key = keys[job.sa] as Uint8Array;
        const expected = decrypting ? decrypt(name, key, iv, job.text) : encrypt(name, key, iv, job.text);
        expect(hex(text), `SEED=${random.seed}, packet ${i} of ${count}`).toBe(hex(expected));
        expect(hex(iv)).toBe(hex(job.iv as Uint8Array));
      });
    }
  });
});

it("the twin is DES: node:crypto with one key three times answers FIPS 81", () => {
  const key = unhex("0123456789abcdef");
  const whole = Buffer.concat([key, key, key]);
  const cipher = unhex("e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6");
  const opened = createDecipheriv("des-ede3-cbc", whole, unhex("1234567890abcdef"))
    .setAutoPadding(false)
    .update(cipher);
  expect(opened.toString()).toBe("Now is the time for all ");
});

it("an IV of 8 bytes is half of one that is drawn; none comes twice, and nothing is written behind it", () => {
  const random = new Random();
  const { entry } = room;
  entry.bytes.set(random.bytes(32), C_IV_KEY);
  const ivs = new Set<string>();
  for (let drawn = 0; drawn < 200; drawn++) {
    entry.bytes.fill(0xa5, KEY_AT, KEY_AT + 16);
    entry.call("drawIv", KEY_AT, 8);
    ivs.add(hex(entry.bytes.subarray(KEY_AT, KEY_AT + 8)));
    expect(hex(entry.bytes.subarray(KEY_AT + 8, KEY_AT + 16))).toBe("a5".repeat(8));
  }
  expect(ivs.size, `SEED=${random.seed}`).toBe(200);
});
