// A data plane on a Node UDP socket: what comes from the socket is opened, what is given to send() is sealed.
//
//   transport hears -> plane.inbound -+                    +-> datagram: copied into the transport
//                                     +-> flush, poll -----+
//   send(packet)    -> plane.outbound-+   once a turn      +-> packet, clear, ike, icmp: copied, handed to a callback
//
// Packets are collected for one turn of the event loop, so that a burst is one call of the kernel.

import type { Socket } from "node:dgram";
import type { DataPlane } from "../data-plane.js";
import { IpsecError, type IpsecErrorCode } from "../errors.js";
import type { Item } from "../item.js";
import { NON_ESP_MARKER_LENGTH } from "../natt/framing.js";
import type { Path } from "../natt/path.js";
import type { Sa } from "../sad/sa.js";
import { Slab } from "../slab.js";
import type { Verdict } from "../verdict.js";
import { loadLibc } from "./libc.js";
import { UdpBursts } from "./udp-bursts.js";
import { systemClock, type UdpClock } from "./udp-clock.js";
import { boundSocket, SocketTransport, type UdpCounters, type UdpTransport } from "./udp-transport.js";

export type { UdpClock } from "./udp-clock.js";

export interface NodeUdpOptions {
  /** Where to listen, unless `socket` is given. Absent: any address, and a port of the system's choice. */
  readonly address?: string;
  readonly port?: number;
  /** A bound socket instead, which makes a system call for every datagram. close() closes it. */
  readonly socket?: Socket;
  /** An opened packet. The bytes are the callback's own, the buffer they lie in is not: do not transfer it. */
  readonly onPacket: (packet: Uint8Array, sa: Sa | undefined) => void;
  /** A packet that the policies let through as it is: inbound ones, and outbound ones to be sent elsewhere. */
  readonly onClear?: (packet: Uint8Array) => void;
  /** An IKE message that came in, without its marker. No path: it wants no answer, or came from an address with a zone. */
  readonly onIke?: (message: Uint8Array, path: Path | undefined) => void;
  /** An ICMP error for the sender of a packet that was too big. */
  readonly onIcmp?: (packet: Uint8Array) => void;
  readonly onDropped?: (verdict: Verdict) => void;
  /** The socket failed. Absent: thrown, as Node does. */
  readonly onError?: (error: Error) => void;
  /** Datagrams that may be on their way into the socket at once, 1..65,536. 256. */
  readonly poolSize?: number;
  readonly clock?: UdpClock;
}

export interface NodeUdpCounters extends UdpCounters {
  /** Came in while the plane was full and the pool was, too. */
  lost: number;
}

/** setTimeout takes no more than this. */
const LONGEST_WAIT = 0x7fffffff;
const POOL_SIZE = 256;
const LARGEST_POOL = 65_536;
/** Bytes of UDP payload over IPv4. */
const LARGEST_DATAGRAM = 65_507;

export class NodeUdp {
  readonly counters: NodeUdpCounters = { received: 0, sent: 0, sendErrors: 0, lost: 0 };
  /** For its address and its options. Where bursts arrive in one system call, its event "message" misses most of them. */
  readonly socket: Socket;
  readonly #plane: DataPlane;
  readonly #options: NodeUdpOptions;
  readonly #clock: UdpClock;
  readonly #item: Item;
  readonly #transport: UdpTransport;
  readonly #slab = new Slab();
  #heardFrom: Path | undefined;
  /** What callbacks are still to be told. Not while the plane is polled: a callback may send. */
  readonly #deliveries: (() => void)[] = [];
  #delivering = false;
  #drainIsDue = false;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

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
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#item = plane.createItem();
    transport.listen({ counters: this.counters, hear: this.#hear, hasRoom: () => this.#drainSoon() });
    if (options.onError !== undefined) this.socket.on("error", options.onError);
    this.socket.once("close", this.#stop); // It may be somebody else who closed it.
    this.#armTimer();
  }

  /** Seals a packet and sends it. False: nothing was taken, the socket does not keep up; try again in a later turn. */
  send(packet: Uint8Array, sa?: Sa): boolean {
    this.#mustBeOpen();
    const taken = this.#plane.outbound(this.#clock.now(), packet, sa) || this.#sendAgain(packet, sa);
    if (taken) this.#drainSoon();
    return taken;
  }

  /** Sends an IKE message to where it may be mixed with ESP: behind four zero bytes. False: as send. */
  sendIke(message: Uint8Array, path: Path): boolean {
    this.#mustBeOpen();
    if (path.remote.port === 0) throw new IpsecError("port", "path.remote.port is 0: 1 to 65535 can be sent to");
    const length = NON_ESP_MARKER_LENGTH + message.length;
    if (length > LARGEST_DATAGRAM) {
      const most = LARGEST_DATAGRAM - NON_ESP_MARKER_LENGTH;
      throw new IpsecError("packet", `an IKE message of ${message.length} bytes: at most ${most} go into a datagram`);
    }
    if (!this.#transport.makeRoom()) return false;
    const datagram = this.#transport.reserve(length, path);
    datagram.fill(0, 0, NON_ESP_MARKER_LENGTH).set(message, NON_ESP_MARKER_LENGTH);
    this.#transport.flush();
    return true;
  }

  /** Stops listening. What was not sent yet is not. The plane stays open. */
  close(): void {
    if (this.#closed) return;
    this.#stop();
    this.#transport.close();
  }

  readonly #stop = (): void => {
    this.#closed = true;
    this.#cancelTimer?.();
  };

  readonly #hear = (datagram: Uint8Array, address: string, port: number): void => {
    this.counters.received++;
    const path = this.#pathFrom(address, port);
    let taken = this.#plane.inbound(this.#clock.now(), datagram, path);
    // Twice: callbacks that answer what the first drain delivers may fill the ring anew.
    for (let drains = 0; !taken && drains < 2; drains++) {
      this.#drain();
      if (this.#closed) return; // By a callback; the plane, too, perhaps.
      taken = this.#plane.inbound(this.#clock.now(), datagram, path);
    }
    if (!taken) this.counters.lost++;
    this.#drainSoon();
  };

  #sendAgain(packet: Uint8Array, sa: Sa | undefined): boolean {
    this.#drain();
    return this.#plane.outbound(this.#clock.now(), packet, sa);
  }

  #drainSoon(): void {
    if (this.#drainIsDue) return;
    this.#drainIsDue = true;
    this.#clock.soon(() => {
      this.#drainIsDue = false;
      this.#drain();
    });
  }

  /**
   * Takes what the plane has, as long as the transport has room. Without it the rest waits in the plane; that is how a
   * slow socket reaches whoever calls send().
   */
  #drain(): void {
    if (this.#closed) return;
    this.#plane.flush(this.#clock.now());
    while (this.#transport.makeRoom() && this.#plane.poll(this.#item)) this.#handOut(this.#item);
    this.#transport.flush();
    this.#armTimer();
    this.#deliver();
  }

  /**
   * A callback that sends may cause another drain: what that finds is delivered by the loop already running. What a
   * callback throws is thrown in the next turn: neither who sends nor what else came in has to do with it.
   */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    for (let next = this.#deliveries.shift(); next !== undefined && !this.#closed; next = this.#deliveries.shift()) {
      try {
        next();
      } catch (error) {
        this.#clock.soon(() => {
          throw error;
        });
      }
    }
    this.#delivering = false;
  }

  #handOut(item: Item): void {
    const { onPacket, onClear, onIke, onIcmp, onDropped } = this.#options;
    const { kind, verdict, sa, path } = item;
    if (kind === "datagram") {
      this.#sendItem(item);
      return;
    }
    const bytes = this.#slab.take(item.length);
    item.copyInto(bytes);
    if (kind === "packet") this.#deliveries.push(() => onPacket(bytes, sa));
    else if (kind === "clear") this.#deliveries.push(() => onClear?.(bytes));
    else if (kind === "ike") this.#deliveries.push(() => onIke?.(bytes, path));
    else if (kind === "icmp") this.#deliveries.push(() => onIcmp?.(bytes));
    else this.#deliveries.push(() => onDropped?.(verdict));
  }

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

  #armTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const due = this.#plane.deadline();
    if (this.#closed || due === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(Math.ceil(due - this.#clock.now()), 0), LONGEST_WAIT);
    this.#cancelTimer = this.#clock.after(wait, () => {
      this.#plane.tick(this.#clock.now());
      this.#drain();
    });
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new IpsecError("closed", "this UDP adapter was closed");
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
