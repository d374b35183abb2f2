// A packet sealed alone, cipher and hash side by side, against the same packet in a list of five; AES-CBC and HMAC are
// held against node:crypto in chain.test.ts and hmac.test.ts.
import { describe, expect, it } from "vitest";
import {
  D_AUTH_LENGTH,
  ENC_CBC,
  HOT_PLANES,
  INT_SHA1,
  INT_SHA256,
  INT_SHA512,
  REGIONS,
  SA_ENCRYPTION,
  SA_INNER_STATE,
  SA_INTEGRITY,
  SA_OUTER_STATE,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "../../assembly/layout.js";
import { Random } from "../random.js";
import { TARGETS } from "./entry.js";
import { type Job, type Outcome, Room } from "./room.js";

const KEYS_AT = REGIONS + 0x8000;
const HIGH_HALF_LENGTH = 4;

function install(room: Room, random: Random, sa: number, keyLength: number, integrity: number): void {
  const { record, hot } = room.makeSa(sa);
  const { bytes, call } = room.entry;
  bytes.set(random.bytes(64), KEYS_AT);
  const rounds = call("aesExpand", KEYS_AT, keyLength, record + SA_ROUND_KEYS);
  call("aesPlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_PLANES);
  call("hmacInstall", integrity, KEYS_AT + 32, 32, record + SA_INNER_STATE, record + SA_OUTER_STATE);
  bytes[record + SA_ENCRYPTION] = ENC_CBC;
  bytes[record + SA_INTEGRITY] = integrity;
  bytes[record + SA_ROUNDS] = rounds;
}

/** With ESN, four bytes behind the text are authenticated too. */
function sealed(room: Room, jobs: readonly Job[], esn: boolean, seal: (list: number, count: number) => void): Outcome {
  const [outcome] = room.run(jobs, (list, count) => {
    const { view } = room.entry;
    for (let i = 0; esn && i < count; i++) {
      const length = view.getUint32(list + 4 * i, true) + D_AUTH_LENGTH;
      view.setUint32(length, view.getUint32(length, true) + HIGH_HALF_LENGTH, true);
    }
    seal(list, count);
  });
  return outcome as Outcome;
}

const SUITES = [
  { name: "AES-128, SHA-256", keyLength: 16, integrity: INT_SHA256 },
  { name: "AES-256, SHA-256", keyLength: 32, integrity: INT_SHA256 },
  { name: "AES-128, SHA-1", keyLength: 16, integrity: INT_SHA1 },
  { name: "AES-256, SHA-1", keyLength: 32, integrity: INT_SHA1 },
];

/** In blocks: up to 1504 bytes. */
const LENGTHS = [...Array.from({ length: 20 }, (_, i) => i + 1), 31, 57, 88, 91, 94];

describe.each(TARGETS)("one packet alone, %s", (target) => {
  it.each(SUITES)("$name: what it would be in company", async ({ keyLength, integrity }) => {
    const room = await Room.load("lone", target);
    const random = new Random();
    install(room, random, 0, keyLength, integrity);
    const { call } = room.entry;
    for (const blocks of LENGTHS) {
      for (const esn of [false, true]) {
        const one = () => ({ sa: 0, text: random.bytes(16 * blocks), iv: random.bytes(16), spi: random.u32() });
        const job = one();
        const expected = sealed(room, [job, one(), one(), one(), one()], esn, (list, count) => {
          call("cbcEncrypt", list, count);
          call("hmacTags", integrity, list, count);
        });
        const alone = sealed(room, [job], esn, (list) => {
          expect(call("isLone", list)).toBe(1);
          call("loneSeal", list);
        });
        expect(alone, `seed ${random.seed}: ${blocks} blocks, ESN ${esn}`).toEqual(expected);
      }
    }
  });

  it("AES-192 and longer hashes are none of its business", async () => {
    const room = await Room.load("lone", target);
    const random = new Random();
    install(room, random, 0, 24, INT_SHA256);
    install(room, random, 1, 16, INT_SHA512);
    for (const sa of [0, 1]) {
      const job = { sa, text: random.bytes(64), iv: random.bytes(16) };
      sealed(room, [job], false, (list) => expect(room.entry.call("isLone", list)).toBe(0));
    }
  });
});
