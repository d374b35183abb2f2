// A data plane on a Node UDP socket: what comes from the socket is opened, what is given to send() is sealed.
//
//   socket "message" -> plane.inbound -+                    +-> datagram: copied into the pool, socket.send
//                                      +-> flush, poll -----+
//   send(packet)     -> plane.outbound-+   once a turn      +-> packet, clear, ike, icmp: copied, handed to a callback
//
// Packets are collected for one turn of the event loop, so that a burst is one call of the kernel.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { DataPlane } from "../data-plane.js";
import { IpsecError } from "../errors.js";
import type { Item } from "../item.js";
import { NON_ESP_MARKER_LENGTH } from "../natt/framing.js";
import type { Path } from "../natt/path.js";
import type { Sa } from "../sad/sa.js";
import type { Verdict } from "../verdict.js";
import { systemClock, type UdpClock } from "./udp-clock.js";

export type { UdpClock } from "./udp-clock.js";

export interface NodeUdpOptions {
  /** Where to listen, unless `socket` is given. Absent: any address, and a port of the system's choice. */
  readonly address?: string;
  readonly port?: number;
  /** A bound socket instead. close() closes it. */
  readonly socket?: Socket;
  /** An opened packet. The bytes are the callback's own. */
  readonly onPacket: (packet: Uint8Array, sa: Sa | undefined) => void;
  /** A packet that the policies let through as it is: inbound ones, and outbound ones to be sent elsewhere. */
  readonly onClear?: (packet: Uint8Array) => void;
  /** An IKE message that came in, without its marker. */
  readonly onIke?: (message: Uint8Array, path: Path | undefined) => void;
  /** An ICMP error for the sender of a packet that was too big. */
  readonly onIcmp?: (packet: Uint8Array) => void;
  readonly onDropped?: (verdict: Verdict) => void;
  /** The socket failed. Absent: thrown, as Node does. */
  readonly onError?: (error: Error) => void;
  /** Datagrams that may be on their way into the socket at once. 256. */
  readonly poolSize?: number;
  readonly clock?: UdpClock;
}

export interface NodeUdpCounters {
  received: number;
  sent: number;
  /** The socket refused a datagram. */
  sendErrors: number;
  /** Came in while the plane was full and the pool was, too. */
  lost: number;
}

/** A datagram on an Ethernet path; longer ones make their buffer grow. */
const BUFFER_SIZE = 2048;
/** setTimeout takes no more than this. */
const LONGEST_WAIT = 0x7fffffff;

export class NodeUdp {
  readonly counters: NodeUdpCounters = { received: 0, sent: 0, sendErrors: 0, lost: 0 };
  readonly socket: Socket;
  readonly #plane: DataPlane;
  readonly #options: NodeUdpOptions;
  readonly #clock: UdpClock;
  readonly #item: Item;
  /** Buffers no send() is using. socket.send may read a buffer long after the call: the plane's own would be reused. */
  readonly #free: Uint8Array[];
  /** What callbacks are still to be told. Not while the plane is polled: a callback may send. */
  readonly #deliveries: (() => void)[] = [];
  #delivering = false;
  #drainIsDue = false;
  #cancelTimer: (() => void) | undefined;
  #closed = false;

  /** Binds a plane of carrier "udp" to a socket. */
  static async open(plane: DataPlane, options: NodeUdpOptions): Promise<NodeUdp> {
    return new NodeUdp(plane, options, options.socket ?? (await boundSocket(options)));
  }

  private constructor(plane: DataPlane, options: NodeUdpOptions, socket: Socket) {
    this.socket = socket;
    this.#plane = plane;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#item = plane.createItem();
    this.#free = Array.from({ length: options.poolSize ?? 256 }, () => new Uint8Array(BUFFER_SIZE));
    socket.on("message", this.#receive);
    if (options.onError !== undefined) socket.on("error", options.onError);
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
    const buffer = this.#free.pop();
    if (buffer === undefined) return false;
    const datagram = roomFor(buffer, NON_ESP_MARKER_LENGTH + message.length);
    datagram.fill(0, 0, NON_ESP_MARKER_LENGTH).set(message, NON_ESP_MARKER_LENGTH);
    this.#transmit(datagram, NON_ESP_MARKER_LENGTH + message.length, path);
    return true;
  }

  /** Stops listening. What was not sent yet is not. The plane stays open. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.socket.off("message", this.#receive);
    this.socket.close();
  }

  readonly #receive = (datagram: Uint8Array, remote: RemoteInfo): void => {
    this.counters.received++;
    const path = this.#pathTo(remote.address, remote.port);
    let taken = this.#plane.inbound(this.#clock.now(), datagram, path);
    // Twice: callbacks that answer what the first drain delivers may fill the ring anew.
    for (let drains = 0; !taken && drains < 2; drains++) {
      this.#drain();
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
   * Takes what the plane has, as long as there is a free buffer for it. Without one the rest waits in the plane until
   * a send has finished; that is how a slow socket reaches whoever calls send().
   */
  #drain(): void {
    if (this.#closed) return;
    this.#plane.flush(this.#clock.now());
    while (this.#free.length > 0 && this.#plane.poll(this.#item)) this.#handOut(this.#item);
    this.#armTimer();
    this.#deliver();
  }

  /** A callback that sends may cause another drain: what that finds is delivered by the loop already running. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let next = this.#deliveries.shift(); next !== undefined && !this.#closed; next = this.#deliveries.shift())
        next();
    } finally {
      this.#delivering = false;
    }
  }

  #handOut(item: Item): void {
    const { onPacket, onClear, onIke, onIcmp, onDropped } = this.#options;
    const { kind, verdict, sa, path } = item;
    if (kind === "datagram") {
      this.#sendItem(item);
      return;
    }
    const bytes = item.copy();
    if (kind === "packet") this.#deliveries.push(() => onPacket(bytes, sa));
    else if (kind === "clear") this.#deliveries.push(() => onClear?.(bytes));
    else if (kind === "ike") this.#deliveries.push(() => onIke?.(bytes, path));
    else if (kind === "icmp") this.#deliveries.push(() => onIcmp?.(bytes));
    else this.#deliveries.push(() => onDropped?.(verdict));
  }

  #sendItem(item: Item): void {
    const buffer = this.#free.pop();
    if (buffer === undefined || item.path === undefined) {
      this.counters.sendErrors++; // An SA without a path: nobody said where its peer is.
      if (buffer !== undefined) this.#free.push(buffer);
      return;
    }
    const datagram = roomFor(buffer, item.length);
    item.copyInto(datagram);
    this.#transmit(datagram, item.length, item.path);
  }

  #transmit(datagram: Uint8Array, length: number, path: Path): void {
    const { address, port } = path.remote;
    this.socket.send(datagram, 0, length, port, address, (error) => {
      if (error) this.counters.sendErrors++;
      else this.counters.sent++;
      this.#free.push(datagram);
      if (this.#free.length === 1) this.#drainSoon(); // The plane may have been waiting for a buffer.
    });
  }

  /** The plane interns them. Undefined, that is no watch on NAT mappings, where the address has a zone (fe80::1%eth0). */
  #pathTo(address: string, port: number): Path | undefined {
    return address.includes("%") ? undefined : this.#plane.path({ remote: { address, port } });
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

/** `buffer`, or a larger one in its place. */
function roomFor(buffer: Uint8Array, length: number): Uint8Array {
  return buffer.length >= length ? buffer : new Uint8Array(length);
}

function boundSocket(options: NodeUdpOptions): Promise<Socket> {
  const socket = createSocket(options.address?.includes(":") ? "udp6" : "udp4");
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(options.port ?? 0, options.address, () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}
