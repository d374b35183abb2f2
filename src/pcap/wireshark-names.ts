// What Wireshark calls the algorithms of ESP in its esp_sa table, and what they are here.
//
// Wireshark knows algorithms that wasm-ipsec has not (CAST, Blowfish, Twofish, RIPEMD), and the other way round (CCM, GMAC, XCBC, CMAC): those go by their name here, see esp-sa.ts.

export interface EncryptionName {
  /** As Wireshark writes it; our own name where it has none. */
  readonly name: string;
  /** SaConfig.encryption, or the nearest thing to a name for what wasm-ipsec does not do. */
  readonly encryption: string;
  /** Allowed key lengths in bytes, salt included. Empty: not checked. */
  readonly keyLengths: readonly number[];
  /** Verifies itself, so the authentication column is "NULL" or only says how long the ICV is. */
  readonly aead: boolean;
  /** False: Wireshark 4.0 refuses to load the name. */
  readonly wireshark: boolean;
}

export interface AuthenticationName {
  readonly name: string;
  /** SaConfig.integrity; undefined where nothing is verified. */
  readonly integrity: string | undefined;
  /** In bytes. */
  readonly icvLength: number;
  readonly wireshark: boolean;
}

export const ENCRYPTION_NAMES: readonly EncryptionName[] = [
  { name: "NULL", encryption: "null", keyLengths: [], aead: false, wireshark: true },
  { name: "TripleDES-CBC [RFC2451]", encryption: "3des-cbc", keyLengths: [24], aead: false, wireshark: true },
  { name: "AES-CBC [RFC3602]", encryption: "aes-cbc", keyLengths: [16, 24, 32], aead: false, wireshark: true },
  { name: "AES-CTR [RFC3686]", encryption: "aes-ctr", keyLengths: [20, 28, 36], aead: false, wireshark: true },
  { name: "DES-CBC [RFC2405]", encryption: "des-cbc", keyLengths: [8], aead: false, wireshark: true },
  { name: "CAST5-CBC [RFC2144]", encryption: "cast5-cbc", keyLengths: [], aead: false, wireshark: true },
  { name: "BLOWFISH-CBC [RFC2451]", encryption: "blowfish-cbc", keyLengths: [], aead: false, wireshark: true },
  { name: "TWOFISH-CBC", encryption: "twofish-cbc", keyLengths: [], aead: false, wireshark: true },
  aead("AES-GCM with 16 octet ICV [RFC4106]", "aes-gcm-16", [20, 28, 36], true),
  aead("AES-GCM with 12 octet ICV [RFC4106]", "aes-gcm-12", [20, 28, 36], true),
  aead("AES-GCM with 8 octet ICV [RFC4106]", "aes-gcm-8", [20, 28, 36], true),
  // The oldest of Wireshark's GCM names leaves the length of the ICV to the authentication column.
  aead("AES-GCM [RFC4106]", "aes-gcm-16", [20, 28, 36], true),
  aead("ChaCha20 with Poly1305 [RFC7634]", "chacha20-poly1305", [36], false),
  aead("aes-ccm-16", "aes-ccm-16", [19, 27, 35], false),
  aead("aes-ccm-12", "aes-ccm-12", [19, 27, 35], false),
  aead("aes-ccm-8", "aes-ccm-8", [19, 27, 35], false),
  aead("aes-gmac", "aes-gmac", [20, 28, 36], false),
];

export const AUTHENTICATION_NAMES: readonly AuthenticationName[] = [
  { name: "NULL", integrity: undefined, icvLength: 0, wireshark: true },
  { name: "HMAC-SHA-1-96 [RFC2404]", integrity: "hmac-sha1-96", icvLength: 12, wireshark: true },
  {
    name: "HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]",
    integrity: "hmac-sha2-256-96",
    icvLength: 12,
    wireshark: true,
  },
  { name: "HMAC-SHA-256-128 [RFC4868]", integrity: "hmac-sha2-256-128", icvLength: 16, wireshark: true },
  { name: "HMAC-SHA-384-192 [RFC4868]", integrity: "hmac-sha2-384-192", icvLength: 24, wireshark: true },
  { name: "HMAC-SHA-512-256 [RFC4868]", integrity: "hmac-sha2-512-256", icvLength: 32, wireshark: true },
  { name: "HMAC-MD5-96 [RFC2403]", integrity: "hmac-md5-96", icvLength: 12, wireshark: true },
  { name: "MAC-RIPEMD-160-96 [RFC2857]", integrity: "hmac-ripemd160-96", icvLength: 12, wireshark: true },
  unchecked(64),
  unchecked(96),
  unchecked(128),
  unchecked(192),
  unchecked(256),
  { name: "aes-xcbc-96", integrity: "aes-xcbc-96", icvLength: 12, wireshark: false },
  { name: "aes-cmac-96", integrity: "aes-cmac-96", icvLength: 12, wireshark: false },
];

function aead(name: string, encryption: string, keyLengths: readonly number[], wireshark: boolean): EncryptionName {
  return { name, encryption, keyLengths, aead: true, wireshark };
}

function unchecked(bits: number): AuthenticationName {
  const name = `ANY ${bits} bit authentication [no checking]`;
  return { name, integrity: undefined, icvLength: bits / 8, wireshark: true };
}

/** By Wireshark's name or by ours, in any case: strongSwan for one writes "TripleDes". */
export function encryptionNamed(name: string): EncryptionName | undefined {
  const wanted = name.toLowerCase();
  return (
    ENCRYPTION_NAMES.find((entry) => entry.name.toLowerCase() === wanted) ??
    ENCRYPTION_NAMES.find((entry) => entry.encryption === wanted)
  );
}

export function authenticationNamed(name: string): AuthenticationName | undefined {
  const wanted = name.toLowerCase();
  return (
    AUTHENTICATION_NAMES.find((entry) => entry.name.toLowerCase() === wanted) ??
    AUTHENTICATION_NAMES.find((entry) => entry.integrity === wanted)
  );
}
