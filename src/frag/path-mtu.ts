// What routers outside say of the path: RFC 1191 (fragmentation needed), RFC 8201 (packet too big), RFC 4301 section 8.2.
// Anybody can send such a message. It is heeded when it quotes a packet that one of our outbound SAs has sent lately: its
// outer addresses, its SPI and sequence number, and with NAT-T its ports. It can only lower the MTU, not below what every
// host must take, and not for ever.
import type { Engine } from "../engine.js";
import { NON_IKE_MARKER_LENGTH } from "../natt/framing.js";
import type { Sa } from "../sad/sa.js";
import { TokenBucket } from "../timers/token-bucket.js";
import { formatAddress } from "../wire/address.js";
import type { IpFields } from "../wire/fields.js";
import { internetChecksum } from "../wire/ipv4.js";
import { IPV6_MINIMUM_MTU, pseudoHeaderSum } from "../wire/ipv6.js";
import { PROTOCOL_AH, PROTOCOL_ESP, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_UDP } from "../wire/protocol.js";
import { UDP_HEADER_LENGTH } from "../wire/udp.js";
import { byte, word16, word32 } from "../wire/words.js";

/** RFC 791: what every host must be able to receive. RFC 1191 allows 68, which would let a forger have us cut to bits. */
const IPV4_LEAST_MTU = 576;
/** RFC 1191 section 6.3, RFC 8201 section 4: after ten minutes a larger one is tried. */
export const LEARNED_MS = 600_000;
/** How many numbers behind the last one sent may be quoted: a second at a million packets a second. */
const RECENT = 2 ** 20;
const BURST = 4;
const INTERVAL_MS = 1000;
const ICMP_HEADER_LENGTH = 8;
const FRAGMENT = 44;
/** RFC 1191 section 7.1: sizes of common links, for routers that do not say theirs. */
const PLATEAUS = [32000, 17914, 8166, 4352, 2002, 1492, 1006, 576];

/** A clear packet has come, of which `fields` were read: should it be such a message, it is heeded. */
export function heedTooBig(engine: Engine, packet: Uint8Array, fields: IpFields): void {
  if (fields.fragment || !fields.portsReadable) return;
  const four = fields.protocol === PROTOCOL_ICMP && fields.version === 4 && fields.sourcePort === 0x0304;
  const six = fields.protocol === PROTOCOL_ICMPV6 && fields.version === 6 && fields.sourcePort >> 8 === 2;
  if (!four && !six) return;
  const icmp = fields.headerLength;
  const quote = packet.subarray(icmp + ICMP_HEADER_LENGTH, fields.totalLength);
  const sa = saOf(engine, quote);
  if (sa === undefined || !checksumHolds(packet, fields)) return;
  const mtu = four ? toldIpv4(packet, icmp, quote, sa.pathMtu) : word32(packet, icmp + 4);
  // RFC 8201 section 4: one below the minimum is discarded.
  if (six && mtu < IPV6_MINIMUM_MTU) return;
  learn(engine, sa, Math.max(mtu, four ? IPV4_LEAST_MTU : IPV6_MINIMUM_MTU));
}

function learn(engine: Engine, sa: Sa, mtu: number): void {
  const { now } = engine;
  if (mtu > sa.learnedMtu || sa.state !== "live") return;
  sa.mtuRate ??= new TokenBucket(BURST, INTERVAL_MS, now);
  if (!sa.mtuRate.has(now)) return;
  sa.mtuRate.take();
  if (mtu === sa.resolved.pathMtu) return;
  const previous = sa.pathMtu;
  sa.learnedMtu = mtu;
  sa.remeasure();
  sa.mtuLearnedAt = now;
  engine.deadlines.start(now + LEARNED_MS, sa, "path-mtu");
  if (sa.pathMtu !== previous) engine.events.push({ kind: "path-mtu", sa, mtu: sa.pathMtu, previous });
}

/** What was learned is too old: the configured MTU holds again, until a router objects. */
export function forgetMtu(engine: Engine, sa: Sa): void {
  const previous = sa.pathMtu;
  sa.learnedMtu = sa.resolved.pathMtu;
  sa.remeasure();
  sa.mtuLearnedAt = Infinity;
  if (sa.pathMtu !== previous) engine.events.push({ kind: "path-mtu", sa, mtu: sa.pathMtu, previous });
}

/**
 * The MTU of the next hop, RFC 1191 section 4; routers older than that leave it 0: then the next smaller plateau. Some of
 * these add the header to the length that they quote: section 5, a length that could not have been sent is taken for one.
 */
function toldIpv4(packet: Uint8Array, icmp: number, quote: Uint8Array, estimate: number): number {
  const mtu = word16(packet, icmp + 6);
  const quoted = word16(quote, 2);
  const length = quoted < estimate ? quoted : quoted - 4 * (byte(quote, 0) & 15);
  return mtu > 0 ? mtu : (PLATEAUS.find((plateau) => plateau < length) ?? IPV4_LEAST_MTU);
}

/** The outbound SA that sent what is quoted, as far as the quote can prove it. */
function saOf(engine: Engine, quote: Uint8Array): Sa | undefined {
  if (quote.length < 28) return undefined;
  const four = byte(quote, 0) >> 4 === 4;
  if (!four && quote.length < 48) return undefined;
  let protocol = byte(quote, four ? 9 : 6);
  let payload = four ? (byte(quote, 0) & 15) << 2 : 40;
  let place = four ? word16(quote, 6) & 0x1fff : 0;
  if (!four && protocol === FRAGMENT) {
    protocol = byte(quote, 40);
    place = word16(quote, 42) & 0xfff8;
    payload += 8;
  }
  if (place !== 0) return undefined; // a later fragment: what it carries shows no SPI
  const [source, target] = four
    ? [quote.subarray(12, 16), quote.subarray(16, 20)]
    : [quote.subarray(8, 24), quote.subarray(24, 40)];
  const at = spiOffset(quote, payload, protocol);
  if (at < 0 || at + 8 > quote.length) return undefined;
  const port = protocol === PROTOCOL_UDP ? word16(quote, payload + 2) : 0;
  const sa = engine.sad.outbound(word32(quote, at), formatAddress(target), port);
  if (sa === undefined || !hasSent(sa, word32(quote, at + 4))) return undefined;
  const { template, config, ports } = sa.resolved;
  if (template.source !== undefined && !template.source.every((value, index) => value === source[index]))
    return undefined;
  const udp = config.natTraversal !== undefined;
  if (udp !== (protocol === PROTOCOL_UDP)) return undefined;
  if (udp && word16(quote, payload) !== ports.source) return undefined;
  return sa;
}

/** Whether the low half is that of a number among the last RECENT ones. Who forges a quote must guess it. */
function hasSent(sa: Sa, low: number): boolean {
  const last = sa.sequence;
  const behind = (Number(last & 0xffff_ffffn) - low) >>> 0;
  return behind < RECENT && BigInt(behind) < last;
}

/** Of the SPI; the sequence number follows. Behind UDP it stands after any marker; below 0 for another protocol. */
function spiOffset(quote: Uint8Array, payload: number, protocol: number): number {
  if (protocol === PROTOCOL_ESP) return payload;
  if (protocol === PROTOCOL_AH) return payload + 4;
  if (protocol !== PROTOCOL_UDP) return -1;
  const at = payload + UDP_HEADER_LENGTH;
  const marked = at + 8 <= quote.length && word32(quote, at) === 0 && word32(quote, at + 4) === 0;
  return marked ? at + NON_IKE_MARKER_LENGTH : at;
}

function checksumHolds(packet: Uint8Array, fields: IpFields): boolean {
  const start = fields.headerLength;
  const length = fields.totalLength - start;
  if (fields.version === 4) return internetChecksum(packet, start, length) === 0;
  const carried = pseudoHeaderSum(packet.subarray(8, 24), packet.subarray(24, 40), length, PROTOCOL_ICMPV6);
  return internetChecksum(packet, start, length, carried) === 0;
}
