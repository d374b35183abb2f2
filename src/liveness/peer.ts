// A peer: the IKE endpoint behind a group of SAs. What lives here is what the guide calls its liveness; the rules
// stand in peers.ts.
import { IpsecError } from "../errors.js";
import type { Sa } from "../sad/sa.js";
import { formatAddress, parseAddress } from "../wire/address.js";

export interface DeadPeerDetection {
  /** "periodic": a probe every `seconds`. "on-demand": a probe when a packet is sealed after `seconds` of silence. */
  readonly mode: "on-demand" | "periodic";
  /** 10..3600. */
  readonly seconds: number;
  /** Between probes once one has been missed, 2..60. Default 2. */
  readonly retrySeconds?: number;
  /** Probes missed in a row after which the peer is dead, 1..100. Default 5: one probe and four retransmissions. */
  readonly misses?: number;
}

export interface PeerConfig {
  /** IPv4 or IPv6 text, 1..32 of them, the preferred first. A dead peer is replaced by the next, the last by the first. */
  readonly addresses: readonly string[];
  /** IKE's UDP port, 1..65535. Default 500. */
  readonly port?: number;
  /** Absent: the peer is never probed. */
  readonly deadPeerDetection?: DeadPeerDetection;
  /** Whether its outbound SAs follow it to another address or port, as its inbound ones do. Default true. */
  readonly followMapping?: boolean;
  /** Return to the first address after this many seconds without a packet to or from another one, 1..31,536,000. */
  readonly preferredIdleSeconds?: number;
}

const PROTOCOL_NUMBER = { esp: 50, ah: 51 } as const;

/** "up": nothing says otherwise. "probing": a probe is unanswered. "dead": until it is heard, or given an SA, again. */
export type PeerState = "up" | "probing" | "dead";

/** What a handle asks of its plane. */
export interface PeerOwner {
  deletePeer(peer: Peer): void;
  failOver(peer: Peer): void;
}

/** Made by `plane.addPeer` only. */
export class Peer {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly deadPeerDetection: Required<DeadPeerDetection> | undefined;
  readonly preferredIdleSeconds: number | undefined;
  /**
   * RFC 7296 section 2.23: follow a peer behind a NAT when its mapping changes; a side that is behind one itself should
   * not, nor one with MOBIKE. Set it once that is known.
   */
  followMapping: boolean;

  /** @internal */ readonly sas = new Set<Sa>();
  /** @internal Which of its timers run, timers/deadlines.ts. */ timers = 0;
  /** @internal */ status: PeerState = "up";
  /** @internal Place of the current address in the list. */ index = 0;
  /** @internal An SA or a word of IKE has shown that somebody is there to be watched. */ watched = false;
  /** @internal When IKE last said it is alive. */ helloAt = Number.NaN;
  /** @internal When anything authenticated last came. */ heardAt = Number.NaN;
  /** @internal When a packet last passed, either way. */ passedAt = Number.NaN;
  /** @internal When anything was last sent through its NAT mapping. */ refreshedAt = Number.NaN;
  /** @internal */ probedAt = Number.NaN;
  /** @internal Probes sent and not answered. */ unanswered = 0;
  /** @internal The last number probed with, RFC 3706 section 6.2. */ sequence: number;
  /** @internal */ deleted = false;
  readonly #owner: PeerOwner;

  /** @internal `sequence`: where the numbers begin, random. */
  constructor(config: PeerConfig, sequence: number, owner: PeerOwner) {
    this.addresses = resolveAddresses(config.addresses);
    this.port = whole(config.port ?? 500, 1, 65535, "port");
    this.deadPeerDetection = resolveDetection(config.deadPeerDetection);
    const idle = config.preferredIdleSeconds;
    this.preferredIdleSeconds = idle === undefined ? undefined : whole(idle, 1, 31_536_000, "preferredIdleSeconds");
    this.followMapping = config.followMapping ?? true;
    this.sequence = sequence;
    this.#owner = owner;
  }

  /** The address of the list in use. */
  get address(): string {
    return this.addresses[this.index] as string;
  }

  get state(): PeerState {
    return this.status;
  }

  /** Its outbound SA of this SPI: SPIs of outbound SAs are the peer's own numbers. `protocol`: 50 ESP, 51 AH. */
  outbound(spi: number, protocol?: 50 | 51): Sa | undefined {
    for (const sa of this.sas) {
      if (sa.direction !== "out" || sa.spi !== spi || sa.state === "deleted") continue;
      if (protocol === undefined || protocol === PROTOCOL_NUMBER[sa.protocol]) return sa;
    }
    return undefined;
  }

  /**
   * IKE reaches nobody at the address in use: the next of the list takes its place, after the last the first. A peer with
   * live SAs stays where it is: dead peer detection judges it.
   */
  failOver(): void {
    if (!this.deleted) this.#owner.failOver(this);
  }

  /** Forgets the peer and deletes its SAs. Harmless when repeated. */
  delete(): void {
    if (!this.deleted) this.#owner.deletePeer(this);
  }

  [Symbol.dispose](): void {
    this.delete();
  }
}

function resolveAddresses(given: readonly string[]): readonly string[] {
  if (!Array.isArray(given) || given.length < 1 || given.length > 32) {
    throw new IpsecError("peer", `addresses of a peer: a list of 1 to 32 is needed, ${given?.length ?? "none"} given`);
  }
  const addresses = given.map((text, i) => formatAddress(parseAddress(text, `addresses[${i}]`)));
  if (new Set(addresses).size === addresses.length) return Object.freeze(addresses);
  throw new IpsecError("peer", `addresses of a peer: ${addresses.join(", ")} names one twice`);
}

function resolveDetection(given: DeadPeerDetection | undefined): Required<DeadPeerDetection> | undefined {
  if (given === undefined) return undefined;
  if (given.mode !== "on-demand" && given.mode !== "periodic") {
    const said = String(given.mode);
    throw new IpsecError("peer", `deadPeerDetection.mode is "${said}": "on-demand" or "periodic" is allowed`);
  }
  return Object.freeze({
    mode: given.mode,
    seconds: whole(given.seconds, 10, 3600, "deadPeerDetection.seconds"),
    retrySeconds: whole(given.retrySeconds ?? 2, 2, 60, "deadPeerDetection.retrySeconds"),
    misses: whole(given.misses ?? 5, 1, 100, "deadPeerDetection.misses"),
  });
}

function whole(value: number, least: number, most: number, what: string): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new IpsecError("peer", `${what} is ${String(value)}: a whole number from ${least} to ${most} is allowed`);
}
