// Routers in one process, for a lab and for tests: packets and IKE's messages go from one to the other at once. No clock,
// no socket; not for use between machines.
import type { DataPlane } from "../../data-plane.js";
import type { Verdict } from "../../verdict.js";
import { type ApplyOptions, applyConfig } from "../apply/apply.js";
import type { LiveIdent } from "../apply/live-ident.js";
import type { IosSession } from "../apply/session.js";
import type { IosConfig } from "../model.js";
import { LabIke, type LabNetwork } from "./ike.js";
import { echoOf, echoReplyOf, hostsOf } from "./probe-packet.js";

/** Answers to answers, before it is called a loop. */
const ROUNDS = 100;

export interface LabRouter {
  /** Its host name, until somebody says otherwise. */
  name: string;
  readonly plane: DataPlane;
  readonly session: IosSession;
  /** False: nothing of it arrives anywhere, and nothing arrives at it. */
  reachable: boolean;
}

export interface LabOptions {
  /** Fills an array with random bytes. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  readonly log?: ApplyOptions["log"];
  readonly epoch?: number;
}

/** What became of a packet: delivered, or what stopped it and where. */
export interface LabDelivery {
  readonly verdict: Verdict;
  /** The router that said so. */
  readonly at: string;
}

export interface LabPing {
  /** How many came back. */
  readonly answered: number;
  /** As a router prints it: "!" for each that came back, "." for each that did not, in order. */
  readonly marks: string;
  /** What became of the last. */
  readonly last: LabDelivery;
}

class Router implements LabRouter {
  name: string;
  readonly plane: DataPlane;
  readonly session: IosSession;
  readonly ike: LabIke;

  constructor(name: string, plane: DataPlane, session: IosSession, ike: LabIke) {
    this.name = name;
    this.plane = plane;
    this.session = session;
    this.ike = ike;
  }

  get reachable(): boolean {
    return this.ike.reachable;
  }

  set reachable(reachable: boolean) {
    this.ike.reachable = reachable;
  }

  has(address: string): boolean {
    const { config, idents } = this.session;
    return (
      config.interfaces.some((found) => found.address?.address === address) ||
      idents.some(({ planned }) => planned.localAddress === address)
    );
  }
}

export class Lab implements LabNetwork {
  readonly #routers: Router[] = [];
  readonly #options: LabOptions;
  #work: ((now: number) => void)[] = [];

  constructor(options: LabOptions) {
    this.#options = options;
  }

  get routers(): readonly LabRouter[] {
    return this.#routers;
  }

  /** A plane of carrier "ip" becomes a router. `planeOptionsOf` says how the plane is to be made. */
  add(plane: DataPlane, config: IosConfig, options: Partial<ApplyOptions> = {}): LabRouter {
    const { log, epoch } = this.#options;
    const ike = new LabIke(this);
    ike.session = applyConfig(plane, config, {
      chance: () => this.#chance(),
      ...(log === undefined ? {} : { log }),
      ...(epoch === undefined ? {} : { epoch }),
      ike,
      ...options,
    });
    const name = config.hostname ?? `Router${String.fromCharCode(65 + this.#routers.length)}`;
    const router = new Router(name, plane, ike.session, ike);
    this.#routers.push(router);
    return router;
  }

  /** @internal */
  at(address: string): LabIke | undefined {
    return this.#at(address)?.ike;
  }

  /** The router that has an address and can be reached. */
  #at(address: string): Router | undefined {
    return this.#routers.find((router) => router.reachable && router.has(address));
  }

  /** @internal */
  later(work: (now: number) => void): void {
    this.#work.push(work);
  }

  /** @internal */
  random(bytes: Uint8Array<ArrayBuffer>): unknown {
    return this.#options.random(bytes);
  }

  #chance(): number {
    const bytes = new Uint8Array(4);
    this.#options.random(bytes);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  }

  /** What the routers have to say to each other is said, until all are silent. Call it after commands. */
  settle(now: number): void {
    for (let round = 0; round < ROUNDS; round++) {
      for (const { session } of this.#routers) session.takeEvents(now);
      if (this.#work.length === 0) return;
      for (const work of this.#work.splice(0)) work(now);
    }
  }

  /** Runs everybody's timers. */
  tick(now: number): void {
    for (const { session, ike } of this.#routers) {
      session.tick(now);
      ike.tick(now);
      this.settle(now);
    }
  }

  /** Sends a packet of a host behind `from`. */
  send(from: LabRouter, packet: Uint8Array, now: number): LabDelivery {
    this.settle(now);
    const first = from.plane.protect(now, packet);
    this.settle(now);
    // As a router does while IKE negotiates: the first packet is tried once more when there are SAs.
    const sealed = first.verdict === "no-sa" ? from.plane.protect(now, packet) : first;
    if (sealed.verdict !== "sealed" && sealed.verdict !== "bypassed") return { verdict: sealed.verdict, at: from.name };
    let last: LabDelivery = { verdict: "discarded", at: from.name };
    for (const datagram of sealed.verdict === "bypassed" ? [packet] : sealed.datagrams) {
      const to = from.reachable ? this.#to(datagram, from) : undefined;
      if (to === undefined) return { verdict: "discarded", at: "the network" };
      last = { verdict: to.plane.unprotect(now, datagram).verdict, at: to.name };
      this.settle(now);
    }
    return last;
  }

  /** Where a datagram goes: to the tunnel's end; a clear one to whoever else there is. */
  #to(datagram: Uint8Array, from: LabRouter): LabRouter | undefined {
    const target = datagram.subarray(16, 20).join(".");
    const owner = this.#routers.find((router) => router.has(target)) ?? this.#routers.find((router) => router !== from);
    return owner?.reachable ? owner : undefined;
  }

  /** Echo requests from a host behind `from` through its `ident`, and the answers. */
  ping(from: LabRouter, ident: LiveIdent, count: number, now: number): LabPing {
    let marks = "";
    let last: LabDelivery = { verdict: "discarded", at: from.name };
    const { rule } = ident.planned;
    const hosts = hostsOf(from.session.config, ident.planned);
    for (let packet = 0; packet < count; packet++) {
      last = this.send(from, echoOf(hosts, rule, packet), now);
      const other = this.#routers.find(({ name }) => last.verdict === "delivered" && name === last.at);
      if (other !== undefined) last = this.send(other, echoReplyOf(hosts, rule, packet), now);
      marks += last.verdict === "delivered" ? "!" : ".";
    }
    return { answered: marks.replaceAll(".", "").length, marks, last };
  }
}
