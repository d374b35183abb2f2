import { IpsecError } from "../errors.js";
import type { Peer } from "../liveness/peer.js";
import { checkBundle, type Link, linkBundle, unlinkBundle } from "../sad/bundle.js";
import { Sa } from "../sad/sa.js";
import { type CompiledSelector, compileSelector, type Selector } from "./selector.js";
import type { Spd } from "./spd.js";

export type PolicyAction = "protect" | "bypass" | "discard";

/** One entry of the SPD, RFC 4301 section 4.4.1. The order of `addPolicy` is the order of search. */
export interface PolicyConfig {
  /**
   * "out": packets to seal. "in": clear packets that arrive (carrier ip); decrypted ones are judged by their SA's selectors.
   * An ICMP error about a path is heeded (`sa.pathMtu`) if the policy that matches says bypass, or none matches: RFC 4301
   * section 6.1.1.
   */
  readonly direction: "out" | "in";
  /** One selector or several; absent: everything. */
  readonly selector?: Selector | readonly Selector[];
  /** Inbound, "protect" means: must have come through an SA, so what comes clear is discarded. */
  readonly action: PolicyAction;
  /**
   * The outbound SA of a protect policy, or a bundle of up to four over carrier "ip": the packet goes through the first
   * of them, what comes of it through the next. Absent: the first packet raises the event `acquire`. Inbound, a bundle of
   * two to four: what comes for one of them must have come out of the next, and what comes out of that one must be for
   * it; anything else is `policy-mismatch`.
   */
  readonly sa?: Sa | readonly Sa[];
  /** Its place in the order of search: in front of this policy of the same direction. Absent: behind all others. */
  readonly before?: Policy;
  /** With whom its SAs are negotiated, for who takes the event `acquire`. From addPeer; outbound protect policies. */
  readonly peer?: Peer;
}

/** The handle of a policy. */
export class Policy {
  readonly direction: "out" | "in";
  readonly action: PolicyAction;
  readonly peer: Peer | undefined;
  /** @internal */ readonly selectors: readonly CompiledSelector[];
  /** @internal The SA for packets offered from now on. */ sa: Sa | undefined;
  /** @internal The outer SAs of its bundle, the next one first. */ outers: readonly Sa[] | undefined;
  /** @internal Its place in the order of search: the lower of two comes first. */ place = 0;
  /** @internal The event has been raised and no SA has come since. */ acquiring = false;
  readonly #spd: Spd;
  #links: Link[] = [];

  /** @internal */
  constructor(config: PolicyConfig, spd: Spd) {
    if (config.direction !== "out" && config.direction !== "in") {
      throw new IpsecError("policy", `direction is "${String(config.direction)}": "out" or "in" is allowed`);
    }
    if (!["protect", "bypass", "discard"].includes(config.action)) {
      throw new IpsecError(
        "policy",
        `action is "${String(config.action)}": "protect", "bypass" or "discard" is allowed`,
      );
    }
    const selectors =
      config.selector === undefined ? [{}] : Array.isArray(config.selector) ? config.selector : [config.selector];
    if (selectors.length === 0)
      throw new IpsecError("selector", "selector is an empty list: leave it out to mean everything");
    this.direction = config.direction;
    this.action = config.action;
    this.peer = config.peer;
    this.selectors = selectors.map(compileSelector);
    this.#spd = spd;
    if (config.peer !== undefined) this.#check(config.peer);
    if (config.sa !== undefined) this.#take(config.sa);
  }

  /** Rekey: packets offered from now on go through `sa`. Staged ones keep theirs; the old inbound SA drains. */
  use(sa: Sa | readonly Sa[]): void {
    this.#take(sa);
    this.acquiring = false;
  }

  /** Nobody could be agreed with: the next packet raises the event `acquire` again. */
  askAgain(): void {
    this.acquiring = false;
  }

  /** Takes the policy out of the SPD. Its SA stays. */
  delete(): void {
    this.#spd.delete(this);
  }

  /** @internal The policy has left the SPD. */
  forget(): void {
    if (this.direction === "out") for (const sa of [this.sa, ...(this.outers ?? [])]) if (sa) sa.outers = undefined;
    this.sa = undefined;
    this.outers = undefined;
    unlinkBundle(this.#spd.engine, this.#links);
    this.#links = [];
  }

  #check(peer: Peer): void {
    if (this.action !== "protect" || this.direction === "in")
      throw new IpsecError("policy", "peer is given, but only an outbound protect policy has one");
    this.#spd.engine.peers.check(peer);
  }

  #take(sa: Sa | readonly Sa[]): void {
    const sas = sa instanceof Sa ? [sa] : [...sa];
    if (this.action !== "protect" || (this.direction === "in" && sas.length < 2)) {
      throw new IpsecError(
        "policy",
        `sa is given, but only a protect policy has one, inbound only a bundle; this is ${this.direction} ${this.action}`,
      );
    }
    const { engine } = this.#spd;
    checkBundle(sas, this.direction, (each) => engine.sad.owns(each));
    if (this.direction === "in") {
      // The bundles before this one drain: their links stay as long as their SAs.
      const fresh = linkBundle(engine, sas);
      this.#links = [...this.#links.filter(({ inner }) => engine.sad.owns(inner)), ...fresh];
    } else {
      for (const [i, each] of sas.entries()) each.outers = i < sas.length - 1 ? sas.slice(i + 1) : undefined;
    }
    this.sa = sas[0];
    this.outers = sas.length > 1 ? sas.slice(1) : undefined;
  }
}
