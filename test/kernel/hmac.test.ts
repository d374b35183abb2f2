// HMAC through the lanes against node:crypto; MD5, which only the legacy build has, with them.
import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  INT_MD5,
  INT_SHA1,
  INT_SHA256,
  INT_SHA384,
  INT_SHA512,
  REGIONS,
  SA_INNER_STATE,
  SA_OUTER_STATE,
} from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { Random } from "../random.js";
import { TARGETS, type Target } from "./entry.js";
import { type Job, Room } from "./room.js";

const HASHES = [
  { integrity: INT_SHA1, name: "sha1" },
  { integrity: INT_SHA256, name: "sha256" },
  { integrity: INT_SHA384, name: "sha384" },
  { integrity: INT_SHA512, name: "sha512" },
] as const;
const MD5 = { integrity: INT_MD5, name: "md5" } as const;

const KEY_AT = REGIONS + 0x8000;

function install(room: Room, sa: number, integrity: number, key: Uint8Array): void {
  const { record } = room.makeSa(sa);
  room.entry.bytes.set(key, KEY_AT);
  room.entry.call("hmacInstall", integrity, KEY_AT, key.length, record + SA_INNER_STATE, record + SA_OUTER_STATE);
}

/** The whole packet as the room sees it: SPI, sequence number, text. */
function message(job: Job): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(job.spi ?? 0x1001, 0);
  head.writeUInt32BE(Number((job.sequence ?? 1n) & 0xffffffffn), 4);
  return Buffer.concat([head, job.text]);
}

/** What D_TAG must hold: the digest, with zeroes behind a shorter one. */
function expectedTag(name: string, key: Uint8Array, job: Job): Buffer {
  const digest = createHmac(name, key).update(message(job)).digest().subarray(0, 32);
  return Buffer.concat([digest, Buffer.alloc(32 - digest.length)]);
}

function expectTags(
  room: Room,
  integrity: number,
  name: string,
  keys: readonly Uint8Array[],
  jobs: readonly Job[],
  seed: number,
): void {
  const outcomes = room.run(jobs, (list, n) => room.entry.call("hmacTags", integrity, list, n));
  outcomes.forEach(({ tag }, i) => {
    const job = jobs[i] as Job;
    const isPending = (job.status ?? PENDING) === PENDING;
    const expected = isPending ? expectedTag(name, keys[job.sa] as Uint8Array, job) : Buffer.alloc(32);
    if (!expected.equals(tag)) expect.fail(`seed ${seed}: ${name} of ${job.text.length} bytes, ${i} of ${jobs.length}`);
  });
}

describe.each([...TARGETS, "legacy" as const])("HMAC, %s", (target: Target) => {
  const hashes: readonly { integrity: number; name: string }[] = target === "legacy" ? [MD5] : HASHES;
  it.each(hashes)(
    "$name: every length 0 to 300, long ones, mixed SAs in lists of all sizes",
    async ({ integrity, name }) => {
      const room = await Room.load("hmac", target);
      const random = new Random();
      const keys = Array.from({ length: 9 }, (_, i) =>
        random.bytes([20, 32, 48, 64, 0, 1, 128, 129, 300][i] as number),
      );
      for (const [sa, key] of keys.entries()) install(room, sa, integrity, key);
      const lengths = Array.from({ length: 301 }, (_, length) => length);
      for (let i = 0; i < 6; i++) lengths.push(random.between(301, 65_527));
      for (let i = 0; i < 150; i++) lengths.push(random.between(0, 2000));
      for (let from = 0; from < lengths.length; ) {
        const count = Math.min(random.pick([1, 2, 3, 4, 5, 17, 64, 256]), lengths.length - from);
        const jobs = lengths
          .slice(from, from + count)
          .map((length) => ({ sa: random.below(keys.length), text: random.bytes(length), spi: random.u32() }));
        expectTags(room, integrity, name, keys, jobs, random.seed);
        from += count;
      }
    },
  );

  it.each(hashes)("$name: one alone, every length up to 270, PENDING or not", async ({ integrity, name }) => {
    const room = await Room.load("hmac", target);
    const random = new Random();
    const key = random.bytes(20);
    install(room, 0, integrity, key);
    for (let length = 0; length <= 270; length++) {
      const status = random.chance(0.1) ? FORGED : PENDING;
      expectTags(room, integrity, name, [key], [{ sa: 0, text: random.bytes(length), status }], random.seed);
    }
  });

  it.each(hashes)("$name: lists of few lengths in any order, not all of them PENDING", async ({ integrity, name }) => {
    const room = await Room.load("hmac", target);
    const random = new Random();
    const keys = Array.from({ length: 5 }, () => random.bytes(20));
    for (const [sa, key] of keys.entries()) install(room, sa, integrity, key);
    for (let round = 0; round < 40; round++) {
      const lengths = Array.from({ length: random.between(2, 6) }, () => random.below(400));
      const jobs = Array.from({ length: random.pick([5, 9, 17, 40, 100, 256]) }, () => ({
        sa: random.below(keys.length),
        text: random.bytes(random.pick(lengths)),
        spi: random.u32(),
        status: random.chance(0.1) ? FORGED : PENDING,
      }));
      expectTags(room, integrity, name, keys, jobs, random.seed);
    }
  });

  it.each(hashes)(
    "$name: lists of one length, every one up to 270, and where one packet is another's length or not PENDING",
    async ({ integrity, name }) => {
      const room = await Room.load("hmac", target);
      const random = new Random();
      const keys = Array.from({ length: 3 }, () => random.bytes(20));
      for (const [sa, key] of keys.entries()) install(room, sa, integrity, key);
      for (let length = 0; length <= 270; length++) {
        const only = random.chance(0.5) ? random.below(keys.length) : undefined;
        const odd = random.chance(0.7) ? random.below(20) : -1;
        const jobs = Array.from({ length: random.pick([2, 3, 4, 5, 8, 11, 12]) }, (_, i) => ({
          sa: only ?? random.below(keys.length),
          text: random.bytes(i === odd && random.chance(0.5) ? random.below(270) : length),
          spi: random.u32(),
          status: i === odd && random.chance(0.5) ? FORGED : PENDING,
        }));
        expectTags(room, integrity, name, keys, jobs, random.seed);
      }
    },
  );
});
