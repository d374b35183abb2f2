// IPsec Anti-Replay Window, the engine's side: RFC 4303 sections 2.2, 3.3.3 and 3.4.3.
import { expect, it } from "vitest";
import { DataPlane, type PlaneOptions, type Verdict } from "../../src/index.js";
import { gcm, type Options, world } from "../engine/world.js";
import { ipv4 } from "../packets.js";
import { Random } from "../random.js";

/** `count` packets of a new SA, the numbers from `first` on. */
async function numbered(count: number, first = 1n, options: Options = {}): Promise<Uint8Array[]> {
  const plane = await DataPlane.create({ limits: "edge" });
  const sa = plane.addSa(gcm("out", { initialSequence: first - 1n, ...options }));
  return Array.from({ length: count }, () => plane.protect(0, ipv4({ length: 40 }), sa).datagrams[0] as Uint8Array);
}

async function receiver(options: Options = {}, planeOptions: PlaneOptions = {}) {
  const plane = await DataPlane.create({ limits: "edge", ...planeOptions });
  const sa = plane.addSa(gcm("in", options));
  return { plane, sa, open: (datagram: Uint8Array | undefined) => plane.unprotect(0, datagram as Uint8Array).verdict };
}

const numberOf = (datagram: Uint8Array) => new DataView(datagram.buffer, datagram.byteOffset).getUint32(4);

/** Whether number 1 is still taken after `highest` was. */
async function first(highest: number, options: Options, planeOptions: PlaneOptions = {}): Promise<Verdict> {
  const packets = await numbered(highest);
  const { open } = await receiver(options, planeOptions);
  expect(open(packets.at(-1))).toBe("delivered");
  return open(packets[0]);
}

it("1: a sequence number of its own for every packet, each one above the last, alone and in batches", async () => {
  const { plane, out } = await world();
  const numbers: number[] = [];
  for (let i = 0; i < 10; i++) numbers.push(numberOf(plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array));
  for (let i = 0; i < 20; i++) expect(plane.outbound(0, ipv4(), out)).toBe(true);
  plane.flush(0);
  const item = plane.createItem();
  while (plane.poll(item)) numbers.push(numberOf(item.copy()));
  expect(numbers).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  const other = plane.addSa(gcm("out", { spi: 0x2002 }));
  expect(numberOf(plane.protect(0, ipv4(), other).datagrams[0] as Uint8Array)).toBe(1); // each SA counts for itself
});

it.each([64, 128, 192, 256, 1024, 4096])(
  "2: of %i numbers the oldest is taken, the one before it is not",
  async (n) => {
    const packets = await numbered(n + 5);
    const { open } = await receiver({ replayWindow: n });
    expect(open(packets[n + 3])).toBe("delivered"); // X = n + 4
    expect(open(packets[3])).toBe("stale"); // X - N
    expect(open(packets[4])).toBe("delivered"); // X - N + 1
    expect(open(packets[4])).toBe("replayed");
    expect(open(packets[n + 4])).toBe("delivered"); // the window moves by one
    expect(open(packets[4])).toBe("stale");
    expect(open(packets[5])).toBe("delivered");
  },
);

it("2: a forged packet with a higher number does not move the window", async () => {
  const packets = await numbered(200);
  const { open, sa } = await receiver();
  const forged = (packets[199] as Uint8Array).slice();
  forged[20] = (forged[20] as number) ^ 1;
  expect([open(packets[9]), open(forged), open(packets[0])]).toEqual(["delivered", "forged", "delivered"]);
  expect(sa.sequence).toBe(10n);
});

it("3: 64 by default; 64, 128, 256 and 1024 are taken, what is no multiple of 64 is not", async () => {
  expect([await first(64, {}), await first(65, {})]).toEqual(["delivered", "stale"]);
  const plane = await DataPlane.create({ limits: "edge" });
  let spi = 0x1001;
  for (const replayWindow of [0, 64, 128, 256, 1024]) plane.addSa(gcm("in", { spi: spi++, replayWindow }));
  for (const replayWindow of [-64, 1, 32, 100, 63.5]) {
    expect(() => plane.addSa(gcm("in", { spi, replayWindow }))).toThrow(/0 \(off\) or a multiple of 64 up to 4096/);
  }
});

/** Inbound SAs with this window that `windowBytes` are enough for, up to 40. */
async function windowsIn(windowBytes: number, replayWindow: number, direction: "in" | "out" = "in"): Promise<number> {
  const plane = await DataPlane.create({ limits: { sas: 40, windowBytes } });
  for (let i = 0; i < 40; i++) {
    try {
      plane.addSa(gcm(direction, { spi: 0x1001 + i, replayWindow }));
    } catch (error) {
      expect((error as Error).message).toMatch(/raise limits.windowBytes/);
      return i;
    }
  }
  return 40;
}

it("4: 1024 numbers take 128 bytes an inbound SA, a bit each", async () => {
  expect(await windowsIn(128 * 7 + 127, 1024)).toBe(7);
  expect(await windowsIn(32 * 7, 256)).toBe(7);
  expect(await windowsIn(512 * 7, 4096)).toBe(7);
  expect(await windowsIn(127, 576)).toBe(0); // rounded up to a power of two
  expect(await windowsIn(0, 128)).toBe(40); // within the SA's record
  expect(await windowsIn(0, 1024, "out")).toBe(40);
});

/** Packets that a link with two queues delivers: one in four is of low priority and waits for a random time. */
function reordered(packets: readonly Uint8Array[], random: Random, longest: number): Uint8Array[] {
  const leaves = packets.map((packet, at) => ({ packet, at: random.below(4) === 0 ? at + random.below(longest) : at }));
  return leaves.sort((a, b) => a.at - b.at).map(({ packet }) => packet);
}

it("5: a queue that re-orders by up to 500 packets: 64 drops what 1024 saves", async () => {
  const random = new Random(20260517);
  const packets = reordered(await numbered(3000), random, 500);
  const count = async (replayWindow: number) => {
    const { open, plane } = await receiver({ replayWindow });
    for (const packet of packets) open(packet);
    return plane.counters;
  };
  const narrow = await count(64);
  expect(narrow.stale).toBeGreaterThan(400);
  expect(narrow.stale + narrow.delivered).toBe(3000);
  expect(await count(512)).toMatchObject({ delivered: 3000, stale: 0 });
  expect(await count(1024)).toMatchObject({ delivered: 3000, stale: 0, replayed: 0 });
});

it("6: a window for every SA of the plane", async () => {
  const defaults = { replayWindow: 1024 };
  expect([await first(1024, {}, { defaults }), await first(1025, {}, { defaults })]).toEqual(["delivered", "stale"]);
});

it("7: disabled for every SA of the plane: old and repeated numbers pass, forged ones do not", async () => {
  const packets = await numbered(300);
  const { open, sa } = await receiver({}, { defaults: { replayWindow: 0 } });
  expect([299, 0, 0, 299].map((index) => open(packets[index]))).toEqual(Array(4).fill("delivered"));
  const forged = (packets[5] as Uint8Array).slice();
  forged[20] = (forged[20] as number) ^ 1;
  expect(open(forged)).toBe("forged");
  expect(sa.sequence).toBe(300n);
});

it("9: what an SA says stands over what the plane says, both ways; the SAs that there are keep theirs", async () => {
  const defaults = { replayWindow: 1024 };
  expect([
    await first(64, { replayWindow: 64 }, { defaults }),
    await first(65, { replayWindow: 64 }, { defaults }),
  ]).toEqual(["delivered", "stale"]);
  expect(await first(5000, { replayWindow: 0 }, { defaults })).toBe("delivered");
  expect(await first(200, { replayWindow: 256 }, { defaults: { replayWindow: 0 } })).toBe("delivered");
  const packets = await numbered(200);
  const { plane, open } = await receiver();
  plane.addSa(gcm("in", { spi: 0x2002, replayWindow: 1024 }));
  expect([open(packets[199]), open(packets[0])]).toEqual(["delivered", "stale"]);
});

it("e19: windows up to 4096 numbers, not above", async () => {
  expect(await first(4096, { replayWindow: 4096 })).toBe("delivered");
  expect(await first(4097, { replayWindow: 4096 })).toBe("stale");
  const plane = await DataPlane.create({ limits: "edge" });
  expect(() => plane.addSa(gcm("in", { replayWindow: 4160 }))).toThrow(/up to 4096/);
});

it("e20: extended sequence numbers: the window crosses 2^32, and holds 64 where nothing else is said", async () => {
  const packets = await numbered(100, 0xffff_ffffn - 49n, { esn: true });
  const { open, sa } = await receiver({ esn: true, initialSequence: 0xffff_fff0n - 49n });
  expect(open(packets[49])).toBe("delivered"); // 2^32 - 1
  expect(open(packets[99])).toBe("delivered"); // 2^32 + 49
  expect(sa.sequence).toBe(0x1_0000_0031n);
  expect(open(packets[36])).toBe("delivered"); // 64 numbers end here
  // Below the window stands for a number of the next 2^32, whose ICV it does not have: RFC 4303 appendix A2.2.
  expect(open(packets[35])).toBe("forged");
  expect(open(packets[99])).toBe("replayed");
  const { plane, out } = await world(gcm("out", { initialSequence: 0xffff_ffffn }));
  expect(plane.protect(0, ipv4(), out).verdict).toBe("exhausted"); // without them it ends here
});
