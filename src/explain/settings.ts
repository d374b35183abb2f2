// The smallest change of the configuration under which the last packet would not have been dropped.
import type { SaConfig } from "../sad/config.js";
import type { PolicyConfig } from "../spd/policy.js";
import type { Verdict } from "../verdict.js";
import { selectorOf } from "./described.js";
import type { LastEnd, LastSa } from "./last-end.js";

const LARGEST_WINDOW = 4096;
const LARGEST_PACKET = 65535;
const MOST_FRAGMENTS = 8192;

/** Options that replace those of the SA or of the plane, or a policy to put before the others. */
export type Setting =
  | { readonly of: "SA"; readonly options: Partial<SaConfig> }
  | {
      readonly of: "plane";
      readonly options: { readonly limits: { readonly fragments?: number; readonly reassemblies?: number } };
    }
  | { readonly of: "policy"; readonly options: PolicyConfig };

export function settingFor(verdict: Verdict, last: LastEnd, fragments: number): Setting | undefined {
  const { sa } = last;
  switch (verdict) {
    case "stale":
      return last.sequence === 0n ? undefined : replayWindow(sa.highest - last.sequence);
    case "exhausted":
      return sa.esn ? undefined : { of: "SA", options: { esn: true } };
    case "no-sa":
    case "expired":
      return last.hasSa && last.sa.direction === last.direction ? lifetime(last) : undefined;
    case "policy-mismatch":
      if (!last.hasFields) return undefined;
      return { of: "SA", options: { selectors: [...(sa.selectors ?? []), selectorOf(last.fields)] } };
    case "discarded":
      if (!last.hasFields) return undefined;
      return {
        of: "policy",
        options: {
          direction: last.direction,
          selector: selectorOf(last.fields),
          action: last.direction === "out" ? "protect" : "bypass",
        },
      };
    case "too-big":
      return last.direction === "out" && last.hasSa ? longer(last) : undefined;
    case "unknown-spi":
      return last.spi < 256 ? undefined : { of: "SA", options: { direction: "in", spi: last.spi } };
    case "too-many-fragments":
      return fragments < MOST_FRAGMENTS
        ? { of: "plane", options: { limits: { fragments: fragments + 1 } } }
        : undefined;
    case "fragment":
      if (last.direction === "in") return { of: "plane", options: { limits: { reassemblies: 1 } } };
      return { of: "SA", options: { mode: "tunnel" } };
    default:
      return undefined;
  }
}

/** Windows are multiples of 64, and end at 4096. */
function replayWindow(behind: bigint): Setting | undefined {
  const size = (Number(behind / 64n) + 1) * 64;
  return size <= LARGEST_WINDOW ? { of: "SA", options: { replayWindow: size } } : undefined;
}

/** Every limit that the packet reached is moved as far as it needs; the others stay. */
function lifetime({ sa, counted, length }: LastEnd): Setting | undefined {
  const changed: { seconds?: number; packets?: number; kilobytes?: number } = {};
  if (sa.ageMs >= sa.hardAfterMs) changed.seconds = Math.floor(sa.ageMs / 1000) + 1;
  if (sa.packets + 1 > sa.hardPackets) changed.packets = sa.packets + 1;
  const bytes = sa.bytes + (counted || length);
  const jitter = 1 - (sa.lifetime?.volumeJitterPercent ?? 0) / 100;
  if (bytes > sa.hardBytes) changed.kilobytes = Math.ceil(bytes / 1024 / jitter);
  if (sa.state === "deleted" || Object.keys(changed).length === 0) return undefined;
  return { of: "SA", options: { lifetime: { ...sa.lifetime, ...changed } } };
}

/** A larger MTU where it is the configuration that says it: what routers said holds. */
function longer({ sa, sealedLength, fields }: LastEnd): Setting | undefined {
  const options: { pathMtu?: number; tunnelMtu?: number } = {};
  if (sealedLength > sa.pathMtu) {
    if (!sa.pathMtuIsOwn) return cut(sa, fields);
    options.pathMtu = sealedLength;
  }
  if (fields.totalLength > sa.tunnelMtu) options.tunnelMtu = fields.totalLength;
  return sealedLength <= LARGEST_PACKET && Object.keys(options).length > 0 ? { of: "SA", options } : undefined;
}

/** Under df-bit clear an IPv4 packet is cut whatever its DF bit says (the guide's rows 2 and 4); tunnel mode. */
function cut(sa: LastSa, { version, dontFragment }: LastEnd["fields"]): Setting | undefined {
  return version === 4 && dontFragment && !sa.transport ? { of: "SA", options: { dfBit: "clear" } } : undefined;
}
