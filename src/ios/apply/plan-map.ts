// A crypto map on an interface: its entries in their order, dynamic maps in the place of the entries that name them.
import { findAccessList, rulesOf } from "../access-rule.js";
import { isAddress } from "../address.js";
import { type CryptoMap, type Interface, type MapEntry, type Peer, transformSetsOf } from "../model.js";
import { boxAround, boxesOf } from "./box.js";
import type { Making, PlannedEntry, PlannedIdent, PlanOptions } from "./plan.js";

export function planMap(making: Making, found: Interface, name: string): void {
  const { config, say } = making;
  const map = config.maps.find((known) => known.name === name);
  const holder = config.interfaces.find((other) => other.name === map?.localAddress) ?? found;
  if (map === undefined || holder.address === undefined) {
    say("error", `crypto map ${name}`, `${found.name}: ${map === undefined ? "no such map" : "no address"}`);
    return;
  }
  const place = { interface: found, localAddress: holder.address.address, map: name, egress: found };
  for (const entry of map.entries) {
    if (entry.dynamic === undefined) planEntry(making, `crypto map ${name} ${entry.sequence}`, place, entry);
    else planDynamicMap(making, `crypto map ${name} ${entry.sequence}`, place, entry.dynamic);
  }
}

type PlaceOf = Pick<PlannedEntry, "interface" | "localAddress" | "map" | "egress">;

function planEntry(making: Making, about: string, place: PlaceOf, entry: MapEntry): void {
  const { config, say } = making;
  const list = findAccessList(config.accessLists, entry.accessList ?? "");
  if (list === undefined) {
    const which = entry.accessList === undefined ? "" : ` ${entry.accessList}`;
    say("warning", about, `no access list${which}: protects nothing`);
    return;
  }
  const transformSets = transformSetsOf(config, entry.transformSets);
  const peers = peersOf(entry.peers, making.options);
  const usable = transformSets.length > 0 && peers.length > 0;
  if (!usable) say("error", about, "no transform set or no peer: what it permits is discarded");
  const rules = rulesOf(list);
  const next = making.steps.length + rules.length;
  for (const rule of rules) {
    const boxes = boxesOf(rule);
    if (boxes === undefined) say("error", about, "a wildcard with too many gaps: what lies around it is discarded");
    const ident: PlannedIdent = {
      ...place,
      origin: "map",
      settings: entry,
      peers,
      transformSets,
      rule,
      boxes: boxes ?? [],
      routed: [],
      preferredIdleSeconds: preferredIdle(entry),
      client: undefined,
    };
    const protects = rule.action === "permit" && usable && boxes !== undefined;
    if (protects) making.idents.push(ident);
    const deny = rule.action === "deny" && boxes !== undefined;
    const action = protects ? ident : deny ? "bypass" : "discard";
    making.steps.push({ boxes: boxes ?? [boxAround(rule)], deny, action, next });
  }
}

/** The guide's second meaning of a map's idle time: with a default peer, how long another is kept without traffic. */
function preferredIdle({ peers, idleSeconds }: MapEntry): number | undefined {
  return peers.some((peer) => peer.default) && peers.length > 1 ? idleSeconds : undefined;
}

export function peersOf(peers: readonly Pick<Peer, "host" | "default">[], { resolve }: PlanOptions): string[] {
  const inOrder = [...peers].sort((a, b) => Number(b.default) - Number(a.default));
  return inOrder.flatMap(({ host }) => (isAddress(host) ? host : (resolve?.(host) ?? [])));
}

function planDynamicMap(making: Making, about: string, place: PlaceOf, name: string): void {
  const map = making.config.dynamicMaps.find((known) => known.name === name);
  if (map === undefined) making.say("error", about, `there is no crypto dynamic-map ${name}: nobody is answered`);
  for (const entry of map?.entries ?? []) planDynamicEntry(making, map as CryptoMap, place, entry);
}

/** Peers are answered here; until one has come, what its list permits can be sent to nobody and is discarded. */
function planDynamicEntry(making: Making, { name }: CryptoMap, place: PlaceOf, entry: MapEntry): void {
  const { config, say, steps } = making;
  const about = `crypto dynamic-map ${name} ${entry.sequence}`;
  const transformSets = transformSetsOf(config, entry.transformSets);
  if (transformSets.length === 0) {
    say("error", about, "no transform set: nobody is answered");
    return;
  }
  const list = findAccessList(config.accessLists, entry.accessList ?? "");
  if (list === undefined && entry.accessList !== undefined) {
    say("error", about, `no access list ${entry.accessList}: nobody is answered`);
    return;
  }
  const rules = list === undefined ? undefined : rulesOf(list);
  const allowed = rules?.flatMap((rule) =>
    (boxesOf(rule) ?? []).map((box) => ({ permit: rule.action === "permit", box })),
  );
  const peers = peersOf(entry.peers, making.options);
  steps.push({ boxes: [], deny: false, action: { ...place, settings: entry, peers, transformSets, allowed }, next: 0 });
  const next = steps.length + (rules?.length ?? 0);
  for (const rule of rules ?? []) {
    const deny = rule.action === "deny";
    steps.push({ boxes: boxesOf(rule) ?? [boxAround(rule)], deny, action: deny ? "bypass" : "discard", next });
  }
}
