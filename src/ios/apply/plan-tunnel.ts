// Tunnel interfaces with `tunnel protection`. One of IPsec takes what is routed into it; one of GRE is the host's, and the
// engine protects the GRE packets between its ends.
import { type AccessRule, ANY } from "../access-rule.js";
import { addressNumber, isAddress } from "../address.js";
import { interfaceName } from "../interface-name.js";
import { type Interface, type IosConfig, transformSetsOf } from "../model.js";
import { type Box, boxesOf, EVERYTHING } from "./box.js";
import type { Making, PlannedIdent } from "./plan.js";

const PROTOCOL_GRE = 47;

/** What a destination's packets leave through. */
interface Route {
  readonly network: string;
  readonly mask: string;
  /** A tunnel of this configuration, or undefined: elsewhere. */
  readonly tunnel: Interface | undefined;
}

export function planTunnels(making: Making, found: readonly Interface[]): void {
  const { config, options, steps, say } = making;
  const tunnels = found.filter(({ tunnel }) => tunnel.profile !== undefined);
  const actions = new Map<Interface, PlannedIdent | "discard">();
  const routes = routesOf(config);
  for (const tunnel of tunnels) actions.set(tunnel, planTunnel(making, tunnel, boxesInto(routes, tunnel)));
  for (const [tunnel, action] of actions) {
    if (isGre(tunnel) && action !== "discard") {
      steps.push({ boxes: action.boxes, deny: false, action, next: 0 });
      actions.delete(tunnel);
    }
  }
  if (options.interface !== undefined) {
    for (const action of actions.values()) steps.push({ boxes: [EVERYTHING], deny: false, action, next: 0 });
    return;
  }
  for (const tunnel of actions.keys()) {
    if (boxesInto(routes, tunnel).length > 0) continue;
    const how = `add ip route NETWORK MASK ${tunnel.name}, or apply it by name and it takes everything`;
    say("warning", tunnel.name, `nothing is routed into it, so it protects nothing: ${how}`);
  }
  if (![...actions.keys()].some((tunnel) => boxesInto(routes, tunnel).length > 0)) return;
  const next = steps.length + routes.length;
  for (const route of routes) {
    const action = route.tunnel && actions.get(route.tunnel);
    // Routed elsewhere: the crypto maps decide.
    steps.push({ boxes: [boxTo(route)], deny: action === undefined, action: action ?? "bypass", next });
  }
}

function boxesInto(routes: readonly Route[], tunnel: Interface): Box[] {
  return routes.filter((route) => route.tunnel === tunnel).map(boxTo);
}

export function isGre({ tunnel }: Interface): boolean {
  return tunnel.mode === undefined || tunnel.mode.startsWith("gre"); // GRE is what IOS's tunnels are unless told otherwise
}

/** Static and connected routes, the longest mask first: that is how a router chooses. */
function routesOf(config: IosConfig): Route[] {
  const lines = config.other.flatMap(({ line }) => {
    const [, network, mask, type, unit] = /^ip route (\S+) (\S+) ([A-Za-z-]+|\S+) ?(\d\S*)?/.exec(line) ?? [];
    if (network === undefined || mask === undefined || type === undefined) return [];
    return [{ network, mask, tunnel: config.interfaces.find(({ name }) => name === interfaceName(type, unit)) }];
  });
  const connected = config.interfaces.flatMap(({ address, shutdown }) =>
    address === undefined || shutdown ? [] : [{ network: address.address, mask: address.mask, tunnel: undefined }],
  );
  const isTunnel = (found: Interface | undefined) => (found?.tunnel.profile === undefined ? undefined : found);
  return [...connected, ...lines.map((route) => ({ ...route, tunnel: isTunnel(route.tunnel) }))].sort(
    (a, b) => addressNumber(b.mask) - addressNumber(a.mask),
  );
}

function boxTo({ network, mask }: Route): Box {
  const bits = addressNumber(mask);
  const first = (addressNumber(network) & bits) >>> 0;
  return { ...EVERYTHING, target: [[first, (first | ~bits) >>> 0]] };
}

/** Its identity; "discard" where it lacks something: what is routed into it goes nowhere. */
function planTunnel(making: Making, found: Interface, routed: readonly Box[]): PlannedIdent | "discard" {
  const { config, say } = making;
  const { source, destination, profile: name } = found.tunnel;
  const profile = config.profiles.find((known) => known.name === name);
  const egress = config.interfaces.find((other) => other.name === source || other.address?.address === source);
  const localAddress = source !== undefined && isAddress(source) ? source : egress?.address?.address;
  const transformSets = transformSetsOf(config, profile?.transformSets ?? []);
  const lacks = [
    profile === undefined ? `a profile ${name}` : transformSets.length === 0 ? "a transform set in its profile" : "",
    localAddress === undefined ? "a tunnel source with an address" : "",
    destination === undefined || !isAddress(destination) ? "a tunnel destination, an address" : "",
  ].filter((thing) => thing !== "");
  if (profile === undefined || localAddress === undefined || destination === undefined || lacks.length > 0) {
    say("error", found.name, `needs ${lacks.join(", ")}: what is routed into it is discarded`);
    return "discard";
  }
  const host = (address: string) => ({ address, wildcard: "0.0.0.0" });
  const rule: AccessRule = isGre(found)
    ? newRule(PROTOCOL_GRE, host(localAddress), host(destination))
    : newRule(undefined, ANY, ANY);
  const ident: PlannedIdent = {
    origin: "tunnel",
    interface: found,
    localAddress,
    map: `${found.name}-head-0`,
    settings: profile,
    peers: [destination],
    transformSets,
    rule,
    boxes: isGre(found) ? (boxesOf(rule) as Box[]) : [EVERYTHING],
    routed,
    egress: egress ?? found,
    preferredIdleSeconds: undefined,
    client: undefined,
  };
  making.idents.push(ident);
  return ident;
}

export function newRule(
  protocol: number | undefined,
  source: AccessRule["source"],
  target: AccessRule["target"],
): AccessRule {
  const open = { sourcePort: undefined, targetPort: undefined, icmpType: undefined, icmpCode: undefined };
  return { action: "permit", protocol, source, target, ...open, options: [] };
}
