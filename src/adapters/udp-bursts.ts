// A UDP socket of Linux whose datagrams go and come many in one system call: sendmmsg(2) and recvmmsg(2). Datagrams of one
// length to one peer go as one message, which the kernel cuts at the end of its own way (UDP_SEGMENT, udp(7)).
//
// Node's socket has the descriptor too. It says when something has come and takes the first of it; and where the system
// has no room for more, it waits for some.
import type { RemoteInfo, Socket } from "node:dgram";
import { closeSync } from "node:fs";
import { isIP } from "node:net";
import type { Path } from "../natt/path.js";
import type { Libc } from "./libc.js";
import { AF_INET, AF_INET6, Messages, nameOf, SOL_UDP, UDP_SEGMENT } from "./udp-messages.js";
import { addressOf, boundSocket, hostOf, type UdpListener, type UdpTransport } from "./udp-transport.js";

/** Where the numbers and structures here and in udp-messages.ts are right. */
const MACHINES: readonly string[] = ["x64", "arm64", "riscv64", "loong64"];
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const EIO = 5;
const EAGAIN = 11;

/** Bytes that can be on their way out. */
const OUT_SIZE = 512 * 1024;
const LARGEST_DATAGRAM = 65_536;
/**
 * Bytes that may wait to be heard, the kernel's own for each included. The usual 208 KiB hold 90 datagrams of 1400 bytes, and
 * a peer sends more than that at once.
 */
const WAITING_SIZE = 4 * 1024 * 1024;
/** Datagrams taken in at once; Node's socket has its turn then. */
const MOST_IN = 64;
/** What one message may become: udp(7). */
const MOST_SEGMENTS = 64;
const LARGEST_MESSAGE = 65_000;

export class UdpBursts implements UdpTransport {
  readonly socket: Socket;
  readonly #libc: Libc;
  readonly #descriptor: number;
  readonly #family: number;
  #listener: UdpListener | undefined;
  #isClosed = false;

  // Out: datagrams side by side in #out, each from its start to that of the next; those before #sent have left.
  readonly #out = new Uint8Array(OUT_SIZE);
  readonly #outAddress: bigint;
  readonly #outMessages: Messages;
  readonly #most: number;
  readonly #starts: Uint32Array;
  readonly #paths: Path[] = [];
  readonly #names = new WeakMap<Path, Uint8Array>();
  #count = 0;
  #sent = 0;
  /** For each message, the datagram behind its last one. */
  readonly #ends: Uint32Array;
  /** The kernel cuts messages; not those that begin before datagram #whole. */
  #cuts: boolean;
  #whole = 0;
  #isWaiting = false;

  readonly #in = new Uint8Array(MOST_IN * LARGEST_DATAGRAM);
  readonly #inMessages: Messages;

  /**
   * A bound socket. Undefined where this does not work, and where Node says better why it cannot be: a host's name, a port
   * that is taken. `poolSize`: datagrams that may be on their way at once.
   */
  static async open(address: string, port: number, poolSize: number, libc: Libc): Promise<UdpBursts | undefined> {
    if (process.platform !== "linux" || !MACHINES.includes(process.arch)) return undefined;
    if ("bun" in process.versions || "deno" in process.versions) return undefined; // theirs are not known to take a descriptor
    if (isIP(address) === 0 || address.includes("%")) return undefined;
    const family = isIP(address) === 4 ? AF_INET : AF_INET6;
    const descriptor = libc.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor <= 0) return undefined; // 0 is none to Node.
    const name = nameOf(family, address, port);
    if (libc.bind(descriptor, name, name.length) < 0) {
      closeSync(descriptor);
      return undefined;
    }
    const type = family === AF_INET ? "udp4" : "udp6";
    const socket = await boundSocket(type, { fd: descriptor, exclusive: true }).catch(() => undefined);
    if (socket === undefined) {
      closeSync(descriptor);
      return undefined;
    }
    // Node has allowed others to bind the port, too.
    setOption(libc, descriptor, SO_REUSEADDR, 0);
    // More than the system's limit only with the right to it, so at last as much as that allows. Linux answers twice the size.
    if (socket.getRecvBufferSize() < 2 * WAITING_SIZE && !setOption(libc, descriptor, SO_RCVBUFFORCE, WAITING_SIZE))
      setOption(libc, descriptor, SO_RCVBUF, WAITING_SIZE);
    return new UdpBursts(socket, descriptor, family, poolSize, libc);
  }

  private constructor(socket: Socket, descriptor: number, family: number, poolSize: number, libc: Libc) {
    this.socket = socket;
    socket.once("close", () => {
      this.#isClosed = true; // Whoever closed it: its descriptor may soon be somebody else's.
    });
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#family = family;
    this.#most = poolSize;
    this.#starts = new Uint32Array(poolSize + 1);
    this.#ends = new Uint32Array(poolSize);
    this.#outAddress = libc.addressOf(this.#out);
    this.#outMessages = new Messages(libc, poolSize);
    this.#inMessages = new Messages(libc, MOST_IN);
    const inAddress = libc.addressOf(this.#in);
    for (let i = 0; i < MOST_IN; i++) {
      this.#inMessages.setBytes(i, inAddress + BigInt(i * LARGEST_DATAGRAM), LARGEST_DATAGRAM);
    }
    // Linux before 4.18 would send a message that is to be cut as it is.
    this.#cuts = libc.getsockopt(descriptor, SOL_UDP, UDP_SEGMENT, new Uint8Array(4), Uint8Array.of(4, 0, 0, 0)) === 0;
  }

  listen(listener: UdpListener): void {
    this.#listener = listener;
    this.socket.on("message", this.#hear);
  }

  close(): void {
    this.#isClosed = true;
    this.socket.off("message", this.#hear);
    this.socket.close();
  }

  // ---------------------------------------------------------------- out

  makeRoom(): boolean {
    if (this.#isFull()) this.flush();
    return !this.#isFull();
  }

  reserve(length: number, path: Path): Uint8Array {
    const start = this.#starts[this.#count] ?? 0;
    this.#paths[this.#count++] = path;
    this.#starts[this.#count] = start + length;
    return this.#out.subarray(start, start + length);
  }

  flush(): void {
    while (this.#sent < this.#count && !this.#isWaiting && !this.#isClosed) {
      const count = this.#libc.sendmmsg(this.#descriptor, this.#outMessages.headers, this.#compose(), 0);
      if (count > 0) this.#left("sent", this.#ends[count - 1] ?? 0);
      else this.#refused(this.#libc.errno());
    }
    if (this.#isWaiting) return;
    this.#count = 0;
    this.#sent = 0;
    this.#whole = 0;
  }

  #isFull(): boolean {
    return this.#count === this.#most || (this.#starts[this.#count] ?? 0) > OUT_SIZE - LARGEST_DATAGRAM;
  }

  /** Makes messages of all that is to be sent. Answers how many. */
  #compose(): number {
    let messages = 0;
    for (let first = this.#sent; first < this.#count; messages++) {
      const path = this.#paths[first] as Path;
      const start = this.#starts[first] ?? 0;
      const end = this.#endOfMessage(first, path);
      this.#outMessages.setBytes(messages, this.#outAddress + BigInt(start), (this.#starts[end] ?? 0) - start);
      this.#outMessages.setSegment(messages, end - first > 1 ? this.#lengthOf(first) : 0);
      this.#outMessages.setName(messages, this.#nameOf(path));
      this.#ends[messages] = end;
      first = end;
    }
    return messages;
  }

  /** Datagrams go in one message with `first` if they have its path and its length, and with them one that is shorter. */
  #endOfMessage(first: number, path: Path): number {
    let end = first + 1;
    if (!this.#cuts || first < this.#whole) return end;
    const length = this.#lengthOf(first);
    const most = Math.min(this.#count, first + Math.min(MOST_SEGMENTS, Math.floor(LARGEST_MESSAGE / length)));
    while (end < most && this.#paths[end] === path && this.#lengthOf(end) === length) end++;
    if (end < most && this.#paths[end] === path && this.#lengthOf(end) < length) end++;
    return end;
  }

  #lengthOf(datagram: number): number {
    return (this.#starts[datagram + 1] ?? 0) - (this.#starts[datagram] ?? 0);
  }

  #nameOf(path: Path): Uint8Array {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    const name = nameOf(this.#family, path.remote.address, path.remote.port);
    this.#names.set(path, name);
    return name;
  }

  /** The first message did not leave. */
  #refused(errno: number): void {
    const end = this.#ends[0] ?? 0;
    if (errno === EAGAIN) this.#wait();
    else if (end - this.#sent === 1) this.#left("sendErrors", end);
    else {
      this.#whole = end; // Perhaps they can go one by one: to be cut they must fit the path, to be fragmented they need not.
      if (errno === EIO) this.#cuts = false; // A device that cannot make checksums.
    }
  }

  #left(how: "sent" | "sendErrors", end: number): void {
    if (this.#listener !== undefined) this.#listener.counters[how] += end - this.#sent;
    this.#sent = end;
  }

  /** Until Node's socket has sent the next datagram. */
  #wait(): void {
    this.#isWaiting = true;
    const { address, port } = (this.#paths[this.#sent] as Path).remote;
    const datagram = this.#out.subarray(this.#starts[this.#sent], this.#starts[this.#sent + 1]);
    this.socket.send(datagram, port, hostOf(address, this.#family === AF_INET6), (error) => {
      this.#isWaiting = false;
      this.#left(error ? "sendErrors" : "sent", this.#sent + 1);
      this.flush();
      if (!this.#isWaiting && !this.#isClosed) this.#listener?.hasRoom();
    });
  }

  // ---------------------------------------------------------------- in

  readonly #hear = (datagram: Uint8Array, remote: RemoteInfo): void => {
    this.#listener?.hear(datagram, addressOf(remote), remote.port);
    if (this.#isClosed) return;
    const messages = this.#inMessages;
    const count = this.#libc.recvmmsg(this.#descriptor, messages.headers, MOST_IN, 0, null);
    let address = "";
    for (let i = 0; i < count && !this.#isClosed; i++) {
      messages.expectName(i);
      if (i === 0 || !messages.hasNameOf(i, i - 1)) address = messages.addressOf(i);
      const start = i * LARGEST_DATAGRAM;
      this.#listener?.hear(this.#in.subarray(start, start + messages.lengthOf(i)), address, messages.portOf(i));
    }
  };
}

function setOption(libc: Libc, descriptor: number, option: number, value: number): boolean {
  return libc.setsockopt(descriptor, SOL_SOCKET, option, new Uint8Array(Uint32Array.of(value).buffer), 4) === 0;
}
