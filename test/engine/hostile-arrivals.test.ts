// What the network may send to a plane over carrier "ip" that is no datagram of a peer: it ends in a verdict, and it
// leaves nothing behind.
import { describe, expect, it } from "vitest";
import { DataPlane, type SaConfig } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { drain, gcm, world } from "./world.js";

const ESP = 50;
const FRAGMENT = 44;
const DESTINATION_OPTIONS = 60;
const EARLY = { sourcePort: 500, targetPort: 500, marker: "non-ike" } as const;

/** An IPv6 fragment of datagram `id`. `next`: what its data begins with, in the datagram. */
function fragment(id: number, next: number, offset: number, more: boolean, data: Uint8Array): Uint8Array {
  const header = Buffer.from([next, 0, 0, 0, 0, 0, 0, id]);
  header.writeUInt16BE(offset + (more ? 1 : 0), 2);
  const packet = ipv6({ length: 48 + data.length, protocol: FRAGMENT });
  packet.set(header, 40);
  packet.set(data, 48);
  return packet;
}

const plane = () => DataPlane.create({ carrier: "ip", limits: "edge" });
const data = (length: number) => new Uint8Array(length).fill(7);

describe("IPv6 fragments", () => {
  it("a datagram that is a fragment again when it has been joined is malformed", async () => {
    const one = await plane();
    const inner = fragment(2, ESP, 16, false, data(16)).subarray(40); // the last fragment of another datagram
    const verdicts = [
      fragment(2, ESP, 0, true, data(16)),
      fragment(1, FRAGMENT, 0, true, inner.subarray(0, 16)),
      fragment(1, ESP, 16, false, inner.subarray(16)), // what later fragments say of the next header counts for nothing
    ].map((packet) => one.unprotect(0, packet).verdict);
    expect(verdicts).toEqual(["waiting", "waiting", "malformed"]);
    expect(one.reassembly.waiting).toBe(1); // the other one, until its time is over
    one.tick(59_999);
    expect(one.reassembly.waiting).toBe(1);
    one.tick(60_000); // RFC 8200 section 4.5
    expect(one.reassembly).toMatchObject({ waiting: 0, timedOut: 1 });
  });

  it("are waited for 60 seconds, those of IPv4 30, whichever came first", async () => {
    const one = await plane();
    const four = (id: number) => ipv4({ protocol: ESP, moreFragments: true, payload: data(8), id });
    for (const packet of [fragment(1, ESP, 0, true, data(8)), four(2)]) one.unprotect(0, packet);
    expect(one.deadline()).toBe(30_000);
    one.tick(30_000);
    expect(one.reassembly).toEqual({ waiting: 1, timedOut: 1, evicted: 0 });
    expect(one.deadline()).toBe(60_000);
    one.unprotect(60_000, four(3));
    expect(one.reassembly).toEqual({ waiting: 1, timedOut: 2, evicted: 0 });
  });

  it("an atomic one is whole, its header goes: RFC 6946, RFC 8200 section 4.5, RFC 4302 appendix A2", async () => {
    const options = Uint8Array.of(17, 0, 1, 4, 0, 0, 0, 0);
    const packet = ipv6({ protocol: DESTINATION_OPTIONS, payload: Uint8Array.from([...options, ...data(40)]) });
    packet.set(options, 40);
    const suites = [
      { protocol: "ah", integrity: "hmac-sha2-256-128", integrityKey: data(32) },
      { protocol: "esp", encryption: "aes-gcm-16", encryptionKey: data(20) },
    ] as const;
    for (const suite of suites) {
      for (const mode of ["transport", "tunnel"] as const) {
        const [one, two] = [await plane(), await plane()];
        const tunnel = mode === "tunnel" ? { tunnel: { source: "fd00:9::1", target: "fd00:9::2" } } : {};
        const sa = { ...suite, spi: 0x1001, mode, ...tunnel } as const;
        const out = one.addSa({ ...sa, direction: "out" } as SaConfig);
        two.addSa({ ...sa, direction: "in" } as SaConfig);
        const sealed = one.protect(0, packet, out).datagrams[0] as Uint8Array;
        const front = mode === "tunnel" ? 40 : 48; // RFC 8200 section 4.5: behind the headers for routers
        const named = mode === "tunnel" ? 6 : 40;
        const atomic = new Uint8Array(sealed.length + 8);
        atomic.set(sealed.subarray(0, front));
        atomic.set([sealed[named] as number, 0, 0, 0, 1, 2, 3, 4], front);
        atomic.set(sealed.subarray(front), front + 8);
        atomic[named] = FRAGMENT;
        new DataView(atomic.buffer).setUint16(4, atomic.length - 40);
        expect(two.inbound(0, atomic)).toBe(true);
        const [item] = drain(two, 0);
        expect([suite.protocol, mode, item?.verdict, item?.bytes]).toEqual([suite.protocol, mode, "delivered", packet]);
      }
    }
  });

  it("a first fragment has all headers, ESP's too: RFC 7112", async () => {
    const one = await plane();
    const options = Uint8Array.of(ESP, 0, 1, 4, 0, 0, 0, 0);
    expect(one.unprotect(0, fragment(1, DESTINATION_OPTIONS, 0, true, options)).verdict).toBe("malformed");
    expect(one.unprotect(0, fragment(2, 51, 0, true, data(8))).verdict).toBe("malformed");
    expect(one.reassembly.waiting).toBe(0);
    expect(one.unprotect(0, fragment(3, ESP, 0, true, data(8))).verdict).toBe("waiting");
    expect(one.unprotect(0, fragment(3, ESP, 8, false, data(24))).verdict).toBe("unknown-spi");
  });

  it("extension headers that lie about their length, and chains of them", async () => {
    const one = await plane();
    for (const length of [1, 2, 255]) {
      const lying = ipv6({ protocol: DESTINATION_OPTIONS, payload: Uint8Array.of(ESP, length, 1, 4, 0, 0, 0, 0) });
      lying[40] = ESP;
      lying[41] = length;
      expect(one.unprotect(0, lying).verdict).toBe("malformed");
    }
    const chain = ipv6({ protocol: 0, payload: new Uint8Array(65_528) }); // 8191 hop-by-hop headers
    chain.fill(0, 40);
    expect(one.unprotect(0, chain).verdict).toBe("malformed");
  });
});

describe("port 500 beside SAs of draft-ietf-ipsec-nat-t-ike-00 and -01", () => {
  const message = Buffer.from("1122334455667788" + "99aabbccddeeff00" + "0110020000000000" + "0000001c", "hex");
  const udp = (target: number, bytes: Uint8Array) => {
    const payload = Buffer.concat([Buffer.alloc(8), bytes]);
    payload.writeUInt16BE(payload.length, 4);
    return ipv4({ source: "192.0.2.1", target: "192.0.2.2", payload, sourcePort: 500, targetPort: target });
  };

  it("IKE has no marker; ESP has eight zero bytes; a keepalive is one", async () => {
    const { plane, peer, out } = await world(gcm("out", { natTraversal: EARLY }), gcm("in", { natTraversal: EARLY }), {
      carrier: "ip",
    });
    const got = peer.unprotect(0, udp(500, message));
    expect([got.verdict, Buffer.from(got.packet ?? [])]).toEqual(["ike", message]);
    expect(peer.unprotect(0, udp(500, Uint8Array.of(0xff))).verdict).toBe("keepalive");
    expect(peer.unprotect(0, plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array).verdict).toBe("delivered");
    const marked = peer.unprotect(0, udp(4500, Buffer.concat([Buffer.alloc(4), message])));
    expect([marked.verdict, Buffer.from(marked.packet ?? [])]).toEqual(["ike", message]);
  });

  it("over a socket the path says the port", async () => {
    const { plane, peer, out } = await world(gcm("out", { natTraversal: EARLY }), gcm("in", { natTraversal: EARLY }));
    const at = (port: number) =>
      peer.path({ local: { address: "192.0.2.2", port }, remote: { address: "192.0.2.1", port: 500 } });
    const got = peer.unprotect(0, message, at(500));
    expect([got.verdict, Buffer.from(got.packet ?? [])]).toEqual(["ike", message]);
    expect(peer.unprotect(0, message, at(4500)).verdict).toBe("unknown-spi");
    const sealed = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
    expect(peer.unprotect(0, sealed, at(500)).verdict).toBe("delivered");
  });
});
