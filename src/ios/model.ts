// A router's running configuration, as far as it concerns IPsec. What is undefined was not configured.
import type { AccessList } from "./access-rule.js";

export type DfBit = "clear" | "set" | "copy";
export type Fragmentation = "before-encryption" | "after-encryption";

export interface IosConfig {
  hostname: string | undefined;
  isakmp: Isakmp;
  ipsec: IpsecGlobals;
  transformSets: TransformSet[];
  profiles: IpsecProfile[];
  ezvpn: EzvpnClient[];
  dynamicMaps: CryptoMap[];
  maps: CryptoMap[];
  interfaces: Interface[];
  accessLists: AccessList[];
  /** Lines that say nothing about IPsec, kept to be written back. */
  other: OtherLine[];
}

export interface Isakmp {
  policies: IsakmpPolicy[];
  keys: IsakmpKey[];
  keepalive: Keepalive | undefined;
  /** Seconds, 5..3600. */
  natKeepaliveSeconds: number | undefined;
  invalidSpiRecovery: boolean;
}

/** What IKE would propose; the engine itself does no IKE. Absent: IOS's default. */
export interface IsakmpPolicy {
  priority: number;
  encryption: string | undefined;
  hash: string | undefined;
  authentication: string | undefined;
  group: number | undefined;
  lifetimeSeconds: number | undefined;
}

export interface IsakmpKey {
  /** "0" clear, "6" encrypted; absent as written. */
  type: string | undefined;
  key: string;
  address: string | undefined;
  mask: string | undefined;
  hostname: string | undefined;
  noXauth: boolean;
}

export interface Keepalive {
  /** 10..3600. */
  seconds: number;
  /** 2..60. Absent: 2. */
  retrySeconds: number | undefined;
  mode: "on-demand" | "periodic";
}

/** What can be said globally, and overridden in a crypto map entry or profile. */
export interface SaSettings {
  /** Numbers tracked; 0: `replay disable`. */
  replayWindow: number | undefined;
  /** 60..86400. */
  idleSeconds: number | undefined;
  lifetimeSeconds: number | undefined;
  lifetimeKilobytes: number | undefined;
}

export interface IpsecGlobals extends SaSettings {
  dfBit: DfBit | undefined;
  fragmentation: Fragmentation | undefined;
  /** False: `no crypto ipsec nat-transparency udp-encapsulation`. */
  udpEncapsulation: boolean;
}

export interface TransformSet {
  name: string;
  /** In IOS's spelling, a key size included: "esp-aes 256". */
  transforms: string[];
  mode: "tunnel" | "transport";
}

export interface IpsecProfile extends SaSettings {
  name: string;
  transformSets: string[];
  pfs: string | undefined;
}

export interface CryptoMap {
  name: string;
  /** The interface whose address every SA of the map has. */
  localAddress: string | undefined;
  entries: MapEntry[];
}

export interface MapEntry extends SaSettings {
  sequence: number;
  description: string | undefined;
  /** The dynamic map this entry stands for. */
  dynamic: string | undefined;
  /** Addresses or host names, in the order of failover. */
  peers: Peer[];
  transformSets: string[];
  pfs: string | undefined;
  accessList: string | undefined;
}

export interface Peer {
  host: string;
  /** Looked up again for each SA. */
  dynamic: boolean;
  default: boolean;
}

export interface EzvpnClient {
  name: string;
  connect: "auto" | "manual";
  group: string | undefined;
  key: string | undefined;
  mode: "client" | "network-extension" | undefined;
  peers: string[];
}

export interface Interface {
  name: string;
  description: string | undefined;
  address: { address: string; mask: string } | undefined;
  /** Bytes. */
  ipMtu: number | undefined;
  shutdown: boolean;
  tunnel: Tunnel;
  cryptoMap: string | undefined;
  dfBit: DfBit | undefined;
  fragmentation: Fragmentation | undefined;
  ezvpn: { name: string; side: "inside" | "outside" }[];
  /** Its lines that say nothing about IPsec. */
  other: string[];
}

/** A virtual tunnel interface. */
export interface Tunnel {
  source: string | undefined;
  destination: string | undefined;
  mode: string | undefined;
  profile: string | undefined;
}

/** Where IOS prints a line: before the crypto commands, or behind the interfaces, and so on. */
export type Place = "version" | "system" | "controller" | "routing" | "services";

export interface OtherLine {
  place: Place;
  line: string;
  block: string[];
}

export function newConfig(): IosConfig {
  return {
    hostname: undefined,
    isakmp: {
      policies: [],
      keys: [],
      keepalive: undefined,
      natKeepaliveSeconds: undefined,
      invalidSpiRecovery: false,
    },
    ipsec: { ...newSaSettings(), dfBit: undefined, fragmentation: undefined, udpEncapsulation: true },
    transformSets: [],
    profiles: [],
    ezvpn: [],
    dynamicMaps: [],
    maps: [],
    interfaces: [],
    accessLists: [],
    other: [],
  };
}

export function newSaSettings(): SaSettings {
  return {
    replayWindow: undefined,
    idleSeconds: undefined,
    lifetimeSeconds: undefined,
    lifetimeKilobytes: undefined,
  };
}

export function newMapEntry(sequence: number): MapEntry {
  return {
    ...newSaSettings(),
    sequence,
    description: undefined,
    dynamic: undefined,
    peers: [],
    transformSets: [],
    pfs: undefined,
    accessList: undefined,
  };
}

export function newInterface(name: string): Interface {
  return {
    name,
    description: undefined,
    address: undefined,
    ipMtu: undefined,
    shutdown: false,
    tunnel: { source: undefined, destination: undefined, mode: undefined, profile: undefined },
    cryptoMap: undefined,
    dfBit: undefined,
    fragmentation: undefined,
    ezvpn: [],
    other: [],
  };
}

/** The transform sets of these names, in their order, those there are. */
export function transformSetsOf({ transformSets }: IosConfig, names: readonly string[]): TransformSet[] {
  return names.flatMap((name) => transformSets.find((set) => set.name === name) ?? []);
}
