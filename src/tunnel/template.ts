// The header template of an SA: what stands in front of its ESP or AH headers, composed once. The kernel copies it and
// patches lengths, ID, DSCP, ECN, DF and checksums.
//
//   tunnel, carrier ip       outer IPv4 or IPv6 | UDP, with NAT-T | 8 zero bytes, with the non-IKE marker
//   transport, carrier ip                         UDP, with NAT-T | 8 zero bytes, with the non-IKE marker
//   carrier udp                                                     8 zero bytes, with the non-IKE marker
//   in, transport, carrier udp: the minimal IP header that is put back in front of what ESP carried
import { NO_UDP, SA_TEMPLATE_MAX } from "../../assembly/layout.js";
import { NON_IKE_MARKER_LENGTH } from "../natt/framing.js";
import type { SaConfig } from "../sad/config.js";
import { IPV4_HEADER_LENGTH, writeIpv4 } from "../wire/ipv4.js";
import { IPV6_HEADER_LENGTH, writeIpv6 } from "../wire/ipv6.js";
import { PROTOCOL_AH, PROTOCOL_ESP, PROTOCOL_UDP } from "../wire/protocol.js";
import { UDP_HEADER_LENGTH } from "../wire/udp.js";
import { setWord16 } from "../wire/words.js";

const TTL = 64;
/** Shared: of a hundred thousand SAs over a socket most have no template. */
const NOTHING = new Uint8Array(0);

export interface Template {
  readonly bytes: Uint8Array;
  /** Version of the outer IP header in the template, 0 without one. */
  readonly outer: 0 | 4 | 6;
  /** Offset of the UDP header, NO_UDP without one. */
  readonly udpOffset: number;
  /** Inbound transport over a socket: the template is the header to rebuild. */
  readonly rebuild: boolean;
  /** Bytes in front of ESP or AH on the wire: IP, UDP, marker; also those that a socket adds. */
  readonly wireLength: number;
  /** Source and target addresses of the outer header, where they are known. */
  readonly source: Uint8Array | undefined;
  readonly target: Uint8Array | undefined;
}

interface Parts {
  readonly source?: Uint8Array | undefined;
  readonly target?: Uint8Array | undefined;
  readonly config: SaConfig;
  readonly carrier: "udp" | "ip";
  readonly ports: { readonly source: number; readonly target: number };
  readonly nonIke: boolean;
}

export function composeTemplate(parts: Parts): Template {
  const { source, target, config, carrier, nonIke } = parts;
  const marker = nonIke ? NON_IKE_MARKER_LENGTH : 0;
  const ipLength = source?.length === 16 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH;
  const known = { source, target };
  if (carrier === "udp") {
    const wireLength = ipLength + UDP_HEADER_LENGTH + marker;
    const rebuild = config.direction === "in" && config.mode === "transport";
    const bytes = rebuild ? writeIpHeader(parts, 0) : nonIke ? new Uint8Array(marker) : NOTHING;
    return { bytes, outer: 0, udpOffset: NO_UDP, rebuild, wireLength, ...known };
  }
  const udp = config.natTraversal === undefined ? NOTHING : writeUdpAndMarker(parts, marker);
  if (config.mode === "transport") {
    const udpOffset = udp.length > 0 ? 0 : NO_UDP;
    return { bytes: udp, outer: 0, udpOffset, rebuild: false, wireLength: udp.length, ...known };
  }
  const protocol = config.protocol === "ah" ? PROTOCOL_AH : udp.length > 0 ? PROTOCOL_UDP : PROTOCOL_ESP;
  const ip = writeIpHeader(parts, protocol);
  const bytes = new Uint8Array(ip.length + udp.length);
  bytes.set(ip);
  bytes.set(udp, ip.length);
  if (bytes.length > SA_TEMPLATE_MAX) throw new RangeError("a header template outgrew its place in the SA record");
  const outer = ip.length === IPV6_HEADER_LENGTH ? 6 : 4;
  return {
    bytes,
    outer,
    udpOffset: udp.length > 0 ? ip.length : NO_UDP,
    rebuild: false,
    wireLength: bytes.length,
    ...known,
  };
}

function writeIpHeader({ source, target }: Parts, protocol: number): Uint8Array {
  if (source === undefined || target === undefined) return NOTHING;
  if (source.length === 16) {
    const bytes = new Uint8Array(IPV6_HEADER_LENGTH);
    writeIpv6(bytes, 0, { source, target, nextHeader: protocol, payloadLength: 0, hopLimit: TTL });
    return bytes;
  }
  const bytes = new Uint8Array(IPV4_HEADER_LENGTH);
  writeIpv4(bytes, 0, { source, target, protocol, totalLength: 0, ttl: TTL });
  return bytes;
}

function writeUdpAndMarker({ ports }: Parts, marker: number): Uint8Array {
  const bytes = new Uint8Array(UDP_HEADER_LENGTH + marker);
  setWord16(bytes, 0, ports.source);
  setWord16(bytes, 2, ports.target);
  return bytes;
}
