import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type MessageSocket, WebSocketAdapter, type WebSocketOptions } from "../../src/adapters/websocket.js";
import { DataPlane } from "../../src/index.js";
import { ipv4 } from "../pcap/build-capture.js";
import { config, FakeClock, NOW, packetsOf } from "./setting.js";

/** That a plane holds with limits "edge". */
const PACKETS = 64;
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A socket on which nothing travels: what was sent waits, and is read only when the network gets round to it. */
class FakeSocket implements MessageSocket {
  binaryType = "blob";
  readyState = 1;
  closed = 0;
  /** So many messages it throws at. */
  refuses = 0;
  readonly sent: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  readonly #listeners: { type: string; listener: (event: { data: unknown }) => void }[] = [];

  get bufferedAmount(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  addEventListener(type: string, listener: (event: { data: unknown }) => void): void {
    this.#listeners.push({ type, listener });
  }

  send(message: Uint8Array): void {
    if (this.readyState !== 1 || this.refuses-- > 0) throw new Error("not now");
    this.#waiting.push(message);
  }

  /** The network takes what waits. */
  transmit(): void {
    this.sent.push(...this.#waiting.map((message) => message.slice()));
    this.#waiting = [];
  }

  tell(type: string, data?: unknown): void {
    for (const each of this.#listeners) if (each.type === type) each.listener({ data });
  }

  close(): void {
    this.closed++;
    this.readyState = 2;
  }
}

async function make(options: Partial<WebSocketOptions> = {}, readyState = 1) {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  const clock = new FakeClock();
  const socket = new FakeSocket();
  socket.readyState = readyState;
  const packets: Uint8Array[] = [];
  const onPacket = (packet: Uint8Array) => void packets.push(packet);
  const adapter = new WebSocketAdapter(plane, socket, { clock, onPacket, ...options });
  open.push(adapter, plane);
  return { plane, clock, socket, adapter, packets };
}

async function opened(messages: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  plane.addSa(config("in"));
  return messages.map((message) => plane.unprotect(NOW, message).packet);
}

async function sealed(packets: readonly Uint8Array[]): Promise<ArrayBuffer[]> {
  const plane = await DataPlane.create({ carrier: "udp", limits: "edge" });
  const sa = plane.addSa(config("out"));
  return packets.map((packet) => (plane.protect(NOW, packet, sa).datagrams[0] as Uint8Array).slice().buffer);
}

describe("out", () => {
  test("a packet is a binary message; those of one turn leave together, in order", async () => {
    const { plane, clock, socket, adapter } = await make();
    const sa = plane.addSa(config("out"));
    const packets = packetsOf(60, 1300, 20, 576);
    for (const packet of packets) expect(adapter.send(packet, sa)).toBe(true);
    expect(socket.bufferedAmount).toBe(0);
    clock.turn();
    socket.transmit();
    expect(await opened(socket.sent)).toEqual(packets);
    expect(adapter.counters).toEqual({ received: 0, sent: 4, lost: 0, text: 0 });
  });

  test("until the socket is open, packets wait", async () => {
    const { plane, clock, socket, adapter } = await make({}, 0);
    const sa = plane.addSa(config("out"));
    const packets = packetsOf(60, 61);
    for (const packet of packets) adapter.send(packet, sa);
    clock.turn();
    expect(socket.bufferedAmount).toBe(0);
    expect(adapter.sendIke(Uint8Array.of(1))).toBe(false);
    socket.readyState = 1;
    socket.tell("open");
    clock.turn();
    socket.transmit();
    expect(await opened(socket.sent)).toEqual(packets);
  });

  test("a socket that reads a message long after the call still sends the sealed bytes", async () => {
    const { plane, clock, socket, adapter } = await make();
    const sa = plane.addSa(config("out"));
    const first = packetsOf(...Array(60).fill(500));
    for (const packet of first) adapter.send(packet, sa);
    clock.turn();
    const second = packetsOf(...Array(60).fill(501));
    for (const packet of second) adapter.send(packet, sa); // Into the very slots of the first.
    clock.turn();
    socket.transmit();
    expect(await opened(socket.sent)).toEqual([...first, ...second]);
  });

  test("a socket that does not keep up is felt by the sender, and nothing taken is lost", async () => {
    const { plane, clock, socket, adapter } = await make({ bufferBytes: 1000 });
    const sa = plane.addSa(config("out"));
    const packets = packetsOf(...Array(500).fill(100));
    let taken = 0;
    while (adapter.send(packets[taken] as Uint8Array, sa)) taken++;
    expect(socket.bufferedAmount).toBeGreaterThanOrEqual(1000);
    expect(taken).toBeLessThanOrEqual(PACKETS + 1); // The last finds the plane full, and makes it send.
    expect(adapter.sendIke(Uint8Array.of(1))).toBe(false);
    clock.turn();
    socket.transmit();
    expect(await opened(socket.sent)).toEqual(packets.slice(0, taken));
    expect(adapter.send(packets[taken] as Uint8Array, sa)).toBe(true);
  });

  test("what the socket throws is thrown in the next turn, and one message is lost, no other", async () => {
    const { plane, clock, socket, adapter, packets } = await make();
    const sa = plane.addSa(config("out", { spi: 0x1001 }));
    plane.addSa(config("in"));
    const sent = packetsOf(60, 61, 62);
    for (const packet of sent) adapter.send(packet, sa);
    for (const message of await sealed([ipv4(63)])) socket.tell("message", message);
    socket.refuses = 1;
    clock.turn();
    expect(packets).toEqual([ipv4(63)]);
    expect(() => clock.turn()).toThrow("not now");
    socket.transmit();
    expect(await opened(socket.sent)).toEqual(sent.slice(1));
    expect(adapter.counters.sent).toBe(2);
  });

  test("IKE leaves behind its marker", async () => {
    const { socket, adapter } = await make();
    expect(adapter.sendIke(Uint8Array.of(1, 2, 3))).toBe(true);
    socket.transmit();
    expect(socket.sent).toEqual([Uint8Array.of(0, 0, 0, 0, 1, 2, 3)]);
    const sendLong = () => adapter.sendIke(new Uint8Array(65_504));
    expect(sendLong).toThrow(expect.objectContaining({ code: "packet" }));
  });
});

describe("time", () => {
  const natTraversal = { sourcePort: 4500, targetPort: 4500, keepaliveSeconds: 20 };
  const keepalive = Uint8Array.of(0xff);

  test.each(["before", "after"])("an SA added %s the adapter is kept alive, though no packet passes", async (when) => {
    const { plane, clock, socket, adapter } = await make();
    if (when === "before") adapter.close();
    plane.addSa(config("out", { natTraversal }));
    const current = when === "before" ? new FakeSocket() : socket;
    if (when === "before") open.push(new WebSocketAdapter(plane, current, { clock, onPacket() {} }));
    clock.turn();
    clock.advance(20_000);
    current.transmit();
    expect(current.sent).toEqual([keepalive]);
  });

  test("what is due while the plane is full waits for the socket, and does not spin", async () => {
    const { plane, clock, socket, adapter } = await make({}, 0);
    const sa = plane.addSa(config("out", { natTraversal }));
    while (adapter.send(ipv4(60), sa));
    clock.advance(20_000);
    expect(clock.waiting).toEqual([]);
    socket.readyState = 1;
    socket.tell("open");
    clock.turn();
    clock.advance(0);
    socket.transmit();
    expect(socket.sent).toHaveLength(plane.counters.sealed + 1);
    expect(socket.sent.at(-1)).toEqual(keepalive);
  });
});

describe("in", () => {
  test("messages of one turn are opened together; the callback owns the bytes", async () => {
    const { plane, clock, socket, adapter, packets } = await make();
    plane.addSa(config("in"));
    const sent = packetsOf(60, 1300, 20);
    for (const message of await sealed(sent)) socket.tell("message", message);
    expect(packets).toEqual([]);
    clock.turn();
    expect(packets).toEqual(sent);
    expect(adapter.counters.received).toBe(3);
    expect(socket.binaryType).toBe("arraybuffer");
  });

  test("nothing that comes in waits for a socket that does not keep up", async () => {
    const { plane, clock, socket, adapter, packets } = await make({ bufferBytes: 1000 });
    const sa = plane.addSa(config("out"));
    plane.addSa(config("in"));
    while (adapter.send(ipv4(100), sa));
    const sent = packetsOf(...Array(200).fill(60));
    for (const message of await sealed(sent)) socket.tell("message", message);
    clock.turn();
    expect(packets).toEqual(sent);
    expect(adapter.counters.lost).toBe(0);
    expect(adapter.send(ipv4(100), sa)).toBe(false);
  });

  test("an ArrayBuffer of another realm is one", async () => {
    const { plane, clock, socket, packets } = await make();
    plane.addSa(config("in"));
    const [message] = await sealed([ipv4(60)]);
    const foreign = runInNewContext("Uint8Array").from(new Uint8Array(message as ArrayBuffer)).buffer;
    expect(foreign).not.toBeInstanceOf(ArrayBuffer);
    socket.tell("message", foreign);
    clock.turn();
    expect(packets).toEqual([ipv4(60)]);
  });

  test("a burst larger than the plane is opened whole", async () => {
    const { plane, clock, socket, packets } = await make();
    plane.addSa(config("in"));
    const sent = packetsOf(...Array(300).fill(90));
    for (const message of await sealed(sent)) socket.tell("message", message);
    clock.turn();
    expect(packets).toEqual(sent);
  });

  test("forged, IKE and text are told apart, and a keepalive is nothing", async () => {
    const dropped: string[] = [];
    const ike: Uint8Array[] = [];
    const options = { onDropped: (verdict: string) => dropped.push(verdict), onIke: (m: Uint8Array) => ike.push(m) };
    const { plane, clock, socket, adapter, packets } = await make(options);
    plane.addSa(config("in"));
    const [message] = await sealed([ipv4(60)]);
    const forged = new Uint8Array((message as ArrayBuffer).slice(0));
    forged[30] = 1 ^ (forged[30] as number);
    for (const data of [forged.buffer, Uint8Array.of(0, 0, 0, 0, 7, 8).buffer, Uint8Array.of(255).buffer, "hello"])
      socket.tell("message", data);
    socket.tell("message", message);
    clock.turn();
    expect(dropped).toEqual(["forged", "keepalive"]);
    expect(ike).toEqual([Uint8Array.of(7, 8)]);
    expect(packets).toEqual([ipv4(60)]);
    expect(adapter.counters).toEqual({ received: 4, sent: 0, lost: 0, text: 1 });
  });
});

describe("the end", () => {
  test("a closed socket ends the adapter; another goes on with the plane's SAs", async () => {
    const { plane, clock, socket, adapter } = await make();
    const sa = plane.addSa(config("out"));
    adapter.send(ipv4(60), sa);
    clock.turn();
    socket.transmit();
    socket.readyState = 3;
    socket.tell("close");
    expect(() => adapter.send(ipv4(60), sa)).toThrow(expect.objectContaining({ code: "closed" }));
    expect(() => new WebSocketAdapter(plane, socket, { onPacket() {} })).toThrow(/open a new one/);
    const next = new FakeSocket();
    const second = new WebSocketAdapter(plane, next, { clock, onPacket() {} });
    second.send(ipv4(61), sa);
    clock.turn();
    next.transmit();
    expect(await opened([...socket.sent, ...next.sent])).toEqual([ipv4(60), ipv4(61)]);
    expect(sa.sequence).toBe(2n);
  });

  test.each([
    ["is closing", 2],
    ["has closed", 3],
  ])("when the socket %s, what came in is delivered, and what was to go out is lost", async (_, readyState) => {
    const { plane, clock, socket, adapter, packets } = await make();
    const sa = plane.addSa(config("out"));
    plane.addSa(config("in"));
    adapter.send(ipv4(60), sa);
    for (const message of await sealed(packetsOf(61, 62))) socket.tell("message", message);
    socket.readyState = readyState;
    if (readyState === 2) clock.turn();
    else socket.tell("close");
    expect(packets).toEqual(packetsOf(61, 62));
    expect(adapter.counters).toEqual({ received: 2, sent: 0, lost: 1, text: 0 });
  });

  test("a socket that closes while it sends leaves no timer", async () => {
    const { plane, clock, socket, adapter } = await make();
    const sa = plane.addSa(config("out", { lifetime: { seconds: 3600 } }));
    socket.send = () => {
      socket.readyState = 3;
      socket.tell("close");
    };
    adapter.send(ipv4(60), sa);
    clock.turn();
    expect(clock.waiting).toEqual([]);
  });

  test("a socket that the other end has closed is closed at this end, too", async () => {
    const { plane, socket } = await make();
    plane.close(); // By a listener in front of the adapter's.
    socket.readyState = 2;
    socket.tell("close");
    expect(socket.closed).toBe(1);
  });

  test("close() closes the socket once, and nothing is heard any more", async () => {
    const { plane, clock, socket, adapter, packets } = await make();
    plane.addSa(config("in"));
    adapter.close();
    adapter.close();
    expect(socket.closed).toBe(1);
    for (const message of await sealed([ipv4(60)])) socket.tell("message", message);
    clock.turn();
    expect(packets).toEqual([]);
    expect(() => adapter.sendIke(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: "closed" }));
  });

  test.each([0, -1, Number.NaN])("bufferBytes %s is refused", async (bufferBytes) => {
    await expect(make({ bufferBytes })).rejects.toMatchObject({ code: "option" });
  });
});

describe("a real socket", () => {
  test("a thousand packets each way, with little room in the sockets", async () => {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
    const connected = once(server, "connection") as Promise<[WebSocket]>;
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const [served] = await connected;
    open.push({ close: () => client.terminate() }, server);
    const count = 1000;
    const ends = await Promise.all(
      [client, served].map(async (socket, side) => {
        const plane = await DataPlane.create({ carrier: "udp" });
        const packets: Uint8Array[] = [];
        const sa = plane.addSa(config("out", { spi: 0x2000 + side }));
        plane.addSa(config("in", { spi: 0x2001 - side, replayWindow: 4096 }));
        const onPacket = (packet: Uint8Array) => void packets.push(packet);
        return { adapter: new WebSocketAdapter(plane, socket, { onPacket, bufferBytes: 30_000 }), packets, sa };
      }),
    );
    const sent = packetsOf(...Array.from({ length: count }, (_, index) => 20 + (index % 1300)));
    for (const packet of sent) {
      for (const { adapter, sa } of ends) {
        while (!adapter.send(packet, sa)) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    while (ends.some(({ packets }) => packets.length < count)) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { packets, adapter } of ends) {
      expect(packets).toEqual(sent);
      expect(adapter.counters).toEqual({ received: count, sent: count, lost: 0, text: 0 });
    }
  }, 60_000);
});
