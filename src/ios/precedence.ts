// Which of two settings holds: a map's, profile's or interface's word stands over the global one.
import type { DfBit, Fragmentation, Interface, IosConfig, SaSettings } from "./model.js";

export interface EffectiveSaSettings {
  /** Numbers tracked; 0: off. */
  readonly replayWindow: number;
  readonly idleSeconds: number | undefined;
  readonly lifetimeSeconds: number;
  readonly lifetimeKilobytes: number;
}

/** IOS's defaults: a window of 64, an hour, 4.5 GB, no idle timer. */
const DEFAULTS = { replayWindow: 64, lifetimeSeconds: 3600, lifetimeKilobytes: 4_608_000 } as const;

/** What holds for an SA of this crypto map entry or profile. */
export function saSettingsOf({ ipsec }: IosConfig, own: SaSettings): EffectiveSaSettings {
  return {
    replayWindow: own.replayWindow ?? ipsec.replayWindow ?? DEFAULTS.replayWindow,
    idleSeconds: own.idleSeconds ?? ipsec.idleSeconds,
    lifetimeSeconds: own.lifetimeSeconds ?? ipsec.lifetimeSeconds ?? DEFAULTS.lifetimeSeconds,
    lifetimeKilobytes: own.lifetimeKilobytes ?? ipsec.lifetimeKilobytes ?? DEFAULTS.lifetimeKilobytes,
  };
}

/** What holds for packets that leave through this interface. */
export function effectiveDfBit({ ipsec }: IosConfig, egress: Interface): DfBit {
  return egress.dfBit ?? ipsec.dfBit ?? "copy";
}

/** Crypto maps cut before encryption unless told otherwise. */
export function effectiveFragmentation({ ipsec }: IosConfig, egress: Interface): Fragmentation {
  return egress.fragmentation ?? ipsec.fragmentation ?? "before-encryption";
}

/**
 * A tunnel interface is governed by its IP MTU: when that is above the egress interface's, packets reach encryption
 * whole and are cut after it. Without `ip mtu` nothing is cut before: the guide's default for tunnel interfaces.
 */
export function tunnelFragmentation(tunnel: Interface, egress: Interface): Fragmentation {
  const cutsBefore = tunnel.ipMtu !== undefined && tunnel.ipMtu <= ipMtu(egress);
  return cutsBefore ? "before-encryption" : "after-encryption";
}

/** Bytes of the largest IP packet that leaves through the interface whole. */
export function ipMtu(found: Interface): number {
  return found.ipMtu ?? 1500;
}
