// What the show commands print: the state of a session as plain values, so that it can be printed, kept and compared.
import type { AccessRule } from "../access-rule.js";

/** One end of an identity, in IKE's words: what may travel. */
export interface ProxyIdentity {
  readonly address: string;
  readonly mask: string;
  /** 0: any. */
  readonly protocol: number;
  readonly port: number;
}

/** Packets of one identity. A bundle counts a packet once, however many SAs it passes. */
export interface IdentCounters {
  encaps: number;
  encrypt: number;
  digest: number;
  decaps: number;
  decrypt: number;
  verify: number;
  compressed: number;
  decompressed: number;
  notCompressed: number;
  compressFailed: number;
  notDecompressed: number;
  decompressFailed: number;
  sendErrors: number;
  receiveErrors: number;
  /** Why, for `detail`. */
  noSa: number;
  replayFailed: number;
  verifyFailed: number;
  invalidIdentity: number;
  invalidLength: number;
}

export interface ShownSa {
  readonly direction: "in" | "out";
  readonly protocol: "esp" | "ah" | "pcp";
  readonly spi: number;
  /** In IOS's words, a blank behind each: "esp-des esp-sha-hmac ". */
  readonly transform: string;
  readonly mode: "tunnel" | "transport";
  readonly udpEncapsulation: boolean;
  readonly connectionId: number;
  readonly flowId: number;
  readonly map: string;
  readonly remainingKilobytes: number;
  readonly remainingSeconds: number;
  /** Bytes; not printed for AH. */
  readonly ivLength: number;
  readonly replayDetection: boolean;
}

/** What one permitted access rule protects, with whom, and how it goes. */
export interface Ident {
  readonly interface: string;
  readonly map: string;
  /** What made it. */
  readonly origin: "map" | "dynamic map" | "tunnel" | "ezvpn";
  readonly localAddress: string;
  readonly rule: AccessRule;
  readonly local: ProxyIdentity;
  readonly remote: ProxyIdentity;
  readonly peer: string;
  readonly peerPort: number;
  readonly counters: Readonly<IdentCounters>;
  readonly pathMtu: number;
  readonly mediaMtu: number;
  readonly sas: readonly ShownSa[];
}

/** An SA of IKE. Whoever does IKE tells of it. */
export interface IsakmpSa {
  readonly target: string;
  readonly source: string;
  readonly state: "QM_IDLE" | "MM_NO_STATE" | "MM_KEY_EXCH" | "AG_NO_STATE";
  readonly connectionId: number;
  readonly deleted: boolean;
}

export function newCounters(): IdentCounters {
  return {
    encaps: 0,
    encrypt: 0,
    digest: 0,
    decaps: 0,
    decrypt: 0,
    verify: 0,
    compressed: 0,
    decompressed: 0,
    notCompressed: 0,
    compressFailed: 0,
    notDecompressed: 0,
    decompressFailed: 0,
    sendErrors: 0,
    receiveErrors: 0,
    noSa: 0,
    replayFailed: 0,
    verifyFailed: 0,
    invalidIdentity: 0,
    invalidLength: 0,
  };
}
