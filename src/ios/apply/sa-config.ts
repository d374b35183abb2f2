// What addSa is told: an identity's settings, a suite of its transform set, the keys of a negotiation.
import type { Peer } from "../../liveness/peer.js";
import type { NatTraversal, SaConfig } from "../../sad/config.js";
import type { Selector } from "../../spd/selector.js";
import type { IosConfig, TransformSet } from "../model.js";
import { effectiveDfBit, effectiveFragmentation, ipMtu, saSettingsOf, tunnelFragmentation } from "../precedence.js";
import type { Suite } from "../transforms.js";
import { mirrored, selectorOf } from "./box.js";
import type { PlannedIdent } from "./plan.js";
import { isGre } from "./plan-tunnel.js";

/** Keys of one SA, as IKE's KEYMAT delivers them. */
export interface SaKeys {
  /** 256 .. 2^32-1. */
  readonly spi: number;
  /** Bytes: the suite's `encryptionKeyLength`, salt included. */
  readonly encryptionKey: Uint8Array;
  /** Bytes: the suite's `integrityKeyLength`. */
  readonly integrityKey: Uint8Array;
}

export interface PlannedSa {
  readonly direction: "in" | "out";
  readonly transformSet: TransformSet;
  readonly suite: Suite;
  /** Of a bundle, the SA that makes the tunnel: what is around it protects the outer header it finds. */
  readonly innermost: boolean;
  readonly keys: SaKeys;
  /** As outbound has it. */
  readonly natTraversal: NatTraversal | undefined;
  readonly lifetime: { readonly seconds: number; readonly kilobytes: number };
  readonly now: number;
}

/** `comp-deflate`: IPComp inside the innermost SA. */
export function compresses({ transforms }: TransformSet): boolean {
  return transforms.includes("comp-deflate");
}

export function saConfigOf(config: IosConfig, planned: PlannedIdent, peer: Peer, sa: PlannedSa): SaConfig {
  const { direction, transformSet, suite, innermost, keys, natTraversal } = sa;
  const { replayWindow, idleSeconds } = saSettingsOf(config, planned.settings);
  const [here, there] = [planned.localAddress, peer.address];
  const ends = direction === "out" ? { source: here, target: there } : { source: there, target: here };
  const mode = innermost ? transformSet.mode : "transport";
  return {
    direction,
    protocol: suite.protocol,
    spi: keys.spi,
    mode,
    ...(mode === "tunnel" ? { tunnel: ends } : {}),
    ...(suite.encryption === undefined ? {} : { encryption: suite.encryption, encryptionKey: keys.encryptionKey }),
    ...(suite.integrity === undefined ? {} : { integrity: suite.integrity }),
    ...(suite.integrityKeyLength === 0 ? {} : { integrityKey: keys.integrityKey }),
    ...(innermost ? { selectors: selectorsOf(planned, direction) } : {}),
    ...(innermost && compresses(transformSet) ? { compression: { algorithm: "deflate" } } : {}),
    ...(mode === "tunnel"
      ? {
          dfBit: effectiveDfBit(config, planned.egress),
          ...cutting(config, planned),
        }
      : {}),
    ...(natTraversal === undefined
      ? {}
      : { natTraversal: direction === "out" ? natTraversal : reversed(natTraversal) }),
    ...(suite.integrity === "none" ? {} : { replayWindow }), // what is around it has one
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
    lifetime: sa.lifetime,
    addedAt: sa.now,
    pathMtu: ipMtu(planned.egress),
    peer,
  } as SaConfig;
}

/**
 * Where packets are cut that are too long: the egress interface says, of a tunnel interface its own `ip mtu`. Into a tunnel
 * of GRE the host puts what fits; its GRE packets are cut before encryption only where that is asked for.
 */
function cutting(config: IosConfig, planned: PlannedIdent): Pick<SaConfig, "prefragment" | "tunnelMtu"> {
  const { origin, interface: tunnel, egress } = planned;
  if (origin === "tunnel" && isGre(tunnel)) {
    const asked = tunnel.fragmentation ?? config.ipsec.fragmentation;
    return { prefragment: asked === "before-encryption" ? "equal" : false };
  }
  const order =
    origin === "tunnel" ? tunnelFragmentation(tunnel, egress) : effectiveFragmentation(config, planned.egress);
  const tunnelMtu = origin === "tunnel" ? tunnel.ipMtu : undefined;
  return {
    prefragment: order === "before-encryption" ? "equal" : false,
    ...(tunnelMtu === undefined ? {} : { tunnelMtu }),
  };
}

function selectorsOf({ boxes }: PlannedIdent, direction: "in" | "out"): Selector[] {
  return boxes.map((box) => selectorOf(direction === "out" ? box : mirrored(box)));
}

function reversed(natTraversal: NatTraversal): NatTraversal {
  return { ...natTraversal, sourcePort: natTraversal.targetPort, targetPort: natTraversal.sourcePort };
}
