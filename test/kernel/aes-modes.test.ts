import { describe, expect, it } from "vitest";
import {
  AES_POOL,
  AES_POOL_END,
  AES_STRETCHES,
  AES_STRETCHES_END,
  D_IV,
  D_SA,
  D_SIZE_OF,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  HOT_INVERSE_PLANES,
  HOT_OWNER,
  HOT_PLANES,
  HOT_SIZE,
  SA_HOT,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
  SA_SIZE,
  SCRATCH,
  SCRATCH_END,
} from "../../assembly/layout.js";
import { FORGED, PENDING } from "../../assembly/status.js";
import { counting, generator, run, unhex } from "./aes-reference.js";
import { type Entry, loadEntry, TARGETS } from "./entry.js";

// Where things lie in a test: SA records, hot entries, a key, a list of descriptors, texts.
const RECORDS = 0x10000;
const HOT = 0x20000;
const KEY = 0x30000;
const LIST = 0x38000;
const DESCRIPTORS = 0x40000;
const TEXTS = 0x50000;

const KEY_LENGTHS = [16, 24, 32] as const;
const seed = Number(process.env["SEED"] ?? Date.now() % 0x1_0000_0000);
const random = generator(seed);

describe.each(TARGETS)("%s", (target) => {
  describe("CBC, inbound", () => {
    // RFC 3602 section 4, cases 1 to 4: key, IV, plain text, cipher text.
    it.each([
      [
        "06a9214036b8a15b512e03d534120006",
        "3dafba429d9eb430b422da802c9fac41",
        Buffer.from("Single block msg").toString("hex"),
        "e353779c1079aeb82708942dbe77181a",
      ],
      [
        "c286696d887c9aa0611bbb3e2025a45a",
        "562e17996d093d28ddb3ba695a2e6f58",
        counting(0x00, 32),
        "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1",
      ],
      [
        "6c3ea0477630ce21a2ce334aa746c2cd",
        "c782dc4c098c66cbd9cd27d825682c81",
        Buffer.from("This is a 48-byte message (exactly 3 AES blocks)").toString("hex"),
        "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c8579695d83ba2684",
      ],
      [
        "56e47a38c5598974bc46903dba290349",
        "8ce82eefbea0da3c44699ed7db51b7d9",
        counting(0xa0, 64),
        "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e" +
          "35907aa632c3ffdf868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55",
      ],
    ])("RFC 3602 section 4, key %s", async (key, iv, plain, cipher) => {
      const entry = await loadEntry("aes", target);
      installSa(entry, 0, unhex(key), Buffer.alloc(4));
      const packet = { sa: 0, iv: unhex(iv), text: unhex(cipher), expected: unhex(plain), pending: true };
      expectRoom(entry, "cbcDecrypt", [packet]);
    });

    const cbcPacket = (sa: Sa, index: number, length: number, pending = true): Packet => {
      const iv = random.bytes(16);
      const expected = random.bytes(length);
      return { sa: index, iv, text: run(`aes-${sa.key.length * 8}-cbc`, sa.key, iv, expected), expected, pending };
    };
    const lengths = Array.from({ length: 23 }, (_, i) => 16 * i);
    it.each(KEY_LENGTHS)("lists of every length with a %i-byte key", async (keyLength) => {
      await tryLists(target, "cbcDecrypt", keyLength, lengths, 65520, 16, cbcPacket);
    });
  });

  describe("CTR", () => {
    // RFC 3686 section 6, test vectors 1 to 9: key, nonce, IV, plain text, cipher text.
    const message = Buffer.from("Single block msg").toString("hex");
    it.each([
      ["ae6852f8121067cc4bf7a5765577f39e", "00000030", "0000000000000000", message, "e4095d4fb7a7b3792d6175a3261311b8"],
      [
        "7e24067817fae0d743d6ce1f32539163",
        "006cb6db",
        "c0543b59da48d90b",
        counting(0, 32),
        "5104a106168a72d9790d41ee8edad388eb2e1efc46da57c8fce630df9141be28",
      ],
      [
        "7691be035e5020a8ac6e618529f9a0dc",
        "00e0017b",
        "27777f3f4a1786f0",
        counting(0, 36),
        "c1cf48a89f2ffdd9cf4652e9efdb72d74540a42bde6d7836d59a5ceaaef3105325b2072f",
      ],
      [
        "16af5b145fc9f579c175f93e3bfb0eed863d06ccfdb78515",
        "00000048",
        "36733c147d6d93cb",
        message,
        "4b55384fe259c9c84e7935a003cbe928",
      ],
      [
        "7c5cb2401b3dc33c19e7340819e0f69c678c3db8e6f6a91a",
        "0096b03b",
        "020c6eadc2cb500d",
        counting(0, 32),
        "453243fc609b23327edfaafa7131cd9f8490701c5ad4a79cfc1fe0ff42f4fb00",
      ],
      [
        "02bf391ee8ecb159b959617b0965279bf59b60a786d3e0fe",
        "0007bdfd",
        "5cbd60278dcc0912",
        counting(0, 36),
        "96893fc55e5c722f540b7dd1ddf7e758d288bc95c69165884536c811662f2188abee0935",
      ],
      [
        "776beff2851db06f4c8a0542c8696f6c6a81af1eec96b4d37fc1d689e6c1c104",
        "00000060",
        "db5672c97aa8f0b2",
        message,
        "145ad01dbf824ec7560863dc71e3e0c0",
      ],
      [
        "f6d66d6bd52d59bb0796365879eff886c66dd51a5b6a99744b50590c87a23884",
        "00faac24",
        "c1585ef15a43d875",
        counting(0, 32),
        "f05e231b3894612c49ee000b804eb2a9b8306b508f839d6a5530831d9344af1c",
      ],
      [
        "ff7a617ce69148e4f1726e2f43581de2aa62d9f805532edff1eed687fb54153d",
        "001cc5b7",
        "51a51d70a1c11148",
        counting(0, 36),
        "eb6c52821d0bbbf7ce7594462aca4faab407df866569fd07f48cc0b583d6071f1ec0e6b8",
      ],
    ])("RFC 3686 section 6, key %s", async (key, nonce, iv, plain, cipher) => {
      const entry = await loadEntry("aes", target);
      installSa(entry, 0, unhex(key), unhex(nonce));
      const packet = { sa: 0, iv: unhex(iv), text: unhex(plain), expected: unhex(cipher), pending: true };
      expectRoom(entry, "ctrApply", [packet]);
      expectRoom(entry, "ctrApply", [{ ...packet, text: packet.expected, expected: packet.text }]);
    });

    const ctrPacket = (sa: Sa, index: number, length: number, pending = true): Packet => {
      const iv = random.bytes(8);
      const text = random.bytes(length);
      const counterBlock = Buffer.concat([sa.salt, iv, unhex("00000001")]);
      return {
        sa: index,
        iv,
        text,
        expected: run(`aes-${sa.key.length * 8}-ctr`, sa.key, counterBlock, text),
        pending,
      };
    };
    const lengths = Array.from({ length: 301 }, (_, i) => i);
    it.each(KEY_LENGTHS)("lists of every length with a %i-byte key", async (keyLength) => {
      await tryLists(target, "ctrApply", keyLength, lengths, 65535, 1, ctrPacket);
    });
  });
});

interface Sa {
  readonly key: Buffer;
  readonly salt: Buffer;
}

interface Packet {
  readonly sa: number;
  readonly iv: Buffer;
  readonly text: Buffer;
  readonly expected: Buffer;
  readonly pending: boolean;
}

type Maker = (sa: Sa, index: number, length: number, pending?: boolean) => Packet;

/** Every length of `lengths` alone, all together, then lists of mixed SAs, lengths up to `longest` and verdicts. */
async function tryLists(
  target: (typeof TARGETS)[number],
  room: string,
  keyLength: number,
  lengths: readonly number[],
  longest: number,
  multiple: number,
  make: Maker,
): Promise<void> {
  const entry = await loadEntry("aes", target);
  const sas = Array.from({ length: 5 }, (_, index) => {
    const sa = { key: random.bytes(keyLength), salt: random.bytes(4) };
    installSa(entry, index, sa.key, sa.salt);
    return sa;
  });
  const packet = (index: number, length: number, pending = true) => make(sas[index] as Sa, index, length, pending);
  expectRoom(entry, room, []);
  for (const length of lengths) expectRoom(entry, room, [packet(length % 5, length)]);
  for (let start = 0; start < lengths.length; start += 60) {
    expectRoom(
      entry,
      room,
      lengths.slice(start, start + 60).map((length) => packet(1, length)),
    );
  }
  expectRoom(entry, room, [packet(0, longest), packet(0, longest), packet(2, longest)]);
  for (let i = 0; i < 40; i++) {
    const limit = [64, 400, 3000, 20000][i & 3] as number;
    const packets: Packet[] = [];
    for (let sa = 0, room = random.below(5) + 1; sa < room; sa++) {
      for (let n = random.below(i & 3 ? 12 : 50); n > 0; n--) {
        const length = random.below(limit);
        packets.push(packet(sa, length - (length % multiple), random.below(5) > 0));
      }
    }
    expectRoom(entry, room, packets);
  }
}

/**
 * Runs a room over a list and compares all of the memory but the hot entries with what ought to be there: the pool and
 * the list of its stretches zero, the scratch of other rooms as it was.
 */
function expectRoom(entry: Entry, room: string, packets: readonly Packet[]): void {
  const { bytes, view } = entry;
  bytes.fill(0xa5, SCRATCH, SCRATCH_END);
  bytes.fill(0, AES_POOL, AES_POOL_END);
  bytes.fill(0, AES_STRETCHES, AES_STRETCHES_END);
  let end = TEXTS;
  const texts = packets.map(({ sa, iv, text, pending }, index) => {
    end += random.below(40) + iv.length;
    const descriptor = DESCRIPTORS + index * D_SIZE_OF;
    bytes.set(random.bytes(D_SIZE_OF), descriptor);
    view.setUint32(LIST + 4 * index, descriptor, true);
    view.setUint32(descriptor + D_SA, RECORDS + sa * SA_SIZE, true);
    view.setUint32(descriptor + D_STATUS, pending ? PENDING : FORGED, true);
    view.setUint32(descriptor + D_IV, end - iv.length, true);
    view.setUint32(descriptor + D_TEXT, end, true);
    view.setUint32(descriptor + D_TEXT_LENGTH, text.length, true);
    bytes.set(iv, end - iv.length);
    bytes.set(text, end);
    end += text.length;
    return end - text.length;
  });
  const expected = Buffer.from(bytes.subarray(0, end + 64));
  packets.forEach(({ expected: after, pending }, index) => {
    if (pending) expected.set(after, texts[index] as number);
  });
  entry.call(room, LIST, packets.length);
  const after = Buffer.from(bytes.buffer, 0, end + 64);
  const unlike = (from: number, to: number) =>
    after.compare(expected, from, to, from, to) === 0
      ? undefined
      : from + after.subarray(from, to).findIndex((byte, i) => byte !== expected[from + i]);
  const where = `seed ${seed}, lengths ${packets.map(({ text }) => text.length).join(" ")}`;
  expect(unlike(0, HOT), where).toBeUndefined();
  expect(unlike(LIST, end + 64), where).toBeUndefined();
}

/** An SA record with a hot entry of its own, as hot.ts would fill it. */
function installSa(entry: Entry, index: number, key: Buffer, salt: Buffer): void {
  const record = RECORDS + index * SA_SIZE;
  const hot = HOT + index * HOT_SIZE;
  entry.bytes.set(key, KEY);
  const rounds = entry.call("aesExpand", KEY, key.length, record + SA_ROUND_KEYS);
  entry.call("aesPlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_PLANES);
  entry.call("aesInversePlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_INVERSE_PLANES);
  entry.view.setUint32(hot + HOT_OWNER, record, true);
  entry.view.setUint32(record + SA_HOT, hot, true);
  entry.bytes[record + SA_ROUNDS] = rounds;
  entry.bytes.set(salt, record + SA_SALT);
}
