// The security policy database, RFC 4301 section 4.4.1: two ordered lists, each with an index and a cache of flows in front.

import type { Engine } from "../engine.js";
import { IpsecError } from "../errors.js";
import type { Sa } from "../sad/sa.js";
import type { IpFields } from "../wire/fields.js";
import { FlowCache } from "./flow-cache.js";
import { Policy, type PolicyConfig } from "./policy.js";
import { PolicyIndex } from "./policy-index.js";

export class Spd {
  readonly #policies = { out: [] as Policy[], in: [] as Policy[] };
  readonly #index = { out: new PolicyIndex<Policy>(), in: new PolicyIndex<Policy>() };
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
    const list = this.#policies[policy.direction];
    list.splice(place, 0, policy);
    if (place === list.length - 1) policy.place = (list[place - 1]?.place ?? -1) + 1;
    else for (const [at, each] of list.entries()) each.place = at;
    this.#index[policy.direction].add(policy);
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
    this.#index[policy.direction].delete(policy);
    policy.forget();
    this.#flows[policy.direction].forget();
  }

  /** The SA of the remembered flow of an outbound packet that `FlowCache.findPlain` can read; undefined for a bundle's. */
  recallSa(packet: Uint8Array): Sa | undefined {
    const slot = this.#flows.out.findPlain(packet);
    const policy = slot < 0 ? undefined : this.#flows.out.policyAt(slot);
    return policy === undefined || policy.outers !== undefined ? undefined : policy.sa;
  }

  /** The first policy whose selector matches, or undefined: then the packet is discarded, RFC 4301 section 5.1. */
  match(direction: "out" | "in", fields: IpFields): Policy | undefined {
    const flows = this.#flows[direction];
    const slot = flows.find(fields);
    if (slot >= 0) return flows.policyAt(slot);
    const policy = this.#index[direction].find(fields);
    flows.remember(fields, policy);
    return policy;
  }
}
