// Invariant I1: whatever bit of a packet is flipped, nothing is delivered and the SA's record stays as it was, byte by
// byte; so does everything the handle shows but the counter of drops. And the untouched packet still opens afterwards.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { SA_HOT, SA_SIZE, SA_WINDOW, SA_WINDOW_MASK } from "../../assembly/layout.js";
import { DataPlane, type Sa } from "../../src/index.js";
import { ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { inbound, saConfig } from "./arbitrary.js";
import { BUILDS } from "./builds.js";

const SHAPE = { carrier: "udp", mode: "tunnel", outer: 4, natt: false } as const;
const BATCH = 64;

/** The record and its replay window, HOT's address aside: looking at a packet may fill the cache. */
function recordOf(plane: DataPlane, sa: Sa): string {
  const { memory } = plane.createItem();
  const record = memory.slice(sa.record, sa.record + SA_SIZE);
  const view = new DataView(record.buffer);
  const window = view.getUint32(SA_WINDOW, true);
  const words = view.getUint32(SA_WINDOW_MASK, true) + 1;
  record.fill(0, SA_HOT, SA_HOT + 4);
  return createHash("sha256")
    .update(record)
    .update(memory.subarray(window, window + 8 * words))
    .digest("hex");
}

describe.each(BUILDS)("$name", ({ options: build, suites }) => {
  it.each(suites.map((suite) => [suite.name, suite] as const))("%s", async (_, suite) => {
    const random = new Random();
    const said = `SEED=${random.seed}`;
    const plane = await DataPlane.create({ carrier: "udp", ...build, limits: { sas: 8, packets: BATCH } });
    const peer = await DataPlane.create({ carrier: "udp", ...build, limits: "edge" });
    const config = { ...saConfig(suite, SHAPE, 0x5001, random), esn: random.chance(0.5), initialSequence: 70n };
    const sa = plane.addSa(inbound(config));
    const lengths = { length: random.between(20, 90) };
    const good = peer.protect(0, ipv4(lengths), peer.addSa(config)).datagrams[0] as Uint8Array;
    const before = recordOf(plane, sa);
    const path = plane.path({ remote: { address: "203.0.113.9", port: 999 } });
    const item = plane.createItem();
    for (let first = 0; first < good.length * 8; first += BATCH) {
      for (let bit = first; bit < Math.min(first + BATCH, good.length * 8); bit++) {
        const flipped = good.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(plane.inbound(0, flipped, path)).toBe(true);
      }
      plane.flush(0);
      for (let bit = first; plane.poll(item); bit++) {
        // The SPI's bits name another SA, the sequence number's another place in the window.
        const possible = bit < 32 ? ["unknown-spi"] : bit < 64 ? ["forged", "stale", "replayed"] : ["forged"];
        expect(possible, `${said} bit ${bit}`).toContain(item.verdict);
      }
    }
    expect(recordOf(plane, sa), said).toBe(before);
    expect(sa.path).not.toBe(path);
    expect(sa.stats).toMatchObject({ packets: 0, bytes: 0, lastUsedAt: undefined });
    expect(plane.unprotect(0, good).verdict, said).toBe("delivered");
    expect(recordOf(plane, sa), said).not.toBe(before);
  });
});
