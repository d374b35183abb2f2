// The handle of a security association. Keys, sequence number and window live in the kernel's record; here is what a
// person configures or a clock counts.
import type { IpsecError } from "../errors.js";
import { pathMtu } from "../frag/fit.js";
import { CompressionAssociation, compressionCounts } from "../ipcomp/association.js";
import type { Peer } from "../liveness/peer.js";
import type { Path } from "../natt/path.js";
import type { CompiledSelector } from "../spd/selector.js";
import type { TokenBucket } from "../timers/token-bucket.js";
import { VERDICTS, type Verdict } from "../verdict.js";
import { Lifetime } from "./lifetime.js";
import type { ResolvedSa } from "./resolve.js";

export type SaState = "live" | "expired" | "deleted";

export interface SaStats {
  /** Packets sealed, or opened and authenticated. */
  readonly packets: number;
  /** Their bytes as lifetimes count them: payload and padding; AH: whole packets. */
  readonly bytes: number;
  /** Dummy packets among them. */
  readonly dummies: number;
  /** Packets that ended otherwise, by verdict. Verdicts that did not occur are absent. */
  readonly dropped: Readonly<Partial<Record<Verdict, number>>>;
  /** Packets that IPComp made shorter. Of these six, all are 0 without `compression`. */
  readonly compressed: number;
  /** Packets sent as they were without an attempt: too short, or after attempts that gained nothing. */
  readonly notCompressed: number;
  /** Packets sent as they were because compressed they would have been no shorter. */
  readonly compressFailed: number;
  /** Packets that came compressed and were inflated. */
  readonly decompressed: number;
  /** Packets that came as they were. */
  readonly notDecompressed: number;
  /** Packets dropped because they could not be inflated. */
  readonly decompressFailed: number;
  /** `now` of the last of `packets`, undefined before the first. */
  readonly lastUsedAt: number | undefined;
}

/** What a handle asks of its plane. */
export interface SaOwner {
  readSequence(sa: Sa): bigint;
  deleteSa(sa: Sa): void;
  /** The error says why its headers cannot lead to `path`. */
  moveSa(sa: Sa, path: Path): IpsecError | undefined;
  /** From 0 to below 1, by the plane's `random`. */
  chance(): number;
}

export class Sa {
  readonly direction: "out" | "in";
  readonly protocol: "esp" | "ah";
  readonly spi: number;
  readonly mode: "tunnel" | "transport";
  /** Undefined for AH. */
  readonly encryption: string | undefined;
  readonly integrity: string | undefined;
  /** The peer it belongs to, if that was said: it dies with it. */
  readonly peer: Peer | undefined;

  /** @internal Index of the kernel's record. */ readonly index: number;
  /** @internal Address of the kernel's record. */ readonly record: number;
  /** @internal */ readonly generation: number;
  /** @internal As it was configured, and as its path has it. */ resolved: ResolvedSa;
  /** @internal */ readonly lifetime: Lifetime;
  /** @internal */ readonly compression: CompressionAssociation | undefined;
  /** @internal */ readonly selectors: readonly CompiledSelector[] | undefined;
  /** @internal Milliseconds on the clock of `now`; NaN until the first `now`. */ addedAt = Number.NaN;
  /** @internal */ hardAt = Infinity;
  /** @internal */ lastUsedAt = Number.NaN;
  /** @internal When a packet was last sent, for keepalives and dummies. */ lastSentAt = Number.NaN;
  /** @internal How long the keepalive that it waits for may take. */ keepaliveMs = Infinity;
  /** @internal Volume is used up: no packet is admitted, and the kernel expires it once what is staged has been sealed. */
  refusing = false;
  /** @internal No sequence number is left, and that has been said. */ exhausted = false;
  /** @internal Made with the first: most SAs drop nothing. */ drops: Map<Verdict, number> | undefined = undefined;
  /** @internal */ dummies = 0;
  /** @internal Outbound: the SAs around it, the next one first, in the bundle of its policy. */
  outers: readonly Sa[] | undefined = undefined;
  /** @internal Inbound bundles: the SA its packets must have come out of, and how many SAs name this one. */
  through: Sa | undefined = undefined;
  /** @internal */ carries = 0;
  /** @internal Which of its timers run, timers/deadlines.ts. */ timers = 0;
  /** @internal Bytes of the largest outer packet: as configured, or as a router said. */ learnedMtu: number;
  /** @internal When it was learned; Infinity for what is configured. */ mtuLearnedAt = Infinity;
  /** @internal How often it may be lowered. */ mtuRate: TokenBucket | undefined = undefined;
  /** @internal Bytes of the largest inner packet that passes whole; below 0 while it is to be computed. */
  largestInner = -1;
  /** @internal Bytes of the largest packet that plain.ts may stage, 0 for none; below 0 while it is to be computed. */
  plainLimit = -1;
  /** @internal What plain.ts asks of an SA for every packet: see `ResolvedSa`. */
  readonly alignment: number;
  /** @internal DF of its datagrams: as inside, or else always so. */ readonly copiesDf: boolean;
  /** @internal */ readonly setsDf: boolean;
  /** @internal In: it judges and changes nothing of what comes out of it. */ readonly opensPlain: boolean;
  #state: SaState = "live";
  #path: Path;
  #lastSequence = 0n;
  readonly #owner: SaOwner;

  /** @internal */
  constructor(
    resolved: ResolvedSa,
    place: { index: number; record: number; generation: number },
    path: Path,
    owner: SaOwner,
  ) {
    const { config } = resolved;
    this.direction = config.direction;
    this.protocol = config.protocol;
    this.spi = config.spi;
    this.mode = config.mode;
    this.encryption = config.encryption;
    this.integrity = config.integrity;
    this.peer = config.peer;
    this.index = place.index;
    this.record = place.record;
    this.generation = place.generation;
    this.resolved = resolved;
    this.selectors = resolved.selectors;
    this.lifetime = new Lifetime(config.lifetime, () => owner.chance());
    this.learnedMtu = resolved.pathMtu;
    this.compression = config.compression && new CompressionAssociation(config.compression);
    this.alignment = resolved.encryption.alignment;
    this.copiesDf = (config.dfBit ?? "copy") === "copy";
    this.setsDf = config.dfBit === "set";
    this.opensPlain =
      config.direction === "in" &&
      resolved.selectors === undefined &&
      config.compression === undefined &&
      resolved.clampMss === false;
    this.#path = path;
    this.#owner = owner;
  }

  /** "live", "expired" after a hard lifetime (keys wiped, packets refused), "deleted". */
  get state(): SaState {
    return this.#state;
  }

  /**
   * Where its peer is. Inbound it follows authenticated packets (event `mapping-changed`). Outbound it follows them with
   * its peer (`addPeer`), or it is set; over carrier "ip" the outer header follows: in tunnel mode the address and,
   * with natTraversal, the UDP port, in transport mode the port. Throws `address`, `port`, `duplicate-spi`.
   */
  get path(): Path {
    return this.#path;
  }

  set path(path: Path) {
    const refused = path === this.#path ? undefined : this.#owner.moveSa(this, path);
    if (refused !== undefined) throw refused;
  }

  /** @internal */
  moved(path: Path, resolved: ResolvedSa): void {
    this.#path = path;
    this.resolved = resolved;
    this.remeasure();
  }

  /** @internal */
  belongsTo(owner: SaOwner): boolean {
    return this.#owner === owner;
  }

  /** @internal What fits its path may have changed. */
  remeasure(): void {
    this.largestInner = -1;
    this.plainLimit = this.#state === "live" && !this.refusing ? -1 : 0;
  }

  /** Bytes of the largest outer IP packet, now: as configured, lowered by the path's own and by what routers said. */
  get pathMtu(): number {
    return pathMtu(this);
  }

  /** Last number sent (out), highest accepted (in). */
  get sequence(): bigint {
    return this.#state === "deleted" ? this.#lastSequence : this.#owner.readSequence(this);
  }

  get stats(): SaStats {
    const dropped: Partial<Record<Verdict, number>> = {};
    for (const verdict of VERDICTS) {
      const count = this.drops?.get(verdict);
      if (count !== undefined) dropped[verdict] = count;
    }
    const { packets, bytes } = this.lifetime;
    const lastUsedAt = Number.isNaN(this.lastUsedAt) ? undefined : this.lastUsedAt;
    return { packets, bytes, dummies: this.dummies, dropped, ...compressionCounts(this.compression), lastUsedAt };
  }

  /** Wipes its keys at once. Staged packets of it end `no-sa`; the handle stays readable. Harmless when repeated. */
  delete(): void {
    if (this.#state !== "deleted") this.#owner.deleteSa(this);
  }

  [Symbol.dispose](): void {
    this.delete();
  }

  /** @internal */
  drop(verdict: Verdict): void {
    this.drops ??= new Map();
    this.drops.set(verdict, (this.drops.get(verdict) ?? 0) + 1);
  }

  /** @internal */
  enter(state: SaState): void {
    if (state === "deleted" && this.#state !== "deleted") this.#lastSequence = this.#owner.readSequence(this);
    this.#state = state;
    this.remeasure();
  }
}
