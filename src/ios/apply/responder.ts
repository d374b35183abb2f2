// What a peer's proposal comes to: an identity of the configuration, or one that a dynamic map makes for a peer that
// nobody has named. That one has policies of its own, and goes with its last SA.
import type { DataPlane } from "../../data-plane.js";
import { IpsecError } from "../../errors.js";
import type { Peer } from "../../liveness/peer.js";
import type { Policy } from "../../spd/policy.js";
import type { IosConfig } from "../model.js";
import { type Box, boxesOf, covers, intersect, mirrored, selectorOf } from "./box.js";
import { LiveIdent } from "./live-ident.js";
import type { PeerTable } from "./peer-table.js";
import type { PlannedDynamic, PlannedIdent } from "./plan.js";
import { type Answer, firstCommon, isSameRule, mirroredRule, type Proposal } from "./proposal.js";

/** An anchor of the plan, with the policies that are there. */
export interface LiveAnchor {
  readonly dynamic: PlannedDynamic;
  readonly region: Box;
  readonly outbound: Policy;
  readonly inbound: Policy;
}

export class Responder {
  readonly #plane: DataPlane;
  readonly #config: IosConfig;
  readonly #anchors: readonly LiveAnchor[];
  readonly #dynamics: readonly PlannedDynamic[];
  readonly #peers: PeerTable;
  /** Which dynamic map's entry an identity is of. */
  readonly #made = new WeakMap<LiveIdent, PlannedDynamic>();

  constructor(
    plane: DataPlane,
    config: IosConfig,
    { dynamics, anchors }: { dynamics: readonly PlannedDynamic[]; anchors: readonly LiveAnchor[] },
    peers: PeerTable,
  ) {
    this.#plane = plane;
    this.#config = config;
    this.#anchors = anchors;
    this.#dynamics = dynamics;
    this.#peers = peers;
  }

  /** Whether there is a dynamic map. */
  get answers(): boolean {
    return this.#dynamics.length > 0;
  }

  /** The peer at an address that may speak to a local one; made, where a dynamic map answers anybody. */
  peerAt(localAddress: string, address: string): Peer | undefined {
    const known = this.#peers.at(localAddress, address);
    if (known !== undefined) return known;
    const asked = this.#dynamics.some((dynamic) => dynamic.localAddress === localAddress && mayAsk(dynamic, address));
    if (!asked) return undefined;
    try {
      return this.#peers.obtain(localAddress, [address]);
    } catch (error) {
      if (error instanceof IpsecError && error.code === "limit") return undefined;
      throw error;
    }
  }

  /** Named peers first, then the dynamic maps in their order. What is made here is nowhere before `admit`. */
  answer(idents: readonly LiveIdent[], localAddress: string, peer: Peer, proposal: Proposal): Answer {
    const { rule, transformSets } = proposal;
    const wanted = mirroredRule(rule);
    const known = idents.filter((ident) => ident.peer === peer && isSameRule(ident.planned.rule, wanted));
    for (const ident of known) {
      const transformSet = firstCommon(transformSets, ident.planned.transformSets);
      if (transformSet !== undefined) return { ident, transformSet };
    }
    const boxes = boxesOf(wanted) ?? [];
    const asked = this.#dynamics.filter(
      (one) =>
        one.localAddress === localAddress && mayAsk(one, peer.address) && boxes.length > 0 && permits(one, boxes),
    );
    for (const dynamic of known.length > 0 ? [] : asked) {
      const transformSet = firstCommon(transformSets, dynamic.transformSets);
      if (transformSet !== undefined) return { ident: this.#make(dynamic, peer, wanted, boxes), transformSet };
    }
    return { refusal: known.length + asked.length > 0 ? "no common transform set" : "no such traffic" };
  }

  #make(dynamic: PlannedDynamic, peer: Peer, rule: PlannedIdent["rule"], boxes: readonly Box[]): LiveIdent {
    const { interface: found, localAddress, map, settings, egress, transformSets } = dynamic;
    const place = { interface: found, localAddress, map, settings, egress, transformSets, peers: [peer.address] };
    const rest = { routed: [], preferredIdleSeconds: undefined, client: undefined };
    const planned: PlannedIdent = { ...place, ...rest, origin: "dynamic map", rule, boxes };
    const ident = new LiveIdent(planned, peer, this.#config);
    this.#made.set(ident, dynamic);
    return ident;
  }

  /** Gives an identity of a dynamic map its policies. Throws `limit`, and leaves none then. */
  admit(ident: LiveIdent): void {
    const dynamic = this.#made.get(ident);
    if (dynamic === undefined) {
      throw new IpsecError("policy", "the identity is of another session: one of `idents`, or of an answer, is needed");
    }
    try {
      for (const anchor of this.#anchors.filter((one) => one.dynamic === dynamic)) {
        const covered = ident.planned.boxes.flatMap((box) => intersect(anchor.region, box) ?? []);
        for (const box of covered) {
          const [outbound, inbound] = [selectorOf(box), selectorOf(mirrored(box))];
          const { outbound: before, inbound: beforeIn } = anchor;
          ident.policies.push(
            this.#plane.addPolicy({ direction: "out", selector: outbound, action: "protect", before }),
          );
          ident.inboundPolicies.push(
            this.#plane.addPolicy({ direction: "in", selector: inbound, action: "protect", before: beforeIn }),
          );
        }
      }
    } catch (error) {
      this.dismiss(ident);
      throw error;
    }
  }

  /** An identity whose SAs are gone: nobody can be sent to. */
  dismiss(ident: LiveIdent): void {
    for (const policy of [...ident.policies.splice(0), ...ident.inboundPolicies.splice(0)]) policy.delete();
  }
}

function mayAsk({ peers }: PlannedDynamic, address: string): boolean {
  return peers.length === 0 || peers.includes(address);
}

/** Whether the first rule that has to do with the traffic permits it, and covers it whole. */
function permits({ allowed }: PlannedDynamic, boxes: readonly Box[]): boolean {
  return (
    allowed === undefined ||
    boxes.every((asked) => {
      const first = allowed.find(({ box }) => intersect(box, asked) !== undefined);
      return first?.permit === true && covers(first.box, asked);
    })
  );
}
