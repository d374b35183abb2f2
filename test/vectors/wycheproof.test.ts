// The Wycheproof files of the folder shared/vectors/wycheproof, wherever above the project's root that is. Of their cases
// those that an ESP suite can express: its key, nonce and tag lengths. MACs and CBC run as they are. The AEADs of ESP have
// an AAD of 8 or 12 bytes; where a case has another, ESP's stands in its place: the text must come out as published, the
// tag as node:crypto has it, and what a case does to its tag is done to that one.
import { createCipheriv } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { FORGED, PENDING } from "../../assembly/status.js";
import { TARGETS, type Target } from "../kernel/entry.js";
import { type Job, Room } from "../kernel/room.js";
import { blockMac, hmac, keyChacha, keyChain, keyCipher, keyGcm, one } from "./keyed.js";
import { unhex } from "./read.js";

interface Case {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: "valid" | "invalid" | "acceptable";
}

interface Group {
  readonly keySize: number;
  readonly ivSize: number;
  readonly tagSize: number;
  readonly tests: readonly Case[];
}

/** Above the root, for a copy of the project may lie beside the folder or deeper. */
function folder(): string | undefined {
  for (let at = process.cwd(); ; at = dirname(at)) {
    const candidate = join(at, "shared/vectors/wycheproof");
    if (existsSync(candidate)) return candidate;
    if (at === dirname(at)) return undefined;
  }
}

const FOLDER = folder();
const reason = "shared/vectors/wycheproof is not in a folder above this one";

function groups(file: string): readonly Group[] {
  return JSON.parse(readFileSync(join(FOLDER as string, `${file}_test.json`), "utf8")).testGroups;
}

/** Runs `expressible` of a file's cases and prints how many those were. */
async function runFile(
  file: string,
  target: Target,
  expressible: (group: Group, test: Case) => boolean,
  run: (test: Case, group: Group) => Promise<"published" | "with ESP's AAD">,
): Promise<void> {
  const ran = { valid: 0, invalid: 0, acceptable: 0, published: 0, "with ESP's AAD": 0 };
  let all = 0;
  for (const group of groups(file)) {
    for (const test of group.tests) {
      all++;
      if (!expressible(group, test)) continue;
      ran[await run(test, group)]++;
      ran[test.result]++;
    }
  }
  const { valid, invalid, published } = ran;
  console.log(
    `wycheproof ${file}, ${target}: ${valid + invalid} of ${all} ran (${valid} valid, ${invalid} invalid), ${published} as published`,
  );
  expect(ran.acceptable).toBe(0);
  expect(valid).toBeGreaterThan(0);
}

const AEADS = [
  { file: "aes_gcm", entry: "gcm", name: (bits: number) => `aes-${bits}-gcm`, nonce: 96, key: keyGcm, call: "gcm" },
  { file: "aes_ccm", entry: "chain", name: (bits: number) => `aes-${bits}-ccm`, nonce: 88, key: keyChain, call: "ccm" },
  {
    file: "chacha20_poly1305",
    entry: "chacha",
    name: () => "chacha20-poly1305",
    nonce: 96,
    key: keyChacha,
    call: "chacha",
  },
] as const;

describe.skipIf(FOLDER === undefined).each(TARGETS)(
  FOLDER === undefined ? `wycheproof, %s: skipped, ${reason}` : "wycheproof, %s",
  (target) => {
    it.each(AEADS)("$file", async ({ file, entry, name, nonce, key, call }) => {
      const room = await Room.load(entry, target);
      await runFile(
        file,
        target,
        ({ ivSize, tagSize }) => ivSize === nonce && [64, 96, 128].includes(tagSize),
        async (test, { keySize, tagSize }) => {
          const published = test.aad.length === 16 || test.aad.length === 24;
          const aad = published ? test.aad : "0000100100000001";
          const saltLength = nonce / 8 - 8;
          const iv = unhex(test.iv);
          const options = { icvLength: tagSize / 8, esn: aad.length === 24 };
          key(room, unhex(test.key), iv.subarray(0, saltLength), options);
          const seal = (over: string) => nodeAead(name(keySize), test, over, tagSize / 8);
          // What a case changes of its right tag, if anything, is changed of the one over ESP's AAD.
          const change = xor(unhex(test.tag), seal(test.aad).tag);
          const icv = xor(change, seal(aad).tag);
          const head = { sa: 0, iv: iv.slice(saltLength), spi: Number.parseInt(aad.slice(0, 8), 16) };
          const job = { ...head, sequence: BigInt(`0x${aad.slice(8)}`), text: unhex(test.msg) };
          expectAead(room, call, job, unhex(test.ct), icv, test);
          return published ? "published" : "with ESP's AAD";
        },
      );
    });

    it("aes_gmac", async () => {
      const room = await Room.load("gcm", target);
      await runFile(
        "aes_gmac",
        target,
        ({ ivSize, tagSize }) => ivSize === 96 && tagSize === 128,
        async (test, { keySize }) => {
          const iv = unhex(test.iv);
          keyGcm(room, unhex(test.key), iv.subarray(0, 4), {});
          const head = Buffer.concat([unhex("0000100100000001"), iv.subarray(4)]).toString("hex");
          const mac = (aad: string) => nodeAead(`aes-${keySize}-gcm`, { ...test, msg: "" }, aad, 16).tag;
          const icv = xor(xor(unhex(test.tag), mac(test.msg)), mac(head + test.msg));
          const job = { sa: 0, iv: iv.slice(4), spi: 0x1001, sequence: 1n, text: unhex(test.msg) };
          expectAead(room, "gmac", job, job.text, icv, test);
          return "with ESP's AAD";
        },
      );
    });

    // A tag is cut as ESP cuts it: the room computes 32 bytes at most.
    it.each(["sha1", "sha256", "sha384", "sha512"] as const)("hmac_%s", async (hash) => {
      const room = await Room.load("hmac", target);
      await runFile(
        `hmac_${hash}`,
        target,
        ({ tagSize }) => tagSize <= 256,
        async (test) => {
          const tag = hmac(room, hash, unhex(test.key), unhex(test.msg)).subarray(0, test.tag.length / 2);
          expect(tag.equals(unhex(test.tag)), `case ${test.tcId}`).toBe(test.result === "valid");
          return "published";
        },
      );
    });

    it("aes_cmac", async () => {
      const room = await Room.load("chain", target);
      await runFile(
        "aes_cmac",
        target,
        ({ keySize }) => keySize === 128,
        async (test) => {
          const tag = blockMac(room, "cmac", unhex(test.key), unhex(test.msg)).subarray(0, test.tag.length / 2);
          expect(tag.equals(unhex(test.tag)), `case ${test.tcId}`).toBe(test.result === "valid");
          return "published";
        },
      );
    });

    // Whether the padding is PKCS #5's is not ESP's question; it tells here whether the text was decrypted rightly.
    it("aes_cbc_pkcs5", async () => {
      const inbound = await Room.load("aes", target);
      const outbound = await Room.load("chain", target);
      await runFile(
        "aes_cbc_pkcs5",
        target,
        ({ ivSize }, { ct }) => ivSize === 128 && ct.length % 32 === 0 && ct.length > 0,
        async (test) => {
          const iv = unhex(test.iv);
          keyCipher(inbound, unhex(test.key));
          const job = { sa: 0, text: unhex(test.ct), iv };
          const { text } = one(inbound, job, (list) => inbound.entry.call("cbcDecrypt", list, 1));
          const message = withoutPkcs5(text);
          expect(message?.toString("hex") === test.msg, `case ${test.tcId}`).toBe(test.result === "valid");
          keyChain(outbound, unhex(test.key));
          const back = one(outbound, { sa: 0, text, iv }, (list) => outbound.entry.call("cbcEncrypt", list, 1));
          expect(Buffer.from(back.text).toString("hex")).toBe(test.ct);
          return "published";
        },
      );
    });
  },
);

function xor(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(a, (byte, i) => byte ^ (b[i] as number));
}

function nodeAead(name: string, test: Case, aad: string, authTagLength: number): { text: string; tag: Buffer } {
  const cipher = createCipheriv(name as "aes-128-ccm", unhex(test.key), unhex(test.iv), { authTagLength });
  cipher.setAAD(unhex(aad), { plaintextLength: test.msg.length / 2 });
  const text = cipher.update(test.msg, "hex", "hex") + cipher.final("hex");
  return { text, tag: cipher.getAuthTag() };
}

/** Sealed: the published text, and the tag if it is right. Opened: the message, or FORGED and untouched. */
function expectAead(room: Room, call: string, job: Job, ct: Uint8Array, icv: Uint8Array<ArrayBuffer>, test: Case) {
  const valid = test.result === "valid";
  const where = `case ${test.tcId}`;
  const sealed = one(room, job, (list) => room.entry.call(`${call}Seal`, list, 1));
  const same = Buffer.from(sealed.text).equals(ct) && Buffer.from(sealed.tag.subarray(0, icv.length)).equals(icv);
  expect(same, where).toBe(valid);
  const opened = one(room, { ...job, text: ct, icv }, (list) => room.entry.call(`${call}Open`, list, 1));
  expect(opened.status, where).toBe(valid ? PENDING : FORGED);
  expect(Buffer.from(opened.text).equals(valid ? job.text : ct), where).toBe(true);
}

function withoutPkcs5(text: Uint8Array): Buffer | undefined {
  const length = text.at(-1) as number;
  if (length === 0 || length > 16 || !text.subarray(-length).every((byte) => byte === length)) return undefined;
  return Buffer.from(text.subarray(0, text.length - length));
}
