// show commands that tell what is configured: show crypto map, show access-lists, show ip interface, show running-config.

import { findAccessList, isRemark } from "../access-rule.js";
import { addressNumber } from "../address.js";
import type { CryptoMap, Interface, IosConfig, MapEntry } from "../model.js";
import { ipMtu, saSettingsOf } from "../precedence.js";
import { writeAccessRule, writeConfig } from "../write.js";

/** `show running-config`: the size is that of the text which follows it. */
export function showRunningConfig(config: IosConfig): string {
  const text = writeConfig(config);
  const bytes = new TextEncoder().encode(text).length;
  return `Building configuration...\nCurrent configuration : ${bytes} bytes\n${text.trimEnd()}`;
}

/** `show crypto map`; `currentPeer`: the peer of an entry's list that is in use. */
export function showCryptoMap(
  config: IosConfig,
  currentPeer: (map: CryptoMap, entry: MapEntry) => string | undefined,
): string {
  const lines: string[] = [];
  for (const map of config.maps) {
    for (const entry of map.entries) lines.push(...entryLines(config, map, entry, currentPeer(map, entry)));
    const using = config.interfaces.filter((found) => found.cryptoMap === map.name);
    lines.push(`\tInterfaces using crypto map ${map.name}:`, ...using.map(({ name }) => `\t\t${name}`), "");
  }
  return lines.length === 0 ? "No crypto maps found." : lines.join("\n").trimEnd();
}

function entryLines(config: IosConfig, map: CryptoMap, entry: MapEntry, currentPeer: string | undefined): string[] {
  const head = `Crypto Map "${map.name}" ${entry.sequence} ipsec-isakmp`;
  if (entry.dynamic !== undefined) return [head, `\tDynamic map template tag: ${entry.dynamic}`];
  const list = findAccessList(config.accessLists, entry.accessList ?? "");
  const { lifetimeKilobytes, lifetimeSeconds } = saSettingsOf(config, entry);
  return [
    head,
    ...entry.peers.map(({ host }) => `\tPeer = ${host}`),
    ...(entry.accessList === undefined ? [] : [`\tExtended IP access list ${entry.accessList}`]),
    ...(list?.lines ?? [])
      .filter((line) => !isRemark(line))
      .map((line) => `\t    access-list ${entry.accessList} ${isRemark(line) ? "" : writeAccessRule(line)}`),
    ...(currentPeer === undefined ? [] : [`\tCurrent peer: ${currentPeer}`]),
    `\tSecurity association lifetime: ${lifetimeKilobytes} kilobytes/${lifetimeSeconds} seconds`,
    `\tPFS (Y/N): ${entry.pfs === undefined ? "N" : "Y"}`,
    "\tTransform sets={",
    ...entry.transformSets.map((name) => `\t\t${name},`),
    "\t}",
  ];
}

export function showAccessLists(config: IosConfig, matches: (list: string, rule: number) => number): string {
  return config.accessLists
    .map((list) => {
      const rules = list.lines.filter((line) => !isRemark(line));
      const shown = rules.map((line, at) => {
        const count = matches(list.name, at);
        const text = isRemark(line) ? "" : writeAccessRule(line);
        return `    ${(at + 1) * 10} ${text}${count > 0 ? ` (${count} matches)` : ""}`;
      });
      return [`Extended IP access list ${list.name}`, ...shown].join("\n");
    })
    .join("\n");
}

/** `show ip interface [NAME]`: of a tunnel, the IP MTU that decides where packets are cut. */
export function showIpInterface(config: IosConfig, name?: string): string {
  const wanted = name?.toLowerCase() ?? "";
  const found = config.interfaces.filter((one) => one.name.toLowerCase().startsWith(wanted));
  if (found.length === 0) return `% Invalid input: there is no interface ${name}`;
  return found.map((one) => interfaceLines(one).join("\n")).join("\n");
}

function interfaceLines(found: Interface): string[] {
  const up = found.shutdown ? "administratively down, line protocol is down" : "up, line protocol is up";
  const { address } = found;
  if (address === undefined && !/^Tunnel/.test(found.name)) {
    return [`${found.name} is ${up}`, "  Internet protocol processing disabled"];
  }
  return [
    `${found.name} is ${up}`,
    address === undefined
      ? "  Internet protocol processing disabled"
      : `  Internet address is ${address.address}/${prefixLength(address.mask)}`,
    "  Broadcast address is 255.255.255.255",
    `  MTU is ${ipMtu(found)} bytes`,
  ];
}

function prefixLength(mask: string): number {
  return addressNumber(mask).toString(2).replace(/0/g, "").length;
}
