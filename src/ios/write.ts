// Model to text: what `show running-config` prints. IOS's order and indentation; defaults are not printed.
import { ICMP_NAMES, PROTOCOL_NAMES, portNames } from "./access-names.js";
import { type AccessList, type AccessRule, type AddressMatch, isRemark, type PortMatch } from "./access-rule.js";
import type { CryptoMap, Interface, IosConfig, IsakmpKey, MapEntry, OtherLine, Place, SaSettings } from "./model.js";

/** The configuration as text, without the two lines that `show running-config` puts in front. */
export function writeConfig(config: IosConfig): string {
  const sections = [
    other(config, "version"),
    config.hostname === undefined ? [] : [[`hostname ${config.hostname}`]],
    other(config, "system"),
    isakmp(config),
    ipsec(config),
    config.ezvpn.map((client) => [
      `crypto ipsec client ezvpn ${client.name}`,
      ` connect ${client.connect}`,
      ...optional(client.group, (group) => ` group ${group} key ${client.key}`),
      ...optional(client.mode, (mode) => ` mode ${mode}`),
      ...client.peers.map((peer) => ` peer ${peer}`),
    ]),
    config.dynamicMaps.flatMap((map) => map.entries.map((entry) => mapEntry("crypto dynamic-map", map, entry))),
    config.maps.flatMap(cryptoMap),
    other(config, "controller"),
    config.interfaces.map((found, at) => (at === 0 ? writeInterface(found) : ["!", ...writeInterface(found)])),
    other(config, "routing"),
    accessLists(config.accessLists),
    other(config, "services"),
  ];
  const text = sections.filter((section) => section.length > 0).map((blocks) => `${blocks.flat().join("\n")}\n!\n`);
  return `!\n${text.join("")}end\n`;
}

/** The lines of a section, an array a block. */
type Section = string[][];

function optional<T>(value: T | undefined, line: (value: T) => string): string[] {
  return value === undefined ? [] : [line(value)];
}

function other(config: IosConfig, place: Place): Section {
  return config.other
    .filter((line) => line.place === place)
    .map(({ line, block }: OtherLine) => [line, ...block.map((inner) => ` ${inner}`)]);
}

function isakmp({
  isakmp: { policies, keys, keepalive, natKeepaliveSeconds, invalidSpiRecovery },
}: IosConfig): Section {
  return [
    ...[...policies]
      .sort((a, b) => a.priority - b.priority)
      .map((policy) => [
        `crypto isakmp policy ${policy.priority}`,
        ...optional(policy.encryption, (encryption) => ` encryption ${encryption}`),
        ...optional(policy.hash, (hash) => ` hash ${hash}`),
        ...optional(policy.authentication, (method) => ` authentication ${method}`),
        ...optional(policy.group, (group) => ` group ${group}`),
        ...optional(policy.lifetimeSeconds, (seconds) => ` lifetime ${seconds}`),
      ]),
    keys.map(writeKey),
    [
      // on-demand is the default: it does not appear.
      ...optional(keepalive, ({ seconds, retrySeconds, mode }) =>
        ["crypto isakmp keepalive", seconds, retrySeconds, mode === "periodic" ? mode : undefined]
          .filter((word) => word !== undefined)
          .join(" "),
      ),
      ...optional(natKeepaliveSeconds, (seconds) => `crypto isakmp nat keepalive ${seconds}`),
      ...(invalidSpiRecovery ? ["crypto isakmp invalid-spi-recovery"] : []),
    ],
  ].filter((block) => block.length > 0);
}

function writeKey({ type, key, address, mask, hostname, noXauth }: IsakmpKey): string {
  const where = address === undefined ? ["hostname", hostname] : ["address", address, mask];
  return ["crypto isakmp key", type, key, ...where, noXauth ? "no-xauth" : undefined]
    .filter((word) => word !== undefined)
    .join(" ");
}

function ipsec({ ipsec: globals, transformSets, profiles }: IosConfig): Section {
  return [
    saSettings(globals, "crypto ipsec"),
    ...transformSets.map((set) => [
      `crypto ipsec transform-set ${set.name} ${set.transforms.join(" ")}`,
      ...(set.mode === "transport" ? [" mode transport"] : []),
    ]),
    [
      ...optional(globals.dfBit, (dfBit) => `crypto ipsec df-bit ${dfBit}`),
      ...optional(globals.fragmentation, (order) => `crypto ipsec fragmentation ${order}`),
      ...(globals.udpEncapsulation ? [] : ["no crypto ipsec nat-transparency udp-encapsulation"]),
    ],
    ...profiles.map((profile) => [
      `crypto ipsec profile ${profile.name}`,
      ...saSettings(profile, " set"),
      ...(profile.transformSets.length > 0 ? [` set transform-set ${profile.transformSets.join(" ")}`] : []),
      ...optional(profile.pfs, (group) => ` set pfs ${group}`),
    ]),
  ].filter((block) => block.length > 0);
}

function saSettings(settings: SaSettings, prefix: string): string[] {
  const start = `${prefix} security-association`;
  return [
    ...optional(settings.lifetimeSeconds, (seconds) => `${start} lifetime seconds ${seconds}`),
    ...optional(settings.lifetimeKilobytes, (kilobytes) => `${start} lifetime kilobytes ${kilobytes}`),
    ...optional(settings.idleSeconds, (seconds) => `${start} idle-time ${seconds}`),
    ...optional(settings.replayWindow, (size) => `${start} replay ${size === 0 ? "disable" : `window-size ${size}`}`),
  ];
}

function cryptoMap(map: CryptoMap): Section {
  return [
    ...optional(map.localAddress, (name) => `crypto map ${map.name} local-address ${name}`).map((line) => [line]),
    ...map.entries.map((entry) => mapEntry("crypto map", map, entry)),
  ];
}

function mapEntry(command: string, map: CryptoMap, entry: MapEntry): string[] {
  const start = `${command} ${map.name} ${entry.sequence}`;
  if (entry.dynamic !== undefined) return [`${start} ipsec-isakmp dynamic ${entry.dynamic}`];
  return [
    command === "crypto map" ? `${start} ipsec-isakmp` : start,
    ...optional(entry.description, (text) => ` description ${text}`),
    ...entry.peers.map(
      (peer) => ` set peer ${peer.host}${peer.dynamic ? " dynamic" : ""}${peer.default ? " default" : ""}`,
    ),
    ...saSettings(entry, " set"),
    ...(entry.transformSets.length > 0 ? [` set transform-set ${entry.transformSets.join(" ")}`] : []),
    ...optional(entry.pfs, (group) => ` set pfs ${group}`),
    ...optional(entry.accessList, (list) => ` match address ${list}`),
  ];
}

function writeInterface(found: Interface): string[] {
  const isIp = (line: string) => /^(no )?ip /.test(line);
  const { tunnel } = found;
  return [
    `interface ${found.name}`,
    ...optional(found.description, (text) => ` description ${text}`),
    found.address === undefined ? " no ip address" : ` ip address ${found.address.address} ${found.address.mask}`,
    ...optional(found.ipMtu, (bytes) => ` ip mtu ${bytes}`),
    ...found.other.filter(isIp).map((line) => ` ${line}`),
    ...(found.shutdown ? [" shutdown"] : []),
    ...found.other.filter((line) => !isIp(line)).map((line) => ` ${line}`),
    ...optional(tunnel.source, (source) => ` tunnel source ${source}`),
    ...optional(tunnel.destination, (destination) => ` tunnel destination ${destination}`),
    ...optional(tunnel.mode, (mode) => ` tunnel mode ${mode}`),
    ...optional(tunnel.profile, (profile) => ` tunnel protection ipsec profile ${profile}`),
    ...optional(found.cryptoMap, (map) => ` crypto map ${map}`),
    ...optional(found.dfBit, (dfBit) => ` crypto ipsec df-bit ${dfBit}`),
    ...optional(found.fragmentation, (order) => ` crypto ipsec fragmentation ${order}`),
    ...found.ezvpn.map(({ name, side }) => ` crypto ipsec client ezvpn ${name} ${side}`),
  ];
}

function accessLists(lists: readonly AccessList[]): Section {
  const lines = (list: AccessList) =>
    list.lines.map((line) => (isRemark(line) ? `remark ${line.remark}` : writeAccessRule(line)));
  return [
    ...lists
      .filter((list) => list.named)
      .map((list) => [`ip access-list extended ${list.name}`, ...lines(list).map((line) => ` ${line}`)]),
    ...lists.filter((list) => !list.named).map((list) => lines(list).map((line) => `access-list ${list.name} ${line}`)),
  ];
}

/** A rule in IOS's words; protocols, ports and ICMP types by name where they have one. */
export function writeAccessRule(rule: AccessRule): string {
  const { protocol, icmpType, icmpCode } = rule;
  const named = Object.entries(PROTOCOL_NAMES).find(([, number]) => number === protocol)?.[0];
  const icmp = Object.entries(ICMP_NAMES).find(([, [type, code]]) => type === icmpType && code === icmpCode)?.[0];
  return [
    rule.action,
    protocol === undefined ? "ip" : (named ?? protocol),
    writeAddress(rule.source),
    writePorts(protocol, rule.sourcePort),
    writeAddress(rule.target),
    writePorts(protocol, rule.targetPort),
    icmpType === undefined ? undefined : (icmp ?? [icmpType, icmpCode].filter((n) => n !== undefined).join(" ")),
    ...rule.options,
  ]
    .filter((word) => word !== undefined)
    .join(" ");
}

function writeAddress({ address, wildcard }: AddressMatch): string {
  if (wildcard === "255.255.255.255") return "any";
  return wildcard === "0.0.0.0" ? `host ${address}` : `${address} ${wildcard}`;
}

function writePorts(protocol: number | undefined, match: PortMatch | undefined): string | undefined {
  if (match === undefined) return undefined;
  const names = Object.entries(portNames(protocol) ?? {});
  const name = (port: number) => names.find(([, number]) => number === port)?.[0] ?? port;
  return [match.operator, ...match.ports.map(name)].join(" ");
}
