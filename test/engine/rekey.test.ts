// Rekeying: two inbound SAs overlap, policy.use switches, the old one drains. Nothing is lost, whatever the order.
import { expect, it } from "vitest";
import { DataPlane, type Sa } from "../../src/index.js";
import { ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { drain, gcm } from "./world.js";

it("a thousand packets over ten rekeys on a reordering network arrive, each once", async () => {
  const random = new Random();
  const plane = await DataPlane.create({ limits: "edge" });
  const peer = await DataPlane.create({ limits: "edge" });
  const keyed = (generation: number) => ({
    spi: 0x1000 + generation,
    encryptionKey: random.bytes(20),
    replayWindow: 256,
  });
  let now = 0;
  let generation = 0;
  const first = keyed(0);
  let out: Sa = plane.addSa({ ...gcm("out"), ...first } as Parameters<DataPlane["addSa"]>[0]);
  const inbound = [peer.addSa({ ...gcm("in"), ...first } as Parameters<DataPlane["addSa"]>[0])];
  const policy = plane.addPolicy({ direction: "out", action: "protect", sa: out });
  const network: { readonly at: number; readonly bytes: Uint8Array }[] = [];
  const arrived = new Map<number, number>();
  const verdicts = new Set<string>();
  for (let sent = 0; sent < 1000 || network.length > 0; now++) {
    if (sent < 1000) {
      plane.outbound(now, ipv4({ length: 60, payload: new Uint8Array(40).fill(1), id: sent }));
      sent++;
      if (sent % 100 === 0) {
        const next = keyed(++generation);
        inbound.push(peer.addSa({ ...gcm("in"), ...next } as Parameters<DataPlane["addSa"]>[0]));
        const replaced = out;
        out = plane.addSa({ ...gcm("out"), ...next } as Parameters<DataPlane["addSa"]>[0]);
        policy.use(out);
        for (const { bytes } of drain(plane, now)) network.push({ at: now + random.between(1, 60), bytes });
        replaced.delete();
        // The one before the last has drained: its packets are at most 60 old.
        if (inbound.length > 2) inbound.shift()?.delete();
      }
      for (const { bytes } of drain(plane, now)) network.push({ at: now + random.between(1, 60), bytes });
    }
    for (const packet of network.splice(0)) {
      if (packet.at > now) network.push(packet);
      else peer.inbound(now, packet.bytes);
    }
    for (const { verdict, bytes } of drain(peer, now)) {
      verdicts.add(verdict);
      const id = ((bytes[4] as number) << 8) | (bytes[5] as number);
      arrived.set(id, (arrived.get(id) ?? 0) + 1);
    }
  }
  expect([...verdicts], `seed ${random.seed}`).toEqual(["delivered"]);
  expect(arrived.size).toBe(1000);
  expect([...arrived.values()].every((count) => count === 1)).toBe(true);
});

it("packets staged before policy.use keep their SA", async () => {
  const plane = await DataPlane.create({ limits: "edge" });
  const [old, next] = [0x1001, 0x1002].map((spi) => plane.addSa(gcm("out", { spi }))) as [Sa, Sa];
  const policy = plane.addPolicy({ direction: "out", action: "protect", sa: old });
  plane.outbound(0, ipv4());
  policy.use(next);
  plane.outbound(0, ipv4());
  expect(drain(plane, 0).map((item) => item.sa)).toEqual([old, next]);
});
