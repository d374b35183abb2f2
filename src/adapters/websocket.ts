// A data plane on a WebSocket: every binary message is what a datagram of a NAT-T port would hold (RFC 3948), ESP, IKE
// behind four zero bytes, or a keepalive. At the other end somebody passes messages on to UDP, or is the peer. Messages have
// bounds of their own, so there are no lengths between them as in RFC 9329.
import type { DataPlane } from "../data-plane.js";
import { IpsecError } from "../errors.js";
import type { Item } from "../item.js";
import type { Sa } from "../sad/sa.js";
import { Slab } from "../slab.js";
import { type Clock, systemClock } from "./clock.js";
import { ikeDatagramLength, writeIkeDatagram } from "./ike-datagram.js";
import { type Callbacks, PlaneLoop } from "./plane-loop.js";

export type { Clock } from "./clock.js";

/** What is needed of a WebSocket. Tried with that of Chromium, Node, workerd and the package ws. */
export interface MessageSocket {
  binaryType: string;
  /** 0 connecting, 1 open, then closing and closed. */
  readonly readyState: number;
  /** Bytes of messages that have not left yet. Where it is absent, as in workerd, the socket never counts as full. */
  readonly bufferedAmount?: number;
  send(message: Uint8Array<ArrayBuffer>): void;
  close(): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "open" | "close", listener: () => void): void;
}

export interface WebSocketOptions extends Callbacks {
  /**
   * Bytes that may wait in the socket, 1 or more. 262,144. While so many do, send() answers false: a long queue would only
   * make the packets inside late. What is sent within one turn may exceed it.
   */
  readonly bufferBytes?: number;
  /** Absent: `performance.now()`. Verbs of the plane called beside the adapter take their `now` from the same clock. */
  readonly clock?: Clock;
}

export interface WebSocketCounters {
  received: number;
  sent: number;
  /** Came in while the plane was full, or was to go out when the socket was closing. */
  lost: number;
  /** Messages of text: they are no datagrams. */
  text: number;
}

const OPEN = 1;
const BUFFER_BYTES = 262_144;

export class WebSocketAdapter {
  readonly counters: WebSocketCounters = { received: 0, sent: 0, lost: 0, text: 0 };
  readonly #socket: MessageSocket;
  readonly #bufferBytes: number;
  readonly #loop: PlaneLoop;
  /** A socket may read a message long after the call. */
  readonly #slab = new Slab();

  /**
   * Binds a plane of carrier "udp", which no other adapter has, to a socket that is open (in workerd: accepted), or being
   * opened: until then packets wait in the plane. A socket that closes ends the adapter, and what still waits is lost, but
   * not the plane: a new adapter of a new socket goes on with its SAs. Its errors are for whoever listens to it. Throws
   * `option`, `closed`.
   */
  constructor(plane: DataPlane, socket: MessageSocket, options: WebSocketOptions) {
    const { bufferBytes = BUFFER_BYTES, clock = systemClock() } = options;
    if (!(bufferBytes >= 1)) throw new IpsecError("option", `bufferBytes is ${bufferBytes}: 1 or more is allowed`);
    if (socket.readyState > OPEN) throw new IpsecError("closed", "the WebSocket is closed: open a new one");
    this.#socket = socket;
    this.#bufferBytes = bufferBytes;
    // An open socket takes everything: what comes in must not wait in the plane behind what goes out. send() looks at its bytes.
    const outlet = {
      makeRoom: () => socket.readyState >= OPEN,
      take: (item: Item) => this.#take(item),
      flush: () => {},
    };
    const loop = new PlaneLoop(plane, options, outlet, clock);
    this.#loop = loop;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#hear(data));
    socket.addEventListener("open", () => loop.drainSoon());
    socket.addEventListener("close", () => {
      loop.drainLast();
      this.close(); // In workerd the other half is still open.
    });
  }

  /** Seals a packet and sends it. False: nothing was taken, the socket does not keep up; try again later. Throws `closed`. */
  send(packet: Uint8Array, sa?: Sa): boolean {
    this.#mustBeOpen();
    return !this.#isFull() && this.#loop.outbound(packet, sa);
  }

  /** Sends an IKE message, behind four zero bytes. False: as send. Throws `packet`, `closed`. */
  sendIke(message: Uint8Array): boolean {
    this.#mustBeOpen();
    const length = ikeDatagramLength(message);
    if (this.#isFull() || this.#socket.readyState < OPEN) return false;
    const datagram = this.#slab.take(length);
    writeIkeDatagram(datagram, message);
    this.#transmit(datagram);
    return true;
  }

  /** Closes the socket. What was not sent yet waits in the plane, which stays open, for a new adapter. */
  close(): void {
    if (this.#loop.stopped) return;
    this.#loop.stop();
    this.#socket.close();
  }

  #hear(data: unknown): void {
    if (this.#loop.stopped) return;
    if (typeof data === "string") {
      this.counters.text++;
      return;
    }
    this.counters.received++;
    // An ArrayBuffer, as asked, but of another realm perhaps: of an iframe, of a test. No path: where messages come from
    // cannot move.
    if (!this.#loop.inbound(new Uint8Array(data as ArrayBuffer), undefined)) this.counters.lost++;
  }

  #isFull(): boolean {
    const { bufferedAmount = 0 } = this.#socket;
    return bufferedAmount >= this.#bufferBytes;
  }

  #take(item: Item): void {
    const datagram = this.#slab.take(item.length);
    item.copyInto(datagram);
    this.#transmit(datagram);
  }

  #transmit(datagram: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState !== OPEN) {
      this.counters.lost++;
      return;
    }
    this.#socket.send(datagram);
    this.counters.sent++;
  }

  #mustBeOpen(): void {
    if (this.#loop.stopped) throw new IpsecError("closed", "this WebSocket adapter was closed");
  }
}
