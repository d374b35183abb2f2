// The debug lines of a session, from its state.
import { readAreYouThere } from "../../ike/dead-peer.js";
import type { IkeSa } from "../../ike/ike-sa.js";
import { isNotify, readNotify } from "../../ike/notify.js";
import { type PayloadChain, readPayloads } from "../../ike/payload.js";
import type { Peer } from "../../liveness/peer.js";
import type { AccessRule } from "../access-rule.js";
import { type DebugSa, negotiationLines, unsupportedLines } from "../debug-ipsec.js";
import type { Message } from "../messages.js";
import type { IosConfig } from "../model.js";
import { saSettingsOf } from "../precedence.js";
import { suitesOf } from "../transforms.js";
import { type LiveIdent, proxiesOf } from "./live-ident.js";
import { type Answer, mirroredRule, type Proposal } from "./proposal.js";

/** The number that an R_U_THERE_ACK among the payloads acknowledges. */
export function acknowledgement(sa: IkeSa, chain: PayloadChain): number | undefined {
  for (const payload of readPayloads(chain) ?? []) {
    const notify = isNotify(sa.version, payload) ? readNotify(sa.version, payload.body) : undefined;
    const there = notify && readAreYouThere(sa, notify);
    if (there?.ack) return there.sequence;
  }
  return undefined;
}

/** SAs of one generation have been made. */
export function madeLines(config: IosConfig, ident: LiveIdent, generation: number): Message[] {
  const { planned, peer } = ident;
  const { lifetimeSeconds, lifetimeKilobytes } = saSettingsOf(config, planned.settings);
  const made = ident.installed.filter((one) => one.generation === generation);
  const negotiation = {
    ...endsOf(planned.localAddress, peer.address, planned.rule),
    map: planned.map,
    lifetimeSeconds,
    lifetimeKilobytes,
    flowIds: [...new Set(made.map(({ flowId }) => flowId))],
    sas: made.map(({ sa, suite, connectionId }): DebugSa => {
      return { direction: sa.direction, protocol: sa.protocol, spi: sa.spi, transform: suite.label, connectionId };
    }),
  };
  return negotiationLines(negotiation, "local");
}

/** Of a proposal, the transform sets in front of the one that is taken: all of them when none is. */
export function refusedLines(localAddress: string, peer: Peer, proposal: Proposal, answer: Answer): Message[] {
  const ends = endsOf(localAddress, peer.address, mirroredRule(proposal.rule));
  if ("refusal" in answer && answer.refusal === "no such traffic") return unsupportedLines(ends, undefined);
  const taken = "refusal" in answer ? undefined : answer.transformSet;
  const at = taken === undefined ? proposal.transformSets.length : proposal.transformSets.indexOf(taken);
  return proposal.transformSets.slice(0, at).flatMap(({ transforms }) => unsupportedLines(ends, suitesOf(transforms)));
}

function endsOf(local: string, remote: string, rule: AccessRule) {
  return { local, remote, ...proxiesOf(rule) };
}
