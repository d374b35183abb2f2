// An Easy VPN remote: what it protects without a crypto map. Mode and group would be told to the server by IKE.
import { type AccessRule, ANY } from "../access-rule.js";
import { invertMask } from "../address.js";
import { type EzvpnClient, type Interface, newSaSettings, type TransformSet } from "../model.js";
import { boxesOf } from "./box.js";
import type { Making, PlannedIdent } from "./plan.js";
import { peersOf } from "./plan-map.js";
import { newRule } from "./plan-tunnel.js";

/** What a remote proposes: its configuration names no transform sets. */
const PROPOSED: readonly TransformSet[] = [
  ["esp-gcm 256"],
  ["esp-gcm"],
  ["esp-aes 256", "esp-sha256-hmac"],
  ["esp-aes 256", "esp-sha-hmac"],
  ["esp-aes", "esp-sha-hmac"],
].map((transforms, at) => ({ name: `ezvpn-${at + 1}`, transforms, mode: "tunnel" }));

/** The remotes of which `outside` is the outside interface. */
export function planEzvpn(making: Making, outside: Interface): void {
  const { config, say } = making;
  for (const { name, side } of outside.ezvpn) {
    const client = config.ezvpn.find((known) => known.name === name);
    if (side !== "outside" || client === undefined) continue;
    const about = `crypto ipsec client ezvpn ${name}`;
    const inside = config.interfaces.filter((one) => one.ezvpn.some((at) => at.name === name && at.side === "inside"));
    const rules = rulesOf(client, outside, inside);
    const peers = peersOf(
      client.peers.map((host) => ({ host, default: false })),
      making.options,
    );
    if (outside.address === undefined || peers.length === 0 || rules.length === 0) {
      say(
        "error",
        about,
        "needs an outside interface with an address, a peer, and in network-extension mode an inside one",
      );
      continue;
    }
    if (client.mode !== "network-extension")
      say("note", about, `mode client: the address that IKE would be given is ${outside.address.address} here`);
    for (const rule of rules) addIdent(making, outside, outside.address.address, client, peers, rule);
  }
}

/** Mode client: what has been translated to the one address. Network extension: what comes from the inside networks. */
function rulesOf(client: EzvpnClient, outside: Interface, inside: readonly Interface[]): AccessRule[] {
  if (client.mode !== "network-extension") {
    const { address } = outside;
    return address === undefined ? [] : [newRule(undefined, { address: address.address, wildcard: "0.0.0.0" }, ANY)];
  }
  return inside.flatMap(({ address }) => (address === undefined ? [] : [newRule(undefined, networkOf(address), ANY)]));
}

function networkOf({ address, mask }: { address: string; mask: string }) {
  const wildcard = invertMask(mask);
  const bits = mask.split(".").map(Number);
  return {
    address: address
      .split(".")
      .map((part, at) => Number(part) & (bits[at] as number))
      .join("."),
    wildcard,
  };
}

function addIdent(
  making: Making,
  outside: Interface,
  localAddress: string,
  client: EzvpnClient,
  peers: readonly string[],
  rule: AccessRule,
): void {
  const ident: PlannedIdent = {
    origin: "ezvpn",
    interface: outside,
    localAddress,
    map: `${outside.name}-head-0`,
    settings: newSaSettings(),
    peers,
    transformSets: PROPOSED,
    rule,
    boxes: boxesOf(rule) ?? [],
    egress: outside,
    routed: [],
    preferredIdleSeconds: undefined,
    client,
  };
  making.idents.push(ident);
  making.steps.push({ boxes: ident.boxes, deny: false, action: ident, next: 0 });
}
