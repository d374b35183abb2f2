// Packets of hosts behind the lab's routers.
import { parseAddress } from "../../wire/address.js";
import { IPV4_HEADER_LENGTH, internetChecksum, writeIpv4 } from "../../wire/ipv4.js";
import { setWord16 } from "../../wire/words.js";
import { type AccessRule, type AddressMatch, ANY } from "../access-rule.js";
import { addressText } from "../address.js";
import type { PlannedIdent } from "../apply/plan.js";
import type { IosConfig } from "../model.js";

const PROTOCOL_ICMP = 1;
const PROTOCOL_UDP = 17;
const ECHO_LENGTH = 100;
const ECHO_REPLY = 0;
const ECHO = 8;

export type Hosts = readonly [source: string, target: string];

/** What the hosts of a rule may say: an echo, a UDP datagram where it is for one; other protocols carry the same bytes. */
export function echoOf(hosts: Hosts, rule: AccessRule, sequence: number): Uint8Array {
  return packetOf(hosts, rule, ECHO, sequence, [rule.sourcePort?.ports[0], rule.targetPort?.ports[0]]);
}

export function echoReplyOf([source, target]: Hosts, rule: AccessRule, sequence: number): Uint8Array {
  const ports = [rule.targetPort?.ports[0], rule.sourcePort?.ports[0]];
  return packetOf([target, source], rule, ECHO_REPLY, sequence, ports);
}

/**
 * Hosts that an identity is for. Where its rule says any, the source is one of the router's own networks inside, the target
 * one of what is routed into the tunnel.
 */
export function hostsOf({ interfaces }: IosConfig, { rule, routed, interface: tunnel, egress }: PlannedIdent): Hosts {
  const inside = interfaces.find((one) => one.address !== undefined && one !== tunnel && one !== egress);
  const into = routed[0]?.target[0]?.[0];
  return [
    hostIn(rule.source) ?? inside?.address?.address ?? ANY_HOSTS[0],
    hostIn(rule.target) ?? (into === undefined ? ANY_HOSTS[1] : firstHost(addressText(into))),
  ];
}

/** Where nothing says which: addresses for examples, RFC 5737. */
const ANY_HOSTS = ["192.0.2.1", "198.51.100.1"] as const;

/** The address, or the first one of the network. */
function hostIn({ address, wildcard }: AddressMatch): string | undefined {
  return wildcard === ANY.wildcard ? undefined : firstHost(address);
}

function firstHost(address: string): string {
  return address.replace(/\.0$/, ".1");
}

function packetOf(
  [source, target]: Hosts,
  { protocol = PROTOCOL_ICMP }: AccessRule,
  type: number,
  sequence: number,
  [sourcePort = 0, targetPort = 0]: readonly (number | undefined)[],
): Uint8Array {
  const packet = new Uint8Array(ECHO_LENGTH);
  writeIpv4(packet, 0, {
    source: parseAddress(source, "source"),
    target: parseAddress(target, "target"),
    protocol,
    totalLength: ECHO_LENGTH,
    ttl: 255,
  });
  const start = IPV4_HEADER_LENGTH;
  if (protocol !== PROTOCOL_ICMP) {
    setWord16(packet, start, sourcePort);
    setWord16(packet, start + 2, targetPort);
    if (protocol === PROTOCOL_UDP) setWord16(packet, start + 4, ECHO_LENGTH - start);
    return packet;
  }
  packet[start] = type;
  setWord16(packet, start + 6, sequence);
  setWord16(packet, start + 2, internetChecksum(packet, start, ECHO_LENGTH - start));
  return packet;
}
