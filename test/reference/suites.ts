// Every suite the engine knows, with the sizes that the RFC of each algorithm states.
import type { AhIntegrityName, EncryptionName, IntegrityName } from "../../src/sad/config.js";

export interface EncryptionSizes {
  /** Bytes of key, without the salt behind it. */
  readonly keyLengths: readonly number[];
  readonly saltLength: number;
  readonly ivLength: number;
  /** The text is a multiple of this many bytes. */
  readonly alignment: number;
  /** 0 where a separate integrity algorithm makes the ICV. */
  readonly icvLength: number;
}

export interface IntegritySizes {
  readonly keyLength: number;
  readonly icvLength: number;
}

const AES = [16, 24, 32];

function aead(saltLength: number, icvLength: number): EncryptionSizes {
  return { keyLengths: AES, saltLength, ivLength: 8, alignment: 4, icvLength };
}

export const ENCRYPTION_SIZES: Readonly<Record<EncryptionName, EncryptionSizes>> = {
  null: { keyLengths: [0], saltLength: 0, ivLength: 0, alignment: 4, icvLength: 0 }, // RFC 2410
  "aes-cbc": { keyLengths: AES, saltLength: 0, ivLength: 16, alignment: 16, icvLength: 0 }, // RFC 3602
  "aes-ctr": { keyLengths: AES, saltLength: 4, ivLength: 8, alignment: 4, icvLength: 0 }, // RFC 3686
  "aes-gcm-8": aead(4, 8), // RFC 4106
  "aes-gcm-12": aead(4, 12),
  "aes-gcm-16": aead(4, 16),
  "aes-ccm-8": aead(3, 8), // RFC 4309
  "aes-ccm-12": aead(3, 12),
  "aes-ccm-16": aead(3, 16),
  "chacha20-poly1305": { ...aead(4, 16), keyLengths: [32] }, // RFC 7634
  "aes-gmac": aead(4, 16), // RFC 4543
  "des-cbc": { keyLengths: [8], saltLength: 0, ivLength: 8, alignment: 8, icvLength: 0 }, // RFC 2405
  "3des-cbc": { keyLengths: [24], saltLength: 0, ivLength: 8, alignment: 8, icvLength: 0 }, // RFC 2451
};

export const INTEGRITY_SIZES: Readonly<Record<IntegrityName, IntegritySizes>> = {
  "hmac-sha1-96": { keyLength: 20, icvLength: 12 }, // RFC 2404
  "hmac-sha2-256-128": { keyLength: 32, icvLength: 16 }, // RFC 4868
  "hmac-sha2-384-192": { keyLength: 48, icvLength: 24 },
  "hmac-sha2-512-256": { keyLength: 64, icvLength: 32 },
  "hmac-sha2-256-96": { keyLength: 32, icvLength: 12 }, // draft-ietf-ipsec-ciph-sha-256-00
  "aes-xcbc-96": { keyLength: 16, icvLength: 12 }, // RFC 3566
  "aes-cmac-96": { keyLength: 16, icvLength: 12 }, // RFC 4494
  "hmac-md5-96": { keyLength: 16, icvLength: 12 }, // RFC 2403
};

/** An encryption with one key length, and what makes its ICV. */
export interface Suite {
  readonly name: string;
  readonly encryption: EncryptionName;
  readonly integrity?: IntegrityName;
  /** As in SaConfig: salt included. */
  readonly encryptionKeyLength: number;
  readonly integrityKeyLength: number;
}

const LEGACY: ReadonlySet<string | undefined> = new Set(["des-cbc", "3des-cbc", "hmac-md5-96"]);

/** Every suite with every key length, those of profile "legacy" included. */
const EVERY: readonly Suite[] = (Object.keys(ENCRYPTION_SIZES) as EncryptionName[]).flatMap((encryption) => {
  const { keyLengths, saltLength, icvLength } = ENCRYPTION_SIZES[encryption];
  const integrities = icvLength > 0 ? [undefined] : (Object.keys(INTEGRITY_SIZES) as IntegrityName[]);
  return keyLengths.flatMap((keyLength) =>
    integrities.map((integrity) => ({
      name: [encryption, keyLength * 8, integrity].filter(Boolean).join(" "),
      encryption,
      ...(integrity === undefined ? {} : { integrity }),
      encryptionKeyLength: keyLength + saltLength,
      integrityKeyLength: integrity === undefined ? 0 : INTEGRITY_SIZES[integrity].keyLength,
    })),
  );
});

/** The integrity algorithms of profile "interop". */
export const INTEGRITIES = (Object.keys(INTEGRITY_SIZES) as IntegrityName[]).filter((name) => !LEGACY.has(name));

/** And of AH: there AES-GMAC is one, RFC 4543 section 4. */
export const AH_INTEGRITIES: readonly AhIntegrityName[] = [...INTEGRITIES, "aes-gmac"];

const isLegacy = ({ encryption, integrity }: Suite) => LEGACY.has(encryption) || LEGACY.has(integrity);

/** What profile "interop" accepts. */
export const SUITES = EVERY.filter((suite) => !isLegacy(suite));
/** What profile "legacy" accepts besides. */
export const LEGACY_SUITES = EVERY.filter(isLegacy);
