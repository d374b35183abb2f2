import type { CompressionConfig } from "../ipcomp/association.js";
import type { Peer } from "../liveness/peer.js";
import type { Selector } from "../spd/selector.js";
import type { LifetimeConfig } from "./lifetime.js";
import type { AeadName, AhIntegrityName, CipherName, EncryptionName, IntegrityName } from "./suites.js";

/** The addresses of a tunnel's ends, IPv4 or IPv6 text, as in the outer header: source is who seals. */
export interface Endpoints {
  readonly source: string;
  readonly target: string;
}

export interface NatTraversal {
  /** UDP ports of the outer header, 1..65535. */
  readonly sourcePort: number;
  readonly targetPort: number;
  /** "rfc3948": ESP follows UDP at once. "non-ike": behind eight zero bytes, as the guide has it. Default "rfc3948". */
  readonly marker?: "rfc3948" | "non-ike";
  /** Seconds without a sent packet after which `tick` produces a keepalive (RFC 3948 section 4), 1..3600; 0: never. Default: the plane's `natKeepalive`. */
  readonly keepaliveSeconds?: number;
  /**
   * Inbound, transport mode: the addresses before any NAT (NAT-OA; IKEv2: the traffic selectors), over which the sender
   * made the checksums of TCP and UDP; they are corrected to the present ones, RFC 3948 section 3.1.2. "unknown": they
   * are computed anew. Absent: left as they came.
   */
  readonly original?: Endpoints | "unknown";
}

interface CommonConfig {
  /** "out" seals, "in" opens. An SA is one-way, RFC 4301 section 4.1. */
  readonly direction: "out" | "in";
  /** 256 .. 2^32-1; the numbers below are reserved, RFC 4303 section 2.1. Inbound one a plane, whatever the protocol. */
  readonly spi: number;
  /** Default: the plane's. One a plane. */
  readonly carrier?: "udp" | "ip";
  /** What may travel in this SA, checked after opening and before sealing; absent: anything. */
  readonly selectors?: readonly Selector[];
  /**
   * Inbound: an ICMP error that the selectors have must quote a packet whose answers they have as well, RFC 4301 section
   * 6.2. (One that they have not may travel in either case if it quotes such a packet.) Default false.
   */
  readonly checkIcmpErrors?: boolean;
  /**
   * Later fragments, which show no ports, have those of their first fragment, RFC 4301 section 7.3; in IKEv2 the peers
   * agree on it by NON_FIRST_FRAGMENTS_ALSO. false: they match only selectors that ask for no ports. Default true.
   */
  readonly statefulFragments?: boolean;
  /** 64-bit sequence numbers, RFC 4303 section 2.2.1. Default false. */
  readonly esn?: boolean;
  /** Numbers tracked: 0 = off, or a multiple of 64 up to 4096. Default 64. Inbound only. */
  readonly replayWindow?: number;
  /** Last number sent (out), highest accepted (in). Default 0n. For restoring and testing. */
  readonly initialSequence?: bigint;
  readonly lifetime?: LifetimeConfig;
  /** Whose SA it is (`plane.addPeer`): it dies with its peer, and its authenticated packets prove the peer alive. */
  readonly peer?: Peer;
  /** Delete the SA after this many seconds without an authenticated packet, 1 .. 31,536,000. */
  readonly idleSeconds?: number;
  /** When the SA was made, on the clock of `now`. Default: the first `now` the engine sees after addSa. */
  readonly addedAt?: number;
  /** Bytes of the largest outer IP packet, 256..65535. Default 1500. */
  readonly pathMtu?: number;
  /**
   * IPv4 packets that would be too long once sealed are cut first: into pieces of one size, or as full as they fit.
   * Tunnel mode; as a default of the plane it leaves SAs in transport mode alone. Default false: they are cut after
   * sealing, or refused (the guide's table, `dfBit`).
   */
  readonly prefragment?: false | "equal" | "greedy";
  /**
   * A packet with DF set under `prefragment` and `dfBit` "clear": cut all the same, as the guide has it, or refused with
   * an ICMP error, as RFC 791 has it. Default "override".
   */
  readonly innerDf?: "override" | "honour";
  /**
   * `ip mtu` of the tunnel interface: bytes of the largest inner packet, 68..65535. Longer ones are cut before they are
   * sealed. Above `pathMtu` it turns `prefragment` off: sealed packets are cut instead. Tunnel mode. Default: none.
   */
  readonly tunnelMtu?: number;
  /**
   * TCP SYN packets that pass the SA, either way, get their maximum segment size lowered to what passes whole, or to this
   * many bytes, 64..65495. Default false.
   */
  readonly clampMss?: boolean | number;
  /** The outer DF bit over IPv4, RFC 4301 section 8.1. Default "copy". */
  readonly dfBit?: "copy" | "set" | "clear";
  /** The outer DSCP, RFC 4301 section 5.1.2.1: copied, or 0..63. Default "copy". */
  readonly dscp?: "copy" | number;
}

/** Tunnel mode names the tunnel's ends; transport mode over carrier "udp" the ends whose header must be rebuilt. */
type ModeConfig =
  | { readonly mode: "tunnel"; readonly tunnel: Endpoints; readonly endpoints?: never }
  | { readonly mode: "transport"; readonly endpoints?: Endpoints; readonly tunnel?: never };

/** What ESP has and AH has not, RFC 4303. */
interface EspOptions {
  readonly protocol: "esp";
  /** Carrier "ip": wrap ESP in UDP. Carrier "udp" always is; there it may set marker and keepalive. */
  readonly natTraversal?: NatTraversal;
  /** TFC: shorter payloads are padded to this many bytes, 0..65000 (RFC 4303 section 2.7). Tunnel mode. Default 0. */
  readonly tfcPadding?: number;
  /** IPComp inside the SA, RFC 3173; needs a plane with `compression`. Not with tfcPadding. Default: none. */
  readonly compression?: CompressionConfig;
  /** Seconds without a sent packet after which `tick` produces a dummy (RFC 4303 section 2.6), 1..3600. In transport mode over carrier "ip" it needs `endpoints`. Default: none. */
  readonly dummySeconds?: number;
}

/**
 * AH, RFC 4302: nothing is encrypted, the IP header in front is authenticated too. Carrier "ip" only, and not behind a
 * NAT: it would change what is authenticated. In transport mode over packets whose IP header, options and extension
 * headers included, has at most 144 bytes; others end `malformed`.
 */
interface AhOptions {
  readonly protocol: "ah";
  readonly encryption?: never;
  readonly encryptionKey?: never;
  readonly integrity: AhIntegrityName;
  /** 20 bytes SHA-1, 32 SHA-256, 48 SHA-384, 64 SHA-512, 16 XCBC and CMAC; aes-gmac 16, 24 or 32, then 4 of salt (RFC 4543). */
  readonly integrityKey: Uint8Array;
  readonly natTraversal?: never;
  readonly tfcPadding?: never;
  readonly compression?: never;
  readonly dummySeconds?: never;
}

/** An AEAD makes its own ICV; anything else needs an integrity algorithm, or AH around it; NULL has no key. */
type EspSuite =
  | {
      readonly encryption: AeadName;
      /** As IKE's KEYMAT delivers it: 16, 24 or 32 bytes (ChaCha20: 32), then the salt: 4 bytes (CCM: 3). */
      readonly encryptionKey: Uint8Array;
      readonly integrity?: never;
      readonly integrityKey?: never;
    }
  | {
      readonly encryption: CipherName;
      /** 16, 24 or 32 bytes; aes-ctr: 4 bytes of nonce behind it, RFC 3686 section 5.1. DES 8, 3DES 24, parity not read. */
      readonly encryptionKey: Uint8Array;
      readonly integrity: IntegrityName;
      /** 20 bytes SHA-1, 32 SHA-256, 48 SHA-384, 64 SHA-512, 16 XCBC, CMAC and MD5. */
      readonly integrityKey: Uint8Array;
    }
  | {
      readonly encryption: CipherName;
      readonly encryptionKey: Uint8Array;
      /**
       * No ICV of its own, as in old transform sets with AH beside ESP: profile "legacy" and carrier "ip" only, without
       * esn, replayWindow, natTraversal and dummySeconds. It is used as the inner SA of a bundle whose next SA is AH, and never
       * otherwise: a policy without that throws, packets end `no-sa` (out) and `policy-mismatch` (in).
       */
      readonly integrity: "none";
      readonly integrityKey?: never;
    }
  | {
      readonly encryption: "null";
      readonly encryptionKey?: Uint8Array;
      readonly integrity: IntegrityName;
      readonly integrityKey: Uint8Array;
    };

export type EspConfig = CommonConfig & ModeConfig & EspOptions & EspSuite;
export type AhConfig = CommonConfig & ModeConfig & AhOptions;

/** One security association, RFC 4301 section 4.4.2.1. */
export type SaConfig = EspConfig | AhConfig;

export type { AhIntegrityName, EncryptionName, IntegrityName };
