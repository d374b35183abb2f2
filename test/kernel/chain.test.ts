// What chains blocks: AES-CBC encryption, AES-CCM, AES-CMAC and AES-XCBC-MAC against node:crypto and slow twins.
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  C_IV_BLOCKS,
  C_IV_KEY,
  C_IV_POOL,
  ENC_CCM,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_PLANES,
  INT_CMAC,
  INT_XCBC,
  REGIONS,
  SA_ENCRYPTION,
  SA_INNER_STATE,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
  SCRATCH,
  SCRATCH_END,
} from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { Random } from "../random.js";
import { TARGETS } from "./entry.js";
import { ivsInOrder } from "./ivs.js";
import { cmac, xcbc } from "./mac-twins.js";
import { type Job, Room } from "./room.js";

const KEY_AT = REGIONS + 0x8000;

function expandInto(
  room: Room,
  sa: number,
  key: Uint8Array,
  options: { icvLength?: number; esn?: boolean } = {},
): { record: number; hot: number } {
  const { entry } = room;
  const places = room.makeSa(sa, options);
  entry.bytes.set(key, KEY_AT);
  const rounds = entry.call("aesExpand", KEY_AT, key.length, places.record + SA_ROUND_KEYS);
  entry.bytes[places.record + SA_ROUNDS] = rounds;
  entry.call("aesPlanes", places.record + SA_ROUND_KEYS, rounds, places.hot + HOT_PLANES);
  return places;
}

/** Lists of every size over `lengths`, jobs ordered by SA. */
function* lists(
  random: Random,
  lengths: number[],
  sas: number,
  make: (length: number, sa: number) => Job,
): Generator<Job[]> {
  for (let from = 0; from < lengths.length; ) {
    const count = Math.min(random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 256]), lengths.length - from);
    const only = random.chance(0.3) ? random.below(sas) : -1;
    const jobs = lengths.slice(from, from + count).map((length) => make(length, only >= 0 ? only : random.below(sas)));
    yield jobs.sort((a, b) => a.sa - b.sa);
    from += count;
  }
}

describe.each(TARGETS)("chains, %s", (target) => {
  it.each([16, 24, 32])("CBC encryption with keys of %i bytes: mixed SAs, lengths and verdicts", async (keyLength) => {
    const room = await Room.load("chain", target);
    const random = new Random();
    const keys = Array.from({ length: 12 }, () => random.bytes(keyLength));
    for (const [sa, key] of keys.entries()) expandInto(room, sa, key);
    const lengths = Array.from({ length: 150 }, (_, i) => 16 * (1 + (i % 40)));
    lengths.push(65_520, 2048, 4096);
    for (const length of [80, 80, 272]) lengths.push(...Array.from({ length: 100 }, () => length));
    for (const jobs of lists(random, lengths, keys.length, (length, sa) => ({
      sa,
      text: random.bytes(length),
      iv: random.bytes(16),
      status: random.chance(0.1) ? FORGED : PENDING,
    }))) {
      const outcomes = room.run(jobs, (list, n) => room.entry.call("cbcEncrypt", list, n));
      outcomes.forEach(({ text, iv }, i) => {
        const job = jobs[i] as Job;
        const cipher = createCipheriv(
          `aes-${keyLength * 8}-cbc`,
          keys[job.sa] as Uint8Array,
          job.iv as Uint8Array,
        ).setAutoPadding(false);
        const sealed = Buffer.concat([cipher.update(job.text), cipher.final()]);
        const want = job.status === PENDING ? sealed : Buffer.from(job.text);
        expect(want.equals(text), `seed ${random.seed}: ${text.length} bytes in a list of ${jobs.length}`).toBe(true);
        expect(iv).toEqual(job.iv);
      });
    }
  });

  it("CBC IVs are key stream of ChaCha20 under a key of the engine, and none is left behind", async () => {
    const { entry } = await Room.load("chain", target);
    const random = new Random();
    const key = random.bytes(32);
    const blocks = random.u32();
    entry.bytes.set(key, C_IV_KEY);
    entry.view.setBigUint64(C_IV_BLOCKS, BigInt(blocks), true);
    const inGroup = 12;
    for (let drawn = 0; drawn < 100; drawn++) {
      entry.call("drawIv", KEY_AT, 16);
      const left = inGroup - 1 - (drawn % inGroup);
      const start = Buffer.alloc(16);
      start.writeBigUInt64LE(BigInt(blocks + 3 * Math.floor(drawn / inGroup) + (left >> 2)));
      const block = createCipheriv("chacha20", key, start).update(Buffer.alloc(64));
      const iv = entry.bytes.subarray(KEY_AT, KEY_AT + 16);
      expect(
        block
          .subarray(16 * (left & 3))
          .subarray(0, 16)
          .equals(iv),
        `seed ${random.seed}: IV ${drawn}`,
      ).toBe(true);
      expect(entry.bytes.subarray(C_IV_POOL + 16 * left, C_IV_POOL + 192).every((byte) => byte === 0)).toBe(true);
      expect(entry.bytes.subarray(SCRATCH, SCRATCH_END).every((byte) => byte === 0)).toBe(true);
    }
  });

  it.each([16, 24, 32])(
    "CCM with keys of %i bytes: lengths 0 to 300 and long ones, sealed and opened",
    async (keyLength) => {
      const room = await Room.load("chain", target);
      const random = new Random();
      const iv = ivsInOrder(random);
      const keys = Array.from({ length: 10 }, (_, sa) => {
        const keyed = {
          key: random.bytes(keyLength),
          salt: random.bytes(3),
          icvLength: random.pick([8, 12, 16]),
          esn: random.chance(0.5),
        };
        const { record } = expandInto(room, sa, keyed.key, keyed);
        room.entry.bytes[record + SA_ENCRYPTION] = ENC_CCM;
        room.entry.bytes.set(keyed.salt, record + SA_SALT);
        return keyed;
      });
      const lengths = Array.from({ length: 301 }, (_, length) => length);
      lengths.push(random.between(301, 65_535), 65_535, 2048, 2047);
      const make = (length: number, sa: number): Job => ({
        sa,
        text: random.bytes(length),
        iv: iv(),
        spi: random.u32(),
        sequence: (BigInt(random.u32()) << 32n) | BigInt(random.u32()),
      });
      for (const jobs of lists(random, lengths, keys.length, make)) {
        const where = `seed ${random.seed}: list of ${jobs.length}`;
        const want = jobs.map((job) => {
          const { key, salt, icvLength, esn } = keys[job.sa] as (typeof keys)[number];
          const nonce = Buffer.concat([salt, job.iv as Uint8Array]);
          const cipher = createCipheriv(`aes-${keyLength * 8}-ccm` as "aes-128-ccm", key, nonce, {
            authTagLength: icvLength,
          });
          cipher.setAAD(Room.aad(job.spi as number, job.sequence as bigint, esn), { plaintextLength: job.text.length });
          const text = Buffer.concat([cipher.update(job.text), cipher.final()]);
          return { text, tag: cipher.getAuthTag() };
        });
        const sealed = room.run(jobs, (list, n) => room.entry.call("ccmSeal", list, n));
        sealed.forEach(({ text, tag }, i) => {
          const { text: wanted, tag: wantedTag } = want[i] as (typeof want)[number];
          expect(wanted.equals(text), `${where}: text of ${text.length}`).toBe(true);
          expect(wantedTag.equals(tag.subarray(0, wantedTag.length)), `${where}: tag of ${text.length}`).toBe(true);
        });
        const flipped = jobs.map(() => random.chance(1 / 3));
        const arriving = jobs.map((job, i) => {
          const { text, tag } = want[i] as (typeof want)[number];
          const copy = { ...job, text: Uint8Array.from(text), icv: Uint8Array.from(tag) };
          const part = copy.text.length > 0 && random.chance(0.5) ? copy.text : copy.icv;
          const at = random.below(part.length);
          if (flipped[i]) part[at] = (part[at] as number) ^ (1 << random.below(8));
          return copy;
        });
        const opened = room.run(arriving, (list, n) => room.entry.call("ccmOpen", list, n));
        opened.forEach(({ status, text }, i) => {
          expect(status, where).toBe(flipped[i] ? FORGED : PENDING);
          const left = flipped[i] ? (arriving[i] as Job).text : (jobs[i] as Job).text;
          expect(Buffer.from(text).equals(left), `${where}: opened text of ${text.length}`).toBe(true);
        });
      }
    },
  );

  it.each([
    { name: "CMAC", integrity: INT_CMAC, twin: cmac },
    { name: "XCBC", integrity: INT_XCBC, twin: xcbc },
  ])("$name: lengths 0 to 300 and long ones, mixed SAs", async ({ integrity, twin }) => {
    const room = await Room.load("chain", target);
    const random = new Random();
    const keys = Array.from({ length: 11 }, (_, sa) => {
      const key = random.bytes(16);
      const { record, hot } = room.makeSa(sa);
      room.entry.bytes.set(key, record + SA_INNER_STATE);
      room.entry.call(
        "macKeys",
        integrity,
        record + SA_INNER_STATE,
        hot + HOT_MAC_KEYS,
        hot + HOT_MAC_SUBKEYS,
        hot + HOT_PLANES,
      );
      return key;
    });
    const lengths = Array.from({ length: 301 }, (_, length) => length);
    lengths.push(random.between(301, 65_000), 65_000);
    for (const jobs of lists(random, lengths, keys.length, (length, sa) => ({
      sa,
      text: random.bytes(length),
      spi: random.u32(),
    }))) {
      const outcomes = room.run(jobs, (list, n) => room.entry.call("cmacTags", list, n));
      outcomes.forEach(({ tag, text }, i) => {
        const job = jobs[i] as Job;
        const head = Room.aad(job.spi as number, 1n, false);
        const want = twin(keys[job.sa] as Uint8Array, Buffer.concat([head, text]));
        expect(
          Buffer.from(tag.subarray(0, 16)).equals(want),
          `seed ${random.seed}: ${text.length} bytes in a list of ${jobs.length}`,
        ).toBe(true);
      });
    }
  });
});
