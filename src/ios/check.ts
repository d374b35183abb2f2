// What is wrong with a configuration though each of its lines is right.

import { addressNumber, isAddress } from "./address.js";
import type { Severity } from "./diagnostic.js";
import type { IosConfig, MapEntry } from "./model.js";

/** `about`: text of the line that is meant. */
type Say = (reason: string, severity: Severity, about: string) => void;

export function checkConfig(config: IosConfig, say: Say): void {
  for (const map of [...config.maps, ...config.dynamicMaps]) {
    for (const entry of map.entries) checkEntry(config, map.name, entry, config.dynamicMaps.includes(map), say);
  }
  checkAttachments(config, say);
  checkSharedDfBit(config, say);
  for (const policy of config.isakmp.policies) {
    const { priority } = policy;
    const weak = [
      policy.encryption?.includes("des") ? policy.encryption : undefined,
      policy.hash === "md5" ? "md5" : undefined,
      policy.group !== undefined && policy.group <= 5 ? `group ${policy.group}` : undefined,
    ].filter((word) => word !== undefined);
    if (weak.length === 0) continue;
    say(`${weak.join(", ")}: not to be used for IKE any more (RFC 8247)`, "note", `crypto isakmp policy ${priority}`);
  }
}

function checkEntry(config: IosConfig, map: string, entry: MapEntry, isDynamic: boolean, say: Say): void {
  const about = isDynamic ? `crypto dynamic-map ${map} ${entry.sequence}` : `crypto map ${map} ${entry.sequence}`;
  if (entry.dynamic !== undefined) {
    if (config.dynamicMaps.some((dynamic) => dynamic.name === entry.dynamic)) return;
    say(`dynamic map ${entry.dynamic} is not there`, "warning", about);
    return;
  }
  for (const name of entry.transformSets) {
    if (!config.transformSets.some((set) => set.name === name)) {
      say(
        `transform set ${name} is not there: the entry cannot protect with it`,
        "warning",
        `set transform-set ${name}`,
      );
    }
  }
  if (entry.transformSets.length === 0) say("has no transform set: the entry protects nothing", "warning", about);
  if (isDynamic) return;
  if (entry.peers.length === 0) say("has no peer: the entry protects nothing", "warning", about);
  if (entry.accessList === undefined) say("has no access list: the entry protects nothing", "warning", about);
  else if (!config.accessLists.some((list) => list.name === entry.accessList)) {
    say(`access list ${entry.accessList} is not there`, "warning", `match address ${entry.accessList}`);
  }
  for (const { host } of entry.peers) checkPeer(config, host, say);
}

function checkPeer(config: IosConfig, host: string, say: Say): void {
  if (!isAddress(host)) {
    say("a host name: it must be resolved to an address before the map is applied", "note", `set peer ${host}`);
  } else if (!config.isakmp.keys.some((key) => key.address !== undefined && covers(key.address, key.mask, host))) {
    say(`peer ${host} has no isakmp key`, "warning", `set peer ${host}`);
  }
}

function covers(address: string, mask = "255.255.255.255", host: string): boolean {
  const bits = addressNumber(mask);
  return (addressNumber(address) & bits) === (addressNumber(host) & bits);
}

function checkAttachments(config: IosConfig, say: Say): void {
  for (const { name, cryptoMap, address, tunnel, ezvpn } of config.interfaces) {
    if (cryptoMap !== undefined && !config.maps.some((map) => map.name === cryptoMap)) {
      say(`crypto map ${cryptoMap} is not there`, "warning", `crypto map ${cryptoMap}`);
    }
    if (cryptoMap !== undefined && address === undefined) {
      say(`${name} has a crypto map and no address: no SA can be made`, "warning", `interface ${name}`);
    }
    if (tunnel.profile !== undefined && !config.profiles.some((profile) => profile.name === tunnel.profile)) {
      say(`profile ${tunnel.profile} is not there`, "warning", `tunnel protection ipsec profile ${tunnel.profile}`);
    }
    for (const client of ezvpn) {
      if (config.ezvpn.some((known) => known.name === client.name)) continue;
      say(`Easy VPN ${client.name} is not there`, "warning", `crypto ipsec client ezvpn ${client.name}`);
    }
  }
}

/** Interfaces that share a map by its local address must share their DF setting. */
function checkSharedDfBit(config: IosConfig, say: Say): void {
  for (const { name, localAddress } of config.maps) {
    if (localAddress === undefined) continue;
    const sharing = config.interfaces.filter((found) => found.cryptoMap === name);
    const settings = new Set(sharing.map((found) => found.dfBit ?? config.ipsec.dfBit ?? "copy"));
    if (settings.size < 2) continue;
    const said = sharing.map((found) => `${found.name} ${found.dfBit ?? config.ipsec.dfBit ?? "copy"}`).join(", ");
    say(
      `interfaces that share a map by local-address must share df-bit: ${said}`,
      "warning",
      `crypto map ${name} local-address`,
    );
  }
}
