// AES-GCM and GMAC as ESP uses them against node:crypto.
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { HOT_PLANES, REGIONS, SA_ROUND_KEYS, SA_ROUNDS, SA_SALT } from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { Random } from "../random.js";
import { TARGETS } from "./entry.js";
import { ivsInOrder } from "./ivs.js";
import { type Job, Room } from "./room.js";

interface Keyed {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
  readonly esn: boolean;
  readonly icvLength: number;
}

const KEY_AT = REGIONS + 0x8000;

function install(room: Room, random: Random, count: number, keyLength: number): Keyed[] {
  return Array.from({ length: count }, (_, sa) => {
    const keyed = {
      key: random.bytes(keyLength),
      salt: random.bytes(4),
      esn: random.chance(0.5),
      icvLength: random.pick([8, 12, 16]),
    };
    const { record, hot } = room.makeSa(sa, keyed);
    const { entry } = room;
    entry.bytes.set(keyed.key, KEY_AT);
    const rounds = entry.call("aesExpand", KEY_AT, keyLength, record + SA_ROUND_KEYS);
    entry.bytes[record + SA_ROUNDS] = rounds;
    entry.bytes.set(keyed.salt, record + SA_SALT);
    entry.call("aesPlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_PLANES);
    entry.call("ghashKey", record);
    return keyed;
  });
}

function expected(keyed: Keyed, job: Job, gmac: boolean): { text: Uint8Array; tag: Uint8Array } {
  const cipher = createCipheriv(
    `aes-${keyed.key.length * 8}-gcm` as "aes-128-gcm",
    keyed.key,
    Buffer.concat([keyed.salt, job.iv as Uint8Array]),
  );
  const aad = Room.aad(job.spi as number, job.sequence as bigint, keyed.esn);
  if (gmac) {
    cipher.setAAD(Buffer.concat([aad, job.iv as Uint8Array, job.text]));
    cipher.final();
    return { text: job.text, tag: cipher.getAuthTag() };
  }
  cipher.setAAD(aad);
  const text = Buffer.concat([cipher.update(job.text), cipher.final()]);
  return { text, tag: cipher.getAuthTag() };
}

describe.each(TARGETS)("AES-GCM, %s", (target) => {
  const modes = [16, 24, 32].flatMap((keyLength) => [false, true].map((gmac) => ({ keyLength, gmac })));
  it.each(modes)(
    "keys of $keyLength bytes, GMAC $gmac: lengths 0 to 300 and long ones, mixed SAs, sealed and opened",
    async ({ keyLength, gmac }) => {
      const room = await Room.load("gcm", target);
      const random = new Random();
      const keys = install(room, random, 5, keyLength);
      const iv = ivsInOrder(random);
      const lengths = Array.from({ length: 301 }, (_, length) => length);
      for (let i = 0; i < 4; i++) lengths.push(random.between(301, 65_535));
      for (let i = 0; i < 60; i++) lengths.push(random.between(0, 2000));
      for (let from = 0; from < lengths.length; ) {
        const count = Math.min(random.pick([1, 2, 3, 8, 64, 256]), lengths.length - from);
        const jobs: Job[] = lengths.slice(from, from + count).map((length) => ({
          sa: random.below(keys.length),
          text: random.bytes(length),
          iv: iv(),
          spi: random.u32(),
          sequence: (BigInt(random.u32()) << 32n) | BigInt(random.u32()),
        }));
        jobs.sort((a, b) => a.sa - b.sa);
        const where = `seed ${random.seed}: list of ${count}`;
        const want = jobs.map((job) => expected(keys[job.sa] as Keyed, job, gmac));
        const sealed = room.run(jobs, (list, n) => room.entry.call(gmac ? "gmacSeal" : "gcmSeal", list, n));
        sealed.forEach(({ text, tag }, i) => {
          expect(
            Buffer.from(text).equals((want[i] as { text: Uint8Array }).text),
            `${where}: text of ${text.length}`,
          ).toBe(true);
          expect(
            Buffer.from(tag.subarray(0, 16)).equals((want[i] as { tag: Uint8Array }).tag),
            `${where}: tag of ${text.length}`,
          ).toBe(true);
        });

        // Opened again, every third with one bit flipped somewhere.
        const flipped = jobs.map(() => random.chance(1 / 3));
        const arriving = jobs.map((job, i) => {
          const { text, tag } = want[i] as { text: Uint8Array; tag: Uint8Array };
          const icv = tag.slice(0, (keys[job.sa] as Keyed).icvLength);
          const copy = { ...job, text: Uint8Array.from(text), icv, iv: (job.iv as Uint8Array).slice() };
          if (flipped[i]) {
            const places = [copy.text, copy.icv, copy.iv].filter((part) => part.length > 0);
            const part = random.pick(places);
            const at = random.below(part.length);
            part[at] = (part[at] as number) ^ (1 << random.below(8));
          }
          return copy;
        });
        const opened = room.run(arriving, (list, n) => room.entry.call(gmac ? "gmacOpen" : "gcmOpen", list, n));
        opened.forEach(({ status, text }, i) => {
          expect(status, `${where}: status`).toBe(flipped[i] ? FORGED : PENDING);
          const left = flipped[i] ? (arriving[i] as Job).text : (jobs[i] as Job).text;
          expect(Buffer.from(text).equals(left), `${where}: opened text of ${text.length}`).toBe(true);
        });
        from += count;
      }
    },
  );

  /** Seals the jobs and opens them again, a tenth of them forged. */
  function sealAndOpen(room: Room, random: Random, keys: Keyed[], jobs: Job[], where: string): void {
    const want = jobs.map((job) => expected(keys[job.sa] as Keyed, job, false));
    const sealed = room.run(jobs, (list, n) => room.entry.call("gcmSeal", list, n));
    const whole = (parts: Uint8Array[]) => Buffer.concat(parts);
    expect(whole(sealed.map(({ text }) => text)).equals(whole(want.map(({ text }) => text))), where).toBe(true);
    const tags = sealed.map(({ tag }) => tag.subarray(0, 16));
    expect(whole(tags).equals(whole(want.map(({ tag }) => tag))), where).toBe(true);
    const forged = jobs.map(() => random.chance(0.1));
    const arriving = jobs.map((job, i) => {
      const icv = (want[i] as { tag: Uint8Array }).tag.slice(0, (keys[job.sa] as Keyed).icvLength);
      if (forged[i]) icv[0] = (icv[0] as number) ^ 1;
      return { ...job, text: Uint8Array.from((want[i] as { text: Uint8Array }).text), icv };
    });
    const opened = room.run(arriving, (list, n) => room.entry.call("gcmOpen", list, n));
    opened.forEach(({ status, text }, i) => {
      expect(status, where).toBe(forged[i] ? FORGED : PENDING);
      expect(Buffer.from(text).equals((forged[i] ? arriving[i] : jobs[i])?.text as Uint8Array), where).toBe(true);
    });
  }

  it("runs of packets of one length, as bulk traffic has them, sealed and opened, some forged", async () => {
    const room = await Room.load("gcm", target);
    const random = new Random();
    const keys = install(room, random, 2, random.pick([16, 32]));
    const iv = ivsInOrder(random);
    for (const length of [0, 1, 44, 68, 80, 260, 368, 369, 752, 1404, 2016, 2017]) {
      for (const count of [7, 8, 15, 16, 17, 24, 63, 64, 100]) {
        const change = random.below(count);
        const jobs: Job[] = Array.from({ length: count }, (_, i) => ({
          sa: i < change ? 0 : 1,
          text: random.bytes(length + (random.chance(0.01) ? 20 : 0)),
          iv: iv(),
          spi: random.u32(),
          sequence: BigInt(random.u32()),
        }));
        sealAndOpen(room, random, keys, jobs, `seed ${random.seed}: ${count} of ${length}`);
      }
    }
  });

  it.each([16, 24, 32])("packets of many SAs, one or a few of each, keys of %i bytes", async (keyLength) => {
    const room = await Room.load("gcm", target);
    const random = new Random();
    const keys = install(room, random, 20, keyLength);
    const iv = ivsInOrder(random);
    for (const length of [
      0, 1, 16, 17, 48, 68, 80, 81, 368, 369, 384, 385, 496, 497, 1404, 1535, 1536, 1537, 2048, 2049, 4100,
    ]) {
      for (const most of [1, 2, 3, 5]) {
        const ofSa = keys.map(() => (random.chance(0.8) ? random.between(1, most) : 0));
        const jobs: Job[] = ofSa.flatMap((count, sa) =>
          Array.from({ length: count }, () => ({
            sa,
            text: random.bytes(random.chance(0.9) ? length : random.between(0, 2200)),
            iv: iv(),
            spi: random.u32(),
            sequence: BigInt(random.u32()),
          })),
        );
        const where = `seed ${random.seed}: ${ofSa} of ${length}`;
        for (const from of [0, jobs.length - 2]) sealAndOpen(room, random, keys, jobs.slice(from), where);
      }
    }
  });
});
