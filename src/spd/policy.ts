import { IpsecError } from "../errors.js";
import { Sa } from "../sad/sa.js";
import { type CompiledSelector, compileSelector, type Selector } from "./selector.js";
import type { Spd } from "./spd.js";

export type PolicyAction = "protect" | "bypass" | "discard";

/** One entry of the SPD, RFC 4301 section 4.4.1. The order of `addPolicy` is the order of search. */
export interface PolicyConfig {
  /** "out": packets to seal. "in": clear packets that arrive (carrier ip); decrypted ones are judged by their SA's selectors. */
  readonly direction: "out" | "in";
  /** One selector or several; absent: everything. */
  readonly selector?: Selector | readonly Selector[];
  /** Inbound, "protect" means: must have come through an SA, so what comes clear is discarded. */
  readonly action: PolicyAction;
  /** The outbound SA of a protect policy. Absent: the first packet raises the event `acquire`. */
  readonly sa?: Sa | readonly Sa[];
}

/** The handle of a policy. */
export class Policy {
  readonly direction: "out" | "in";
  readonly action: PolicyAction;
  /** @internal */ readonly selectors: readonly CompiledSelector[];
  /** @internal The SA for packets offered from now on. */ sa: Sa | undefined;
  /** @internal The event has been raised and no SA has come since. */ acquiring = false;
  readonly #spd: Spd;

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
    this.selectors = selectors.map(compileSelector);
    this.#spd = spd;
    if (config.sa !== undefined) this.sa = this.#single(config.sa);
  }

  /** Rekey: packets offered from now on go through `sa`. Staged ones keep theirs; the old inbound SA drains. */
  use(sa: Sa | readonly Sa[]): void {
    this.sa = this.#single(sa);
    this.acquiring = false;
  }

  /** Takes the policy out of the SPD. Its SA stays. */
  delete(): void {
    this.#spd.delete(this);
  }

  #single(sa: Sa | readonly Sa[]): Sa {
    const [first, ...more] = sa instanceof Sa ? [sa] : sa;
    if (this.action !== "protect" || this.direction !== "out") {
      throw new IpsecError(
        "policy",
        `sa is given, but only an outbound protect policy has one; this is ${this.direction} ${this.action}`,
      );
    }
    if (more.length > 0) throw new IpsecError("unsupported", "SA bundles are not implemented yet: give one SA");
    if (!(first instanceof Sa) || first.direction !== "out")
      throw new IpsecError("policy", "sa must be an outbound SA of addSa");
    if (!this.#spd.owns(first)) throw new IpsecError("policy", "sa belongs to another plane");
    return first;
  }
}
