// What the two packet lines share: the tables, the counters, and what can happen to an SA while packets pass.
import { C_NEXT_ID, D_NEXT_HEADER, D_SIZE_OF, D_STATUS, JUMBO_DATA, JUMBO_SIZE } from "../assembly/layout.js";
import { IpsecError } from "./errors.js";
import { EventQueue, type LifetimeLimit } from "./event.js";
import { selectorOf } from "./explain/described.js";
import { LastEnds } from "./explain/last-end.js";
import { FirstFragments } from "./frag/first-fragments.js";
import { LEARNED_MS } from "./frag/path-mtu.js";
import { Reassembly } from "./frag/reassembly.js";
import { TooBigRates } from "./frag/too-big.js";
import type { Compressor } from "./ipcomp/codec.js";
import type { Limits } from "./limits.js";
import { InvalidSpi } from "./liveness/invalid-spi.js";
import { Peer } from "./liveness/peer.js";
import { Peers } from "./liveness/peers.js";
import { Keepalives, type NatKeepalive } from "./natt/keepalive.js";
import { NO_ADDRESS, type Path, PathTable } from "./natt/path.js";
import { NattPorts } from "./natt/ports.js";
import type { PlaneOptions } from "./plane-options.js";
import type { ResolvedSa } from "./sad/resolve.js";
import type { Sa, SaOwner } from "./sad/sa.js";
import { Sad } from "./sad/sad.js";
import type { Policy } from "./spd/policy.js";
import { Spd } from "./spd/spd.js";
import { Deadlines, type TimerName, type TimerOwner } from "./timers/deadlines.js";
import { VERDICTS, type Verdict } from "./verdict.js";
import { Entry } from "./wasm/entry.js";
import type { KernelMemory } from "./wasm/memory.js";
import { Ring } from "./wasm/ring.js";
import { Views } from "./wasm/views.js";
import { IpFields } from "./wire/fields.js";
import { IPV6_MINIMUM_MTU } from "./wire/ipv6.js";
import { PROTOCOL_AH } from "./wire/protocol.js";

export type Carrier = "udp" | "ip";

const SINGLE_VIEWS = 256;

type EngineOptions = PlaneOptions & { readonly random: (bytes: Uint8Array<ArrayBuffer>) => unknown };

export class Engine implements SaOwner {
  readonly memory: KernelMemory;
  readonly limits: Limits;
  readonly sad: Sad;
  readonly spd: Spd;
  readonly ring: Ring;
  readonly paths: PathTable;
  readonly events: EventQueue;
  readonly deadlines = new Deadlines();
  readonly lastEnds = new LastEnds();
  readonly peers: Peers;
  readonly invalidSpi: InvalidSpi;
  readonly keepalives: Keepalives;
  readonly #random: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  readonly counters = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  /** The packet in hand: read on offer, and again from its descriptor once opened. */
  readonly fields = new IpFields();
  /** What would answer the packet that an ICMP error quotes. */
  readonly answer = new IpFields();
  /** The ICMP error for the packet in hand: at most the minimum MTU of IPv6. */
  readonly icmp = new Uint8Array(IPV6_MINIMUM_MTU);
  /** The simple verbs' own descriptor and jumbo slot, outside the ring. */
  readonly single: Entry;
  readonly singleViews: Views;
  carrier: Carrier | undefined;
  /** Of SAs with IPComp. */
  compressor: Compressor | undefined;
  /** The largest `now` seen. */
  now = -Infinity;
  readonly nattPorts = new NattPorts();
  readonly reassembly: Reassembly;
  readonly firstFragments: FirstFragments;
  readonly tooBigRates = new TooBigRates();
  /** SAs with the non-IKE marker. */
  nonIkeSas = 0;
  /** SAs whose age begins with the next `now`. */
  #unstarted: Sa[] = [];
  /** Outbound SAs to expire once what is staged has been sealed. */
  #usedUp: { readonly sa: Sa; readonly limit: LifetimeLimit }[] = [];

  constructor(memory: KernelMemory, limits: Limits, seed: number, options: EngineOptions) {
    this.memory = memory;
    this.limits = limits;
    this.sad = new Sad(memory, limits);
    this.spd = new Spd(limits.policies, limits.flows, seed, this);
    this.ring = new Ring(memory, limits.packets, limits.jumboPackets, this);
    this.firstFragments = new FirstFragments(limits.flows);
    this.reassembly = new Reassembly(memory, limits);
    this.paths = new PathTable(limits.paths);
    this.events = new EventQueue(limits.events);
    this.peers = new Peers(limits.peers, this.deadlines, this.events);
    const { invalidSpiRecovery = false, invalidSpiRates = {}, natKeepalive } = options;
    this.#random = options.random;
    this.carrier = options.carrier;
    this.compressor = options.compression;
    this.keepalives = new Keepalives(natKeepalive, () => this.chance());
    this.invalidSpi = new InvalidSpi(memory, this.events, this.peers, invalidSpiRecovery, invalidSpiRates);
    const jumbo = memory.plan.jumbos + limits.jumboPackets * JUMBO_SIZE;
    this.single = new Entry((memory.plan.descriptors + limits.packets * D_SIZE_OF) >> 2, jumbo, JUMBO_DATA);
    this.singleViews = new Views(memory.bytes, SINGLE_VIEWS);
    memory.words[C_NEXT_ID >> 2] = seed;
  }

  /** Takes the caller's clock: it never goes backwards. */
  advance(now: number): void {
    if (!Number.isFinite(now)) refuseTime(now);
    if (now < this.now) return;
    this.now = now;
    if (this.#unstarted.length > 0) this.#startAges();
  }

  /** An SA has been installed: its timers run from `addedAt`, or from the next `now`. */
  start(sa: Sa): void {
    this.#watch(sa);
    const { addedAt } = sa.resolved.config;
    if (addedAt === undefined) this.#unstarted.push(sa);
    else this.#arm(sa, addedAt);
  }

  #startAges(): void {
    const started = this.#unstarted;
    this.#unstarted = [];
    for (const sa of started) if (sa.state === "live") this.#arm(sa, this.now);
  }

  #arm(sa: Sa, addedAt: number): void {
    sa.addedAt = addedAt;
    sa.lastSentAt = addedAt;
    sa.hardAt = addedAt + sa.lifetime.hardAfter;
    sa.keepaliveMs = this.keepalives.intervalFor(sa, this.carrier);
    for (const timer of ["soft", "hard", "idle", "keepalive", "dummy"] as const)
      this.deadlines.start(this.dueAt(sa, timer), sa, timer);
    if (sa.peer !== undefined) this.peers.watch(sa.peer, Math.max(addedAt, this.now));
  }

  /** A new setting starts keepalives where there were none; the others come to it when theirs is due. */
  setNatKeepalive(setting: NatKeepalive | undefined): void {
    this.keepalives.setting = setting;
    for (const sa of this.sad) {
      if (Number.isNaN(sa.addedAt) || sa.keepaliveMs !== Infinity) continue;
      sa.keepaliveMs = this.keepalives.intervalFor(sa, this.carrier);
      this.deadlines.start(this.dueAt(sa, "keepalive"), sa, "keepalive");
    }
  }

  readSequence(sa: Sa): bigint {
    return this.sad.sequence(sa);
  }

  /** From 0 to below 1. */
  chance(): number {
    const bytes = new Uint8Array(4);
    this.#random(bytes);
    return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
  }

  /** When a timer is due, as things stand; Infinity for one that is not set or no longer matters. */
  dueAt(owner: TimerOwner, timer: TimerName): number {
    return owner instanceof Peer ? this.peers.dueAt(owner, timer) : this.#saDueAt(owner, timer);
  }

  #saDueAt(sa: Sa, timer: TimerName): number {
    if (sa.state !== "live") return Infinity;
    const { resolved, lifetime } = sa;
    switch (timer) {
      case "soft":
        return lifetime.announced ? Infinity : sa.addedAt + lifetime.softAfter;
      case "hard":
        return sa.hardAt;
      case "idle":
        return (Number.isNaN(sa.lastUsedAt) ? sa.addedAt : sa.lastUsedAt) + resolved.idleMs;
      case "keepalive":
        return this.keepalives.dueAt(sa);
      case "dummy":
        return sa.direction === "out" ? sa.lastSentAt + resolved.dummyMs : Infinity;
      case "path-mtu":
        return sa.mtuLearnedAt + LEARNED_MS;
      default:
        return Infinity;
    }
  }

  /** Counts a packet's end. */
  end(verdict: Verdict, sa: Sa | undefined): Verdict {
    // By name where it matters: a property whose name varies is looked up anew each time.
    if (verdict === "sealed") this.counters.sealed++;
    else if (verdict === "delivered") this.counters.delivered++;
    else this.counters[verdict]++;
    if (sa !== undefined && verdict !== "sealed" && verdict !== "delivered" && verdict !== "dummy") sa.drop(verdict);
    return verdict;
  }

  /** For the packet in `fields`. */
  acquire(policy: Policy | undefined): void {
    if (policy === undefined || policy.acquiring) return;
    policy.acquiring = true;
    this.events.push({ kind: "acquire", policy, packet: selectorOf(this.fields) });
  }

  /** Counts an authenticated or admitted packet against the SA's volume; raises the soft event. */
  countVolume(sa: Sa, bytes: number): void {
    const limit = sa.lifetime.count(bytes);
    if (limit !== undefined) this.events.push({ kind: "soft-expired", sa, limit });
  }

  /** A hard lifetime is reached now: keys wiped, packets refused. */
  expire(sa: Sa, limit: LifetimeLimit): void {
    if (sa.state !== "live") return;
    this.sad.expire(sa);
    this.events.push({ kind: "hard-expired", sa, limit });
  }

  /** A hard volume is reached while packets of the SA are staged: those are still sealed, later ones refused. */
  expireOnceSealed(sa: Sa, limit: LifetimeLimit): void {
    if (sa.refusing) return;
    sa.refusing = true;
    sa.remeasure();
    this.#usedUp.push({ sa, limit });
  }

  /** Nothing is staged any more. */
  expireUsedUp(): void {
    if (this.#usedUp.length === 0) return;
    for (const { sa, limit } of this.#usedUp.splice(0)) this.expire(sa, limit);
  }

  /** The peer of an SA is at `path`: what is staged goes there too. The error says why it cannot, and nothing is done. */
  moveSa(sa: Sa, path: Path): IpsecError | undefined {
    const previous = sa.path;
    const refused = this.sad.move(sa, path);
    if (refused !== undefined || this.carrier === "udp") return refused;
    this.ring.forStaged((entry) => {
      if (entry.path === previous && (entry.outers?.at(-1) ?? entry.sa) === sa) entry.path = path;
    });
    return undefined;
  }

  /** What step 1 of the line in must know of an SA. */
  #watch(sa: Sa): void {
    sa.peer?.sas.add(sa);
    if (sa.resolved.nonIke) this.nonIkeSas++;
    if (sa.direction !== "in" || this.carrier !== "ip" || sa.resolved.config.natTraversal === undefined) return;
    this.nattPorts.add(sa);
  }

  /** Wipes its keys at once; what is staged for it ends `no-sa`. */
  deleteSa(sa: Sa): void {
    const { words } = this.memory;
    this.ring.forStaged((entry) => {
      if (entry.inbound && entry.verdict === undefined && this.#isFor(entry, sa)) {
        entry.verdict = this.end("no-sa", sa);
        entry.kind = "dropped";
        this.lastEnds.settled(this, "no-sa", entry, sa);
      }
      if (entry.verdict === "no-sa") words[entry.descriptor + (D_STATUS >> 2)] = VERDICTS.indexOf("no-sa") + 1;
    });
    this.sad.delete(sa);
    sa.peer?.sas.delete(sa);
    if (sa.resolved.nonIke) this.nonIkeSas--;
    if (sa.direction === "in" && this.carrier === "ip" && sa.resolved.config.natTraversal !== undefined)
      this.nattPorts.delete(sa);
  }

  /** Whether a staged datagram carries the SA's SPI. */
  #isFor(entry: Entry, sa: Sa): boolean {
    const { bytes, words } = this.memory;
    const ah = words[entry.descriptor + (D_NEXT_HEADER >> 2)] === PROTOCOL_AH;
    if (sa.direction !== "in" || ah !== (sa.protocol === "ah") || entry.length < 8) return false;
    const at = ah ? entry.start + 4 : entry.start; // RFC 4302 section 2, RFC 4303 section 2
    const spi =
      (((bytes[at] as number) << 24) |
        ((bytes[at + 1] as number) << 16) |
        ((bytes[at + 2] as number) << 8) |
        (bytes[at + 3] as number)) >>>
      0;
    return spi === sa.spi;
  }

  /** The path of an SA's peer as configured. */
  initialPath({ config, carrier, ports }: ResolvedSa): Path {
    const { source, target } = config.mode === "tunnel" ? config.tunnel : (config.endpoints ?? {});
    const out = config.direction === "out";
    const natt = carrier === "udp" || config.natTraversal !== undefined;
    const port = natt ? (out ? ports.target : ports.source) : 0;
    return this.paths.intern({ remote: { address: (out ? target : source) ?? NO_ADDRESS, port } });
  }
}

function refuseTime(now: number): never {
  throw new IpsecError("now", `now is ${String(now)}: finite milliseconds are needed`);
}
