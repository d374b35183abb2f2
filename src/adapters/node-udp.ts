// A data plane on a Node UDP socket: what comes from the socket is opened, what is given to send() is sealed.
import type { Socket } from "node:dgram";
import type { DataPlane } from "../data-plane.js";
import { IpsecError, type IpsecErrorCode } from "../errors.js";
import type { Item } from "../item.js";
import type { Path } from "../natt/path.js";
import type { Sa } from "../sad/sa.js";
import { type Clock, systemClock } from "./clock.js";
import { ikeDatagramLength, writeIkeDatagram } from "./ike-datagram.js";
import { loadLibc } from "./libc.js";
import { type Callbacks, PlaneLoop } from "./plane-loop.js";
import { UdpBursts } from "./udp-bursts.js";
import { boundSocket, SocketTransport, type UdpCounters, type UdpTransport } from "./udp-transport.js";

export type { Clock } from "./clock.js";

/** `onIke` has no path where the message wants no answer, or came from an address with a zone. */
export interface NodeUdpOptions extends Callbacks {
  /** Where to listen, unless `socket` is given. Absent: any address, and a port of the system's choice. */
  readonly address?: string;
  readonly port?: number;
  /** A bound socket instead, which makes a system call for every datagram. close() closes it. */
  readonly socket?: Socket;
  /** The socket failed. Absent: thrown, as Node does. */
  readonly onError?: (error: Error) => void;
  /** Datagrams that may be on their way into the socket at once, 1..65,536. 256. */
  readonly poolSize?: number;
  /** Absent: `performance.now()`. Verbs of the plane called beside the adapter take their `now` from the same clock. */
  readonly clock?: Clock;
}

export interface NodeUdpCounters extends UdpCounters {
  /** Came in while the plane was full and the pool was, too. */
  lost: number;
}

const POOL_SIZE = 256;
const LARGEST_POOL = 65_536;

export class NodeUdp {
  readonly counters: NodeUdpCounters = { received: 0, sent: 0, sendErrors: 0, lost: 0 };
  /** For its address and its options. Where bursts arrive in one system call, its event "message" misses most of them. */
  readonly socket: Socket;
  readonly #plane: DataPlane;
  readonly #transport: UdpTransport;
  readonly #loop: PlaneLoop;
  #heardFrom: Path | undefined;

  /**
   * Binds a plane of carrier "udp" to a socket. On Linux, with the optional package koffi installed, a burst of datagrams
   * leaves and arrives in one system call. Throws `option`, `port`, and what Node says of a socket that cannot be bound.
   */
  static async open(plane: DataPlane, options: NodeUdpOptions): Promise<NodeUdp> {
    return new NodeUdp(plane, options, await openTransport(options));
  }

  private constructor(plane: DataPlane, options: NodeUdpOptions, transport: UdpTransport) {
    this.socket = transport.socket;
    this.#transport = transport;
    this.#plane = plane;
    const outlet = {
      makeRoom: () => transport.makeRoom(),
      take: (item: Item) => this.#sendItem(item),
      flush: () => transport.flush(),
    };
    const loop = new PlaneLoop(plane, options, outlet, options.clock ?? systemClock());
    this.#loop = loop;
    transport.listen({ counters: this.counters, hear: this.#hear, hasRoom: () => loop.drainSoon() });
    if (options.onError !== undefined) this.socket.on("error", options.onError);
    this.socket.once("close", () => loop.stop()); // It may be somebody else who closed it.
  }

  /** Seals a packet and sends it. False: nothing was taken, the socket does not keep up; try again in a later turn. */
  send(packet: Uint8Array, sa?: Sa): boolean {
    this.#mustBeOpen();
    return this.#loop.outbound(packet, sa);
  }

  /** Sends an IKE message to where it may be mixed with ESP: behind four zero bytes. False: as send. */
  sendIke(message: Uint8Array, path: Path): boolean {
    this.#mustBeOpen();
    if (path.remote.port === 0) throw new IpsecError("port", "path.remote.port is 0: 1 to 65535 can be sent to");
    const length = ikeDatagramLength(message);
    if (!this.#transport.makeRoom()) return false;
    writeIkeDatagram(this.#transport.reserve(length, path), message);
    this.#transport.flush();
    return true;
  }

  /** Stops listening. What was not sent yet is not. The plane stays open. */
  close(): void {
    if (this.#loop.stopped) return;
    this.#loop.stop();
    this.#transport.close();
  }

  readonly #hear = (datagram: Uint8Array, address: string, port: number): void => {
    this.counters.received++;
    if (!this.#loop.inbound(datagram, this.#pathFrom(address, port))) this.counters.lost++;
  };

  #sendItem(item: Item): void {
    if (item.path === undefined || item.path.remote.port === 0)
      this.counters.sendErrors++; // Nobody said where the SA's peer is.
    else item.copyInto(this.#transport.reserve(item.length, item.path));
  }

  /**
   * Undefined, that is no watch on NAT mappings, where the address has a zone (fe80::1%eth0), and where the port is 0: no
   * answer is wanted (RFC 768). The plane interns paths.
   */
  #pathFrom(address: string, port: number): Path | undefined {
    if (address.includes("%") || port === 0) return undefined;
    const last = this.#heardFrom?.remote;
    if (last?.address !== address || last.port !== port)
      this.#heardFrom = this.#plane.path({ remote: { address, port } });
    return this.#heardFrom;
  }

  #mustBeOpen(): void {
    if (this.#loop.stopped) throw new IpsecError("closed", "this UDP adapter was closed");
  }
}

async function openTransport(options: NodeUdpOptions): Promise<UdpTransport> {
  const { socket, address = "0.0.0.0", port = 0, poolSize = POOL_SIZE } = options;
  checkWhole(poolSize, 1, LARGEST_POOL, "poolSize", "option");
  checkWhole(port, 0, 65_535, "port", "port");
  if (socket !== undefined) return new SocketTransport(socket, poolSize);
  const libc = await loadLibc("bursts").catch(() => undefined);
  const bursts = libc && (await UdpBursts.open(address, port, poolSize, libc));
  if (bursts !== undefined) return bursts;
  return new SocketTransport(await boundSocket(address.includes(":") ? "udp6" : "udp4", { address, port }), poolSize);
}

function checkWhole(value: number, least: number, most: number, what: string, code: IpsecErrorCode): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new IpsecError(code, `${what} is ${value}: a whole number from ${least} to ${most} is allowed`);
}
