import { createCipheriv } from "node:crypto";
import { expect, it } from "vitest";
import { loadEntry, TARGETS } from "./entry.js";

it.each(TARGETS)("%s ecb", async (target) => {
  const entry = await loadEntry("aes", target);
  for (const keyLength of [16, 24, 32]) {
    const key = Uint8Array.from({ length: keyLength }, (_, i) => i * 7 + 3);
    const text = Uint8Array.from({ length: 256 }, (_, i) => (i * i) & 255);
    entry.bytes.set(key, 0x10000);
    const rounds = entry.call("aesExpand", 0x10000, keyLength, 0x10100);
    entry.call("aesPlanes", 0x10100, rounds, 0x10200);
    entry.bytes.set(text, 0x11000);
    entry.call("aesEncrypt", 0x10200, rounds, 0x11000, 2);
    const cipher = createCipheriv(`aes-${keyLength * 8}-ecb`, key, null).setAutoPadding(false);
    expect(Buffer.from(entry.bytes.slice(0x11000, 0x11100)).toString("hex")).toBe(cipher.update(text).toString("hex"));
    entry.call("aesInversePlanes", 0x10100, rounds, 0x10200);
    entry.call("aesDecrypt", 0x10200, rounds, 0x11000, 2);
    expect(entry.bytes.slice(0x11000, 0x11100)).toEqual(text);
  }
});
