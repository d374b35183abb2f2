// debug crypto ipsec: what is printed while SAs are made.
import { debug, type Message } from "./messages.js";
import { spiNumber } from "./show/spi.js";
import type { ProxyIdentity } from "./show/state.js";
import type { Suite } from "./transforms.js";

/** What IOS adds to connection and flow ids in these lines: the engine's own number. */
const ENGINE = 0x38000000;

export interface DebugSa {
  readonly direction: "in" | "out";
  readonly protocol: "esp" | "ah";
  readonly spi: number;
  readonly transform: string;
  readonly connectionId: number;
}

/** Whose SAs, and for which traffic. */
export interface DebugEnds {
  readonly local: string;
  readonly remote: string;
  readonly localProxy: ProxyIdentity;
  readonly remoteProxy: ProxyIdentity;
}

/** SAs that are made together, in the order of their connection ids. */
export interface DebugNegotiation extends DebugEnds {
  readonly map: string;
  readonly lifetimeSeconds: number;
  readonly lifetimeKilobytes: number;
  readonly flowIds: readonly number[];
  readonly sas: readonly DebugSa[];
}

/** The lines of a responder: proposals, SPIs, flows, SAs. */
export function negotiationLines(negotiation: DebugNegotiation, saDestination: "local" | "as-printed"): Message[] {
  const inbound = negotiation.sas.filter((sa) => sa.direction === "in");
  const kei = `IPSEC(kei_proxy): head = ${negotiation.map}, map->ivrf = , kei->ivrf =`;
  return [
    ...inbound.map((sa, part) => proposal(negotiation, sa, part + 1)),
    kei,
    `IPSEC(key_engine): got a queue event with ${inbound.length} kei messages`,
    ...inbound.map((sa) => spiResponse(negotiation, sa)),
    ...negotiation.flowIds.map((id) => `IPsec: Flow_switching Allocated flow for flow_id ${ENGINE + id}`),
    `IPSEC(key_engine): got a queue event with ${negotiation.sas.length} kei messages`,
    ...negotiation.sas.map((sa) => initialize(negotiation, sa)),
    kei,
    `IPSEC(mtrees_add_ident): src ${negotiation.local}, dest ${negotiation.remote}, dest_port 0`,
    ...negotiation.sas.map((sa) => created(negotiation, sa, saDestination)),
  ].map(debug);
}

/** A transform set that was proposed and is not had here; undefined: the traffic is none that is protected. */
export function unsupportedLines(
  ends: DebugEnds,
  suites: readonly Pick<Suite, "protocol" | "label">[] | undefined,
): Message[] {
  if (suites === undefined) return [debug("IPSEC(validate_transform_proposal): proxy identities not supported")];
  const parts = [...suites].reverse().map(({ protocol, label }) => ({ protocol, transform: label }));
  return [
    ...parts.map((part, at) => proposal(ends, part, at + 1)),
    `IPSEC(validate_transform_proposal): transform proposal not supported for identity:\n  {${parts.map(({ transform }) => transform).join("")}}`,
  ].map(debug);
}

type Proposed = Pick<DebugSa, "protocol" | "transform">;

function proposal(ends: DebugEnds, sa: Proposed, part: number): string {
  return [
    `IPSEC(validate_proposal_request): proposal part #${part},`,
    ...keyMessage(ends, sa, "INBOUND", (proxy) => proxy.mask),
    "lifedur= 0s and 0kb,",
    "spi= 0x0(0), conn_id= 0, keysize= 0, flags= 0x2",
  ].join("\n  ");
}

function initialize(negotiation: DebugNegotiation, sa: DebugSa): string {
  const inbound = sa.direction === "in";
  return [
    "IPSEC(initialize_sas): ,",
    ...keyMessage(negotiation, sa, inbound ? "INBOUND" : "OUTBOUND", () => "0.0.0.0"),
    `lifedur= ${negotiation.lifetimeSeconds}s and ${negotiation.lifetimeKilobytes}kb,`,
    `spi= ${spiNumber(sa.spi)}, conn_id= ${ENGINE + sa.connectionId}, keysize= 0, flags= ${inbound ? "0x2" : "0xA"}`,
  ].join("\n  ");
}

function keyMessage(n: DebugEnds, sa: Proposed, direction: string, mask: (proxy: ProxyIdentity) => string): string[] {
  const proxy = (p: ProxyIdentity) => `${p.address}/${mask(p)}/${p.protocol}/${p.port} (type=${isHost(p) ? 1 : 4})`;
  return [
    `(key eng. msg.) ${direction} local= ${n.local}, remote= ${n.remote},`,
    `local_proxy= ${proxy(n.localProxy)},`,
    `remote_proxy= ${proxy(n.remoteProxy)},`,
    `protocol= ${sa.protocol.toUpperCase()}, transform= ${sa.transform},`,
  ];
}

/** IKE's identity types: 1 an address, 4 a subnet (RFC 2407 section 4.6.2.1). */
function isHost({ mask }: ProxyIdentity): boolean {
  return mask === "255.255.255.255";
}

/** IOS's own numbers: 2 is AH, 3 is ESP (RFC 2407 section 4.4.1). */
function spiResponse({ local, remote }: DebugNegotiation, sa: DebugSa): string {
  const protocol = sa.protocol === "ah" ? 2 : 3;
  const ends = `from ${local.padEnd(17)} to ${remote.padEnd(17)} for prot ${protocol}`;
  return `IPSEC(spi_response): getting spi ${sa.spi} for SA\n  ${ends}`;
}

/** The guide prints the remote address for an inbound SPI; it is the local one by which an inbound SA is found. */
function created({ local, remote }: DebugNegotiation, sa: DebugSa, saDestination: "local" | "as-printed"): string {
  const inbound = (sa.direction === "in") === (saDestination === "local");
  return [
    "IPSEC(create_sa): sa created,",
    `(sa) sa_dest= ${inbound ? local : remote}, sa_prot= ${sa.protocol === "ah" ? 51 : 50},`,
    `sa_spi= ${spiNumber(sa.spi)},`,
    `sa_trans= ${sa.transform}, sa_conn_id= ${ENGINE + sa.connectionId}`,
  ].join("\n  ");
}
