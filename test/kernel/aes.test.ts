import { describe, expect, it } from "vitest";
import { SCRATCH, SCRATCH_END } from "../../assembly/layout.js";
import { ecb, generator, hex, slowExpansion, unhex } from "./aes-reference.js";
import { type Entry, loadEntry, TARGETS } from "./entry.js";

const KEY = 0x30000;
const ROUND_KEYS = 0x30100;
const PLANES = 0x30200;
const TEXTS = 0x50000;

const KEY_LENGTHS = [16, 24, 32] as const;
const seed = Number(process.env["SEED"] ?? Date.now() % 0x1_0000_0000);
const random = generator(seed);

describe.each(TARGETS)("%s", (target) => {
  describe("key expansion, FIPS 197 appendix A", () => {
    it.each([
      ["2b7e151628aed2a6abf7158809cf4f3c", "a0fafe1788542cb123a339392a6c7605", "d014f9a8c9ee2589e13f0cc8b6630ca6"],
      [
        "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
        "62f8ead2522c6b7bfe0c91f72402f5a5",
        "e98ba06f448c773c8ecc720401002202",
      ],
      [
        "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
        "1f352c073b6108d72d9810a30914dff4",
        "fe4890d1e6188d0b046df344706c631e",
      ],
    ])("%s", async (key, second, last) => {
      const entry = await loadEntry("aes", target);
      const rounds = expand(entry, unhex(key));
      expect(rounds).toBe(key.length / 8 + 6);
      expect(hex(entry.bytes, ROUND_KEYS + 16, 16)).toBe(second);
      expect(hex(entry.bytes, ROUND_KEYS + 16 * rounds, 16)).toBe(last);
      expectCleanScratch(entry);
    });

    it("equals the section 5.2 loop, 60 random keys", async () => {
      const entry = await loadEntry("aes", target);
      for (let i = 0; i < 60; i++) {
        const key = random.bytes(KEY_LENGTHS[i % 3] as number);
        entry.bytes.fill(0xa5, ROUND_KEYS, ROUND_KEYS + 256);
        const rounds = expand(entry, key);
        const expected = Buffer.alloc(256, 0xa5);
        expected.set(slowExpansion(key));
        expect(hex(entry.bytes, ROUND_KEYS, 256), `seed ${seed}, key ${i}`).toBe(expected.toString("hex"));
        expect(rounds).toBe(key.length / 4 + 6);
      }
      expectCleanScratch(entry);
    });
  });

  describe("one block, FIPS 197 appendices B and C", () => {
    const plain = "00112233445566778899aabbccddeeff";
    it.each([
      ["2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"],
      ["000102030405060708090a0b0c0d0e0f", plain, "69c4e0d86a7b0430d8cdb78070b4c55a"],
      ["000102030405060708090a0b0c0d0e0f1011121314151617", plain, "dda97ca4864cdfe06eaf70a0ec0d7191"],
      ["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", plain, "8ea2b7ca516745bfeafc49904b496089"],
    ])("key %s", async (key, text, cipher) => {
      const entry = await loadEntry("aes", target);
      const rounds = expand(entry, unhex(key));
      entry.call("aesPlanes", ROUND_KEYS, rounds, PLANES);
      for (let block = 0; block < 8; block++) entry.bytes.set(unhex(text), TEXTS + 16 * block);
      entry.call("aesEncrypt", PLANES, rounds, TEXTS, 1);
      expect(hex(entry.bytes, TEXTS, 128)).toBe(cipher.repeat(8));
      entry.call("aesInversePlanes", ROUND_KEYS, rounds, PLANES);
      entry.call("aesDecrypt", PLANES, rounds, TEXTS, 1);
      expect(hex(entry.bytes, TEXTS, 128)).toBe(text.repeat(8));
    });
  });

  it("encrypts 0..6 threes of blocks as node:crypto does, and nothing around them", async () => {
    const entry = await loadEntry("aes", target);
    for (let i = 0; i < 63; i++) {
      const key = random.bytes(KEY_LENGTHS[i % 3] as number);
      const text = random.bytes(48 * (i % 7));
      const rounds = expand(entry, key);
      entry.call("nibbleKeys", ROUND_KEYS, rounds, PLANES);
      entry.bytes.fill(0xa5, TEXTS - 32, TEXTS + 352);
      entry.bytes.set(text, TEXTS);
      entry.call("encryptThrees", PLANES, rounds, TEXTS, TEXTS + text.length);
      const expected = Buffer.alloc(384, 0xa5);
      expected.set(ecb(key, text), 32);
      expect(hex(entry.bytes, TEXTS - 32, 384), `seed ${seed}, case ${i}`).toBe(expected.toString("hex"));
    }
    expectCleanScratch(entry);
  });

  it("encrypts and decrypts 0..40 groups as node:crypto does, and nothing around them", async () => {
    const entry = await loadEntry("aes", target);
    for (let groups = 0; groups <= 40; groups++) {
      for (const keyLength of KEY_LENGTHS) {
        const key = random.bytes(keyLength);
        const rounds = expand(entry, key);
        entry.call("aesPlanes", ROUND_KEYS, rounds, PLANES);
        const plain = random.bytes(128 * groups + 64);
        entry.bytes.set(plain, TEXTS - 32);
        const cipher = Buffer.from(plain);
        cipher.set(ecb(key, plain.subarray(32, plain.length - 32)), 32);
        const where = `seed ${seed}, ${groups} groups, ${keyLength}-byte key`;
        entry.call("aesEncrypt", PLANES, rounds, TEXTS, groups);
        expect(hex(entry.bytes, TEXTS - 32, plain.length), where).toBe(cipher.toString("hex"));
        entry.call("aesInversePlanes", ROUND_KEYS, rounds, PLANES);
        entry.call("aesDecrypt", PLANES, rounds, TEXTS, groups);
        expect(hex(entry.bytes, TEXTS - 32, plain.length), where).toBe(plain.toString("hex"));
      }
    }
    expectCleanScratch(entry);
  });

  it.each(KEY_LENGTHS)("holds eight %i-byte keys in eight lanes, set in any order", async (keyLength) => {
    const entry = await loadEntry("aes", target);
    const keys = Array.from({ length: 8 }, () => random.bytes(keyLength));
    entry.bytes.set(random.bytes(15 * 128), PLANES);
    for (let i = 0; i < 100; i++) {
      const lane = i < 8 ? 7 - i : random.below(8);
      keys[lane] = random.bytes(keyLength);
      const rounds = expand(entry, keys[lane] as Buffer);
      entry.call("aesPlanesLane", ROUND_KEYS, rounds, PLANES, lane);
      if (i < 7) continue;
      const plain = random.bytes(256);
      entry.bytes.set(plain, TEXTS);
      entry.call("aesEncrypt", PLANES, rounds, TEXTS, 2);
      const expected = Array.from({ length: 16 }, (_, block) =>
        ecb(keys[block & 7] as Buffer, plain.subarray(16 * block, 16 * block + 16)),
      );
      expect(hex(entry.bytes, TEXTS, 256), `seed ${seed}, step ${i}`).toBe(Buffer.concat(expected).toString("hex"));
    }
  });

  it("writes planes of (rounds + 1) * 128 bytes and no more", async () => {
    const entry = await loadEntry("aes", target);
    for (const keyLength of KEY_LENGTHS) {
      const rounds = expand(entry, random.bytes(keyLength));
      for (const name of ["aesPlanes", "aesInversePlanes", "aesPlanesLane"]) {
        entry.bytes.fill(0xa5, PLANES - 16, PLANES + 16 * 128);
        entry.call(name, ROUND_KEYS, rounds, PLANES, 3);
        expect(hex(entry.bytes, PLANES - 16, 16)).toBe("a5".repeat(16));
        const end = (rounds + 1) * 128;
        expect(hex(entry.bytes, PLANES + end, 16 * 128 - end)).toBe("a5".repeat(16 * 128 - end));
      }
    }
  });
});

function expand(entry: Entry, key: Buffer): number {
  entry.bytes.set(key, KEY);
  return entry.call("aesExpand", KEY, key.length, ROUND_KEYS);
}

function expectCleanScratch(entry: Entry): void {
  expect(entry.bytes.subarray(SCRATCH, SCRATCH_END).every((byte) => byte === 0)).toBe(true);
}
