// Two planes back to back, each with an IKE that negotiates at once and "encrypts" by checking that both ends have the
// same IKE SA: what the driver sends passes as the real payload bytes.

import { IkeDriver, type IkeDriverOptions, type IkePort, type IkeSa, type PayloadChain } from "../../src/ike/index.js";
import {
  DataPlane,
  type DeadPeerDetection,
  type Event,
  type PeerConfig,
  type PlaneOptions,
  type Policy,
  type Sa,
} from "../../src/index.js";
import { gcm } from "../engine/world.js";
import { ipv4 } from "../packets.js";

export class End implements IkePort {
  readonly address: string;
  readonly plane: DataPlane;
  readonly driver: IkeDriver;
  readonly sas = new Map<string, IkeSa>();
  /** What happened, by kind; `log` can be cleared. */
  log: string[] = [];
  /** Messages are lost on the way out. */
  mute = false;
  sent: PayloadChain[] = [];
  out: Sa | undefined;
  incoming: Sa | undefined;
  far!: End;
  peer!: ReturnType<DataPlane["addPeer"]>;
  policy!: Policy;

  constructor(address: string, plane: DataPlane, options: IkeDriverOptions) {
    this.address = address;
    this.plane = plane;
    this.driver = new IkeDriver(plane, this, options);
  }

  find(address: string): IkeSa | undefined {
    return this.sas.get(address);
  }

  inform(now: number, sa: IkeSa, payloads: PayloadChain): void {
    this.sent.push(payloads);
    const { far } = this;
    if (this.mute || far.mute || !isSame(far.sas.get(this.address), sa)) return;
    const heard = far.driver.informed(now, far.peer, sa, payloads);
    this.log.push(heard ? "informed" : "ignored");
    // RFC 7296 section 1.4: every request of IKEv2 is answered.
    if (sa.version === 2 && heard) this.plane.heard(now, this.peer);
  }

  establish(now: number): void {
    this.log.push("establish");
    if (!this.mute && !this.far.mute) connect(now, this, 1);
  }

  release(_now: number, _sa: IkeSa, reason: string): void {
    this.log.push(`release ${reason}`);
    this.sas.delete(this.far.address);
  }

  acquire(now: number): void {
    this.log.push("acquire");
    if (this.mute || this.far.mute) return;
    if (!this.sas.has(this.far.address)) connect(now, this, 1);
    negotiate(this, this.far);
  }

  rekey(): void {
    this.log.push("rekey");
  }

  send(now: number, _address: string, message: Uint8Array): void {
    this.log.push("hint");
    this.far.driver.hinted(now, this.far.peer, message);
  }

  /** `clear crypto session`: everything is forgotten, and nobody is told. */
  clear(): void {
    this.sas.clear();
    this.out?.delete();
    this.incoming?.delete();
  }

  /** Sends one packet to the far end; how it ended there, or here. */
  say(now: number): string {
    const { verdict, datagrams } = this.plane.protect(now, ipv4());
    if (verdict !== "sealed") return verdict;
    return this.far.plane.unprotect(now, datagrams[0] as Uint8Array).verdict;
  }
}

function isSame(a: IkeSa | undefined, b: IkeSa): boolean {
  return a !== undefined && Buffer.compare(a.initiatorSpi, b.initiatorSpi) === 0;
}

let nextIke = 1;
let nextSpi = 0x1000;

/** A new IKE SA between the two. */
export function connect(now: number, end: End, version: 1 | 2): void {
  const sa: IkeSa = {
    version,
    initiatorSpi: new Uint8Array(8).fill(nextIke++),
    responderSpi: new Uint8Array(8).fill(nextIke++),
  };
  end.sas.set(end.far.address, sa);
  end.far.sas.set(end.address, sa);
  end.driver.established(now, end.peer);
  end.far.driver.established(now, end.far.peer);
}

/** New IPsec SAs both ways. */
export function negotiate(a: End, b: End): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const spi = nextSpi++;
    const tunnel = { source: from.address, target: to.address };
    from.out = from.plane.addSa({ ...gcm("out", { spi }), tunnel, peer: from.peer } as never);
    to.incoming = to.plane.addSa({ ...gcm("in", { spi }), tunnel, peer: to.peer } as never);
    from.policy.use(from.out);
  }
}

export interface Setting extends PlaneOptions {
  readonly detection?: DeadPeerDetection;
  readonly peer?: Partial<PeerConfig>;
  readonly driver?: IkeDriverOptions;
}

/** Router A at 10.1.1.1, router B at 10.2.2.2, connected, over whole IP packets. `b`: what B has besides. */
export async function twoEnds(a: Setting = {}, b: Setting = a, version: 1 | 2 = 1): Promise<[End, End]> {
  const make = async (address: string, { detection: _, peer: __, driver, ...options }: Setting) =>
    new End(address, await DataPlane.create({ limits: "edge", carrier: "ip", ...options }), driver ?? {});
  const [routerA, routerB] = [await make("10.1.1.1", a), await make("10.2.2.2", b)];
  for (const [end, far, setting] of [
    [routerA, routerB, a],
    [routerB, routerA, b],
  ] as const) {
    end.far = far;
    const detection = setting.detection === undefined ? {} : { deadPeerDetection: setting.detection };
    end.peer = end.plane.addPeer({ addresses: [far.address], ...detection, ...setting.peer });
    end.policy = end.plane.addPolicy({ direction: "out", action: "protect" });
    end.plane.tick(0);
  }
  connect(0, routerA, version);
  negotiate(routerA, routerB);
  return [routerA, routerB];
}

/** Both drivers, until nothing happens any more. */
export function settle(now: number, ...ends: End[]): Event[] {
  const all: Event[] = [];
  for (let before = -1; before < all.length; ) {
    before = all.length;
    for (const end of ends) all.push(...end.driver.drive(now));
  }
  return all;
}

/** Time passes, tick by tick; what happened. */
export function pass(until: number, ...ends: End[]): (readonly [number, Event["kind"]])[] {
  const all: (readonly [number, Event["kind"]])[] = [];
  for (;;) {
    const at = Math.min(...ends.map((end) => end.plane.deadline()));
    if (at > until) return all;
    for (const end of ends) end.plane.tick(at);
    for (const event of settle(at, ...ends)) all.push([at, event.kind]);
  }
}
