// Two routers in one process, for a lab and for tests: packets go from plane to plane at once, and what stands in for
// IKE draws keys at random and gives them to both. No clock, no socket; not for use between machines.
import type { DataPlane } from "../data-plane.js";
import type { Event } from "../event.js";
import type { Peer } from "../liveness/peer.js";
import type { Verdict } from "../verdict.js";
import { parseAddress } from "../wire/address.js";
import { setWord16 } from "../wire/ip.js";
import { IPV4_HEADER_LENGTH, internetChecksum, writeIpv4 } from "../wire/ipv4.js";
import { type ApplyOptions, applyConfig } from "./apply/apply.js";
import type { Keying, LiveIdent } from "./apply/live-ident.js";
import type { SaKeys } from "./apply/sa-config.js";
import type { IosSession } from "./apply/session.js";
import type { IosConfig } from "./model.js";
import { writeAccessRule } from "./write.js";

const PROTOCOL_ICMP = 1;
const PROTOCOL_UDP = 17;
const ECHO_LENGTH = 100;

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

export class Lab {
  readonly routers: LabRouter[] = [];
  readonly #random: LabOptions["random"];
  readonly #options: LabOptions;

  constructor(options: LabOptions) {
    this.#random = options.random;
    this.#options = options;
  }

  /** A plane of carrier "ip" becomes a router. `planeOptionsOf` says how the plane is to be made. */
  add(plane: DataPlane, config: IosConfig, options: Partial<ApplyOptions> = {}): LabRouter {
    const { log, epoch } = this.#options;
    const session = applyConfig(plane, config, {
      chance: () => this.#word() / 2 ** 32,
      ...(log === undefined ? {} : { log }),
      ...(epoch === undefined ? {} : { epoch }),
      negotiate: (ident, now) => this.#negotiate(router, ident, now),
      probe: (peer, sequence, now) => this.#probe(router, peer, sequence, now),
      event: (event) => this.#event(router, event),
      ...options,
    });
    const name = config.hostname ?? `Router${String.fromCharCode(65 + this.routers.length)}`;
    const router: LabRouter = { name, plane, session, reachable: true };
    this.routers.push(router);
    return router;
  }

  /** The router of which `address` is an end of a tunnel. */
  #at(address: string): LabRouter | undefined {
    return this.routers.find(({ session }) => session.idents.some(({ planned }) => planned.localAddress === address));
  }

  /** What IKE would agree on: the same transforms, the mirrored rule. Both sides get the keys. */
  #negotiate(router: LabRouter, ident: LiveIdent, now: number): Keying | undefined {
    const other = this.#at(ident.peer.address);
    const twin = other?.session.idents.find((one) => isMirror(ident, one));
    if (!router.reachable || other === undefined || twin === undefined || !other.reachable) return undefined;
    const keys = () =>
      ident.suites.map(
        (suite): SaKeys => ({
          spi: 256 + (this.#word() % (2 ** 32 - 256)),
          encryptionKey: this.#bytes(suite.encryptionKeyLength),
          integrityKey: this.#bytes(suite.integrityKeyLength),
        }),
      );
    const [there, back] = [keys(), keys()];
    other.session.install(now, twin, { inbound: there, outbound: back });
    return { inbound: back, outbound: there };
  }

  #probe(router: LabRouter, peer: Peer, sequence: number, now: number): void {
    const other = this.#at(peer.address);
    if (router.reachable && other?.reachable) router.plane.heard(now, peer, sequence);
  }

  /** INVALID SPI NOTIFY: the sender deletes exactly the SAs named, and those that go with them. */
  #event(_: LabRouter, event: Event): void {
    if (event.kind !== "invalid-spi" || !event.recovery || event.source === undefined) return;
    for (const ident of this.#at(event.source)?.session.idents ?? []) {
      const named = ident.installed.some(({ sa }) => sa.direction === "out" && sa.spi === event.spi);
      if (!named) continue;
      for (const { sa } of ident.installed) sa.delete();
      ident.retire();
    }
  }

  /** Sends a packet of a host behind `from`. */
  send(from: LabRouter, packet: Uint8Array, now: number): LabDelivery {
    const first = from.plane.protect(now, packet);
    from.session.takeEvents(now);
    // As a router does while IKE negotiates: the first packet is tried once more when there are SAs.
    const sealed = first.verdict === "no-sa" ? from.plane.protect(now, packet) : first;
    if (sealed.verdict !== "sealed" && sealed.verdict !== "bypassed") return { verdict: sealed.verdict, at: from.name };
    let last: LabDelivery = { verdict: "discarded", at: from.name };
    for (const datagram of sealed.verdict === "bypassed" ? [packet] : sealed.datagrams) {
      const to = this.#to(datagram, from);
      if (to === undefined || !to.reachable || !from.reachable) return { verdict: "discarded", at: "the network" };
      last = { verdict: to.plane.unprotect(now, datagram).verdict, at: to.name };
      to.session.takeEvents(now);
    }
    return last;
  }

  /** Where a datagram goes: to the tunnel's end; a clear one to whoever else there is. */
  #to(datagram: Uint8Array, from: LabRouter): LabRouter | undefined {
    const target = datagram.subarray(16, 20).join(".");
    return this.#at(target) ?? this.routers.find((router) => router !== from);
  }

  /** Echo requests from a host behind `from` through its `ident`, and the answers; how many came back. */
  ping(from: LabRouter, ident: LiveIdent, count: number, now: number): { answered: number; last: LabDelivery } {
    let answered = 0;
    let last: LabDelivery = { verdict: "discarded", at: from.name };
    const { rule } = ident.planned;
    const [source, target] = [rule.source.address, rule.target.address].map((address) => hostIn(address));
    for (let packet = 0; packet < count; packet++) {
      const there = { source: source as string, target: target as string, protocol: rule.protocol ?? PROTOCOL_ICMP };
      last = this.send(from, probePacket(there, 8, packet, rule.sourcePort?.ports[0], rule.targetPort?.ports[0]), now);
      if (last.verdict !== "delivered") continue;
      const other = this.routers.find(({ name }) => name === last.at) as LabRouter;
      const back = { source: there.target, target: there.source, protocol: there.protocol };
      last = this.send(other, probePacket(back, 0, packet, rule.targetPort?.ports[0], rule.sourcePort?.ports[0]), now);
      if (last.verdict === "delivered") answered++;
    }
    return { answered, last };
  }

  tick(now: number): void {
    for (const { session } of this.routers) session.tick(now);
  }

  #bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    if (length > 0) this.#random(bytes);
    return bytes;
  }

  #word(): number {
    return new DataView(this.#bytes(4).buffer).getUint32(0);
  }
}

function isMirror(here: LiveIdent, there: LiveIdent): boolean {
  const { rule } = there.planned;
  const mirrored = {
    ...rule,
    source: rule.target,
    target: rule.source,
    sourcePort: rule.targetPort,
    targetPort: rule.sourcePort,
  };
  return (
    there.planned.localAddress === here.peer.address &&
    there.peer.address === here.planned.localAddress &&
    writeAccessRule(mirrored) === writeAccessRule(here.planned.rule) &&
    here.suites.map(({ label }) => label).join() === there.suites.map(({ label }) => label).join()
  );
}

/** A host of the network: its address, or the first one in it. */
function hostIn(address: string): string {
  return address.replace(/\.0$/, ".1");
}

/** An echo, or a UDP datagram where the rule is for one; other protocols carry the same bytes. */
function probePacket(
  { source, target, protocol }: { source: string; target: string; protocol: number },
  type: 0 | 8,
  sequence: number,
  sourcePort = 0,
  targetPort = 0,
): Uint8Array {
  const packet = new Uint8Array(ECHO_LENGTH);
  writeIpv4(packet, 0, {
    source: parseAddress(source, "source"),
    target: parseAddress(target, "target"),
    protocol,
    totalLength: ECHO_LENGTH,
    ttl: 255,
  });
  const start = IPV4_HEADER_LENGTH;
  if (protocol !== PROTOCOL_ICMP) {
    setWord16(packet, start, sourcePort);
    setWord16(packet, start + 2, targetPort);
    if (protocol === PROTOCOL_UDP) setWord16(packet, start + 4, ECHO_LENGTH - start);
    return packet;
  }
  packet[start] = type;
  setWord16(packet, start + 6, sequence);
  setWord16(packet, start + 2, internetChecksum(packet, start, ECHO_LENGTH - start));
  return packet;
}
