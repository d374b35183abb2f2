import { createSocket, type Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { NodeUdp, type NodeUdpOptions } from "../../src/adapters/node-udp.js";
import { DataPlane, IpsecError, type Path } from "../../src/index.js";
import { ipv4, ipv6 } from "../pcap/build-capture.js";
import { config, FakeClock, NOW, packetsOf } from "./setting.js";

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A socket on which nothing travels. What was sent is read from the buffer only `delay` turns of the clock later. */
class FakeSocket extends EventEmitter {
  readonly sent: { bytes: Uint8Array; port: number; address: string }[] = [];
  readonly unfinished: (() => void)[] = [];
  closed = false;
  readonly address = () => ({ address: "0.0.0.0", family: "IPv4", port: 4500 });

  send(bytes: Uint8Array, offset: number, length: number, port: number, address: string, done: (e?: Error) => void) {
    this.unfinished.push(() => {
      this.sent.push({ bytes: bytes.slice(offset, offset + length), port, address });
      done();
    });
  }

  /** The system gets round to all sends so far. */
  finishSends(): void {
    for (const finish of this.unfinished.splice(0)) finish();
  }

  close(): void {
    this.closed = true;
  }
}

interface Made {
  plane: DataPlane;
  clock: FakeClock;
  socket: FakeSocket;
  udp: NodeUdp;
  packets: Uint8Array[];
}

async function make(options: Partial<NodeUdpOptions> = {}): Promise<Made> {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  const clock = new FakeClock();
  const socket = new FakeSocket();
  const packets: Uint8Array[] = [];
  const given = {
    socket: socket as unknown as Socket,
    clock,
    onPacket: (packet: Uint8Array) => void packets.push(packet),
  };
  const udp = await NodeUdp.open(plane, { ...given, ...options });
  open.push(udp, plane);
  return { plane, clock, socket, udp, packets };
}

/** What a plane with the matching inbound SA makes of datagrams. */
async function opened(datagrams: { bytes: Uint8Array }[]): Promise<(Uint8Array | undefined)[]> {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  plane.addSa(config("in"));
  return datagrams.map(({ bytes }) => plane.unprotect(NOW, bytes).packet);
}

describe("out", () => {
  test("packets of one turn leave together, in order, to where their SA's peer is", async () => {
    const { plane, clock, socket, udp } = await make();
    const sa = plane.addSa(config("out"));
    const packets = packetsOf(60, 1300, 20, 576);
    for (const packet of packets) expect(udp.send(packet, sa)).toBe(true);
    expect(socket.unfinished).toHaveLength(0);
    clock.turn();
    expect(socket.unfinished).toHaveLength(4);
    socket.finishSends();
    expect(await opened(socket.sent)).toEqual(packets);
    expect(socket.sent.map(({ port, address }) => [port, address])).toEqual(Array(4).fill([4500, "192.0.2.2"]));
    expect(udp.counters).toEqual({ received: 0, sent: 4, sendErrors: 0, lost: 0 });
  });

  test("a socket that sends long after the call still sends the sealed bytes", async () => {
    const { plane, clock, socket, udp } = await make();
    const sa = plane.addSa(config("out"));
    const first = packetsOf(...Array(60).fill(500));
    for (const packet of first) udp.send(packet, sa);
    clock.turn();
    const second = packetsOf(...Array(60).fill(501));
    for (const packet of second) udp.send(packet, sa); // Into the very slots of the first.
    clock.turn();
    expect(socket.sent).toHaveLength(0);
    socket.finishSends();
    expect(await opened(socket.sent)).toEqual([...first, ...second]);
  });

  test("a socket that does not keep up is felt by the sender, and nothing taken is lost", async () => {
    const { plane, clock, socket, udp } = await make({ poolSize: 8 });
    const sa = plane.addSa(config("out"));
    const packets = packetsOf(...Array(500).fill(100));
    let taken = 0;
    while (udp.send(packets[taken] as Uint8Array, sa)) taken++;
    expect(taken).toBe(64 + 8); // The plane's ring, and what it gave out.
    expect(socket.unfinished).toHaveLength(8);
    for (let turn = 0; turn < 20; turn++) {
      socket.finishSends();
      clock.turn();
    }
    expect(await opened(socket.sent)).toEqual(packets.slice(0, taken));
    expect(udp.send(packets[taken] as Uint8Array, sa)).toBe(true);
  });

  test("datagrams longer than a buffer", async () => {
    const { plane, clock, socket, udp } = await make();
    const sa = plane.addSa(config("out", { pathMtu: 9000 }));
    const packets = packetsOf(8000, 100, 4000);
    for (const packet of packets) udp.send(packet, sa);
    clock.turn();
    socket.finishSends();
    expect(await opened(socket.sent)).toEqual(packets);
  });

  test("IKE leaves behind its marker", async () => {
    const { plane, socket, udp } = await make();
    const path = plane.path({ remote: { address: "192.0.2.9", port: 4501 } });
    udp.sendIke(Uint8Array.of(1, 2, 3), path);
    socket.finishSends();
    expect(socket.sent).toEqual([{ bytes: Uint8Array.of(0, 0, 0, 0, 1, 2, 3), port: 4501, address: "192.0.2.9" }]);
  });

  test("a path to port 0 leads nowhere", async () => {
    const { plane, clock, socket, udp } = await make();
    const sa = plane.addSa(config("out"));
    sa.path = plane.path({ remote: { address: "192.0.2.9", port: 0 } });
    expect(() => udp.sendIke(Uint8Array.of(1), sa.path)).toThrow(expect.objectContaining({ code: "port" }));
    udp.send(ipv4(60), sa);
    clock.turn();
    expect(socket.unfinished).toHaveLength(0);
    expect(udp.counters).toEqual({ received: 0, sent: 0, sendErrors: 1, lost: 0 });
  });

  test("a packet without an SA is reported, an IPv6 packet too big gives its ICMP", async () => {
    const dropped: string[] = [];
    const icmp: Uint8Array[] = [];
    const made = await make({ onDropped: (verdict) => dropped.push(verdict), onIcmp: (packet) => icmp.push(packet) });
    const { plane, clock, udp } = made;
    udp.send(ipv4(60));
    udp.send(ipv6(17, new Uint8Array(1460)), plane.addSa(config("out")));
    clock.turn();
    expect(dropped).toContain("discarded");
    expect(icmp).toHaveLength(1);
    expect((icmp[0]?.[0] ?? 0) >> 4).toBe(6);
  });
});

describe("in", () => {
  const remote = { address: "192.0.2.7", port: 7777, family: "IPv4", size: 0 };

  async function sealed(packets: Uint8Array[]): Promise<Uint8Array[]> {
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const sa = plane.addSa(config("out"));
    return packets.flatMap((packet) => plane.protect(NOW, packet, sa).datagrams);
  }

  test("datagrams of one turn are opened together; the callback owns the bytes", async () => {
    const { plane, clock, socket, packets } = await make();
    plane.addSa(config("in"));
    const expected = packetsOf(60, 1300, 20);
    for (const datagram of await sealed(expected)) socket.emit("message", Buffer.from(datagram), remote);
    expect(packets).toHaveLength(0);
    clock.turn();
    const kept = [...packets];
    for (const datagram of await sealed(packetsOf(999, 999, 999))) socket.emit("message", datagram, remote);
    clock.turn();
    expect(kept).toEqual(expected);
    expect(kept.every((packet) => packet.constructor === Uint8Array)).toBe(true);
  });

  test("the peer that moved is followed", async () => {
    const { plane, clock, socket } = await make();
    const sa = plane.addSa(config("in"));
    for (const datagram of await sealed(packetsOf(60))) socket.emit("message", datagram, remote);
    clock.turn();
    expect(sa.path.remote).toEqual({ address: "192.0.2.7", port: 7777 });
    expect(plane.nextEvent()?.kind).toBe("mapping-changed");
  });

  test("an IPv4 peer of a socket of both versions is known by its IPv4 address", async () => {
    const { plane, clock, socket } = await make();
    const sa = plane.addSa(config("in"));
    for (const datagram of await sealed(packetsOf(60)))
      socket.emit("message", datagram, { ...remote, address: "::ffff:192.0.2.7" });
    clock.turn();
    expect(sa.path.remote).toEqual({ address: "192.0.2.7", port: 7777 });
  });

  test("a peer on a link-local address with a zone does no harm", async () => {
    const { plane, clock, socket, packets } = await make();
    plane.addSa(config("in"));
    const zoned = { ...remote, address: "fe80::1%eth0", family: "IPv6" };
    for (const datagram of await sealed(packetsOf(60))) socket.emit("message", datagram, zoned);
    clock.turn();
    expect(packets).toHaveLength(1);
  });

  test("a peer on port 0 wants no answer, and is not followed", async () => {
    const paths: (Path | undefined)[] = [];
    const { plane, clock, socket, packets } = await make({ onIke: (_, path) => paths.push(path) });
    const sa = plane.addSa(config("in"));
    const { path } = sa;
    for (const datagram of await sealed(packetsOf(60))) socket.emit("message", datagram, { ...remote, port: 0 });
    socket.emit("message", Uint8Array.of(0, 0, 0, 0, 5, 6, 7), { ...remote, port: 0 });
    clock.turn();
    expect(packets).toHaveLength(1);
    expect(paths).toEqual([undefined]);
    expect(sa.path).toBe(path);
  });

  test("a callback that throws is heard of, and what came with it is delivered", async () => {
    const delivered: number[] = [];
    const { plane, clock, socket, udp } = await make({
      onPacket(packet) {
        delivered.push(packet.length);
        if (packet.length === 60) throw new Error("60 bytes");
      },
    });
    plane.addSa(config("in"));
    const lengths = Array.from({ length: 100 }, (_, index) => 60 + index);
    for (const datagram of await sealed(packetsOf(...lengths))) socket.emit("message", datagram, remote);
    expect(() => clock.turn()).toThrow("60 bytes");
    clock.turn();
    expect(delivered).toEqual(lengths);
    expect(udp.counters.lost).toBe(0);
  });

  test("a burst larger than the plane is opened whole", async () => {
    const { plane, clock, socket, udp, packets } = await make();
    plane.addSa(config("in"));
    const expected = packetsOf(...Array.from({ length: 300 }, (_, index) => 60 + index));
    for (const datagram of await sealed(expected)) socket.emit("message", datagram, remote);
    clock.turn();
    expect(packets).toEqual(expected);
    expect(udp.counters.lost).toBe(0);
  });

  test("a callback may send: what comes in goes out again, and none is lost", async () => {
    const made = await make({ onPacket: (packet) => expect(made.udp.send(packet, out)).toBe(true) });
    const { plane, clock, socket } = made;
    plane.addSa(config("in"));
    const out = plane.addSa(config("out", { spi: 0x1001 }));
    const expected = packetsOf(...Array.from({ length: 200 }, (_, index) => 60 + index));
    for (const datagram of await sealed(expected)) socket.emit("message", datagram, remote);
    for (let turn = 0; turn < 10; turn++) {
      clock.turn();
      socket.finishSends();
    }
    expect(await opened(socket.sent)).toEqual(expected);
  });

  test("forged, IKE and clear are told apart", async () => {
    const dropped: string[] = [];
    const ike: Uint8Array[] = [];
    const made = await make({
      onDropped: (verdict) => dropped.push(verdict),
      onIke: (message, path) => {
        ike.push(message);
        expect(path?.remote.port).toBe(7777);
      },
    });
    made.plane.addSa(config("in"));
    const [datagram] = await sealed(packetsOf(60));
    if (datagram === undefined) throw new Error("nothing was sealed");
    datagram[30] = (datagram[30] ?? 0) ^ 1;
    made.socket.emit("message", datagram, remote);
    made.socket.emit("message", Uint8Array.of(0, 0, 0, 0, 5, 6, 7), remote);
    made.socket.emit("message", Uint8Array.of(0xff), remote);
    made.clock.turn();
    expect(dropped).toEqual(["forged", "keepalive"]);
    expect(ike).toEqual([Uint8Array.of(5, 6, 7)]);
    expect(made.packets).toEqual([]);
  });
});

describe("time", () => {
  test("the timer follows the plane's deadline, and what tick makes is sent", async () => {
    const { plane, clock, socket, udp } = await make();
    const natTraversal = { sourcePort: 4500, targetPort: 4500, keepaliveSeconds: 20 };
    const sa = plane.addSa(config("out", { natTraversal }));
    udp.send(ipv4(60), sa);
    clock.turn();
    expect(clock.waiting).toEqual([NOW + 20_000]);
    clock.advance(19_999);
    expect(socket.unfinished).toHaveLength(1);
    clock.advance(1);
    clock.turn();
    socket.finishSends();
    expect(socket.sent.at(-1)?.bytes).toEqual(Uint8Array.of(0xff));
    expect(clock.waiting).toEqual([NOW + 40_000]);
  });

  test("an SA that no packet uses is kept alive", async () => {
    const { plane, clock, socket } = await make();
    plane.addSa(config("out", { natTraversal: { sourcePort: 4500, targetPort: 4500 } }));
    plane.natKeepalive = { seconds: 20 };
    clock.turn();
    clock.advance(20_000);
    socket.finishSends();
    expect(socket.sent.map(({ bytes }) => bytes)).toEqual([Uint8Array.of(0xff)]);
  });

  test("a deadline further away than a timer can be set", async () => {
    const { plane, clock, udp } = await make();
    const sa = plane.addSa(config("out", { lifetime: { seconds: 30_000_000 } }));
    udp.send(ipv4(60), sa);
    clock.turn();
    expect(clock.waiting).toEqual([NOW + 0x7fffffff]);
    clock.advance(0x7fffffff);
    expect(sa.state).toBe("live");
    expect(clock.waiting).toHaveLength(1);
  });
});

describe("closing", () => {
  test("closes the socket, cancels the timer, and refuses to send", async () => {
    const { plane, clock, socket, udp } = await make();
    const sa = plane.addSa(config("out", { lifetime: { seconds: 60 } }));
    udp.send(ipv4(60), sa);
    clock.turn();
    udp.close();
    udp.close();
    expect(socket.closed).toBe(true);
    expect(clock.waiting).toEqual([]);
    expect(socket.listenerCount("message")).toBe(0);
    expect(() => udp.send(ipv4(60), sa)).toThrow(IpsecError);
    socket.finishSends();
    clock.turn();
    expect(plane.counters.sealed).toBe(1);
  });

  test("in a callback", async () => {
    const made = await make({ onPacket: () => made.udp.close() });
    made.plane.addSa(config("in"));
    const other = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const sa = other.addSa(config("out"));
    for (const packet of packetsOf(60, 61, 62)) {
      const [datagram] = other.protect(NOW, packet, sa).datagrams;
      made.socket.emit("message", datagram, { address: "192.0.2.7", port: 1 });
    }
    made.clock.turn();
    expect(made.socket.closed).toBe(true);
  });

  test("of the plane too, in a callback amid a burst", async () => {
    const made = await make({
      onPacket() {
        made.udp.close();
        made.plane.close();
      },
    });
    made.plane.addSa(config("in"));
    const other = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const sa = other.addSa(config("out"));
    for (const packet of packetsOf(...Array(100).fill(60))) {
      const [datagram] = other.protect(NOW, packet, sa).datagrams;
      made.socket.emit("message", datagram, { address: "192.0.2.7", port: 1 });
    }
    expect(made.socket.closed).toBe(true);
    made.clock.turn();
  });

  test("of the socket by somebody else", async () => {
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const udp = await NodeUdp.open(plane, { address: "127.0.0.1", onPacket() {} });
    const path = plane.path({ remote: { address: "127.0.0.1", port: 9 } });
    await new Promise<void>((closed) => udp.socket.close(closed));
    expect(() => udp.sendIke(Uint8Array.of(1), path)).toThrow(expect.objectContaining({ code: "closed" }));
    expect(() => udp.send(ipv4(60))).toThrow(expect.objectContaining({ code: "closed" }));
    udp.close();
  });
});

describe("opening", () => {
  const rejected = (code: string) => expect.objectContaining({ name: "IpsecError", code });

  test.each([0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "a pool of %s datagrams is refused",
    async (poolSize) => {
      await expect(make({ poolSize })).rejects.toEqual(rejected("option"));
    },
  );

  test.each([-1, 1.5, 65_536, Number.NaN])("port %s is refused", async (port) => {
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    await expect(NodeUdp.open(plane, { port, onPacket() {} })).rejects.toEqual(rejected("port"));
  });
});

describe("a real socket", () => {
  test.each(["127.0.0.1", "::1"])("two gateways on %s", async (address) => {
    const arrived: Uint8Array[] = [];
    const planes = [await DataPlane.create({ limits: "edge" }), await DataPlane.create({ limits: "edge" })] as const;
    const left = await NodeUdp.open(planes[0], { address, onPacket() {} });
    const right = await NodeUdp.open(planes[1], { address, onPacket: (packet) => void arrived.push(packet) });
    open.push(left, right, ...planes);
    const natTraversal = { sourcePort: left.socket.address().port, targetPort: right.socket.address().port };
    const ends = { tunnel: { source: address, target: address }, natTraversal };
    planes[1].addSa(config("in", ends));
    const sa = planes[0].addSa(config("out", ends));
    const expected = packetsOf(...Array.from({ length: 70 }, (_, index) => 40 + 15 * index));
    for (const packet of expected) expect(left.send(packet, sa)).toBe(true);
    await expect.poll(() => arrived.length, { timeout: 5000 }).toBe(expected.length);
    expect(arrived).toEqual(expected);
  });

  test("one that sends 10 ms late still puts on the wire exactly what was sealed", async () => {
    const wire: Uint8Array[] = [];
    const receiver = createSocket("udp4").on("message", (datagram) => void wire.push(Uint8Array.from(datagram)));
    await new Promise<void>((bound) => receiver.bind(0, "127.0.0.1", bound));
    receiver.setRecvBufferSize(1 << 20); // All of it may wait to be heard; the usual size holds 166 datagrams.
    const late = createSocket("udp4");
    const sendNow = late.send.bind(late) as (...all: unknown[]) => void;
    const calls: number[] = [];
    late.send = ((...all: unknown[]) => {
      calls.push(performance.now());
      setTimeout(() => sendNow(...all), 10);
    }) as typeof late.send;
    await new Promise<void>((bound) => late.bind(0, "127.0.0.1", bound));
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const udp = await NodeUdp.open(plane, { socket: late, onPacket() {} });
    open.push(udp, plane, receiver);
    const target = "127.0.0.1";
    const natTraversal = { sourcePort: 4500, targetPort: receiver.address().port };
    const sa = plane.addSa(config("out", { tunnel: { source: target, target }, natTraversal }));
    // Three times what the ring holds: every slot has other tenants before its first bytes have left.
    const packets = packetsOf(...Array.from({ length: 190 }, (_, index) => 200 + (index % 7)));
    const started = performance.now();
    for (const packet of packets)
      await expect.poll(() => udp.send(packet, sa), { interval: 1, timeout: 5000 }).toBe(true);
    expect(wire.length).toBeLessThan(packets.length);
    await expect.poll(() => wire.length, { timeout: 5000 }).toBe(packets.length);
    expect(performance.now() - started).toBeGreaterThan(10);
    expect(calls).toHaveLength(packets.length);
    // The same SA in a plane with no socket seals the same bytes, for the IV counts.
    const twin = await DataPlane.create({ carrier: "udp", limits: "edge" });
    open.push(twin);
    const same = twin.addSa(config("out", { tunnel: { source: target, target }, natTraversal }));
    expect(wire).toEqual(packets.map((packet) => twin.protect(NOW, packet, same).datagrams[0]));
  });

  test("one of both versions reaches an IPv4 peer", async () => {
    const socket = createSocket("udp6");
    const receiver = createSocket("udp4");
    await new Promise<void>((bound) => socket.bind(0, "::", bound));
    await new Promise<void>((bound) => receiver.bind(0, "127.0.0.1", bound));
    const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
    const udp = await NodeUdp.open(plane, { socket, onPacket() {} });
    open.push(udp, plane, receiver);
    const arrived = new Promise<Uint8Array>((arrive) => receiver.once("message", arrive));
    udp.sendIke(Uint8Array.of(7), plane.path({ remote: { address: "127.0.0.1", port: receiver.address().port } }));
    expect(Uint8Array.from(await arrived)).toEqual(Uint8Array.of(0, 0, 0, 0, 7));
  });

  test("a port that is taken is an error", async () => {
    const plane = await DataPlane.create({ limits: "edge" });
    const first = await NodeUdp.open(plane, { address: "127.0.0.1", onPacket() {} });
    open.push(first);
    const port = first.socket.address().port;
    await expect(NodeUdp.open(plane, { address: "127.0.0.1", port, onPacket() {} })).rejects.toThrow("EADDRINUSE");
  });
});
