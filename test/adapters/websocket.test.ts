import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type MessageSocket, WebSocketAdapter, type WebSocketOptions } from "../../src/adapters/websocket.js";
import { DataPlane } from "../../src/index.js";
import { ipv4 } from "../pcap/build-capture.js";
import { config, FakeClock, NOW, packetsOf } from "./setting.js";

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** A socket on which nothing travels: what was sent waits, and is read only when the network gets round to it. */
class FakeSocket implements MessageSocket {
  binaryType = "blob";
  readyState = 1;
  closed = 0;
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
    if (this.readyState !== 1) throw new Error("not open");
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
    expect(socket.bufferedAmount).toBeLessThan(1200);
    for (let looks = 0; looks < 20; looks++) {
      socket.transmit();
      clock.advance(5);
      clock.turn();
    }
    socket.transmit();
    expect(await opened(socket.sent)).toEqual(packets.slice(0, taken));
    expect(clock.waiting).toEqual([]); // Nothing is left to look for.
    expect(adapter.send(packets[taken] as Uint8Array, sa)).toBe(true);
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
  test("a thousand packets each way, through a relay's short buffer", async () => {
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
