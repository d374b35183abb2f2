// From what a person wrote to what the kernel and the lines need. Everything that can be wrong with an SaConfig is
// found here, before anything is installed.
import { IpsecError } from "../errors.js";
import { NATT_PORT } from "../natt/framing.js";
import { type CompiledSelector, compileSelector } from "../spd/selector.js";
import { composeTemplate, type Template } from "../tunnel/template.js";
import { parseAddress } from "../wire/address.js";
import { internetChecksum } from "../wire/ipv4.js";
import { type Algorithms, resolveAlgorithms } from "./algorithms.js";
import type { AhConfig, Endpoints, SaConfig } from "./config.js";
import type { Profile } from "./suites.js";

export interface ResolvedSa extends Algorithms {
  readonly config: SaConfig;
  readonly carrier: "udp" | "ip";
  readonly selectors: readonly CompiledSelector[] | undefined;
  readonly template: Template;
  readonly ports: { readonly source: number; readonly target: number };
  readonly nonIke: boolean;
  /** Behind a NAT in transport mode: the folded sum of the original addresses. */
  readonly original: number | "unknown" | undefined;
  readonly esn: boolean;
  readonly replayWindow: number;
  readonly initialSequence: bigint;
  readonly pathMtu: number;
  readonly prefragment: false | "equal" | "greedy";
  /** Infinity where the tunnel interface sets none. */
  readonly tunnelMtu: number;
  readonly clampMss: boolean | number;
  readonly checkIcmpErrors: boolean;
  readonly statefulFragments: boolean;
  readonly tfcPadding: number;
  readonly keepaliveMs: number;
  readonly dummyMs: number;
  readonly idleMs: number;
}

export type SaDefaults = Partial<
  Pick<
    SaConfig,
    "replayWindow" | "lifetime" | "idleSeconds" | "pathMtu" | "dfBit" | "prefragment" | "innerDf" | "tunnelMtu" | "esn"
  >
>;

export function resolveSa(given: SaConfig, carrier: "udp" | "ip", profile: Profile, defaults: SaDefaults): ResolvedSa {
  const config = { ...defaults, ...withoutAbsent(given) } as SaConfig;
  oneOf(config.direction, ["out", "in"], "direction", "mode");
  oneOf(config.mode, ["tunnel", "transport"], "mode", "mode");
  oneOf(config.protocol, ["esp", "ah"], "protocol", "option");
  if (config.protocol === "ah") refuseForAh(config, carrier);
  whole(config.spi, 256, 0xffff_ffff, "spi", "spi");
  const algorithms = resolveAlgorithms(config, carrier, profile, given.replayWindow);
  const natt = config.natTraversal;
  const ports = { source: natt?.sourcePort ?? NATT_PORT, target: natt?.targetPort ?? NATT_PORT };
  whole(ports.source, 1, 65535, "natTraversal.sourcePort", "port");
  whole(ports.target, 1, 65535, "natTraversal.targetPort", "port");
  oneOf(natt?.marker ?? "rfc3948", ["rfc3948", "non-ike"], "natTraversal.marker", "option");
  oneOf(config.dfBit ?? "copy", ["copy", "set", "clear"], "dfBit", "option");
  const nonIke = natt?.marker === "non-ike";
  const esn = config.esn ?? false;
  const tfcPadding = whole(config.tfcPadding ?? 0, 0, 65000, "tfcPadding", "option");
  if (tfcPadding > 0 && config.mode === "transport") {
    throw new IpsecError("mode", "tfcPadding needs tunnel mode: only an inner IP header says where the padding begins");
  }
  if (config.dummySeconds !== undefined && config.mode === "transport" && carrier === "ip" && !config.endpoints) {
    throw new IpsecError("address", "dummySeconds needs endpoints in transport mode: a dummy has no header of its own");
  }
  if (config.dscp !== undefined && config.dscp !== "copy") whole(config.dscp, 0, 63, "dscp", "option");
  return {
    config,
    carrier,
    ...algorithms,
    selectors: config.selectors?.map(compileSelector),
    template: composeTemplate({ ...resolveEnds(config, carrier), config, carrier, ports, nonIke }),
    ports,
    nonIke,
    original: resolveOriginal(config),
    esn,
    replayWindow: algorithms.insideAh ? 0 : resolveWindow(config),
    initialSequence: resolveSequence(config, esn),
    pathMtu: whole(config.pathMtu ?? 1500, 256, 65535, "pathMtu", "mtu"),
    ...resolveCutting(config, given),
    clampMss: resolveClampMss(config.clampMss ?? false),
    checkIcmpErrors: config.checkIcmpErrors ?? false,
    statefulFragments: config.statefulFragments ?? true,
    tfcPadding,
    keepaliveMs:
      natt?.keepaliveSeconds === 0 ? Infinity : seconds(natt?.keepaliveSeconds, 3600, "natTraversal.keepaliveSeconds"),
    dummyMs: seconds(config.dummySeconds, 3600, "dummySeconds"),
    idleMs: seconds(config.idleSeconds, 31_536_000, "idleSeconds"),
  };
}

/** Pre-fragmentation is for tunnel mode. A plane's default meets SAs of both modes: asked for in one SA it is a mistake. */
function resolveCutting(config: SaConfig, given: SaConfig): Pick<ResolvedSa, "prefragment" | "tunnelMtu"> {
  const prefragment = config.prefragment ?? false;
  if (prefragment !== false) oneOf(prefragment, ["equal", "greedy"], "prefragment", "option");
  oneOf(config.innerDf ?? "override", ["override", "honour"], "innerDf", "option");
  const tunnelMtu = config.tunnelMtu === undefined ? Infinity : whole(config.tunnelMtu, 68, 65535, "tunnelMtu", "mtu");
  if (config.mode === "tunnel") return { prefragment, tunnelMtu };
  if ((given.prefragment ?? false) !== false || given.tunnelMtu !== undefined) {
    throw new IpsecError("mode", "prefragment and tunnelMtu need tunnel mode: transport mode carries whole packets");
  }
  return { prefragment: false, tunnelMtu: Infinity };
}

/** AH covers the IP header: a NAT breaks it, and a socket would write another one (RFC 3948 section 1). */
function refuseForAh(config: AhConfig, carrier: "udp" | "ip"): void {
  if (carrier !== "ip" || config.natTraversal !== undefined) {
    throw new IpsecError("mode", 'AH goes over carrier "ip" without natTraversal: its ICV covers the IP header');
  }
  if (config.encryption !== undefined || config.encryptionKey !== undefined) {
    throw new IpsecError("algorithm", "AH does not encrypt: leave encryption and encryptionKey out");
  }
  if ((config.tfcPadding ?? 0) > 0 || config.dummySeconds !== undefined || config.compression !== undefined) {
    throw new IpsecError("option", "tfcPadding, dummySeconds and compression are ESP's: leave them out of an AH SA");
  }
}

function resolveClampMss(value: boolean | number): boolean | number {
  return typeof value === "boolean" ? value : whole(value, 64, 65495, "clampMss", "mtu");
}

/** The addresses of the header that stands in front (tunnel), or that is rebuilt (transport over a socket). */
function resolveEnds(config: SaConfig, carrier: "udp" | "ip"): { source?: Uint8Array; target?: Uint8Array } {
  const ends: Endpoints | undefined = config.mode === "tunnel" ? config.tunnel : config.endpoints;
  const name = config.mode === "tunnel" ? "tunnel" : "endpoints";
  if (ends === undefined) {
    if (config.mode === "transport" && carrier === "ip") return {};
    throw new IpsecError(
      "address",
      `${name} is missing: ${config.mode} mode over carrier "${carrier}" needs { source, target }`,
    );
  }
  const source = parseAddress(ends.source, `${name}.source`);
  const target = parseAddress(ends.target, `${name}.target`);
  if (source.length !== target.length)
    throw new IpsecError("address", `${name}: source and target must be of one IP version`);
  return { source, target };
}

/** RFC 3948 section 3.1.2. */
function resolveOriginal(config: SaConfig): number | "unknown" | undefined {
  const original = config.natTraversal?.original;
  if (original === undefined) return undefined;
  if (config.mode !== "transport" || config.direction !== "in") {
    throw new IpsecError("mode", "natTraversal.original is for inbound SAs in transport mode: leave it out elsewhere");
  }
  if (original === "unknown") return original;
  const ends = [parseAddress(original.source, "original.source"), parseAddress(original.target, "original.target")];
  return (
    ~internetChecksum(Uint8Array.from(ends.flatMap((end) => [...end])), 0, ends[0]?.length === 16 ? 32 : 8) & 0xffff
  );
}

function resolveWindow(config: SaConfig): number {
  const size = config.replayWindow ?? 64;
  if (Number.isInteger(size) && size >= 0 && size <= 4096 && size % 64 === 0) return size;
  throw new IpsecError("replay-window", `replayWindow is ${size}: 0 (off) or a multiple of 64 up to 4096 is allowed`);
}

function resolveSequence(config: SaConfig, esn: boolean): bigint {
  const sequence = config.initialSequence ?? 0n;
  const most = esn ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  if (typeof sequence === "bigint" && sequence >= 0n && sequence <= most) return sequence;
  throw new IpsecError("sequence", `initialSequence is ${String(sequence)}: a bigint from 0n to ${most}n is allowed`);
}

function seconds(value: number | undefined, most: number, what: string): number {
  if (value === undefined) return Infinity;
  if (typeof value === "number" && value >= 1 && value <= most) return value * 1000;
  throw new IpsecError("option", `${what} is ${value}: 1 to ${most} is allowed; leave it out for none`);
}

function whole(
  value: number,
  least: number,
  most: number,
  what: string,
  code: "spi" | "port" | "option" | "mtu",
): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new IpsecError(code, `${what} is ${String(value)}: a whole number from ${least} to ${most} is allowed`);
}

function oneOf(value: string, allowed: readonly string[], what: string, code: "mode" | "option"): void {
  if (allowed.includes(value)) return;
  throw new IpsecError(
    code,
    `${what} is "${String(value)}": ${allowed.map((name) => `"${name}"`).join(" or ")} is allowed`,
  );
}

/** An option given as undefined is one left out. */
function withoutAbsent(config: SaConfig): Partial<SaConfig> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined)) as Partial<SaConfig>;
}
