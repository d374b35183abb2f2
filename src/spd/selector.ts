// Selectors, RFC 4301 section 4.4.1.1.
import { IpsecError } from "../errors.js";
import { type AddressRange, compareWords, parseRange } from "../wire/address.js";
import type { IpFields } from "../wire/fields.js";
import { hasPorts, PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_MOBILITY } from "../wire/protocol.js";

/**
 * What traffic a policy or an SA is for. Absent means any. Source and target are those of the packet itself, in both
 * directions.
 */
export interface Selector {
  /** Prefixes ("10.1.0.0/16"), addresses, ranges ("10.1.0.7-10.1.0.9"); one or several. */
  readonly source?: string | readonly string[];
  readonly target?: string | readonly string[];
  /** The upper protocol, 0..255. */
  readonly protocol?: number;
  /**
   * A port, or first and last port of a range. Needs protocol TCP, UDP, SCTP, DCCP or UDP-Lite. "opaque": packets that show
   * no ports, which later fragments are.
   */
  readonly sourcePort?: number | readonly [number, number] | "opaque";
  readonly targetPort?: number | readonly [number, number] | "opaque";
  /** ICMP or ICMPv6 type, or first and last; needs that protocol. */
  readonly icmpType?: number | readonly [number, number];
  /** Needs icmpType. Of several types: from the first code of the first type to the last code of the last. */
  readonly icmpCode?: number | readonly [number, number];
  /** Type of a Mobility Header, or first and last; needs protocol 135. */
  readonly mobilityType?: number | readonly [number, number];
}

type NumberRange = readonly [first: number, last: number];

/** A selector ready to be compared. */
export interface CompiledSelector {
  readonly source: readonly AddressRange[] | undefined;
  readonly target: readonly AddressRange[] | undefined;
  readonly protocol: number | undefined;
  readonly sourcePort: NumberRange | undefined;
  readonly targetPort: NumberRange | undefined;
  /** ICMP type << 8 | code, or Mobility Header type << 8: what IKE puts there too. */
  readonly message: NumberRange | undefined;
}

/** Protocols of which one number is read, not two ports. */
const MESSAGES: ReadonlySet<number> = new Set([PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_MOBILITY]);
/** Compared by identity. */
const OPAQUE: NumberRange = [-1, -1];
/** RFC 4301 section 7.2: a later fragment that reaches into a TCP header, 60 bytes at most, may be no part of "opaque". */
const LEAST_OFFSET = 64;

export function compileSelector(selector: Selector): CompiledSelector {
  const { protocol } = selector;
  if (protocol !== undefined) checkNumber(protocol, 255, "protocol");
  const ports = selector.sourcePort ?? selector.targetPort;
  if (ports !== undefined && (protocol === undefined || !hasPorts(protocol))) {
    throw new IpsecError(
      "selector",
      `ports need protocol 6, 17, 33, 132 or 136 in the selector; it is ${protocol ?? "absent"}`,
    );
  }
  return {
    source: addressRanges(selector.source, "selector.source"),
    target: addressRanges(selector.target, "selector.target"),
    protocol,
    sourcePort: portRange(selector.sourcePort, "sourcePort"),
    targetPort: portRange(selector.targetPort, "targetPort"),
    message: messageRange(selector),
  };
}

function portRange(value: Selector["sourcePort"], what: string): NumberRange | undefined {
  return value === "opaque" ? OPAQUE : numberRange(value, 65535, what);
}

/** RFC 4301 section 4.4.1.1: type and code are one number of 16 bits; a code belongs to a type. */
function messageRange({ protocol, icmpType, icmpCode, mobilityType }: Selector): NumberRange | undefined {
  if ((icmpType ?? icmpCode) !== undefined && protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) {
    throw new IpsecError("selector", `icmpType and icmpCode need protocol 1 or 58; it is ${protocol ?? "absent"}`);
  }
  if (icmpCode !== undefined && icmpType === undefined) {
    throw new IpsecError("selector", "icmpCode is given without icmpType: a code means something in its type only");
  }
  if (mobilityType !== undefined && protocol !== PROTOCOL_MOBILITY) {
    throw new IpsecError("selector", `mobilityType needs protocol 135; it is ${protocol ?? "absent"}`);
  }
  const types = numberRange(icmpType, 255, "icmpType") ?? numberRange(mobilityType, 255, "mobilityType");
  if (types === undefined) return undefined;
  const codes = numberRange(icmpCode, 255, "icmpCode") ?? [0, 255];
  return [(types[0] << 8) | codes[0], (types[1] << 8) | codes[1]];
}

/** A port or type that cannot be read (a later fragment, an opaque payload) matches "any" and "opaque": RFC 4301 section 4.4.1.1. */
export function matches(selector: CompiledSelector, fields: IpFields): boolean {
  if (selector.protocol !== undefined && selector.protocol !== fields.protocol) return false;
  if (selector.source !== undefined && !inSome(selector.source, fields.version, fields.source)) return false;
  if (selector.target !== undefined && !inSome(selector.target, fields.version, fields.target)) return false;
  return (
    inRange(selector.sourcePort, fields.sourcePort, fields) &&
    inRange(selector.targetPort, fields.targetPort, fields) &&
    inRange(selector.message, fields.sourcePort, fields)
  );
}

/** Whether one of `selectors` matches. A loop: a closure would be garbage for every packet. */
export function matchesSome(selectors: readonly CompiledSelector[], fields: IpFields): boolean {
  for (const selector of selectors) if (matches(selector, fields)) return true;
  return false;
}

function inSome(ranges: readonly AddressRange[], version: 4 | 6, address: Uint32Array): boolean {
  for (const range of ranges) {
    if (range.version !== version) continue;
    if (compareWords(range.first, address, version) <= 0 && compareWords(address, range.last, version) <= 0)
      return true;
  }
  return false;
}

function inRange(range: NumberRange | undefined, value: number, fields: IpFields): boolean {
  if (range === undefined) return true;
  if (range === OPAQUE) return !fields.portsReadable && !reachesIntoHeader(fields);
  return fields.portsReadable && value >= range[0] && value <= range[1];
}

/** Whether `sourcePort` of the fields is ICMP's type and code, or a Mobility Header's type. */
export function isMessage(protocol: number): boolean {
  return MESSAGES.has(protocol);
}

/** IPv4 only: of IPv6 the offset says nothing, extension headers may stand in front. */
export function reachesIntoHeader({ version, laterFragment, fragmentOffset }: IpFields): boolean {
  return version === 4 && laterFragment && fragmentOffset < LEAST_OFFSET;
}

function addressRanges(
  value: string | readonly string[] | undefined,
  what: string,
): readonly AddressRange[] | undefined {
  if (value === undefined) return undefined;
  const texts = typeof value === "string" ? [value] : value;
  if (texts.length === 0) throw new IpsecError("selector", `${what} is an empty list: leave it out to mean any`);
  return texts.map((text) => parseRange(text, what));
}

function numberRange(
  value: number | readonly [number, number] | undefined,
  most: number,
  what: string,
): NumberRange | undefined {
  if (value === undefined) return undefined;
  const [first, last] = typeof value === "number" ? [value, value] : value;
  checkNumber(first, most, what);
  checkNumber(last, most, what);
  if (first > last)
    throw new IpsecError("selector", `${what} is ${first}..${last}: the first must not be above the last`);
  return [first, last];
}

function checkNumber(value: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new IpsecError("selector", `${what} is ${value}: a whole number from 0 to ${most} is allowed`);
  }
}
