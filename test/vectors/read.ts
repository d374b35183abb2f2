// The published vectors that stand beside this file. Each says where it is from; hexadecimal throughout.
import { readFileSync } from "node:fs";
import { unhex } from "../packets.js";

export interface CipherCase {
  readonly case: number;
  readonly key: string;
  readonly iv: string;
  readonly nonce?: string;
  readonly plaintext: string;
  readonly ciphertext: string;
}

/** RFC 3602 cases 5 to 8: encrypted, without an ICV. */
export interface PlainEspCase {
  readonly case: number;
  readonly mode: "transport" | "tunnel";
  readonly key: string;
  readonly spi: string;
  readonly sequence: string;
  readonly iv: string;
  readonly nextHeader: number;
  readonly payload: string;
  readonly packet: string;
  /** The packet before ESP, and the IP header in front of the ESP packet, where they were at hand. */
  readonly original?: string;
  readonly header?: string;
}

/** A whole ESP packet of an AEAD. */
export interface EspCase {
  readonly case: number;
  readonly key: string;
  readonly salt: string;
  readonly spi: string;
  readonly sequence: string;
  readonly esn: boolean;
  readonly iv: string;
  readonly payloadWithTrailer: string;
  readonly aad: string;
  readonly ciphertextAndIcv: string;
  readonly packet: string;
}

export interface MacCase {
  readonly case: number;
  readonly key: string;
  readonly message: string;
  readonly tag: string;
}

export interface AeadCase {
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

function read<T>(name: string): readonly T[] {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8")) as {
    source: string;
    section: string;
    vectors: T[];
  };
  if (!file.source || !file.section) throw new Error(`${name}.json does not say where it is from`);
  return file.vectors;
}

const isWhole = (one: object): one is PlainEspCase => "packet" in one;
const rfc3602 = read<CipherCase | PlainEspCase>("rfc3602");
export const CBC = rfc3602.filter((one): one is CipherCase => !isWhole(one));
export const CBC_PACKETS = rfc3602.filter(isWhole);
export const CTR = read<CipherCase>("rfc3686");
export const GCM_PACKETS = read<EspCase>("draft-mcgrew-gcm-test-01");
/** ENCR_NULL_AUTH_AES_GMAC (RFC 4543): the text is not encrypted. */
export const GMAC_PACKETS = read<EspCase>("aes-gmac-esp");
export const CHACHA_PACKETS = read<EspCase>("rfc7634");
export const CCM = read<AeadCase & { readonly case: number }>("rfc3610");
export const CMAC = read<MacCase>("rfc4493");
export const XCBC = read<MacCase>("rfc3566");

const rfc8439 = read<{ kind: string; section: string } & AeadCase & MacCase>("rfc8439");
export const CHACHA = rfc8439.filter(({ kind }) => kind !== "poly1305");
export const POLY1305 = rfc8439.filter(({ kind }) => kind === "poly1305");

type Hash = "md5" | "sha1" | "sha256" | "sha384" | "sha512";
const SHA2 = ["sha256", "sha384", "sha512"] as const;
const rfc4231 = read<{ case: number; key: string; message: string } & Record<(typeof SHA2)[number], string>>("rfc4231");

/** RFC 2202 and RFC 4231, one hash a case. */
export const HMAC: readonly (MacCase & { readonly hash: Hash })[] = [
  ...read<MacCase & { hash: Hash }>("rfc2202"),
  ...SHA2.flatMap((hash) => rfc4231.map((one) => ({ ...one, hash, tag: one[hash] }))),
];

export { unhex };
