// Which algorithms an SA has: names, keys and profiles checked, and what its suite makes of them. RFC 8221.
import { ENC_3DES, ENC_DES } from "../../assembly/layout.js";
import { IpsecError } from "../errors.js";
import type { EspConfig, SaConfig } from "./config.js";
import {
  AH_ENCRYPTION,
  AH_GMAC,
  AH_GMAC_ENCRYPTION,
  ENCRYPTIONS,
  type Encryption,
  INTEGRITIES,
  type Integrity,
  PROFILES,
  type Profile,
} from "./suites.js";
import { refuseWeakKey } from "./weak-keys.js";

export interface Algorithms {
  readonly encryption: Encryption;
  readonly integrity: Integrity | undefined;
  /** Encrypts without an ICV: AH, the next SA of its bundle, makes it. */
  readonly insideAh: boolean;
  readonly icvLength: number;
}

/** `window`: the replay window that the SA itself asks for. */
export function resolveAlgorithms(
  config: SaConfig,
  carrier: "udp" | "ip",
  profile: Profile,
  window: number | undefined,
): Algorithms {
  const encryption = config.protocol === "ah" ? ahEncryption(config.integrity) : resolveEncryption(config, profile);
  const insideAh = config.protocol === "esp" && config.integrity === "none" && !encryption.aead;
  if (insideAh) refuseBare(config, carrier, profile, window);
  const integrity = insideAh ? undefined : resolveIntegrity(config, encryption, profile);
  return { encryption, integrity, insideAh, icvLength: integrity?.icvLength ?? encryption.icvLength };
}

/** AH encrypts nothing; with AES-GMAC it has an IV. */
function ahEncryption(integrity: string): Encryption {
  return integrity === "aes-gmac" ? AH_GMAC_ENCRYPTION : AH_ENCRYPTION;
}

function resolveEncryption(config: EspConfig, profile: Profile): Encryption {
  const encryption = Object.hasOwn(ENCRYPTIONS, config.encryption) ? ENCRYPTIONS[config.encryption] : undefined;
  if (encryption === undefined) {
    const names = Object.keys(ENCRYPTIONS).join(", ");
    throw new IpsecError("algorithm", `encryption "${String(config.encryption)}" is unknown: ${names} are allowed`);
  }
  checkProfile("encryption", config.encryption, encryption.profile, profile);
  const allowed = encryption.keyLengths.map((length) => length + encryption.saltLength);
  const key = config.encryptionKey ?? new Uint8Array(0);
  if (!(key instanceof Uint8Array) || !allowed.includes(key.length)) {
    const salt = encryption.saltLength > 0 ? `, the last ${encryption.saltLength} of them salt` : "";
    throw new IpsecError(
      "key-length",
      `encryptionKey of ${config.encryption} is ${key.length} bytes: ${allowed.join(", ")} are allowed${salt}`,
    );
  }
  if (encryption.id === ENC_DES || encryption.id === ENC_3DES) refuseWeakKey(config.encryption, key);
  return encryption;
}

function resolveIntegrity(config: SaConfig, encryption: Encryption, profile: Profile): Integrity | undefined {
  const name = config.integrity as string | undefined;
  if (encryption.aead) {
    if (name === undefined && config.integrityKey === undefined) return undefined;
    throw new IpsecError("algorithm", `${config.encryption} makes its own ICV: leave integrity and integrityKey out`);
  }
  if (name === undefined) refuseWithoutIntegrity(config);
  const integrity = integrityNamed(name as string, config.protocol);
  if (integrity === undefined) {
    throw new IpsecError("algorithm", `integrity "${name}" is unknown: ${integrityNames(config)} are allowed`);
  }
  checkProfile("integrity", name as string, integrity.profile, profile);
  const key = config.integrityKey;
  const lengths = integrity === AH_GMAC ? [20, 28, 36] : [integrity.keyLength];
  if (!(key instanceof Uint8Array) || !lengths.includes(key.length)) {
    const needed = `${lengths.join(", ")} are needed${integrity === AH_GMAC ? ", the last 4 of them salt" : ""}`;
    throw new IpsecError("key-length", `integrityKey of ${name} is ${key?.length ?? 0} bytes: ${needed}`);
  }
  return integrity;
}

/** What is not authenticated can be changed under way, and what is decrypted of it says so to who listens. */
function refuseWithoutIntegrity(config: SaConfig): never {
  throw new IpsecError(
    "algorithm",
    `integrity is missing: ${config.encryption ?? "AH"} without it is refused (RFC 8221 section 4); ${integrityNames(config)} are allowed`,
  );
}

/** AES-GMAC is one in AH; in ESP it is an encryption. */
function integrityNamed(name: string, protocol: "esp" | "ah"): Integrity | undefined {
  if (name === "aes-gmac" && protocol === "ah") return AH_GMAC;
  return Object.hasOwn(INTEGRITIES, name) ? INTEGRITIES[name as keyof typeof INTEGRITIES] : undefined;
}

function integrityNames({ protocol }: SaConfig): string {
  return [...Object.keys(INTEGRITIES), ...(protocol === "ah" ? ["aes-gmac"] : [])].join(", ");
}

/** Without an ICV of its own: only where AH can be around it, and nothing is left that AH does not cover. */
function refuseBare(config: EspConfig, carrier: "udp" | "ip", profile: Profile, window: number | undefined): void {
  checkProfile("integrity", "none", "legacy", profile);
  if (config.encryption === "null" || config.integrityKey !== undefined) {
    throw new IpsecError(
      "algorithm",
      'integrity "none" is for a cipher inside AH: not for NULL, and without integrityKey',
    );
  }
  if (carrier !== "ip" || config.natTraversal !== undefined) {
    throw new IpsecError("mode", 'integrity "none" needs AH around it: carrier "ip" without natTraversal');
  }
  if (config.esn === true) {
    // RFC 4303 section 2.2.1: the high half does not travel, only an ICV of this SA would cover it.
    throw new IpsecError("option", 'esn needs integrity: an SA of integrity "none" has 32-bit numbers (esn: false)');
  }
  if ((window ?? 0) !== 0) {
    // RFC 4303 section 3.4.3: no anti-replay where the sequence number is not authenticated; AH has its own.
    throw new IpsecError("replay-window", 'replayWindow needs integrity: AH around an SA of integrity "none" has one');
  }
  if (config.dummySeconds !== undefined) {
    throw new IpsecError("option", 'dummySeconds needs integrity: a dummy of an SA of integrity "none" would go bare');
  }
}

/** RFC 8221: what a profile leaves out is refused, and the profile that has it is named. */
function checkProfile(what: string, name: string, needed: Profile, profile: Profile): void {
  if (PROFILES.indexOf(needed) <= PROFILES.indexOf(profile)) return;
  throw new IpsecError(
    "algorithm",
    `${what} "${name}" is not in profile "${profile}" (RFC 8221): it needs a plane of profile "${needed}"`,
  );
}
