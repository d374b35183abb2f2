// GHASH by tables and shuffles against its definition, SP 800-38D section 6.3: a multiplication bit by bit.
import { store64 } from "../../../assembly/bytes";
import { ghash } from "../../../assembly/gcm/ghash";
import { ghashPowers } from "../../../assembly/gcm/powers";
import { HOT_GHASH, HOT_HASHED, HOT_OWNER, HOT_POWERS, SA_HASH_POWERS } from "../../../assembly/layout";

const ENTRY = memory.data(8192, 16);
const RECORD = memory.data(512, 16);
const BYTES = memory.data(512, 16);
const HASH = memory.data(16, 16);
const TABLE = 512;

/** 0x87 of the wire's bit order: x^128 = 1 + x + x^2 + x^7. */
const REDUCTION: u64 = 0xe100000000000000;
let productHigh: u64 = 0;
let productLow: u64 = 0;

function multiply(xHigh: u64, xLow: u64, yHigh: u64, yLow: u64): void {
  productHigh = 0;
  productLow = 0;
  for (let bit = 0; bit < 128; bit++) {
    const set = bit < 64 ? (xHigh >> (63 - bit)) & 1 : (xLow >> (127 - bit)) & 1;
    if (set) {
      productHigh ^= yHigh;
      productLow ^= yLow;
    }
    const out = yLow & 1;
    yLow = (yLow >> 1) | (yHigh << 63);
    yHigh = (yHigh >> 1) ^ (out ? REDUCTION : 0);
  }
}

const H_HIGH: u64 = 0x66e94bd4ef8a2c3b;
const H_LOW: u64 = 0x884cfa59ca342b2e;

/** H .. H^7 to the record of an entry that is empty. */
function start(): void {
  memory.fill(ENTRY, 0, 8192);
  store<u32>(ENTRY, <u32>RECORD, HOT_OWNER);
  productHigh = H_HIGH;
  productLow = H_LOW;
  for (let power: usize = 0; power < 112; power += 16) {
    store64(RECORD + SA_HASH_POWERS + power, productHigh);
    store64(RECORD + SA_HASH_POWERS + power + 8, productLow);
    multiply(productHigh, productLow, H_HIGH, H_LOW);
  }
}

function slowGhash(first: u64, length: u32): void {
  let high = first;
  let low: u64 = 0;
  multiply(high, low, H_HIGH, H_LOW);
  for (let at: u32 = 0; at < length; at += 16) {
    let blockHigh: u64 = 0;
    let blockLow: u64 = 0;
    for (let byte: u32 = 0; byte < 16; byte++) {
      const value: u64 = at + byte < length ? load<u8>(BYTES + at + byte) : 0;
      if (byte < 8) blockHigh |= value << ((7 - byte) << 3);
      else blockLow |= value << ((15 - byte) << 3);
    }
    multiply(productHigh ^ blockHigh, productLow ^ blockLow, H_HIGH, H_LOW);
  }
  high = productHigh ^ 64;
  low = productLow ^ ((<u64>length) << 3);
  multiply(high, low, H_HIGH, H_LOW);
}

describe("ghash", () => {
  test("every length from 0 to 300, in a fresh entry and in one that has been used", () => {
    start();
    for (let i: u32 = 0; i < 512; i++) store<u8>(BYTES + i, <u8>(i * 167 + 13));
    for (let length: u32 = 0; length <= 300; length++) {
      slowGhash(0x0000100100000001, length);
      for (let hashed: u32 = 0; hashed < 16; hashed += 15) {
        store<u32>(ENTRY, hashed, HOT_HASHED);
        store64(HASH, 0x0000100100000001);
        store64(HASH + 8, 0);
        v128.store(HASH, ghash(ENTRY, v128.load(HASH), BYTES, length, 64, (<u64>length) << 3));
        expect(bswap<u64>(load<u64>(HASH))).toBe(productHigh);
        expect(bswap<u64>(load<u64>(HASH, 8))).toBe(productLow);
      }
    }
  });

  test("lengths that come again, and others between them", () => {
    start();
    for (let i: u32 = 0; i < 60; i++) {
      for (let byte: u32 = 0; byte < 512; byte++) store<u8>(BYTES + byte, <u8>(byte * 59 + i * 101 + 7));
      const length: u32 = i % 3 == 2 ? 16 + i : 68;
      store64(HASH, i);
      store64(HASH + 8, 0);
      v128.store(HASH, ghash(ENTRY, v128.load(HASH), BYTES, length, 64, (<u64>length) << 3));
      slowGhash(i, length);
      expect(bswap<u64>(load<u64>(HASH))).toBe(productHigh);
      expect(bswap<u64>(load<u64>(HASH, 8))).toBe(productLow);
    }
  });

  test("powers are made when they are needed, and only those", () => {
    start();
    ghashPowers(ENTRY, 3);
    expect(load<u32>(ENTRY, HOT_POWERS)).toBe(3);
    expect(load<u64>(ENTRY + HOT_GHASH + 3 * TABLE, 24)).toBe(0);
    ghashPowers(ENTRY, 2);
    expect(load<u32>(ENTRY, HOT_POWERS)).toBe(3);
  });
});
