// The fast verbs: whatever was taken comes out once, in the order offered; bytes are borrowed; nothing is disturbed.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { drain, gcm, world } from "./world.js";

describe("the ring", () => {
  it("hands out in the order offered, whatever became of the packets", async () => {
    const { plane, out } = await world(gcm("out", { pathMtu: 1400 }));
    plane.addPolicy({ direction: "out", selector: { protocol: 6 }, action: "bypass" });
    plane.addPolicy({ direction: "out", selector: { protocol: 17 }, action: "protect", sa: out });
    const offered = [
      ipv4(),
      ipv4({ protocol: 6 }),
      ipv4({ protocol: 1 }),
      ipv4({ length: 1400, df: true }),
      new Uint8Array(3),
      ipv6(),
      ipv4({ length: 60 }),
    ];
    for (const packet of offered) expect(plane.outbound(0, packet)).toBe(true);
    plane.inbound(0, Uint8Array.of(0xff));
    plane.inbound(0, Uint8Array.of(0, 0, 0, 0, 7, 7, 7));
    const items = drain(plane, 0);
    expect(items.map(({ kind, verdict, last }) => `${kind} ${verdict} ${last}`)).toEqual([
      "datagram sealed true",
      "clear bypassed true",
      "dropped discarded true",
      "icmp too-big false",
      "dropped too-big true",
      "dropped malformed true",
      "datagram sealed true",
      "datagram sealed true",
      "dropped keepalive true",
      "ike ike true",
    ]);
    expect(items[1]?.bytes).toEqual(offered[1]);
    expect(items[9]?.bytes).toEqual(Uint8Array.of(7, 7, 7));
    expect(items.filter((item) => item.kind === "dropped").every((item) => item.bytes.length === 0)).toBe(true);
    expect(plane.counters["too-big"]).toBe(1);
  });

  it("answers false when it is full, takes nothing, and goes on after poll", async () => {
    const { plane, peer, out, incoming } = await world();
    let taken = 0;
    while (plane.outbound(0, ipv4(), out)) taken++;
    expect(taken).toBe(64); // every place, whether the SA is given
    expect(out.stats.packets).toBe(taken);
    const first = drain(plane, 0);
    expect(first.length).toBe(taken);
    expect(plane.outbound(0, ipv4(), out)).toBe(true);
    for (const { bytes } of [...first, ...drain(plane, 0)]) expect(peer.unprotect(0, bytes).verdict).toBe("delivered");
    expect(incoming.sequence).toBe(65n);
    plane.addPolicy({ direction: "out", action: "protect", sa: out });
    for (taken = 0; plane.outbound(0, ipv4()); ) taken++;
    expect(taken).toBe(64); // or found
  });

  it("keeps two places for a packet that is refused for its size: its ICMP and itself, or nothing", async () => {
    const { plane, out } = await world(gcm("out", { pathMtu: 1400 }));
    const tooBig = ipv4({ length: 1400, df: true });
    for (let taken = 0; taken < 63; taken++) expect(plane.outbound(0, ipv4(), out)).toBe(true);
    expect(plane.outbound(0, tooBig, out)).toBe(false);
    expect(plane.counters["too-big"]).toBe(0);
    expect(plane.outbound(0, ipv4(), out)).toBe(true);
    expect(drain(plane, 0).length).toBe(64);
    expect(plane.outbound(0, tooBig, out)).toBe(true);
    expect(drain(plane, 0).map(({ kind, last }) => `${kind} ${last}`)).toEqual(["icmp false", "dropped true"]);
    expect(plane.outbound(0, ipv4(), out)).toBe(true);
    expect(drain(plane, 0).map(({ kind, last }) => `${kind} ${last}`)).toEqual(["datagram true"]);
  });

  it("wraps around its end for ever, with long packets among short ones", async () => {
    const { plane, peer, out } = await world(gcm("out", { pathMtu: 65535 }));
    for (let round = 0; round < 40; round++) {
      const packets = Array.from({ length: 23 }, (_, i) =>
        ipv4({ length: i % 7 === 3 ? 3000 + 997 * (round % 60) : 40 + 13 * i }),
      );
      const sealed = [];
      for (const packet of packets) {
        if (!plane.outbound(round, packet, out)) {
          sealed.push(...drain(plane, round));
          expect(plane.outbound(round, packet, out)).toBe(true);
        }
      }
      sealed.push(...drain(plane, round));
      expect(sealed.length).toBe(packets.length);
      for (const { bytes } of sealed) {
        if (!peer.inbound(round, bytes)) throw new Error("the peer is full");
        if (bytes.length > 2048) {
          const [item] = drain(peer, round).slice(-1);
          expect(item?.verdict).toBe("delivered");
        }
      }
      drain(peer, round);
    }
    expect(peer.counters.delivered).toBe(40 * 23);
  });

  it("leaves no byte of a packet behind in a slot that is used again", async () => {
    const { plane, out } = await world(gcm("out"), gcm("in"), { limits: { packets: 16 } });
    const secret = ipv4({ length: 900, payload: new Uint8Array(880).fill(0xab) });
    const { memory } = plane.createItem();
    const marked = () => {
      let run = 0;
      let longest = 0;
      for (const byte of memory) {
        run = byte === 0xab ? run + 1 : 0;
        longest = Math.max(longest, run);
      }
      return longest;
    };
    plane.outbound(0, secret, out);
    out.delete(); // refused by the kernel: the plain text stays in its slot until the slot is used again
    expect(drain(plane, 0).map((item) => item.verdict)).toEqual(["no-sa"]);
    expect(marked()).toBeGreaterThan(800);
    const next = plane.addSa(gcm("out", { spi: 0x2002 }));
    for (let i = 0; i < 16; i++) {
      plane.outbound(0, ipv4({ length: 40 }), next);
      drain(plane, 0);
    }
    expect(marked()).toBeLessThan(16);
    plane.close();
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });

  it("is not disturbed by the simple verbs", async () => {
    const { plane, peer, out } = await world();
    plane.outbound(0, ipv4({ length: 77 }), out);
    const simple = plane.protect(0, ipv4({ length: 66 }), out).datagrams[0] as Uint8Array;
    plane.outbound(0, ipv4({ length: 88 }), out);
    expect(peer.unprotect(0, simple).packet?.length).toBe(66);
    const lengths = drain(plane, 0).map(({ bytes }) => peer.unprotect(0, bytes).packet?.length);
    expect(lengths).toEqual([77, 88]);
  });

  it("results of the simple verbs stay as they are", async () => {
    const { plane, peer, out } = await world();
    const datagrams = Array.from(
      { length: 200 },
      (_, i) => plane.protect(0, ipv4({ length: 600 + i }), out).datagrams[0] as Uint8Array,
    );
    expect(datagrams.every((datagram) => datagram.constructor === Uint8Array)).toBe(true);
    const packets = datagrams.map((datagram) => peer.unprotect(0, datagram).packet as Uint8Array);
    packets.forEach((packet, i) => {
      expect(packet).toEqual(ipv4({ length: 600 + i }));
    });
  });

  it("protectInto and unprotectInto fill the caller's arrays", async () => {
    const { plane, peer, out } = await world();
    const target = new Uint8Array(2000);
    const opened = new Uint8Array(2000);
    const length = plane.protectInto(0, ipv4({ length: 500 }), target, out);
    expect(plane.verdict).toBe("sealed");
    expect(peer.unprotectInto(0, target.subarray(0, length), opened)).toBe(500);
    expect(opened.subarray(0, 500)).toEqual(ipv4({ length: 500 }));
    expect(peer.unprotectInto(0, target.subarray(0, length), opened)).toBe(0);
    expect(peer.verdict).toBe("replayed");
    expect(() => plane.protectInto(0, ipv4({ length: 500 }), new Uint8Array(500), out)).toThrowError(
      expect.objectContaining({ code: "target-too-small" }),
    );
    expect(out.sequence).toBe(1n);
  });
});

it("memory is what the limits say, and small planes are small", async () => {
  const sizes = [];
  for (const limits of ["edge", "client", "gateway"] as const) {
    const plane = await DataPlane.create({ limits });
    sizes.push(plane.memoryBytes / 2 ** 20);
    plane.close();
  }
  expect(sizes[0]).toBeLessThanOrEqual(2);
  expect(sizes[1]).toBeLessThanOrEqual(4);
  expect(sizes[2]).toBeLessThanOrEqual(128);
});

describe("what is too long for the ring", () => {
  it("a packet whose padded pieces need more jumbo slots than there are is too-big, not refused for ever", async () => {
    const { plane, out } = await world(
      gcm("out", { prefragment: "greedy", tunnelMtu: 68, pathMtu: 9000, tfcPadding: 2100 }),
    );
    expect(plane.outbound(0, ipv4({ length: 300 }), out)).toBe(true);
    expect(drain(plane, 0).map(({ verdict }) => verdict)).toEqual(["too-big", "too-big"]); // the ICMP, and its packet
    expect(plane.outbound(0, ipv4({ length: 200 }), out)).toBe(true);
    expect(drain(plane, 0).map(({ verdict }) => verdict)).toEqual(["sealed", "sealed", "sealed", "sealed"]);
  });

  it("a datagram longer than any packet is malformed, and no other packet's bytes are touched", async () => {
    for (const carrier of ["udp", "ip"] as const) {
      const { plane, peer, out } = await world(gcm("out", { pathMtu: 65535 }), gcm("in"), { carrier });
      const [datagram] = plane.protect(0, ipv4({ length: 9000 }), out).datagrams;
      const before = peer.createItem().memory.slice();
      expect(peer.inbound(0, new Uint8Array(65_537).fill(0x45))).toBe(true);
      expect(peer.inbound(0, datagram as Uint8Array)).toBe(true);
      expect(peer.inbound(0, new Uint8Array(500_000).fill(0x45))).toBe(true);
      expect(drain(peer, 0).map(({ verdict }) => verdict)).toEqual(["malformed", "delivered", "malformed"]);
      const changed = peer.createItem().memory.findLastIndex((byte, i) => byte !== before[i]);
      expect(before.length - changed).toBeGreaterThan(68_000);
    }
  });

  it("a packet of any length in a slot that a longer one had keeps its last bytes", async () => {
    const [sealing, opening] = (["out", "in"] as const).map((direction) => {
      const { tunnel: _, ...rest } = gcm(direction);
      return { ...rest, mode: "transport" } as SaConfig;
    });
    const { plane, peer, out } = await world(sealing, opening, { carrier: "ip" });
    for (let length = 40; length < 60; length++) {
      for (const packet of [ipv4({ length: length + 20 }), ipv4({ length })]) {
        plane.outbound(0, packet, out);
        const [datagram] = drain(plane, 0);
        expect(peer.unprotect(0, datagram?.bytes as Uint8Array).packet).toEqual(packet);
      }
    }
  });

  it("protectInto refuses a target that a policy's padding would outgrow, before a number is spent", async () => {
    const { plane, out } = await world(gcm("out", { pathMtu: 9000, tfcPadding: 5000 }));
    plane.addPolicy({ direction: "out", action: "protect", sa: out });
    const refused = expect.objectContaining({ code: "target-too-small" });
    expect(() => plane.protectInto(0, ipv4(), new Uint8Array(2000))).toThrow(refused);
    expect([out.sequence, out.stats.packets]).toEqual([0n, 0]);
    expect(plane.protectInto(0, ipv4(), new Uint8Array(5400))).toBeGreaterThan(5000);
  });
});

describe("two planes and one packet", () => {
  it("what an item shows may be offered to the same plane: it is copied before its slot is wiped", async () => {
    for (const length of [100, 3000]) {
      const [spoke, hub, far] = (await Promise.all(
        [64, 16, 64].map((packets) => DataPlane.create({ carrier: "udp", limits: { packets, jumboPackets: 1 } })),
      )) as [DataPlane, DataPlane, DataPlane];
      const long = { pathMtu: 65535 };
      const first = spoke.addSa(gcm("out", long));
      hub.addSa(gcm("in", long));
      const second = hub.addSa(gcm("out", { ...long, spi: 0x1002 }));
      far.addSa(gcm("in", { spi: 0x1002 }));
      const packet = ipv4({ length });
      const item = hub.createItem();
      for (let round = 0; round < 40; round++) {
        hub.inbound(0, spoke.protect(0, packet, first).datagrams[0] as Uint8Array);
        hub.flush(0);
        expect(hub.poll(item)).toBe(true);
        const shown = item.memory.subarray(item.start, item.start + item.length);
        expect(hub.outbound(0, shown, second)).toBe(true);
        hub.flush(0);
        expect(hub.poll(item)).toBe(true);
        expect(far.unprotect(0, item.copy()).packet).toEqual(packet);
      }
    }
  });

  it("an item of another plane is refused, and nothing is taken", async () => {
    const { plane, peer, out } = await world();
    plane.outbound(0, ipv4(), out);
    plane.flush(0);
    expect(() => plane.poll(peer.createItem())).toThrow("made by another plane");
    expect(plane.poll(plane.createItem())).toBe(true);
  });
});
