// The engine: few verbs, no logic of its own. THE LINE OUT is outbound.ts, THE LINE IN is inbound.ts.

import { SLOT_DATA } from "../assembly/layout.js";
import { stageDummy } from "./dummy.js";
import { Engine } from "./engine.js";
import { IpsecError } from "./errors.js";
import type { Event } from "./event.js";
import { type Explanation, explain } from "./explain/explain.js";
import type { ReassemblyStats } from "./frag/reassembly.js";
import { newArrival, receive, settleInbound } from "./inbound.js";
import { checkCompression } from "./ipcomp/association.js";
import { Item } from "./item.js";
import { resolveLimits } from "./limits.js";
import type { Peer, PeerConfig } from "./liveness/peer.js";
import type { NatKeepalive } from "./natt/keepalive.js";
import type { Path, PathConfig } from "./natt/path.js";
import { newAdmission, offer, settleOutbound } from "./outbound.js";
import { carrierFor, checkCarrier, checkProfile, type PlaneOptions } from "./plane-options.js";
import type { SaConfig } from "./sad/config.js";
import { resolveSa, type SaDefaults } from "./sad/resolve.js";
import type { Sa } from "./sad/sa.js";
import type { Profile } from "./sad/suites.js";
import {
  checkTarget,
  copySingle,
  openSingle,
  POLICY_GROWTH,
  type ProtectResult,
  protect,
  recognised,
  sealSingle,
  type UnprotectResult,
  unprotect,
} from "./simple.js";
import { Slab } from "./slab.js";
import type { Policy, PolicyConfig } from "./spd/policy.js";
import { runTimers } from "./timers/tick.js";
import type { Verdict } from "./verdict.js";
import { suitesToWarm, throwawayOptions, warmUp } from "./warm.js";
import type { Entry } from "./wasm/entry.js";
import { type KernelExports, type KernelSource, loadKernel, loadKernelSync, type Variant } from "./wasm/kernel.js";
import { KernelMemory } from "./wasm/memory.js";
import { buildFor, buildForSync, checkBuild } from "./wasm/source.js";

export class DataPlane {
  /** Where the inlined kernel comes from; an entry of the package sets it. @internal */
  static source: KernelSource | undefined;

  readonly #engine: Engine;
  readonly #profile: Profile;
  readonly #defaults: SaDefaults;
  readonly #random: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  readonly #slab = new Slab();
  readonly #admission = newAdmission();
  readonly #arrival = newArrival();
  readonly variant: Variant;
  #closed = false;
  /** The verdict of the last protectInto or unprotectInto. */
  verdict: Verdict | undefined = undefined;
  /** @internal An adapter's: a new SA or setting may have brought `deadline()` nearer. */
  onTimersSet: () => void = () => {};

  /** Loads the kernel and makes a plane. Throws `option`, `wasm`, `limit`. */
  static async create(options: PlaneOptions = {}): Promise<DataPlane> {
    const suites = suitesToWarm(options);
    const { exports, module } = await loadKernel(await buildFor(DataPlane.source, options));
    if (suites.length > 0) warmUp(new DataPlane((await loadKernel(module)).exports, throwawayOptions(options)), suites);
    return new DataPlane(exports, options);
  }

  /** The same at once, where the realm compiles synchronously: not on a browser's main thread. Profile "legacy" needs `wasm`. */
  static createSync(options: PlaneOptions = {}): DataPlane {
    const suites = suitesToWarm(options);
    const { exports, module } = loadKernelSync(buildForSync(DataPlane.source, options));
    if (suites.length > 0) warmUp(new DataPlane(loadKernelSync(module).exports, throwawayOptions(options)), suites);
    return new DataPlane(exports, options);
  }

  private constructor(kernel: KernelExports, options: PlaneOptions) {
    if (options.carrier !== undefined) checkCarrier(options.carrier);
    this.#profile = checkProfile(options.profile);
    checkBuild(kernel, this.#profile);
    this.#defaults = options.defaults ?? {};
    this.#random = options.random ?? ((bytes) => crypto.getRandomValues(bytes));
    this.variant = kernel.variant() === 1 ? "relaxed-simd" : "simd";
    const limits = resolveLimits(options.limits);
    const seed = new Uint8Array(4);
    this.#random(seed);
    const memory = new KernelMemory(kernel, limits, this.#random);
    const engineOptions = { ...options, random: this.#random };
    this.#engine = new Engine(memory, limits, new DataView(seed.buffer).getUint32(0), engineOptions);
  }

  /** Installs a security association, or throws an IpsecError and leaves nothing half installed. */
  addSa(config: SaConfig): Sa {
    const engine = this.#open();
    const carrier = carrierFor(engine.carrier, config.carrier);
    const resolved = resolveSa(config, carrier, this.#profile, this.#defaults);
    checkCompression(resolved.config, engine.compressor);
    if (resolved.config.peer !== undefined) engine.peers.check(resolved.config.peer);
    const sa = engine.sad.add(resolved, engine.initialPath(resolved), engine);
    engine.carrier = carrier;
    engine.start(sa);
    this.onTimersSet();
    return sa;
  }

  /** Adds a policy, behind all others or in front of `before`: earlier ones come first. */
  addPolicy(config: PolicyConfig): Policy {
    return this.#open().spd.add(config);
  }

  /** A peer to watch and to fail over from. Throws `peer`, `address`, `limit`. */
  addPeer(config: PeerConfig): Peer {
    const engine = this.#open();
    return engine.peers.add(config, Math.floor(engine.chance() * 2 ** 31)); // RFC 3706 section 6.2: the high bit zero
  }

  /**
   * IKE authenticated a message of the peer. With `sequence` it was R_U_THERE_ACK: false, and of no effect, when no
   * probe of that number is unanswered.
   */
  heard(now: number, peer: Peer, sequence?: number): boolean {
    const engine = this.#begin(now);
    engine.peers.check(peer);
    return engine.peers.heard(peer, engine.now, sequence);
  }

  /**
   * Something unauthenticated says that the peer may have lost its SAs (RFC 7296 section 1.5): it is probed, if it is
   * watched, at most once an interval.
   */
  suspect(now: number, peer: Peer): void {
    const engine = this.#begin(now);
    engine.peers.check(peer);
    engine.peers.suspect(peer, engine.now);
  }

  /** Whether an unknown SPI may lead to an IKE SA; event `invalid-spi` says so in `recovery`. */
  get invalidSpiRecovery(): boolean {
    return this.#engine.invalidSpi.recovery;
  }

  set invalidSpiRecovery(recovery: boolean) {
    this.#engine.invalidSpi.recovery = recovery;
  }

  /** Keepalives of outbound SAs with `natTraversal` that say no `keepaliveSeconds` of their own. */
  get natKeepalive(): NatKeepalive | undefined {
    return this.#engine.keepalives.setting;
  }

  set natKeepalive(setting: NatKeepalive | undefined) {
    this.#open().setNatKeepalive(setting);
    this.onTimersSet();
  }

  /** The one object for a remote: compare paths by identity. */
  path(config: PathConfig): Path {
    return this.#open().paths.intern(config);
  }

  /** Seals one packet. With `sa` the policies are skipped. Never throws on what a packet contains. */
  protect(now: number, packet: Uint8Array, sa?: Sa): ProtectResult {
    const engine = this.#begin(now);
    return this.#ending(protect(engine, this.#slab, packet, sa, this.#admission));
  }

  /** Opens one datagram. With `path`, a peer that moved is followed. */
  unprotect(now: number, datagram: Uint8Array, path?: Path): UnprotectResult {
    return unprotect(this.#begin(now), this.#slab, datagram, path, this.#arrival);
  }

  /**
   * Seals one packet into `target`, which must hold the packet and 400 bytes more or its padding; the datagram's
   * length, or 0: `verdict` says why. What takes several datagrams is `too-big` here: `protect` and `outbound` cut.
   */
  protectInto(now: number, packet: Uint8Array, target: Uint8Array, sa?: Sa): number {
    const engine = this.#begin(now);
    const { tfcPadding } = sa?.resolved ?? { tfcPadding: 0 };
    checkTarget(target, Math.max(packet.length, tfcPadding) + (sa === undefined ? POLICY_GROWTH : 128));
    this.verdict = this.#ending(sealSingle(engine, packet, sa, this.#admission, target));
    return this.verdict === "sealed" ? copySingle(engine, target) : 0;
  }

  /**
   * Opens one datagram into `target`, which must be 40 bytes longer than the datagram, or 65,535 bytes on a plane that
   * inflates; the packet's length, or 0.
   */
  unprotectInto(now: number, datagram: Uint8Array, target: Uint8Array, path?: Path): number {
    const engine = this.#begin(now);
    checkTarget(target, engine.compressor === undefined ? datagram.length + 40 : 65_535);
    this.verdict = openSingle(engine, datagram, path, this.#arrival, target.length - 40);
    if (this.verdict === "delivered") return copySingle(engine, target);
    if (this.verdict !== "ike" && this.verdict !== "bypassed") return 0;
    const { start, length } = this.#arrival;
    target.set(recognised(engine, datagram, this.#arrival).subarray(start, start + length));
    return length;
  }

  /** Stages a packet to be sealed. False: nothing was taken; flush, poll, offer it again. */
  outbound(now: number, packet: Uint8Array, sa?: Sa): boolean {
    return offer(this.#begin(now), packet, sa, this.#admission);
  }

  /** Stages a datagram to be opened. False: nothing was taken; flush, poll, offer it again. */
  inbound(now: number, datagram: Uint8Array, path?: Path): boolean {
    return receive(this.#begin(now), datagram, path, this.#arrival);
  }

  /**
   * Stages a dummy packet (RFC 4303 section 2.6) of up to `length` random bytes, through the outer SAs of its bundle too.
   * False: nothing was taken; the ring is full, or the SA is no live outbound ESP SA, or names no endpoints (transport
   * mode, carrier "ip").
   */
  dummy(now: number, sa: Sa, length: number): boolean {
    return stageDummy(this.#begin(now), sa, Math.min(Math.max(0, Math.trunc(length)), SLOT_DATA), this.#random);
  }

  /** Seals and opens everything staged, in one kernel call each way. */
  flush(now: number): void {
    const engine = this.#begin(now);
    engine.ring.release();
    engine.ring.flush(engine, settle);
    engine.expireUsedUp();
  }

  /** Takes the next result into `item`, in the order offered; false when there is none. Its bytes are borrowed. */
  poll(item: Item): boolean {
    const { ring, memory } = this.#open();
    return item.take(ring, memory.bytes);
  }

  /** A record for `poll`, made once. */
  createItem(): Item {
    return new Item(this.#open().memory.bytes);
  }

  /** Runs the timers that are due. What it produces (keepalives, dummies) comes out of `poll`; it flushes for that. */
  tick(now: number): void {
    const engine = this.#begin(now);
    engine.reassembly.expire(engine.now);
    if (runTimers(engine, this.#random)) this.flush(now);
  }

  /** When `tick` is next due, Infinity if never. */
  deadline(): number {
    const engine = this.#open();
    const timer = engine.deadlines.next((sa, timer) => engine.dueAt(sa, timer));
    return Math.min(timer, engine.reassembly.deadline);
  }

  nextEvent(): Event | undefined {
    return this.#open().events.shift();
  }

  /** Packets by verdict, since the plane was made. */
  get counters(): Readonly<Record<Verdict, number>> {
    return this.#engine.counters;
  }

  /** Why packets end in `verdict`, what the last one was, and what would have accepted it. Throws `option`. */
  readonly explain = (verdict: Verdict): Explanation => explain(this.#engine, verdict);

  /** Outer fragments: datagrams that wait for more of theirs, and those given up. */
  get reassembly(): ReassemblyStats {
    return this.#engine.reassembly.stats;
  }

  /** Events dropped because nobody took them. */
  get eventsLost(): number {
    return this.#engine.events.lost;
  }

  /** Bytes of the kernel's memory. */
  get memoryBytes(): number {
    return this.#closed ? 0 : this.#engine.memory.bytes.length;
  }

  /** Wipes everything. The plane cannot be used afterwards. */
  close(): void {
    if (this.#closed) return;
    for (const sa of [...this.#engine.sad]) sa.delete();
    this.#engine.memory.wipe();
    this.#closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(): Engine {
    if (this.#closed) refuseClosed();
    return this.#engine;
  }

  #begin(now: number): Engine {
    const engine = this.#engine;
    if (this.#closed) refuseClosed();
    engine.advance(now);
    return engine;
  }

  /** The end of a simple verb: nothing of it is staged, so an SA whose volume is used up expires at once. */
  #ending<T>(result: T): T {
    if (!this.#engine.ring.hasStaged) this.#engine.expireUsedUp();
    return result;
  }
}

function settle(engine: Engine, entry: Entry): void {
  if (entry.inbound) settleInbound(engine, entry);
  else settleOutbound(engine, entry);
}

function refuseClosed(): never {
  throw new IpsecError("closed", "this plane has been closed: create another");
}
