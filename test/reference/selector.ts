// Selectors, RFC 4301 section 4.4.1.1: addresses as numbers, ports as ranges, absent means any.
import ipaddr from "ipaddr.js";
import type { Selector } from "../../src/spd/selector.js";
import type { IpPacket } from "./ip.js";

type Range = number | readonly [number, number] | undefined;

export function selects(selector: Selector, packet: IpPacket): boolean {
  const icmp = packet.protocol === 1 || packet.protocol === 58;
  return (
    (selector.protocol === undefined || selector.protocol === packet.protocol) &&
    covers(selector.source, packet.source) &&
    covers(selector.target, packet.target) &&
    within(selector.sourcePort, packet.ports?.[0]) &&
    within(selector.targetPort, packet.ports?.[1]) &&
    within(message(selector.icmpType, selector.icmpCode), icmp ? messageOf(packet) : undefined) &&
    within(selector.mobilityType, packet.protocol === 135 ? packet.ports?.[0] : undefined)
  );
}

/** RFC 4301 section 4.4.1.1: type and code are one number of 16 bits. */
function message(types: Range, codes: Range): Range {
  if (types === undefined) return undefined;
  const [firstType, lastType] = [types].flat() as [number, number?];
  const [firstCode, lastCode = firstCode] = (codes === undefined ? [0, 255] : [codes].flat()) as [number, number?];
  return [firstType * 256 + firstCode, (lastType ?? firstType) * 256 + lastCode];
}

function messageOf({ ports }: IpPacket): number | undefined {
  return ports && ports[0] * 256 + ports[1];
}

/** What cannot be read is only ever "any", or "opaque". */
function within(range: Range | "opaque", value: number | undefined): boolean {
  if (range === undefined) return true;
  if (range === "opaque") return value === undefined;
  const [first, last] = typeof range === "number" ? [range, range] : range;
  return value !== undefined && value >= first && value <= last;
}

function covers(texts: string | readonly string[] | undefined, address: Uint8Array): boolean {
  if (texts === undefined) return true;
  return [texts].flat().some((text) => coversOne(text as string, address));
}

function coversOne(text: string, address: Uint8Array): boolean {
  if (text.includes("/")) {
    const [network, bits] = ipaddr.parseCIDR(text);
    const own = ipaddr.fromByteArray([...address]);
    return own.kind() === network.kind() && own.match(network as ipaddr.IPv4 & ipaddr.IPv6, bits);
  }
  const [first, last = first] = text.split("-").map((part) => ipaddr.parse(part.trim()).toByteArray());
  if (first?.length !== address.length) return false;
  return number(first) <= number(address) && number(address) <= number(last as number[]);
}

function number(bytes: ArrayLike<number>): bigint {
  return BigInt(`0x${Buffer.from(Array.from(bytes)).toString("hex")}`);
}
