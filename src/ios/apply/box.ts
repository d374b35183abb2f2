// What an access rule covers, as boxes: ranges of addresses, one range in every other dimension. Boxes can be
// intersected, which is what `deny` needs: what it denies here may be permitted by a later entry of the map.
import type { Selector } from "../../spd/selector.js";
import { type AccessRule, type AddressMatch, ANY, type PortMatch } from "../access-rule.js";
import { addressNumber, addressText } from "../address.js";

type Range = readonly [first: number, last: number];

export interface Box {
  /** Ascending, apart from each other. */
  readonly source: readonly Range[];
  readonly target: readonly Range[];
  /** Absent: every protocol. */
  readonly protocol: number | undefined;
  readonly sourcePort: Range | undefined;
  readonly targetPort: Range | undefined;
  readonly icmpType: Range | undefined;
  readonly icmpCode: Range | undefined;
}

/** Ranges that a wildcard with gaps may make. */
const RANGES = 256;

const EVERY_ADDRESS: readonly Range[] = [[0, 0xffffffff]];

export const EVERYTHING: Box = {
  source: EVERY_ADDRESS,
  target: EVERY_ADDRESS,
  protocol: undefined,
  sourcePort: undefined,
  targetPort: undefined,
  icmpType: undefined,
  icmpCode: undefined,
};

/** The boxes of a rule; undefined when its wildcards have too many gaps. */
export function boxesOf(rule: AccessRule): Box[] | undefined {
  const source = addressRanges(rule.source);
  const target = addressRanges(rule.target);
  if (source === undefined || target === undefined) return undefined;
  const one = (value: number | undefined): Range | undefined => (value === undefined ? undefined : [value, value]);
  const icmp = { icmpType: one(rule.icmpType), icmpCode: one(rule.icmpCode) };
  return portRanges(rule.sourcePort).flatMap((sourcePort) =>
    portRanges(rule.targetPort).map((targetPort) => {
      return { source, target, protocol: rule.protocol, sourcePort, targetPort, ...icmp };
    }),
  );
}

/** The smallest box around a rule whose boxes are too many. */
export function boxAround(rule: AccessRule): Box {
  const around = ({ address, wildcard }: AddressMatch): Range[] => {
    const bits = addressNumber(wildcard);
    return [[(addressNumber(address) & ~bits) >>> 0, (addressNumber(address) | bits) >>> 0]];
  };
  return { ...EVERYTHING, source: around(rule.source), target: around(rule.target), protocol: rule.protocol };
}

/** A wildcard of n low ones is one range; each one-bit above a zero doubles them. */
function addressRanges({ address, wildcard }: AddressMatch): readonly Range[] | undefined {
  if (wildcard === ANY.wildcard) return EVERY_ADDRESS;
  const bits = addressNumber(wildcard);
  let low = 0;
  while ((bits >>> low) & 1) low++;
  const size = 2 ** low;
  const gaps: number[] = [];
  for (let bit = low; bit < 32; bit++) if ((bits >>> bit) & 1) gaps.push(2 ** bit);
  if (2 ** gaps.length > RANGES) return undefined;
  let firsts = [(addressNumber(address) & ~bits) >>> 0];
  for (const gap of gaps) firsts = firsts.flatMap((first) => [first, first + gap]);
  return firsts.sort((a, b) => a - b).map((first) => [first, first + size - 1]);
}

function portRanges(match: PortMatch | undefined): readonly (Range | undefined)[] {
  if (match === undefined) return [undefined];
  const [first = 0, last = 0] = match.ports;
  switch (match.operator) {
    case "eq":
      return match.ports.map((port) => [port, port]);
    case "range":
      return [[Math.min(first, last), Math.max(first, last)]];
    case "lt":
      return first > 0 ? [[0, first - 1]] : [];
    case "gt":
      return first < 65535 ? [[first + 1, 65535]] : [];
    case "neq":
      return portsBetween([...match.ports].sort((a, b) => a - b));
  }
}

function portsBetween(ports: readonly number[]): Range[] {
  const ranges: Range[] = [];
  let next = 0;
  for (const port of [...ports, 65536]) {
    if (port > next) ranges.push([next, port - 1]);
    next = port + 1;
  }
  return ranges;
}

/** What lies in both; undefined when nothing does. */
export function intersect(a: Box, b: Box): Box | undefined {
  if (a.protocol !== undefined && b.protocol !== undefined && a.protocol !== b.protocol) return undefined;
  const source = common(a.source, b.source);
  const target = common(a.target, b.target);
  if (source.length === 0 || target.length === 0) return undefined;
  const box = { protocol: a.protocol ?? b.protocol, source, target } as Record<string, unknown>;
  for (const name of ["sourcePort", "targetPort", "icmpType", "icmpCode"] as const) {
    const [first, second] = [a[name], b[name]];
    const [range] = first === undefined || second === undefined ? [first ?? second] : common([first], [second]);
    if (range === undefined && first !== undefined && second !== undefined) return undefined;
    box[name] = range;
  }
  return box as unknown as Box;
}

/** Whether all of `inner` lies in `outer`. */
export function covers(outer: Box, inner: Box): boolean {
  const within = (range: Range, ranges: readonly Range[]) =>
    ranges.some(([first, last]) => first <= range[0] && range[1] <= last);
  const spans = (wide: Range | undefined, narrow: Range | undefined) =>
    wide === undefined || (narrow !== undefined && within(narrow, [wide]));
  return (
    (outer.protocol === undefined || outer.protocol === inner.protocol) &&
    inner.source.every((range) => within(range, outer.source)) &&
    inner.target.every((range) => within(range, outer.target)) &&
    (["sourcePort", "targetPort", "icmpType", "icmpCode"] as const).every((name) => spans(outer[name], inner[name]))
  );
}

function common(a: readonly Range[], b: readonly Range[]): Range[] {
  return a.flatMap((one) =>
    b
      .map((other): Range => [Math.max(one[0], other[0]), Math.min(one[1], other[1])])
      .filter(([first, last]) => first <= last),
  );
}

/** The box as the engine has it. */
export function selectorOf(box: Box): Selector {
  const addresses = (ranges: readonly Range[]) =>
    ranges.map(([first, last]) => `${addressText(first)}-${addressText(last)}`);
  return withoutAbsent({
    source: isEvery(box.source) ? undefined : addresses(box.source),
    target: isEvery(box.target) ? undefined : addresses(box.target),
    protocol: box.protocol,
    sourcePort: box.sourcePort,
    targetPort: box.targetPort,
    icmpType: box.icmpType,
    icmpCode: box.icmpCode,
  });
}

/** The same traffic, answered: ends exchanged. An answer's ICMP type is another one, so it is left open. */
export function mirrored(box: Box): Box {
  return {
    ...box,
    source: box.target,
    target: box.source,
    sourcePort: box.targetPort,
    targetPort: box.sourcePort,
    icmpType: undefined,
    icmpCode: undefined,
  };
}

function withoutAbsent(selector: { [Name in keyof Selector]: Selector[Name] | undefined }): Selector {
  return Object.fromEntries(Object.entries(selector).filter(([, value]) => value !== undefined)) as Selector;
}

function isEvery([first]: readonly Range[]): boolean {
  return first?.[0] === 0 && first[1] === 0xffffffff;
}
