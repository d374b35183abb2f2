// The algorithms by name: RFC 8221 says which are to be used, the RFC of each how its KEYMAT is cut.
import {
  ENC_3DES,
  ENC_CBC,
  ENC_CCM,
  ENC_CHACHA,
  ENC_CTR,
  ENC_DES,
  ENC_GCM,
  ENC_GMAC,
  ENC_NULL,
  INT_CMAC,
  INT_GMAC,
  INT_MD5,
  INT_SHA1,
  INT_SHA256,
  INT_SHA384,
  INT_SHA512,
  INT_XCBC,
} from "../../assembly/layout.js";

export type AeadName =
  | "aes-gcm-8"
  | "aes-gcm-12"
  | "aes-gcm-16"
  | "aes-ccm-8"
  | "aes-ccm-12"
  | "aes-ccm-16"
  | "chacha20-poly1305"
  | "aes-gmac";
export type CipherName = "aes-cbc" | "aes-ctr" | "des-cbc" | "3des-cbc";
export type EncryptionName = AeadName | CipherName | "null";
export type IntegrityName =
  | "hmac-sha1-96"
  | "hmac-sha2-256-128"
  | "hmac-sha2-384-192"
  | "hmac-sha2-512-256"
  | "hmac-sha2-256-96"
  | "aes-xcbc-96"
  | "aes-cmac-96"
  | "hmac-md5-96";

/** In AH AES-GMAC is an integrity algorithm, RFC 4543 section 4. */
export type AhIntegrityName = IntegrityName | "aes-gmac";

/** Which algorithms addSa accepts: each profile all of the one before, and more. */
export type Profile = "modern" | "interop" | "legacy";

export const PROFILES: readonly Profile[] = ["modern", "interop", "legacy"];

export interface Encryption {
  readonly id: number;
  /** Bytes of key, without the salt that follows it. */
  readonly keyLengths: readonly number[];
  readonly saltLength: number;
  readonly ivLength: number;
  /** 0 where a separate integrity algorithm makes the ICV. */
  readonly icvLength: number;
  readonly aead: boolean;
  readonly alignment: number;
  /**
   * The first profile that accepts it. "modern": MUST or SHOULD in RFC 8221 section 5, and AES-GMAC, a MAY of section 6
   * (for AH). "legacy": SHOULD NOT or MUST NOT.
   */
  readonly profile: Profile;
}

export interface Integrity {
  readonly id: number;
  /** Bytes of its key; of AES-GMAC the shortest. */
  readonly keyLength: number;
  readonly icvLength: number;
  /** As for Encryption, by RFC 8221 section 6, which lists no HMAC-SHA2-384. HMAC-SHA1, MUST- there, is "interop". */
  readonly profile: Profile;
}

const AES = [16, 24, 32] as const;

function aead(id: number, saltLength: number, icvLength: number, profile: Profile): Encryption {
  return { id, keyLengths: AES, saltLength, ivLength: 8, icvLength, aead: true, alignment: 4, profile };
}

function des(id: number, keyLength: number): Encryption {
  const sizes = { keyLengths: [keyLength], saltLength: 0, ivLength: 8, icvLength: 0, alignment: 8 };
  return { id, ...sizes, aead: false, profile: "legacy" };
}

const gcm = (icvLength: number) => aead(ENC_GCM, 4, icvLength, icvLength === 16 ? "modern" : "interop"); // RFC 4106 section 8.1
const ccm = (icvLength: number) => aead(ENC_CCM, 3, icvLength, icvLength === 8 ? "modern" : "interop"); // RFC 4309 section 7.1

export const ENCRYPTIONS: Readonly<Record<EncryptionName, Encryption>> = {
  null: {
    id: ENC_NULL,
    keyLengths: [0],
    saltLength: 0,
    ivLength: 0,
    icvLength: 0,
    aead: false,
    alignment: 4,
    profile: "modern",
  },
  "aes-cbc": {
    id: ENC_CBC,
    keyLengths: AES,
    saltLength: 0,
    ivLength: 16,
    icvLength: 0,
    aead: false,
    alignment: 16,
    profile: "modern",
  },
  "aes-ctr": {
    id: ENC_CTR,
    keyLengths: AES,
    saltLength: 4,
    ivLength: 8,
    icvLength: 0,
    aead: false,
    alignment: 4,
    profile: "interop",
  },
  "aes-gcm-8": gcm(8),
  "aes-gcm-12": gcm(12),
  "aes-gcm-16": gcm(16),
  "aes-ccm-8": ccm(8),
  "aes-ccm-12": ccm(12),
  "aes-ccm-16": ccm(16),
  "chacha20-poly1305": { ...aead(ENC_CHACHA, 4, 16, "modern"), keyLengths: [32] }, // RFC 7634 section 2
  "aes-gmac": aead(ENC_GMAC, 4, 16, "modern"), // RFC 4543 section 4
  "des-cbc": des(ENC_DES, 8), // RFC 2405
  "3des-cbc": des(ENC_3DES, 24), // RFC 2451
};

/** What AH encrypts with: nothing, and it pads nothing. */
export const AH_ENCRYPTION: Encryption = {
  id: ENC_NULL,
  keyLengths: [0],
  saltLength: 0,
  ivLength: 0,
  icvLength: 0,
  aead: false,
  alignment: 1,
  profile: "modern",
};

export const INTEGRITIES: Readonly<Record<IntegrityName, Integrity>> = {
  "hmac-sha1-96": { id: INT_SHA1, keyLength: 20, icvLength: 12, profile: "interop" },
  "hmac-sha2-256-128": { id: INT_SHA256, keyLength: 32, icvLength: 16, profile: "modern" },
  "hmac-sha2-384-192": { id: INT_SHA384, keyLength: 48, icvLength: 24, profile: "modern" },
  "hmac-sha2-512-256": { id: INT_SHA512, keyLength: 64, icvLength: 32, profile: "modern" },
  "hmac-sha2-256-96": { id: INT_SHA256, keyLength: 32, icvLength: 12, profile: "interop" }, // draft; old Linux and Android
  "aes-xcbc-96": { id: INT_XCBC, keyLength: 16, icvLength: 12, profile: "modern" },
  "aes-cmac-96": { id: INT_CMAC, keyLength: 16, icvLength: 12, profile: "interop" },
  "hmac-md5-96": { id: INT_MD5, keyLength: 16, icvLength: 12, profile: "legacy" }, // RFC 2403 section 3
};

/** AES-GMAC in AH, RFC 4543 section 4: its key ends with 4 bytes of salt, its IV travels in front of the ICV. */
export const AH_GMAC: Integrity = { id: INT_GMAC, keyLength: 20, icvLength: 16, profile: "modern" };
export const AH_GMAC_ENCRYPTION: Encryption = { ...AH_ENCRYPTION, saltLength: 4, ivLength: 8 };
