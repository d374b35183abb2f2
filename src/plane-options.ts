// What a plane is made from, and what may be wrong with it.
import type { Carrier } from "./engine.js";
import { IpsecError } from "./errors.js";
import type { Compressor } from "./ipcomp/codec.js";
import type { Limits, LimitsName } from "./limits.js";
import type { InvalidSpiRates } from "./liveness/invalid-spi.js";
import type { NatKeepalive } from "./natt/keepalive.js";
import type { SaDefaults } from "./sad/resolve.js";
import { PROFILES, type Profile } from "./sad/suites.js";
import type { WarmSuite } from "./warm.js";
import type { Variant, WasmSource } from "./wasm/kernel.js";

export interface PlaneOptions {
  /** "udp": every datagram is a UDP payload. "ip": a whole IP packet. Omitted: the first addSa fixes it. */
  readonly carrier?: Carrier;
  /** Fills an array with random bytes. Default crypto.getRandomValues. */
  readonly random?: (bytes: Uint8Array<ArrayBuffer>) => unknown;
  /** The kernel, where bytes may not be compiled: a module imported statically. Default: the inlined build. */
  readonly wasm?: WasmSource;
  /** Default "auto": relaxed SIMD where the realm has it. */
  readonly variant?: "auto" | Variant;
  /** Which algorithms addSa accepts, RFC 8221. Default "interop". "legacy" (DES, 3DES, MD5) is a build of its own. */
  readonly profile?: Profile;
  /** What SAs with `compression` need: `deflate` of wasm-ipsec/ipcomp. */
  readonly compression?: Compressor;
  /** Default "client". */
  readonly limits?: LimitsName | Partial<Limits>;
  /** What SaConfig says when it says nothing. */
  readonly defaults?: SaDefaults;
  /** Whether an IKE SA may be set up to tell a sender of an unknown SPI so. Default false: it invites floods. */
  readonly invalidSpiRecovery?: boolean;
  /** Keepalives through NATs. Default: none. */
  readonly natKeepalive?: NatKeepalive;
  /** How many `invalid-spi` events there may be. */
  readonly invalidSpiRates?: InvalidSpiRates;
  /**
   * Suites that the realm's optimising compiler sees before `create` ends, which takes about 30 ms longer for each: then
   * their first packets are as quick as later ones. The plane is as without. Default: none.
   */
  readonly warm?: readonly WarmSuite[];
}

export function checkCarrier(carrier: string): void {
  if (carrier === "udp" || carrier === "ip") return;
  throw new IpsecError("option", `carrier is "${carrier}": "udp" or "ip" is allowed`);
}

export function checkProfile(profile: Profile | undefined): Profile {
  if (profile === undefined) return "interop";
  if (PROFILES.includes(profile)) return profile;
  throw new IpsecError("option", `profile is "${String(profile)}": "modern", "interop" or "legacy" is allowed`);
}

/** The carrier of an SA: that of its plane, which its first SA settles. */
export function carrierFor(settled: Carrier | undefined, asked: Carrier | undefined): Carrier {
  if (asked !== undefined) checkCarrier(asked);
  const carrier = settled ?? asked ?? "udp";
  if (asked === undefined || asked === carrier) return carrier;
  throw new IpsecError(
    "carrier-mismatch",
    `this plane's carrier is "${carrier}", the SA's "${asked}": use a plane for each`,
  );
}
