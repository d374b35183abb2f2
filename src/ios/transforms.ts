// Transforms by their IOS names: which may stand together, what RFC 8221 says of them, what the engine calls them.
import type { AeadName, CipherName } from "../sad/suites.js";

interface Transform {
  /** At most one of a kind in a set. */
  readonly kind: "ah" | "cipher" | "integrity" | "compression";
  /** Key sizes in bits that may follow the name. */
  readonly bits?: readonly number[];
  /** RFC 8221's word against it. */
  readonly weak?: string;
}

const AES = [128, 192, 256];

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  "ah-md5-hmac": { kind: "ah", weak: "HMAC-MD5 MUST NOT be used" },
  "ah-sha-hmac": { kind: "ah", weak: "HMAC-SHA1 is MUST- (to be phased out)" },
  "ah-sha256-hmac": { kind: "ah" },
  "ah-sha384-hmac": { kind: "ah" },
  "ah-sha512-hmac": { kind: "ah" },
  "esp-null": { kind: "cipher" },
  "esp-des": { kind: "cipher", weak: "DES MUST NOT be used" },
  "esp-3des": { kind: "cipher", weak: "3DES SHOULD NOT be used" },
  "esp-aes": { kind: "cipher", bits: AES },
  "esp-gcm": { kind: "cipher", bits: AES },
  "esp-gmac": { kind: "cipher", bits: AES },
  "esp-md5-hmac": { kind: "integrity", weak: "HMAC-MD5 MUST NOT be used" },
  "esp-sha-hmac": { kind: "integrity", weak: "HMAC-SHA1 is MUST- (to be phased out)" },
  "esp-sha256-hmac": { kind: "integrity" },
  "esp-sha384-hmac": { kind: "integrity" },
  "esp-sha512-hmac": { kind: "integrity" },
  "comp-lzs": { kind: "compression" },
  "comp-deflate": { kind: "compression" }, // this engine's own: IOS has LZS
};

export interface ParsedTransforms {
  /** A key size stands with its name: "esp-aes 256". */
  readonly transforms: string[];
  /** Why the set cannot be. */
  readonly refusal: string | undefined;
  /** What RFC 8221 has against it. */
  readonly notes: string[];
}

export function parseTransforms(words: readonly string[]): ParsedTransforms {
  const transforms: string[] = [];
  const notes: string[] = [];
  const kinds = new Set<string>();
  const refuse = (refusal: string) => ({ transforms, refusal, notes });
  for (let at = 0; at < words.length; at++) {
    const name = words[at] as string;
    const transform = Object.hasOwn(TRANSFORMS, name) ? TRANSFORMS[name] : undefined;
    if (transform === undefined) {
      return refuse(`${name} is no transform known here: ${Object.keys(TRANSFORMS).join(", ")} are`);
    }
    if (name === "comp-lzs") return refuse("comp-lzs is refused: LZS is not implemented, comp-deflate is");
    if (kinds.has(transform.kind)) return refuse(`${name} is a second ${transform.kind} transform: one is allowed`);
    kinds.add(transform.kind);
    if (transform.weak !== undefined) notes.push(`${name} is weak: ${transform.weak} (RFC 8221)`);
    const bits = words[at + 1] ?? "";
    if (transform.bits !== undefined && /^\d+$/.test(bits)) {
      if (!transform.bits.includes(Number(bits))) return refuse(`${name} ${bits}: 128, 192 or 256 bits are allowed`);
      at++;
      transforms.push(bits === "128" ? name : `${name} ${bits}`);
    } else transforms.push(name);
  }
  const refusal = combinationRefusal(transforms, kinds);
  return { transforms, refusal, notes };
}

function combinationRefusal(transforms: readonly string[], kinds: ReadonlySet<string>): string | undefined {
  const hasEsp = kinds.has("cipher") || kinds.has("integrity");
  if (kinds.has("compression") && !hasEsp) return "comp-deflate travels inside ESP: add an esp transform";
  const aead = transforms.some((name) => name.startsWith("esp-gcm") || name.startsWith("esp-gmac"));
  if (aead && kinds.has("integrity")) return "esp-gcm and esp-gmac make their own ICV: leave the hmac out";
  if (kinds.has("integrity") && !kinds.has("cipher")) return undefined; // IOS reads it as esp-null with that hmac
  if (kinds.has("cipher") && !aead && !kinds.has("integrity") && !kinds.has("ah")) {
    return "encryption without integrity is refused (RFC 8221 section 4): add an hmac";
  }
  if (transforms.includes("esp-null") && !kinds.has("integrity")) {
    return "esp-null without an hmac does nothing (RFC 4303 section 3.2): add an hmac, or leave it out";
  }
  return undefined;
}

type EspIntegrity = "hmac-md5-96" | "hmac-sha1-96" | "hmac-sha2-256-128" | "hmac-sha2-384-192" | "hmac-sha2-512-256";

const HMACS: Readonly<Record<string, { readonly name: EspIntegrity; readonly keyLength: number }>> = {
  md5: { name: "hmac-md5-96", keyLength: 16 },
  sha: { name: "hmac-sha1-96", keyLength: 20 },
  sha256: { name: "hmac-sha2-256-128", keyLength: 32 },
  sha384: { name: "hmac-sha2-384-192", keyLength: 48 },
  sha512: { name: "hmac-sha2-512-256", keyLength: 64 },
};

/** What addSa is told of an ESP or AH SA: names, and how many bytes of key it needs. */
export interface Suite {
  readonly protocol: "esp" | "ah";
  /** In IOS's words, each followed by a blank: "esp-des esp-sha-hmac ". */
  readonly label: string;
  readonly encryption: AeadName | CipherName | "null" | "des-cbc" | "3des-cbc" | undefined;
  /** Salt included. */
  readonly encryptionKeyLength: number;
  /** "none": AH is around it. Undefined: the encryption makes its own ICV. */
  readonly integrity: EspIntegrity | "none" | undefined;
  readonly integrityKeyLength: number;
  /** Bytes; IOS prints it. */
  readonly ivLength: number;
}

const CIPHERS: Readonly<
  Record<string, readonly [name: NonNullable<Suite["encryption"]>, keyLength: number, iv: number]>
> = {
  "esp-null": ["null", 0, 0],
  "esp-des": ["des-cbc", 8, 8],
  "esp-3des": ["3des-cbc", 24, 8],
  "esp-aes": ["aes-cbc", 16, 16],
  "esp-aes 192": ["aes-cbc", 24, 16],
  "esp-aes 256": ["aes-cbc", 32, 16],
  "esp-gcm": ["aes-gcm-16", 20, 8],
  "esp-gcm 192": ["aes-gcm-16", 28, 8],
  "esp-gcm 256": ["aes-gcm-16", 36, 8],
  "esp-gmac": ["aes-gmac", 20, 8],
  "esp-gmac 192": ["aes-gmac", 28, 8],
  "esp-gmac 256": ["aes-gmac", 36, 8],
};

/** The SAs of one direction, innermost first: ESP, then AH around it. */
export function suitesOf(transforms: readonly string[]): Suite[] {
  const suites: Suite[] = [];
  const esp = transforms.filter((name) => name.startsWith("esp-"));
  const hmacOf = (name: string | undefined) => HMACS[name?.split("-")[1] ?? ""];
  if (esp.length > 0) {
    const cipher = esp.find((name) => name in CIPHERS) ?? "esp-null";
    const hmac = hmacOf(esp.find((name) => name.endsWith("-hmac")));
    const [encryption, encryptionKeyLength, ivLength] = CIPHERS[cipher] as [
      NonNullable<Suite["encryption"]>,
      number,
      number,
    ];
    suites.push({
      protocol: "esp",
      label: `${esp.join(" ")} `,
      encryption,
      encryptionKeyLength,
      integrity: hmac?.name ?? (/gcm|gmac/.test(encryption) ? undefined : "none"),
      integrityKeyLength: hmac?.keyLength ?? 0,
      ivLength,
    });
  }
  const ah = transforms.find((name) => name.startsWith("ah-"));
  const hmac = hmacOf(ah);
  if (ah !== undefined && hmac !== undefined) {
    suites.push({
      protocol: "ah",
      label: `${ah} `,
      encryption: undefined,
      encryptionKeyLength: 0,
      integrity: hmac.name,
      integrityKeyLength: hmac.keyLength,
      ivLength: 0,
    });
  }
  return suites;
}
