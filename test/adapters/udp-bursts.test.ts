import { createSocket } from "node:dgram";
import { fstatSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import { type Libc, loadLibc } from "../../src/adapters/libc.js";
import { UdpBursts } from "../../src/adapters/udp-bursts.js";
import type { UdpListener } from "../../src/adapters/udp-transport.js";
import { type Path, PathTable } from "../../src/natt/path.js";
import { Random } from "../random.js";

const SOCK_STREAM = 1;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
/** Of one sendmmsg(2). */
const UIO_MAXIOV = 1024;
const EIO = 5;
const EAGAIN = 11;
const POOL_SIZE = 128;
const libc = process.platform === "linux" ? await loadLibc("these tests").catch(() => undefined) : undefined;
const paths = new PathTable(64);
const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

class Listener implements UdpListener {
  readonly counters = { received: 0, sent: 0, sendErrors: 0 };
  readonly heard: { bytes: Uint8Array; port: number; address: string }[] = [];
  rooms = 0;
  hear = (datagram: Uint8Array, address: string, port: number) =>
    void this.heard.push({ bytes: Uint8Array.from(datagram), address, port });
  hasRoom = () => void this.rooms++;
  bytes = () => this.heard.map(({ bytes }) => bytes);
}

/** The system's calls; the first ones of sendmmsg(2) answer what `refusals` say instead: an error, or at most so many messages. */
class Libcs {
  readonly calls: number[] = [];
  #errno: number | undefined;
  readonly libc: Libc;

  constructor(real: Libc, refusals: ({ errno: number } | { most: number })[] = []) {
    const sendmmsg: Libc["sendmmsg"] = (descriptor, messages, count, flags) => {
      this.calls.push(count);
      const refusal = refusals.shift();
      this.#errno = refusal !== undefined && "errno" in refusal ? refusal.errno : undefined;
      if (this.#errno !== undefined) return -1;
      const most = refusal !== undefined && "most" in refusal ? refusal.most : count;
      return real.sendmmsg(descriptor, messages, Math.min(count, most), flags);
    };
    this.libc = { ...real, sendmmsg, errno: () => this.#errno ?? real.errno() };
  }
}

async function end(address: string, calls: Libc, poolSize = POOL_SIZE) {
  const bursts = await UdpBursts.open(address, 0, poolSize, calls);
  if (bursts === undefined) throw new Error(`no socket on ${address}`);
  open.push(bursts);
  const listener = new Listener();
  bursts.listen(listener);
  const path = (to = address) => paths.intern({ remote: { address: to, port: bursts.socket.address().port } });
  return { bursts, listener, path };
}

/** What did not find room is left over. */
function send(bursts: UdpBursts, datagrams: { bytes: Uint8Array; path: Path }[]): typeof datagrams {
  let next = 0;
  for (; next < datagrams.length && bursts.makeRoom(); next++) {
    const { bytes, path } = datagrams[next] as { bytes: Uint8Array; path: Path };
    bursts.reserve(bytes.length, path).set(bytes);
  }
  bursts.flush();
  return datagrams.slice(next);
}

const datagramsOf = (lengths: number[], path: Path) =>
  lengths.map((length, i) => ({ bytes: new Uint8Array(length).fill(i + 1), path }));

const arrive = (listener: Listener, count: number) =>
  expect.poll(() => listener.heard.length, { interval: 1, timeout: 5000 }).toBe(count);

describe.skipIf(libc === undefined)("a socket of Linux", () => {
  const real = libc as Libc;

  test.each(["127.0.0.1", "::1"])("a burst from %s arrives whole and in order, in few calls", async (address) => {
    const counted = new Libcs(real);
    const [left, right] = [await end(address, counted.libc), await end(address, real)];
    const lengths = [...Array(70).fill(300), 200, 200, 1, 1400, 300, 1400, 1400, 20, 9000, 9000, 30_000, 100];
    const datagrams = datagramsOf(lengths, right.path());
    expect(send(left.bursts, datagrams)).toEqual([]);
    await arrive(right.listener, datagrams.length);
    expect(right.listener.bytes()).toEqual(datagrams.map(({ bytes }) => bytes));
    const from = { address, port: left.bursts.socket.address().port };
    for (const { address, port } of right.listener.heard) expect({ address, port }).toEqual(from);
    expect(left.listener.counters).toEqual({ received: 0, sent: datagrams.length, sendErrors: 0 });
    // 64 of 300 | 6 of 300, 200 | 200, 1 | 1400, 300 | 1400, 1400, 20 | 9000, 9000 | 30,000, 100
    expect(counted.calls).toEqual([7]);
  });

  test("any lengths to several peers, with the pool full time and again", async () => {
    const random = new Random();
    const left = await end("127.0.0.1", real, 7);
    const others = [await end("127.0.0.1", real), await end("127.0.0.1", real), await end("127.0.0.1", real)];
    for (let round = 0; round < 20; round++) {
      let length = 1;
      let other = 0;
      const datagrams = Array.from({ length: 100 }, () => {
        if (random.chance(0.3)) length = random.between(1, 1500);
        if (random.chance(0.2)) other = random.below(others.length);
        const bytes = Uint8Array.from({ length }, () => random.below(256));
        return { bytes, path: (others[other] as (typeof others)[0]).path() };
      });
      expect(send(left.bursts, datagrams)).toEqual([]);
      for (const { listener, path } of others) {
        const expected = datagrams.filter((datagram) => datagram.path === path()).map(({ bytes }) => bytes);
        await arrive(listener, expected.length);
        expect(listener.bytes().map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
        expect(Buffer.concat(listener.bytes()).equals(Buffer.concat(expected)), `SEED=${random.seed}`).toBe(true);
        listener.heard.length = 0;
      }
    }
  });

  test("more messages than one call takes", async () => {
    const counted = new Libcs(real);
    const left = await end("127.0.0.1", counted.libc, 3000);
    const others = [await end("127.0.0.1", real), await end("127.0.0.1", real)] as const;
    const [even, odd] = [others[0].path(), others[1].path()];
    const datagrams = Array.from({ length: 2500 }, (_, i) => ({
      bytes: new Uint8Array(Uint32Array.of(i).buffer),
      path: i % 2 === 0 ? even : odd,
    }));
    expect(send(left.bursts, datagrams)).toEqual([]);
    expect(counted.calls).toEqual([2500, 2500 - UIO_MAXIOV, 2500 - 2 * UIO_MAXIOV]);
    expect(left.listener.counters).toEqual({ received: 0, sent: 2500, sendErrors: 0 });
    for (const [i, { listener }] of others.entries()) {
      await expect.poll(() => listener.heard.length).toBeGreaterThan(100);
      const expected = datagrams.filter((_, index) => index % 2 === i).map(({ bytes }) => bytes);
      expect(listener.bytes()).toEqual(expected.slice(0, listener.heard.length));
    }
  });

  test("an empty datagram is heard, and what is behind it", async () => {
    const { listener, path } = await end("127.0.0.1", real);
    const other = createSocket("udp4");
    open.push(other);
    const { address, port } = path().remote;
    for (const length of [0, 5, 0, 0, 3]) other.send(new Uint8Array(length), port, address);
    await arrive(listener, 5);
    expect(listener.bytes().map(({ length }) => length)).toEqual([0, 5, 0, 0, 3]);
  });

  test("several senders are told apart", async () => {
    const right = await end("127.0.0.1", real);
    const senders = [await end("127.0.0.1", real), await end("127.0.0.1", real)];
    for (let i = 0; i < 40; i++) {
      const sender = senders[i % 3 === 0 ? 1 : 0] as (typeof senders)[0];
      send(sender.bursts, datagramsOf([i + 1], right.path()));
    }
    await arrive(right.listener, 40);
    const ports = senders.map(({ bursts }) => bursts.socket.address().port);
    expect(right.listener.heard.map(({ port }) => port)).toEqual(
      Array.from({ length: 40 }, (_, i) => ports[i % 3 === 0 ? 1 : 0]),
    );
  });

  test("where the system has no room the rest waits, and nothing is lost or sent twice", async () => {
    const counted = new Libcs(real, [{ most: 2 }, { errno: EAGAIN }, { errno: EAGAIN }]);
    const [left, right] = [await end("127.0.0.1", counted.libc), await end("127.0.0.1", real)];
    const datagrams = datagramsOf(
      Array.from({ length: 150 }, (_, i) => 10 + (i % 7)),
      right.path(),
    );
    const over = send(left.bursts, datagrams);
    expect(over).toHaveLength(150 - POOL_SIZE);
    expect(left.bursts.makeRoom()).toBe(false);
    expect(left.listener.rooms).toBe(0);
    await expect.poll(() => left.listener.rooms).toBe(1);
    expect(send(left.bursts, over)).toEqual([]);
    await arrive(right.listener, 150);
    expect(right.listener.bytes()).toEqual(datagrams.map(({ bytes }) => bytes));
    expect(left.listener.counters).toEqual({ received: 0, sent: 150, sendErrors: 0 });
  });

  test("where messages cannot be cut, datagrams go one by one from then on", async () => {
    const counted = new Libcs(real, [{ most: 1 }, { errno: EIO }]);
    const [left, right] = [await end("127.0.0.1", counted.libc), await end("127.0.0.1", real)];
    const datagrams = datagramsOf([5, 5, 7, 7, 7, 7, 9, 9], right.path());
    send(left.bursts, datagrams);
    send(left.bursts, datagrams);
    await arrive(right.listener, 16);
    expect(right.listener.bytes()).toEqual([...datagrams, ...datagrams].map(({ bytes }) => bytes));
    expect(counted.calls).toEqual([3, 2, 6, 8]);
  });

  test("what cannot be sent at all is counted, and what is behind it goes", async () => {
    const [left, right] = [await end("127.0.0.1", real), await end("127.0.0.1", real)];
    const datagrams = datagramsOf([100, 100, 65_508, 65_508, 40], right.path());
    const elsewhere = datagramsOf([60, 60], paths.intern({ remote: { address: "2001:db8::1", port: 9 } }));
    send(left.bursts, [...elsewhere, ...datagrams]);
    await arrive(right.listener, 3);
    expect(right.listener.bytes().map(({ length }) => length)).toEqual([100, 100, 40]);
    expect(left.listener.counters).toEqual({ received: 0, sent: 3, sendErrors: 4 });
  });

  test("a socket of both versions reaches an IPv4 peer", async () => {
    const [left, right] = [await end("::", real), await end("127.0.0.1", real)];
    send(left.bursts, datagramsOf([7, 7], right.path()));
    await arrive(right.listener, 2);
    send(right.bursts, datagramsOf([8, 8, 8], left.path("127.0.0.1")));
    await arrive(left.listener, 3);
    expect(left.listener.heard.map(({ address }) => address)).toEqual(Array(3).fill("127.0.0.1"));
  });

  test("a socket of both versions reaches an IPv4 peer where the system has no room, too", async () => {
    const [left, right] = [await end("::", new Libcs(real, [{ errno: EAGAIN }]).libc), await end("127.0.0.1", real)];
    send(left.bursts, datagramsOf([7, 8, 9], right.path()));
    await arrive(right.listener, 3);
    expect(right.listener.bytes().map(({ length }) => length)).toEqual([7, 8, 9]);
    expect(left.listener.counters).toEqual({ received: 0, sent: 3, sendErrors: 0 });
  });

  test("one that is closed by what it hears hears no more, and what it has is not sent", async () => {
    const [left, right] = [await end("127.0.0.1", real), await end("127.0.0.1", real)];
    right.listener.hear = (bytes) => {
      right.listener.heard.push({ bytes, address: "", port: 0 });
      right.bursts.reserve(3, left.path());
      right.bursts.close();
      right.bursts.flush();
      open.splice(open.indexOf(right.bursts), 1);
    };
    send(left.bursts, datagramsOf(Array(30).fill(50), right.path()));
    await arrive(right.listener, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(right.listener.heard).toHaveLength(1);
    expect(left.listener.heard).toHaveLength(0);
  });

  test("a descriptor that was given back is not used again, whoever closed the socket", async () => {
    const counted = new Libcs(real);
    const { bursts, path } = await end("127.0.0.1", counted.libc);
    const to = path();
    await new Promise<void>((closed) => bursts.socket.close(closed));
    open.splice(open.indexOf(bursts), 1);
    send(bursts, datagramsOf([7], to));
    expect(counted.calls).toEqual([]);
  });

  test("nobody else can bind its port", async () => {
    const { bursts } = await end("127.0.0.1", real);
    const other = createSocket({ type: "udp4", reuseAddr: true });
    const failed = new Promise<Error>((resolve) => other.once("error", resolve));
    other.bind(bursts.socket.address().port, "127.0.0.1");
    expect((await failed).message).toContain("EADDRINUSE");
    other.close();
  });

  test("a burst may wait to be heard: as much as the system allows, and 4 MiB with the right to more", async () => {
    const { bursts } = await end("127.0.0.1", real);
    const allowed = Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8"));
    expect(bursts.socket.getRecvBufferSize()).toBeGreaterThanOrEqual(2 * Math.min(4 * 1024 * 1024, allowed));
  });

  test("a receive buffer that is larger by the system's default stays so", async ({ skip }) => {
    const larger = new Uint8Array(Uint32Array.of(8 * 1024 * 1024).buffer);
    let answer = -1;
    const socket: Libc["socket"] = (...kind) => {
      const descriptor = real.socket(...kind);
      answer = real.setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, larger, 4);
      return descriptor;
    };
    const { bursts } = await end("127.0.0.1", { ...real, socket });
    skip(answer < 0, "it takes the right to set it");
    expect(bursts.socket.getRecvBufferSize()).toBe(2 * 8 * 1024 * 1024);
  });

  test("a descriptor that Node does not take is given back", async () => {
    let descriptor = 0;
    const socket: Libc["socket"] = (family) => {
      descriptor = real.socket(family, SOCK_STREAM, 0);
      return descriptor;
    };
    expect(await UdpBursts.open("127.0.0.1", 0, POOL_SIZE, { ...real, socket })).toBeUndefined();
    expect(() => fstatSync(descriptor)).toThrow("EBADF");
    const nobodys = () => expect.unreachable("Node would bind a socket of its own");
    expect(
      await UdpBursts.open("127.0.0.1", 0, POOL_SIZE, { ...real, socket: () => 0, bind: nobodys }),
    ).toBeUndefined();
  });

  test("a host's name, a zone and a port that is taken are for Node to judge", async () => {
    const { port } = (await end("127.0.0.1", real)).bursts.socket.address();
    for (const [address, at] of [
      ["localhost", 0],
      ["fe80::1%lo", 0],
      ["127.0.0.1", port],
    ] as const)
      expect(await UdpBursts.open(address, at, POOL_SIZE, real)).toBeUndefined();
  });
});
