// Batch equals sequence where SAs end inside a batch: by deletion, by their last packet, by their last second. Two planes
// get the same offers, one flushes when a batch is full, the other after every packet. Only two things may differ: deletion
// reaches the packets that are staged (they end no-sa), and so does the last second of an outbound SA. Other SAs see nothing
// of it, not even a successor with the same SPI.
import { describe, expect, it } from "vitest";
import { DataPlane, type EspConfig, type Sa } from "../../src/index.js";
import { hex, ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { SUITES } from "../reference/suites.js";
import { inbound, saConfig } from "./arbitrary.js";
import { BUILDS } from "./builds.js";

const SHAPE = { carrier: "udp", mode: "tunnel", outer: 4, natt: false } as const;
// Suites whose packets are the same in both planes: the IV of CBC hangs on a random key of the engine.
const STEADY = SUITES.filter(({ name }) => !name.includes("cbc"));

interface Told {
  verdict: string;
  readonly bytes: string;
}

/** An SA in both planes, and the places of its packets that are staged in the first. */
interface Pair {
  readonly direction: "out" | "in";
  readonly batched: Sa;
  readonly single: Sa;
  readonly peer: Sa;
  /** When its lifetime in seconds ends. */
  readonly endsAt: number;
  staged: number[];
}

class Twins {
  readonly batched: DataPlane;
  readonly single: DataPlane;
  readonly peer: DataPlane;
  readonly pairs: Pair[] = [];
  readonly told: Told[] = [];
  readonly expected: Told[] = [];

  constructor(planes: readonly [DataPlane, DataPlane, DataPlane]) {
    [this.batched, this.single, this.peer] = planes;
  }

  add(spi: number, random: Random, now: number): void {
    const lifetime = random.pick([
      undefined,
      { packets: random.between(1, 12) },
      { kilobytes: random.between(1, 3) },
      { seconds: random.between(1, 4) },
    ] as { packets?: number; kilobytes?: number; seconds?: number }[]);
    const config = saConfig(random.pick(STEADY), SHAPE, spi, random);
    const direction = random.pick(["out", "in"] as const);
    const limited = { ...config, addedAt: now, ...(lifetime && { lifetime }) } as EspConfig;
    const given = direction === "in" ? inbound(limited) : limited;
    const peer = this.peer.addSa(direction === "in" ? config : inbound(config));
    const endsAt = lifetime?.seconds === undefined ? Infinity : now + 1000 * lifetime.seconds;
    const [batched, single] = [this.batched.addSa(given), this.single.addSa(given)];
    this.pairs.push({ direction, batched, single, peer, endsAt, staged: [] });
  }

  delete(pair: Pair): void {
    for (const sa of [pair.batched, pair.single, pair.peer]) sa.delete();
    this.#reach(pair);
    this.pairs.splice(this.pairs.indexOf(pair), 1);
  }

  offer(pair: Pair, now: number, random: Random): void {
    const packet = ipv4({ length: random.between(20, 300) });
    const bytes = pair.direction === "out" ? packet : this.peer.protect(now, packet, pair.peer).datagrams[0];
    const give = (plane: DataPlane, sa: Sa) =>
      pair.direction === "out" ? plane.outbound(now, packet, sa) : plane.inbound(now, bytes as Uint8Array);
    if (!give(this.batched, pair.batched)) {
      this.flush(now);
      expect(give(this.batched, pair.batched)).toBe(true);
    }
    if (pair.direction === "out" && now >= pair.endsAt) this.#reach(pair);
    pair.staged.push(this.expected.length);
    expect(give(this.single, pair.single)).toBe(true);
    this.expected.push(...this.#drain(this.single, now));
  }

  flush(now: number): void {
    this.told.push(...this.#drain(this.batched, now));
    for (const pair of this.pairs) pair.staged = [];
  }

  /** What became of the SA becomes of its staged packets. */
  #reach(pair: Pair): void {
    for (const place of pair.staged) this.expected[place] = { verdict: "no-sa", bytes: "" };
  }

  #drain(plane: DataPlane, now: number): Told[] {
    plane.flush(now);
    const item = plane.createItem();
    const all: Told[] = [];
    while (plane.poll(item)) all.push({ verdict: item.verdict, bytes: hex(item.copy()) });
    return all;
  }
}

describe.each(BUILDS.filter(({ name }) => name !== "legacy"))("$name", ({ options: build }) => {
  it("80 rounds of offers, deletions, successors and lifetimes that end", async () => {
    const random = new Random();
    const seen = new Set<string>();
    for (let round = 0; round < 80; round++) {
      const options = { carrier: "udp", ...build, limits: { sas: 16, packets: 64, hotSas: 3 } } as const;
      const create = () => DataPlane.create(options);
      const twins = new Twins([await create(), await create(), await create()]);
      let now = 0;
      for (let spi = 0x1000; spi < 0x1006; spi++) twins.add(spi, random, now);
      for (let step = 0; step < 120; step++) {
        const pair = random.pick(twins.pairs);
        now += random.pick([0, 0, 0, 1, 200]);
        if (random.chance(0.08)) {
          twins.delete(pair);
          twins.add(pair.batched.spi, random, now);
        } else if (random.chance(0.05)) twins.flush(now);
        else twins.offer(pair, now, random);
      }
      twins.flush(now);
      expect(twins.told, `SEED=${random.seed} round ${round}`).toEqual(twins.expected);
      for (const { batched, single } of twins.pairs) {
        expect(batched.state).toBe(single.state);
        if (batched.state !== "live") continue; // a batch goes on seeing numbers after the last packet
        expect([batched.sequence, batched.stats.packets]).toEqual([single.sequence, single.stats.packets]);
      }
      for (const { verdict } of twins.told) seen.add(verdict);
      for (const plane of [twins.batched, twins.single, twins.peer]) plane.close();
    }
    expect([...seen].sort()).toEqual(["delivered", "expired", "no-sa", "sealed"]);
  });
});
