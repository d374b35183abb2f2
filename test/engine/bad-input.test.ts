// Packets that lie about their lengths or what they are, authentic ones among them: a verdict and a counter each, and the
// next good packet travels as if nothing had been.
import { describe, expect, it } from "vitest";
import { hex, ipv4, ipv6 } from "../packets.js";
import { authenticEsp } from "./authentic.js";
import { GCM_KEY, world } from "./world.js";

function changed(packet: Uint8Array, at: number, value: number): Uint8Array {
  return packet.map((byte, i) => (i === at ? value : byte));
}

/** An IPv6 packet whose extension header says it has 8 * (units + 1) bytes; it has 8, and 20 stand behind it. */
function extended(kind: number, units: number): Uint8Array {
  const packet = ipv6({ protocol: kind, payload: new Uint8Array(28) });
  packet.set([17, units], 40);
  return packet;
}

const LYING: readonly (readonly [string, Uint8Array, number])[] = [
  ["IPv4 total length beyond the end", changed(ipv4({ length: 60 }), 3, 61), 4],
  ["IPv4 total length within the header", changed(ipv4({ length: 60 }), 3, 19), 4],
  ["IPv4 header length below 20", changed(ipv4({ length: 60 }), 0, 0x44), 4],
  ["IPv4 header length beyond the packet", changed(ipv4({ length: 40 }), 0, 0x4f), 4],
  ["IPv4 cut within its header", ipv4({ length: 60 }).subarray(0, 16), 4],
  ["IPv6 payload length beyond the end", changed(ipv6({ length: 60 }), 5, 21), 41],
  ["IPv6 cut within its header", ipv6({ length: 60 }).subarray(0, 36), 41],
  ["version 5", changed(ipv4({ length: 60 }), 0, 0x55), 4],
  ["version 0", changed(ipv4({ length: 60 }), 0, 0x05), 4],
  ["nothing", new Uint8Array(0), 4],
];

/** Extension headers that run over the end, a fragment header that is cut, and options without end. */
const EXTENSIONS = [
  ...[extended(0, 9), extended(43, 200), extended(60, 255), extended(0, 3)],
  ipv6({ protocol: 44, payload: new Uint8Array(4) }),
  ipv6({ protocol: 0, payload: new Uint8Array(80) }),
];

describe("lying lengths and versions", () => {
  it("inside an authentic ESP packet: malformed, counted, and the SA goes on", async () => {
    const { peer, incoming } = await world();
    const others: (readonly [string, Uint8Array, number])[] = [
      ["IPv6 where the trailer says IPv4", ipv6({ length: 60 }), 4],
      ["IPv4 where the trailer says IPv6", ipv4({ length: 60 }), 41],
      ...EXTENSIONS.map((packet, i) => [`extension headers ${i}`, packet, 41] as const),
    ];
    let sequence = 0;
    for (const [what, packet, nextHeader] of [...LYING, ...others]) {
      const arrived = peer.unprotect(0, sealed(packet, nextHeader, ++sequence));
      expect([what, arrived.verdict, arrived.packet]).toEqual([what, "malformed", undefined]);
      expect(peer.counters.malformed).toBe(sequence);
      expect(incoming.sequence).toBe(BigInt(sequence)); // authentic: its number has been seen
    }
    const good = ipv4({ length: 80 });
    expect(hex(peer.unprotect(0, sealed(good, 4, ++sequence)).packet ?? new Uint8Array())).toBe(hex(good));
  });

  it("on the way out, extension headers too: malformed, counted, no number taken", async () => {
    const { plane, peer, out } = await world();
    const packets = [...LYING.map(([, packet]) => packet), ...EXTENSIONS];
    for (const [i, packet] of packets.entries()) {
      expect([i, plane.protect(0, packet, out).verdict]).toEqual([i, "malformed"]);
      expect(plane.counters.malformed).toBe(i + 1);
    }
    expect(out.sequence).toBe(0n);
    const [datagram] = plane.protect(0, extended(60, 0), out).datagrams;
    expect(peer.unprotect(0, datagram as Uint8Array).packet).toEqual(extended(60, 0));
  });
});

function sealed(packet: Uint8Array, nextHeader: number, sequence: number): Uint8Array {
  const padLength = (4 - ((packet.length + 2) % 4)) % 4;
  const padding = Array.from({ length: padLength }, (_, i) => i + 1);
  const text = Uint8Array.from([...packet, ...padding, padLength, nextHeader]);
  return authenticEsp({ key: GCM_KEY, spi: 0x1001, sequence, text });
}
