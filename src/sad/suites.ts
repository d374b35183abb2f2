// The algorithms by name: RFC 8221 says which are to be used, the RFC of each how its KEYMAT is cut.
import {
  ENC_CBC,
  ENC_CCM,
  ENC_CHACHA,
  ENC_CTR,
  ENC_GCM,
  ENC_GMAC,
  ENC_NULL,
  INT_CMAC,
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
export type CipherName = "aes-cbc" | "aes-ctr";
export type EncryptionName = AeadName | CipherName | "null";
export type IntegrityName =
  | "hmac-sha1-96"
  | "hmac-sha2-256-128"
  | "hmac-sha2-384-192"
  | "hmac-sha2-512-256"
  | "hmac-sha2-256-96"
  | "aes-xcbc-96"
  | "aes-cmac-96";

/** Which algorithms addSa accepts. "legacy" is not available in this version. */
export type Profile = "modern" | "interop";

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
  /** RFC 8221 section 5: MUST or SHOULD. */
  readonly modern: boolean;
}

export interface Integrity {
  readonly id: number;
  readonly keyLength: number;
  readonly icvLength: number;
  readonly modern: boolean;
}

const AES = [16, 24, 32] as const;

function aead(id: number, saltLength: number, icvLength: number, modern: boolean): Encryption {
  return { id, keyLengths: AES, saltLength, ivLength: 8, icvLength, aead: true, alignment: 4, modern };
}

const gcm = (icvLength: number) => aead(ENC_GCM, 4, icvLength, icvLength === 16); // RFC 4106 section 8.1
const ccm = (icvLength: number) => aead(ENC_CCM, 3, icvLength, icvLength === 8); // RFC 4309 section 7.1

export const ENCRYPTIONS: Readonly<Record<EncryptionName, Encryption>> = {
  null: {
    id: ENC_NULL,
    keyLengths: [0],
    saltLength: 0,
    ivLength: 0,
    icvLength: 0,
    aead: false,
    alignment: 4,
    modern: true,
  },
  "aes-cbc": {
    id: ENC_CBC,
    keyLengths: AES,
    saltLength: 0,
    ivLength: 16,
    icvLength: 0,
    aead: false,
    alignment: 16,
    modern: true,
  },
  "aes-ctr": {
    id: ENC_CTR,
    keyLengths: AES,
    saltLength: 4,
    ivLength: 8,
    icvLength: 0,
    aead: false,
    alignment: 4,
    modern: false,
  },
  "aes-gcm-8": gcm(8),
  "aes-gcm-12": gcm(12),
  "aes-gcm-16": gcm(16),
  "aes-ccm-8": ccm(8),
  "aes-ccm-12": ccm(12),
  "aes-ccm-16": ccm(16),
  "chacha20-poly1305": { ...aead(ENC_CHACHA, 4, 16, true), keyLengths: [32] }, // RFC 7634 section 2
  "aes-gmac": aead(ENC_GMAC, 4, 16, true), // RFC 4543 section 4
};

export const INTEGRITIES: Readonly<Record<IntegrityName, Integrity>> = {
  "hmac-sha1-96": { id: INT_SHA1, keyLength: 20, icvLength: 12, modern: false },
  "hmac-sha2-256-128": { id: INT_SHA256, keyLength: 32, icvLength: 16, modern: true },
  "hmac-sha2-384-192": { id: INT_SHA384, keyLength: 48, icvLength: 24, modern: true },
  "hmac-sha2-512-256": { id: INT_SHA512, keyLength: 64, icvLength: 32, modern: true },
  "hmac-sha2-256-96": { id: INT_SHA256, keyLength: 32, icvLength: 12, modern: false }, // draft; old Linux and Android
  "aes-xcbc-96": { id: INT_XCBC, keyLength: 16, icvLength: 12, modern: true },
  "aes-cmac-96": { id: INT_CMAC, keyLength: 16, icvLength: 12, modern: false },
};
