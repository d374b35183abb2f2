// What src/adapters/node-udp.ts sends and receives through: a socket of Node, a datagram at a time. On Linux there is a
// faster one, src/adapters/udp-bursts.ts.
import { type BindOptions, createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Path } from "../natt/path.js";

export interface UdpCounters {
  received: number;
  sent: number;
  /** The socket refused a datagram. */
  sendErrors: number;
}

export interface UdpListener {
  readonly counters: UdpCounters;
  /** A datagram came in; its bytes are the transport's. An IPv4 peer's address is one of IPv4. Does not throw. */
  hear(datagram: Uint8Array, address: string, port: number): void;
  /** There is room again, after makeRoom() answered false. */
  hasRoom(): void;
}

export interface UdpTransport {
  readonly socket: Socket;
  /** Begins to receive. */
  listen(listener: UdpListener): void;
  /** Whether one more datagram can be reserved. */
  makeRoom(): boolean;
  /** Room for a datagram of a byte or more to `path`, to be filled at once. Only after makeRoom() answered true. */
  reserve(length: number, path: Path): Uint8Array;
  /** Sends what was reserved. */
  flush(): void;
  /** Closes the socket. What was not sent is not. */
  close(): void;
}

/** A datagram on an Ethernet path; longer ones make their buffer grow. */
const BUFFER_SIZE = 2048;

interface Reserved {
  readonly datagram: Uint8Array;
  readonly length: number;
  readonly path: Path;
}

export class SocketTransport implements UdpTransport {
  readonly socket: Socket;
  #listener: UdpListener | undefined;
  /** Buffers no send() is using. socket.send may read a buffer long after the call. */
  readonly #free: Uint8Array[];
  readonly #reserved: Reserved[] = [];
  readonly #isIpv6: boolean;

  /** `poolSize`: datagrams that may be on their way into the socket at once. */
  constructor(socket: Socket, poolSize: number) {
    this.socket = socket;
    this.#isIpv6 = socket.address().family === "IPv6";
    this.#free = Array.from({ length: poolSize }, () => new Uint8Array(BUFFER_SIZE));
  }

  listen(listener: UdpListener): void {
    this.#listener = listener;
    this.socket.on("message", this.#hear);
  }

  makeRoom(): boolean {
    return this.#free.length > 0;
  }

  reserve(length: number, path: Path): Uint8Array {
    const buffer = this.#free.pop() ?? new Uint8Array(length);
    const datagram = buffer.length >= length ? buffer : new Uint8Array(length);
    this.#reserved.push({ datagram, length, path });
    return datagram;
  }

  flush(): void {
    for (const { datagram, length, path } of this.#reserved.splice(0)) this.#transmit(datagram, length, path);
  }

  close(): void {
    this.socket.off("message", this.#hear);
    this.socket.close();
  }

  readonly #hear = (datagram: Uint8Array, remote: RemoteInfo): void => {
    this.#listener?.hear(datagram, addressOf(remote), remote.port);
  };

  #transmit(datagram: Uint8Array, length: number, path: Path): void {
    const { address, port } = path.remote;
    this.socket.send(datagram, 0, length, port, hostOf(address, this.#isIpv6), (error) => {
      const listener = this.#listener;
      if (listener !== undefined) listener.counters[error ? "sendErrors" : "sent"]++;
      this.#free.push(datagram);
      if (this.#free.length === 1) listener?.hasRoom();
    });
  }
}

/** What a socket of IPv6 calls an IPv4 address (RFC 4291 section 2.5.5.2). */
const MAPPED = "::ffff:";

export function hostOf(address: string, isIpv6: boolean): string {
  return isIpv6 && !address.includes(":") ? MAPPED + address : address;
}

export function addressOf({ address }: RemoteInfo): string {
  return address.startsWith(MAPPED) && address.includes(".") ? address.slice(MAPPED.length) : address;
}

export function boundSocket(type: "udp4" | "udp6", options: BindOptions): Promise<Socket> {
  const socket = createSocket(type);
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(options, () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
