// The security policy database, RFC 4301 section 4.4.1: two ordered lists, each with a cache of flows in front.

import type { Engine } from "../engine.js";
import { IpsecError } from "../errors.js";
import type { IpFields } from "../wire/ip.js";
import { FlowCache } from "./flow-cache.js";
import { Policy, type PolicyConfig } from "./policy.js";
import { matches } from "./selector.js";

export class Spd {
  readonly #policies = { out: [] as Policy[], in: [] as Policy[] };
  readonly #flows: { readonly out: FlowCache; readonly in: FlowCache };
  readonly #limit: number;
  /** @internal Whose policies these are. */
  readonly engine: Engine;

  constructor(limit: number, flows: number, seed: number, engine: Engine) {
    this.#limit = limit;
    this.#flows = { out: new FlowCache(flows, seed), in: new FlowCache(Math.max(16, flows >> 2), seed) };
    this.engine = engine;
  }

  add(config: PolicyConfig): Policy {
    if (this.#policies.out.length + this.#policies.in.length >= this.#limit) {
      throw new IpsecError("limit", `there are ${this.#limit} policies already: raise limits.policies`);
    }
    const place = this.#placeOf(config);
    const policy = new Policy(config, this);
    this.#policies[policy.direction].splice(place, 0, policy);
    this.#flows[policy.direction].forget();
    return policy;
  }

  #placeOf({ direction, before }: PolicyConfig): number {
    const list = this.#policies[direction === "in" ? "in" : "out"];
    const place = before === undefined ? list.length : list.indexOf(before);
    if (place >= 0) return place;
    throw new IpsecError(
      "policy",
      `before is deleted or of another direction: one of the policies ${direction} is needed`,
    );
  }

  delete(policy: Policy): void {
    const list = this.#policies[policy.direction];
    const index = list.indexOf(policy);
    if (index < 0) return;
    list.splice(index, 1);
    policy.forget();
    this.#flows[policy.direction].forget();
  }

  /** The first policy whose selector matches, or undefined: then the packet is discarded, RFC 4301 section 5.1. */
  match(direction: "out" | "in", fields: IpFields): Policy | undefined {
    const flows = this.#flows[direction];
    const slot = flows.find(fields);
    if (slot >= 0) return flows.policyAt(slot);
    const policy = this.#search(direction, fields);
    flows.remember(fields, policy);
    return policy;
  }

  #search(direction: "out" | "in", fields: IpFields): Policy | undefined {
    for (const policy of this.#policies[direction]) {
      for (const selector of policy.selectors) {
        if (matches(selector, fields)) return policy;
      }
    }
    return undefined;
  }
}
