// What the network may send to a plane over carrier "ip" that is no datagram of a peer: it ends in a verdict, and it
// leaves nothing behind.
import { describe, expect, it } from "vitest";
import { DataPlane } from "../../src/index.js";
import { ipv4, ipv6 } from "../packets.js";
import { gcm, world } from "./world.js";

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
    one.tick(30_000);
    expect(one.reassembly).toMatchObject({ waiting: 0, timedOut: 1 });
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
