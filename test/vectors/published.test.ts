// The vectors of the RFCs through the kernel's rooms, in both builds, and through node:crypto or a slow twin, so that a slip
// of transcription shows as what it is.
import { createCipheriv, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { REGIONS } from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { poly1305, slowCcm } from "../kernel/aead-twins.js";
import { TARGETS, type Target } from "../kernel/entry.js";
import { cmac, xcbc } from "../kernel/mac-twins.js";
import { type Job, Room } from "../kernel/room.js";
import { hex } from "../packets.js";
import { blockMac, hmac, keyChacha, keyChain, keyCipher, keyGcm, one } from "./keyed.js";
import {
  CBC,
  CBC_PACKETS,
  CCM,
  CHACHA,
  CHACHA_PACKETS,
  CMAC,
  CTR,
  type EspCase,
  GCM_PACKETS,
  GMAC_PACKETS,
  HMAC,
  POLY1305,
  unhex,
  XCBC,
} from "./read.js";

const TWINS = { cmac, xcbc };

/** AES in a mode of node:crypto, without padding. */
function node(mode: "cbc" | "ctr", key: Uint8Array, iv: Uint8Array, text: Uint8Array): string {
  return createCipheriv(`aes-${key.length * 8}-${mode}`, key, iv)
    .setAutoPadding(false)
    .update(text)
    .toString("hex");
}

function nodeAead(
  name: string,
  one: { key: string; nonce: string; aad: string; plaintext: string; tag: string },
): string {
  const options = { authTagLength: one.tag.length / 2 };
  const cipher = createCipheriv(name as "aes-128-ccm", unhex(one.key), unhex(one.nonce), options);
  cipher.setAAD(unhex(one.aad), { plaintextLength: one.plaintext.length / 2 });
  return cipher.update(one.plaintext, "hex", "hex") + cipher.final("hex") + cipher.getAuthTag().toString("hex");
}

/** What a room is told of a packet. */
function jobOf(packet: { spi: string; sequence: string; iv: string }, text: string): Job {
  const sequence = BigInt(`0x${packet.sequence}`);
  return { sa: 0, text: unhex(text), iv: unhex(packet.iv), spi: Number.parseInt(packet.spi, 16), sequence };
}

describe("the published packets are whole", () => {
  it.each(CBC_PACKETS)("RFC 3602 case $case is its SPI, number and IV, then the payload padded 1, 2, 3 ...", (one) => {
    const head = one.spi + one.sequence + one.iv;
    expect(one.packet.slice(0, head.length)).toBe(head);
    const padding = (32 - ((one.payload.length / 2 + 2) % 16)) % 16;
    const trailer = Buffer.from([...Array.from({ length: padding }, (_, i) => i + 1), padding, one.nextHeader]);
    const text = Buffer.concat([unhex(one.payload), trailer]);
    expect(one.packet.slice(head.length)).toBe(node("cbc", unhex(one.key), unhex(one.iv), text));
  });

  it.each([...GCM_PACKETS, ...CHACHA_PACKETS])("$case: its parts make the packet", (one) => {
    expect(one.spi + one.sequence.slice(-8) + one.iv + one.ciphertextAndIcv).toBe(one.packet);
    expect(one.spi + one.sequence).toBe(one.aad);
    const name = CHACHA_PACKETS.includes(one) ? "chacha20-poly1305" : `aes-${one.key.length * 4}-gcm`;
    const nonce = one.salt + one.iv;
    const tag = one.ciphertextAndIcv.slice(-32);
    expect(nodeAead(name, { ...one, nonce, plaintext: one.payloadWithTrailer, tag })).toBe(one.ciphertextAndIcv);
  });

  it("there are as many as the documents have", () => {
    const counts = [CBC, CBC_PACKETS, CTR, GCM_PACKETS, CHACHA_PACKETS, CCM, CMAC, XCBC].map(({ length }) => length);
    expect(counts).toEqual([4, 4, 9, 14, 1, 24, 4, 7]);
    expect(HMAC).toHaveLength(7 + 7 + 3 * 7);
  });
});

describe.each(TARGETS)("published vectors, %s", (target) => {
  it.each(CBC)("RFC 3602 section 4 case $case: AES-CBC, both ways", async ({ key, iv, plaintext, ciphertext }) => {
    expect(node("cbc", unhex(key), unhex(iv), unhex(plaintext))).toBe(ciphertext);
    await expectCbc(target, { key, iv, plaintext, ciphertext });
  });

  it.each(CBC_PACKETS)("RFC 3602 section 4 case $case: the text of an ESP packet, both ways", async (one) => {
    const ciphertext = one.packet.slice(16 + 32);
    const padding = (32 - ((one.payload.length / 2 + 2) % 16)) % 16;
    const trailer = Buffer.from([...Array.from({ length: padding }, (_, i) => i + 1), padding, one.nextHeader]);
    await expectCbc(target, { ...one, plaintext: one.payload + trailer.toString("hex"), ciphertext });
  });

  it.each(CTR)("RFC 3686 section 6 vector $case: AES-CTR", async ({ key, nonce, iv, plaintext, ciphertext }) => {
    const block = unhex(`${nonce}${iv}00000001`);
    expect(node("ctr", unhex(key), block, unhex(plaintext))).toBe(ciphertext);
    const room = await Room.load("aes", target);
    keyCipher(room, unhex(key), unhex(nonce as string));
    for (const [from, to] of [
      [plaintext, ciphertext],
      [ciphertext, plaintext],
    ] as const) {
      const job = { sa: 0, text: unhex(from), iv: unhex(iv) };
      expect(hex(one(room, job, (list) => room.entry.call("ctrApply", list, 1)).text)).toBe(to);
    }
  });

  it.each(GCM_PACKETS)("draft-mcgrew-gcm-test-01 case $case: AES-GCM, sealed and opened", async (packet) => {
    const room = await Room.load("gcm", target);
    keyGcm(room, unhex(packet.key), unhex(packet.salt), { esn: packet.esn });
    expectAead(room, packet, "gcmSeal", "gcmOpen");
  });

  it.each(GMAC_PACKETS)("AES-GMAC, sealed and opened", async (packet) => {
    const cipher = createCipheriv("aes-128-gcm", unhex(packet.key), unhex(packet.salt + packet.iv));
    cipher.setAAD(unhex(packet.packet.slice(0, -32))).final();
    expect(cipher.getAuthTag().toString("hex")).toBe(packet.packet.slice(-32));
    const room = await Room.load("gcm", target);
    keyGcm(room, unhex(packet.key), unhex(packet.salt), { esn: packet.esn });
    expectAead(room, packet, "gmacSeal", "gmacOpen");
  });

  it.each(CHACHA_PACKETS)("RFC 7634 appendix A: ChaCha20-Poly1305, sealed and opened", async (packet) => {
    const room = await Room.load("chacha", target);
    keyChacha(room, unhex(packet.key), unhex(packet.salt), { esn: packet.esn });
    expectAead(room, packet, "chachaSeal", "chachaOpen");
  });

  it.each(CHACHA)("RFC 8439 section $section: ChaCha20, $kind", async (published) => {
    const { key, nonce, aad = "", plaintext, ciphertext, tag } = published;
    const withTag = { key, nonce, aad, plaintext, tag: tag ?? "00".repeat(16) };
    expect(nodeAead("chacha20-poly1305", withTag).slice(0, tag ? undefined : -32)).toBe(ciphertext + (tag ?? ""));
    const room = await Room.load("chacha", target);
    // Twelve bytes of AAD are those of ESN: SPI, high half, low half.
    keyChacha(room, unhex(key), unhex(nonce.slice(0, 8)), { esn: true });
    const head = { spi: aad.slice(0, 8) || "0", sequence: aad.slice(8) || "0", iv: nonce.slice(8) };
    const sealed = one(room, jobOf(head, plaintext), (list) => room.entry.call("chachaSeal", list, 1));
    expect(hex(sealed.text)).toBe(ciphertext);
    if (tag) expect(hex(sealed.tag.subarray(0, 16))).toBe(tag);
    const arriving = { ...jobOf(head, ciphertext), icv: tag ? unhex(tag) : sealed.tag.slice(0, 16) };
    const opened = one(room, arriving, (list) => room.entry.call("chachaOpen", list, 1));
    expect([opened.status, hex(opened.text)]).toEqual([PENDING, plaintext]);
  });

  it.each(POLY1305)("RFC 8439 $section: Poly1305, alone and beside ChaCha20", async ({ key, message, tag }) => {
    expect(poly1305(unhex(key), unhex(message))).toBe(tag);
    const { entry } = await Room.load("chacha", target);
    const [keyAt, messageAt, tagAt, polyAt] = [REGIONS, REGIONS + 64, REGIONS + 0x8000, REGIONS + 0x9000];
    entry.bytes.set(unhex(key), keyAt);
    entry.bytes.set(unhex(message), messageAt);
    const blocks = message.length / 32;
    const orders = REGIONS + 0x4000;
    for (let i = 0; i < 3; i++) entry.view.setUint32(orders + 32 * i + 20, REGIONS + 0x6000 + 64 * i, true);
    for (const beside of [0, Math.min(blocks, 20)]) {
      entry.call("polyStart", polyAt, keyAt);
      entry.call("chachaBlocks", orders, 0, polyAt, messageAt, beside);
      entry.call("polyBlocks", polyAt, messageAt + 16 * beside, blocks - beside);
      entry.call("polyFinish", polyAt, tagAt);
      expect(hex(entry.bytes.subarray(tagAt, tagAt + 16))).toBe(tag);
    }
  });

  // The nonces of RFC 3610 have 13 bytes, those of ESP 11: its vectors prove the twin, the twin proves the room, with the
  // same keys, headers (the AAD of ESP has their lengths) and texts.
  it.each(CCM)("RFC 3610 section 8 vector $case: AES-CCM", async (published) => {
    const { key, nonce, aad, plaintext, ciphertext, tag } = published;
    expect(nodeAead("aes-128-ccm", published)).toBe(ciphertext + tag);
    expect(slowCcm(unhex(key), unhex(nonce), unhex(aad), unhex(plaintext), tag.length / 2)).toBe(ciphertext + tag);
    const tagLength = tag.length === 16 ? 8 : 12; // ESP has none of 10 bytes
    const room = await Room.load("chain", target);
    const short = nonce.slice(4);
    keyChain(room, unhex(key), unhex(short.slice(0, 6)), { icvLength: tagLength, esn: aad.length === 24 });
    const want = slowCcm(unhex(key), unhex(short), unhex(aad), unhex(plaintext), tagLength);
    const head = { spi: aad.slice(0, 8), sequence: aad.slice(8), iv: short.slice(6) };
    const sealed = one(room, jobOf(head, plaintext), (list) => room.entry.call("ccmSeal", list, 1));
    expect(hex(sealed.text) + hex(sealed.tag.subarray(0, tagLength))).toBe(want);
    const arriving = { ...jobOf(head, want.slice(0, -2 * tagLength)), icv: unhex(want.slice(-2 * tagLength)) };
    const opened = one(room, arriving, (list) => room.entry.call("ccmOpen", list, 1));
    expect([opened.status, hex(opened.text)]).toEqual([PENDING, plaintext]);
  });

  it.each([
    ...CMAC.map((published) => ({ ...published, rfc: "RFC 4493 section 4", mac: "cmac" as const })),
    ...XCBC.map((published) => ({ ...published, rfc: "RFC 3566 section 4.6", mac: "xcbc" as const })),
  ])("$rfc case $case: AES-$mac", async ({ mac, key, message, tag }) => {
    expect(TWINS[mac](unhex(key), unhex(message)).toString("hex")).toBe(tag);
    const room = await Room.load("chain", target);
    expect(blockMac(room, mac, unhex(key), unhex(message)).toString("hex")).toBe(tag);
  });
});

describe.each([...TARGETS, "legacy" as const])("published HMACs, %s", (target) => {
  // MD5 is in the legacy build alone.
  it.each(HMAC.filter(({ hash }) => hash !== "md5" || target === "legacy"))(
    "RFC 2202, RFC 4231: HMAC of $hash, case $case",
    async ({ hash, key, message, tag }) => {
      const digest = createHmac(hash, unhex(key)).update(unhex(message)).digest("hex");
      expect(digest.slice(0, tag.length)).toBe(tag);
      const room = await Room.load("hmac", target);
      const computed = hmac(room, hash, unhex(key), unhex(message)).toString("hex");
      expect(computed.slice(0, tag.length)).toBe(tag.slice(0, 64));
    },
  );
});

async function expectCbc(target: Target, published: Record<"key" | "iv" | "plaintext" | "ciphertext", string>) {
  const { key, iv, plaintext, ciphertext } = published;
  const inbound = await Room.load("aes", target);
  keyCipher(inbound, unhex(key));
  const arriving = { sa: 0, text: unhex(ciphertext), iv: unhex(iv) };
  expect(hex(one(inbound, arriving, (list) => inbound.entry.call("cbcDecrypt", list, 1)).text)).toBe(plaintext);
  const outbound = await Room.load("chain", target);
  keyChain(outbound, unhex(key));
  const leaving = { sa: 0, text: unhex(plaintext), iv: unhex(iv) };
  expect(hex(one(outbound, leaving, (list) => outbound.entry.call("cbcEncrypt", list, 1)).text)).toBe(ciphertext);
}

/** Sealed, it is the published packet; opened, its text; with its last bit flipped, FORGED and as it was. */
function expectAead(room: Room, packet: EspCase, seal: string, open: string): void {
  const ciphertext = packet.ciphertextAndIcv.slice(0, -32);
  const icv = unhex(packet.ciphertextAndIcv.slice(-32));
  const sealed = one(room, jobOf(packet, packet.payloadWithTrailer), (list) => room.entry.call(seal, list, 1));
  expect(hex(sealed.text) + hex(sealed.tag.subarray(0, 16))).toBe(packet.ciphertextAndIcv);
  const arriving = jobOf(packet, ciphertext);
  const opened = one(room, { ...arriving, icv }, (list) => room.entry.call(open, list, 1));
  expect([opened.status, hex(opened.text)]).toEqual([PENDING, packet.payloadWithTrailer]);
  const flipped = icv.map((byte, i) => (i === 15 ? byte ^ 1 : byte));
  const refused = one(room, { ...arriving, icv: flipped }, (list) => room.entry.call(open, list, 1));
  expect([refused.status, hex(refused.text)]).toEqual([FORGED, ciphertext]);
}
