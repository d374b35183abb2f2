// ChaCha20-Poly1305 as ESP uses it against node:crypto; Poly1305 at the edges of its field.
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { REGIONS, SA_ROUND_KEYS, SA_SALT } from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { Random } from "../random.js";
import { poly1305 } from "./aead-twins.js";
import { TARGETS } from "./entry.js";
import { type Job, Room } from "./room.js";

describe.each(TARGETS)("ChaCha20-Poly1305, %s", (target) => {
  it("lengths 0 to 300 and long ones, lists of 65 to 128 only, mixed SAs, sealed and opened", async () => {
    const room = await Room.load("chacha", target);
    const random = new Random();
    const keys = Array.from({ length: 9 }, (_, sa) => {
      const keyed = { key: random.bytes(32), salt: random.bytes(4), esn: random.chance(0.5), icvLength: 16 };
      const { record } = room.makeSa(sa, keyed);
      room.entry.bytes.set(keyed.key, record + SA_ROUND_KEYS);
      room.entry.bytes.set(keyed.salt, record + SA_SALT);
      return keyed;
    });
    const lengths = Array.from({ length: 301 }, (_, length) => length);
    for (let i = 0; i < 4; i++) lengths.push(random.between(301, 65_535));
    for (let i = 0; i < 100; i++) lengths.push(random.between(0, 2000));
    const lists: number[][] = [];
    while (lengths.length > 0) lists.push(lengths.splice(0, random.pick([1, 2, 3, 5, 31, 32, 33, 256])));
    for (const count of [1, 2, 3, 64, 256]) lists.push(Array.from({ length: count }, () => random.between(65, 128)));
    for (const odd of [64, 129]) lists.push(Array.from({ length: 32 }, (_, i) => (i === 30 ? odd : 70)));
    for (const edge of [64, 65, 128, 129]) lists.push(Array.from({ length: 7 }, () => edge));
    // Where whole groups begin to go together, and where key stream is no longer kept.
    for (const edge of [383, 384, 385, 511, 512, 513, 576, 704, 1471, 1472, 1473, 1855, 1856, 1857, 2048]) {
      for (const count of [1, 2, 7]) lists.push(Array.from({ length: count }, () => edge));
    }
    for (let i = 0; i < 10; i++) {
      lists.push(Array.from({ length: 20 }, () => random.pick([random.between(0, 80), random.between(300, 9000)])));
    }
    for (const list of lists) {
      const where = `seed ${random.seed}: list of ${list.length}`;
      const jobs: Job[] = list.map((length) => ({
        sa: random.below(keys.length),
        text: random.bytes(length),
        iv: random.bytes(8),
        spi: random.u32(),
        sequence: (BigInt(random.u32()) << 32n) | BigInt(random.u32()),
      }));
      const want = jobs.map((job) => {
        const { key, salt, esn } = keys[job.sa] as (typeof keys)[number];
        const cipher = createCipheriv("chacha20-poly1305", key, Buffer.concat([salt, job.iv as Uint8Array]), {
          authTagLength: 16,
        });
        cipher.setAAD(Room.aad(job.spi as number, job.sequence as bigint, esn), { plaintextLength: job.text.length });
        const text = Buffer.concat([cipher.update(job.text), cipher.final()]);
        return { text, tag: cipher.getAuthTag() };
      });
      const sealed = room.run(jobs, (list, n) => room.entry.call("chachaSeal", list, n));
      sealed.forEach(({ text, tag }, i) => {
        const wanted = want[i] as (typeof want)[number];
        expect(wanted.text.equals(text), `${where}: text of ${text.length}`).toBe(true);
        expect(wanted.tag.equals(tag.subarray(0, 16)), `${where}: tag of ${text.length}`).toBe(true);
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
      const opened = room.run(arriving, (list, n) => room.entry.call("chachaOpen", list, n));
      opened.forEach(({ status, text }, i) => {
        expect(status, where).toBe(flipped[i] ? FORGED : PENDING);
        const left = flipped[i] ? (arriving[i] as Job).text : (jobs[i] as Job).text;
        expect(Buffer.from(text).equals(left), `${where}: opened text of ${text.length}`).toBe(true);
      });
    }
  });

  it("Poly1305, alone and beside ChaCha20, agrees with BigInt where its field ends: ones, zeroes, p - 1, p, p + 1", async () => {
    const { entry } = await Room.load("chacha", target);
    const random = new Random();
    const KEY = REGIONS;
    const POLY = REGIONS + 0x9000;
    const MESSAGE = REGIONS + 64;
    const ORDERS = REGIONS + 0x4000;
    const CHACHA_KEY = REGIONS + 0x5000;
    const KEY_STREAM = REGIONS + 0x6000;
    const TAG = REGIONS + 0x8000;
    const blocks = [
      new Uint8Array(16).fill(255),
      new Uint8Array(16),
      new Uint8Array(16).fill(255).fill(0xfb, 0, 1),
      new Uint8Array(16).fill(255).fill(0xfa, 0, 1),
      new Uint8Array(16).fill(255).fill(0xfc, 0, 1),
    ];
    const take = (source: number, count: number) => {
      if (random.chance(0.5)) return entry.call("polyBlocks", POLY, source, count);
      const counter = random.below(2 ** 31);
      const nonces = [0, 1, 2].map((i) => {
        const nonce = random.bytes(12);
        entry.view.setUint32(ORDERS + 32 * i, counter + i, true);
        entry.bytes.set(nonce, ORDERS + 32 * i + 4);
        entry.view.setUint32(ORDERS + 32 * i + 16, CHACHA_KEY + 16 * i, true);
        entry.view.setUint32(ORDERS + 32 * i + 20, KEY_STREAM + 64 * i, true);
        return nonce;
      });
      entry.bytes.set(random.bytes(64), CHACHA_KEY);
      const beside = Math.min(count, 20);
      entry.call("chachaBlocks", ORDERS, 0, POLY, source, beside);
      entry.call("polyBlocks", POLY, source + 16 * beside, count - beside);
      nonces.forEach((nonce, i) => {
        const key = entry.bytes.subarray(CHACHA_KEY + 16 * i, CHACHA_KEY + 16 * i + 32);
        const iv = Buffer.concat([Buffer.alloc(4), nonce]);
        iv.writeUInt32LE(counter + i, 0);
        const want = createCipheriv("chacha20", key, iv).update(Buffer.alloc(64)).toString("hex");
        const got = entry.bytes.subarray(KEY_STREAM + 64 * i, KEY_STREAM + 64 * i + 64);
        expect(Buffer.from(got).toString("hex"), `seed ${random.seed}: block ${i}`).toBe(want);
      });
      return 0;
    };
    for (let round = 0; round < 3000; round++) {
      const key = random.chance(0.3) ? new Uint8Array(32).fill(255) : random.bytes(32);
      if (random.chance(0.2))
        key.set([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].map((byte) => byte * random.between(0, 2)));
      const message = Buffer.concat(
        Array.from({ length: random.between(0, random.pick([9, 40])) }, () =>
          random.chance(0.7) ? random.pick(blocks) : random.bytes(16),
        ),
      );
      entry.bytes.set(key, KEY);
      entry.bytes.set(message, MESSAGE);
      entry.call("polyStart", POLY, KEY);
      const split = random.between(0, message.length / 16);
      take(MESSAGE, split);
      take(MESSAGE + 16 * split, message.length / 16 - split);
      entry.call("polyFinish", POLY, TAG);
      const tag = Buffer.from(entry.bytes.subarray(TAG, TAG + 16)).toString("hex");
      if (tag !== poly1305(key, message)) expect.fail(`seed ${random.seed} round ${round}`);
    }
  });
});
