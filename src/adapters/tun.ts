// A TUN device of Linux: IP packets of the kernel's own network stack, read and written from Node.
//
// Through koffi, an optional dependency: Node has no ioctl, and its file reads would leave a thread hanging in a read
// that never ends. Here the device does not block; one poll() at a time waits for it in a worker thread.

import { closeSync, constants, openSync } from "node:fs";
import { IpsecError } from "../errors.js";
import { Slab } from "../slab.js";
import { type Libc, loadLibc } from "./libc.js";

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
/** struct ifreq: 16 bytes of name, then the flags. */
const IFREQ_SIZE = 40;
const NAME_SIZE = 16;
/** struct pollfd: file descriptor 4 | events 2 | returned events 2. */
const POLLIN = 1;
/** How long closing may take. */
const POLL_MILLISECONDS = 250;
const LARGEST_PACKET = 65_535;
/** Packets read in one turn of the event loop. */
const BURST = 256;

export interface TunOptions {
  /** Of the interface, 15 characters at most. It is made, or taken when it exists and nobody has it. */
  readonly name: string;
  /** An IP packet that the kernel sends into the device. The bytes are the callback's own, the buffer they lie in is not. */
  readonly onPacket: (packet: Uint8Array) => void;
}

export class Tun {
  readonly name: string;
  /** Packets the kernel did not take, because the interface is down or its queue is full. */
  refused = 0;
  readonly #descriptor: number;
  readonly #libc: Libc;
  readonly #onPacket: (packet: Uint8Array) => void;
  readonly #buffer = new Uint8Array(LARGEST_PACKET);
  readonly #slab = new Slab();
  readonly #pollfd = new Uint8Array(8);
  #closed = false;

  /** Opens the device. Throws IpsecError "adapter" with a sentence when koffi, Linux or the right to do so is missing. */
  static async open(options: TunOptions): Promise<Tun> {
    if (process.platform !== "linux")
      throw new IpsecError("adapter", `TUN devices need Linux, not ${process.platform}`);
    if (!/^[\w.-]{1,15}$/.test(options.name)) {
      throw new IpsecError(
        "adapter",
        `"${options.name}" is not an interface name: 1 to 15 letters, digits, ".", "-", "_"`,
      );
    }
    const libc = await loadLibc("TUN devices");
    return new Tun(options, libc, openDevice(libc, options.name));
  }

  private constructor(options: TunOptions, libc: Libc, descriptor: number) {
    this.name = options.name;
    this.#onPacket = options.onPacket;
    this.#libc = libc;
    this.#descriptor = descriptor;
    const pollfd = new DataView(this.#pollfd.buffer);
    pollfd.setInt32(0, descriptor, true);
    pollfd.setInt16(4, POLLIN, true);
    this.#wait();
  }

  /** Hands an IP packet to the kernel. */
  write(packet: Uint8Array): void {
    if (this.#closed) throw new IpsecError("closed", `the TUN device ${this.name} was closed`);
    if (this.#libc.write(this.#descriptor, packet, packet.length) !== packet.length) this.refused++;
  }

  /** Gives the device back within a quarter of a second; an interface made by open() goes away. */
  close(): void {
    this.#closed = true;
  }

  #wait(): void {
    this.#libc.poll(this.#pollfd, 1, POLL_MILLISECONDS, () => {
      if (this.#closed) return closeSync(this.#descriptor);
      this.#readBurst();
      this.#wait();
    });
  }

  #readBurst(): void {
    for (let count = 0; count < BURST && !this.#closed; count++) {
      const length = this.#libc.read(this.#descriptor, this.#buffer, LARGEST_PACKET);
      if (length <= 0) return; // Nothing more for now.
      this.#onPacket(this.#slab.copy(this.#buffer, 0, length));
    }
  }
}

function openDevice(libc: Libc, name: string): number {
  let descriptor: number;
  try {
    descriptor = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw new IpsecError("adapter", "cannot open /dev/net/tun: it needs root and a kernel with TUN", { cause });
  }
  const request = new Uint8Array(IFREQ_SIZE);
  request.set(new TextEncoder().encode(name));
  new DataView(request.buffer).setUint16(NAME_SIZE, IFF_TUN | IFF_NO_PI, true);
  if (libc.ioctl(descriptor, TUNSETIFF, request) < 0) {
    closeSync(descriptor);
    throw new IpsecError(
      "adapter",
      `cannot open the TUN device ${name}: it needs root, and nobody else may have it open`,
    );
  }
  return descriptor;
}
