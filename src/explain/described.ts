// A packet's header as the selector that is for it alone.
import { formatAddress } from "../wire/address.js";
import type { IpFields } from "../wire/fields.js";
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_MOBILITY } from "../wire/protocol.js";

export interface PacketSelector {
  readonly source: string;
  readonly target: string;
  readonly protocol: number;
  readonly sourcePort?: number;
  readonly targetPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly mobilityType?: number;
}

export function selectorOf(fields: IpFields): PacketSelector {
  const { version, protocol, portsReadable, sourcePort, targetPort } = fields;
  const ends = { source: addressText(version, fields.source), target: addressText(version, fields.target), protocol };
  if (!portsReadable) return ends;
  if (protocol === PROTOCOL_ICMP || protocol === PROTOCOL_ICMPV6)
    return { ...ends, icmpType: sourcePort >> 8, icmpCode: sourcePort & 255 };
  if (protocol === PROTOCOL_MOBILITY) return { ...ends, mobilityType: sourcePort >> 8 };
  return { ...ends, sourcePort, targetPort };
}

function addressText(version: 4 | 6, words: Uint32Array): string {
  const used = words.subarray(0, version === 4 ? 1 : 4);
  return formatAddress(
    Uint8Array.from([...used].flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 255))),
  );
}
