// The window against a Set, the inference of the high half against a search: RFC 4303 sections 2.2.1, 3.4.3, appendix A.
import { describe, expect, it } from "vitest";
import {
  FLAG_ESN,
  REGIONS,
  SA_FLAGS,
  SA_SEQUENCE,
  SA_WINDOW,
  SA_WINDOW_BITS,
  SA_WINDOW_MASK,
} from "../../assembly/layout.js";
import { PENDING, REPLAYED, STALE } from "../../assembly/status.js";
import { Random } from "../random.js";
import { type Entry, loadEntry } from "./entry.js";

const SA = REGIONS;
const RING = REGIONS + 512;

function prepare(entry: Entry, bits: number, esn: boolean, highest = 0n): void {
  entry.bytes.fill(0, SA, SA + 4096);
  entry.bytes[SA + SA_FLAGS] = esn ? FLAG_ESN : 0;
  entry.view.setUint32(SA + SA_WINDOW_BITS, bits, true);
  entry.view.setUint32(SA + SA_WINDOW_MASK, 2 ** Math.ceil(Math.log2(bits / 64)) - 1, true);
  entry.view.setUint32(SA + SA_WINDOW, RING, true);
  entry.call("start", SA, Number(highest >> 32n), Number(highest & 0xffffffffn));
}

/** The obvious window: every accepted number is remembered. */
class SetWindow {
  readonly #seen = new Set<bigint>();
  highest: bigint;
  readonly #start: bigint;
  readonly #bits: bigint;

  constructor(bits: number, start: bigint) {
    this.#bits = BigInt(bits);
    this.#start = start;
    this.highest = start;
  }

  check(sequence: bigint, esn: boolean): number {
    if (sequence === 0n && !esn) return STALE;
    if (sequence > this.highest) return PENDING;
    if (this.highest - sequence >= this.#bits) return STALE;
    return sequence <= this.#start || this.#seen.has(sequence) ? REPLAYED : PENDING;
  }

  commit(sequence: bigint): void {
    this.#seen.add(sequence);
    if (sequence > this.highest) this.highest = sequence;
    if (this.#seen.size > 20_000)
      for (const old of this.#seen) if (this.highest - old >= this.#bits) this.#seen.delete(old);
  }
}

const half = (value: bigint) => [Number(value >> 32n), Number(value & 0xffffffffn)] as const;

describe("the window behaves as a Set", () => {
  const cases = [64, 128, 192, 256, 1024, 2048, 4032, 4096].flatMap((bits) =>
    [false, true].map((esn) => [bits, esn] as const),
  );
  it.each(cases)("window %i, esn %s", async (bits, esn) => {
    const entry = await loadEntry("replay", "simd");
    const random = new Random();
    const steps = 1_000_000 / (cases.length / 2); // a million with ESN, a million without
    const start = esn ? 0xffffff00n : 0n;
    prepare(entry, bits, esn, start);
    const twin = new SetWindow(bits, start);
    for (let step = 0; step < steps; step++) {
      const reach = random.pick([8, bits, 2 * bits, 3 * bits]);
      let sequence = twin.highest + BigInt(random.between(-reach, random.chance(0.01) ? 5 * bits : 4));
      if (sequence < 0n) sequence = 0n;
      const [high, low] = half(sequence);
      const answer = entry.call("check", SA, high, low);
      if (answer !== twin.check(sequence, esn))
        expect.fail(`seed ${random.seed} step ${step}: ${sequence} after ${twin.highest} is ${answer}`);
      if (answer !== PENDING || random.chance(0.2)) continue; // a forged packet is checked and never committed
      entry.call("commit", SA, high, low);
      twin.commit(sequence);
      if (entry.view.getBigUint64(SA + SA_SEQUENCE, true) !== twin.highest)
        expect.fail(`seed ${random.seed} step ${step}: highest`);
    }
    expect(
      entry.bytes
        .subarray(RING + 8 * 2 ** Math.ceil(Math.log2(bits / 64 + 1)), RING + 2048)
        .every((byte) => byte === 0),
    ).toBe(true);
  });
});

describe("agrees with the Set on every ordering of short sequences", () => {
  it.each([
    ["without ESN", false, 0n],
    ["with ESN, from 0", true, 0n],
    ["with ESN, over the end of an epoch", true, 0xffff_ffbfn],
  ] as const)("%s", async (_, esn, start) => {
    const entry = await loadEntry("replay", "simd");
    const numbers = [1n, 2n, 64n, 65n, 66n, 128n, 129n].map((number) => start + number);
    const arrive = (twin: SetWindow, sequence: bigint, where: string): void => {
      const low = Number(sequence & 0xffffffffn);
      // What is on the wire is the low half. One below the window reads as the next epoch's (RFC 4303 appendix A).
      const below = esn && twin.highest - sequence >= 64n;
      const high = esn ? entry.call("inferHigh", SA, low) >>> 0 : 0;
      if (high !== Number(sequence >> 32n) + (below ? 1 : 0)) expect.fail(`high half of ${sequence}, ${where}`);
      if (below) return;
      const answer = entry.call("check", SA, high, low);
      if (answer !== twin.check(sequence, esn)) expect.fail(`${sequence}, ${where}`);
      if (answer !== PENDING) return;
      entry.call("commit", SA, high, low);
      twin.commit(sequence);
    };
    let orders = 0;
    const visit = (order: bigint[], left: bigint[]): void => {
      if (left.length === 0) {
        orders++;
        prepare(entry, 64, esn, start);
        const twin = new SetWindow(64, start);
        for (const sequence of [...order, ...order]) arrive(twin, sequence, order.join(" "));
      }
      for (const [index, next] of left.entries())
        visit([...order, next], [...left.slice(0, index), ...left.slice(index + 1)]);
    };
    visit([], numbers);
    expect(orders).toBe(5040);
  });
});

it("tracks exactly N numbers: the oldest passes once, the one below it is stale", async () => {
  const entry = await loadEntry("replay", "simd");
  for (const bits of [64, 128, 1024, 4096]) {
    prepare(entry, bits, false);
    entry.call("commit", SA, 0, 10_000);
    expect(entry.call("check", SA, 0, 10_000 - bits + 1)).toBe(PENDING);
    expect(entry.call("check", SA, 0, 10_000 - bits)).toBe(STALE);
    expect(entry.call("check", SA, 0, 10_000)).toBe(REPLAYED);
  }
});

it("a restored window has seen everything up to its highest number", async () => {
  const entry = await loadEntry("replay", "simd");
  for (const highest of [1n, 63n, 64n, 65n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_ffff_fffen]) {
    prepare(entry, 128, true, highest);
    for (let back = 0n; back < 128n && back < highest; back++) {
      const [high, low] = half(highest - back);
      expect(entry.call("check", SA, high, low)).toBe(REPLAYED);
    }
    const [high, low] = half(highest + 1n);
    expect(entry.call("check", SA, high, low)).toBe(PENDING);
  }
});

describe("the high half", () => {
  it("with a window is that of RFC 4303 appendix A", async () => {
    const entry = await loadEntry("replay", "simd");
    const random = new Random();
    for (let step = 0; step < 200_000; step++) {
      const bits = 64 * random.between(1, 64);
      const top = BigInt(random.pick([0, 1, bits - 1, bits, 0xffffffff, random.u32()]) >>> 0);
      const high = BigInt(random.pick([0, 1, 2, random.u32() >>> 1]));
      const highest = (high << 32n) | top;
      prepare(entry, bits, true, highest);
      const low = random.pick([0, Number(top), (Number(top) + random.between(-bits, bits)) >>> 0, random.u32()]);
      // The obvious way: of the numbers with this low half, the first that is not below the window.
      const bottom = highest - BigInt(bits) + 1n;
      let sequence = BigInt(low);
      if (bottom > 0n) {
        sequence |= (bottom >> 32n) << 32n;
        if (sequence < bottom) sequence += 1n << 32n;
      }
      if (entry.call("inferHigh", SA, low) >>> 0 !== Number(sequence >> 32n)) {
        expect.fail(`seed ${random.seed}: window ${bits}, highest ${highest}, low ${low}`);
      }
    }
  });

  it("without a window is the nearest", async () => {
    const entry = await loadEntry("replay", "simd");
    const random = new Random();
    for (let step = 0; step < 100_000; step++) {
      const highest = (BigInt(random.pick([0, 1, 5])) << 32n) | BigInt(random.u32());
      prepare(entry, 0, true, highest);
      const low = random.u32();
      const distance = (candidate: bigint) => (candidate > highest ? candidate - highest : highest - candidate);
      const candidates = [-1n, 0n, 1n]
        .map((step) => (((highest >> 32n) + step) << 32n) | BigInt(low))
        .filter((one) => one >= 0n);
      const nearest = candidates.reduce((a, b) => (distance(b) < distance(a) ? b : a));
      if (entry.call("inferHigh", SA, low) >>> 0 !== Number(nearest >> 32n))
        expect.fail(`seed ${random.seed}: highest ${highest}, low ${low}`);
    }
  });
});

it("an exhausted SA gives no number and keeps its last", async () => {
  const entry = await loadEntry("replay", "simd");
  prepare(entry, 0, false);
  entry.view.setBigUint64(SA + SA_SEQUENCE, 0xffff_fffen, true);
  expect(entry.call("has", SA)).toBe(1);
  expect(entry.call("nextLow", SA) >>> 0).toBe(0xffff_ffff);
  expect(entry.call("has", SA)).toBe(0);
  expect(entry.view.getBigUint64(SA + SA_SEQUENCE, true)).toBe(0xffff_ffffn);
  entry.bytes[SA + SA_FLAGS] = FLAG_ESN;
  expect(entry.call("has", SA)).toBe(1);
  expect(entry.call("nextHigh", SA)).toBe(1);
  entry.view.setBigUint64(SA + SA_SEQUENCE, 0xffff_ffff_ffff_ffffn, true);
  expect(entry.call("has", SA)).toBe(0);
});
