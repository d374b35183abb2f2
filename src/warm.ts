// Option `warm`. A realm runs WebAssembly in a quick compiler first, and brings into an optimising one what has run often:
// the first few hundred packets of a suite pay for that. Here throwaway packets do, in a plane of their own over a second
// instance of the same module: what has been compiled belongs to the module. So the plane that was asked for has seen no
// packet, no key and no SA of this.
import type { DataPlane } from "./data-plane.js";
import { IpsecError } from "./errors.js";
import type { Limits } from "./limits.js";
import { checkProfile, type PlaneOptions } from "./plane-options.js";
import type { SaConfig } from "./sad/config.js";
import type { Sa } from "./sad/sa.js";
import {
  type AeadName,
  type CipherName,
  ENCRYPTIONS,
  type EncryptionName,
  INTEGRITIES,
  type IntegrityName,
  PROFILES,
  type Profile,
} from "./sad/suites.js";
import { writeIpv4 } from "./wire/ipv4.js";

/** An AEAD, or a cipher (or "null"), "+", and what makes its ICV: "aes-gcm-16", "aes-cbc+hmac-sha2-256-128". */
export type WarmSuite = AeadName | `${CipherName | "null"}+${IntegrityName}`;

const LENGTHS = [64, 1400];
const BATCH = 32;
/** Batches of each length: after about eight all of a suite has been compiled anew, on a machine with a core to spare. */
const ROUNDS = 16;

const LIMITS: Limits = {
  sas: 2,
  hotSas: 2,
  windowBytes: 0,
  packets: 2 * BATCH,
  jumboPackets: 1,
  reassemblies: 0,
  fragments: 2,
  policies: 1,
  flows: 16,
  paths: 2,
  peers: 1,
  events: 1,
};

/** The suites of `warm`, each once. Throws `option`. */
export function suitesToWarm({ warm = [], profile }: PlaneOptions): readonly WarmSuite[] {
  if (!Array.isArray(warm)) throw new IpsecError("option", `warm is ${String(warm)}: an array of suites is allowed`);
  if (warm.length === 0) return warm;
  const allowed = namesIn(checkProfile(profile));
  for (const suite of warm as readonly unknown[]) {
    const [encryption, integrity, ...more] = String(suite).split("+") as [string, string?, ...string[]];
    const known =
      integrity === undefined
        ? allowed.aeads.includes(encryption)
        : allowed.ciphers.includes(encryption) && allowed.integrities.includes(integrity);
    if (known && more.length === 0) continue;
    throw new IpsecError(
      "option",
      `warm names "${String(suite)}": ${allowed.aeads.join(", ")} are allowed in profile "${profile ?? "interop"}", and ` +
        `each of ${allowed.ciphers.join(", ")} with "+" and one of ${allowed.integrities.join(", ")}`,
    );
  }
  return [...new Set(warm)];
}

function namesIn(profile: Profile) {
  const accepted = <T extends { readonly profile: Profile }>(table: Readonly<Record<string, T>>) =>
    Object.entries(table).filter(([, entry]) => PROFILES.indexOf(entry.profile) <= PROFILES.indexOf(profile));
  const encryptions = accepted(ENCRYPTIONS);
  const named = (aead: boolean) => encryptions.filter(([, entry]) => entry.aead === aead).map(([name]) => name);
  return { aeads: named(true), ciphers: named(false), integrities: accepted(INTEGRITIES).map(([name]) => name) };
}

/** What the throwaway plane is made from: as small as it can be, and nothing in it is random. */
export function throwawayOptions({ carrier = "udp", profile = "interop" }: PlaneOptions): PlaneOptions {
  return { carrier, profile, limits: LIMITS, random: (bytes) => bytes.fill(0) };
}

/** Seals and opens packets of each suite in a throwaway plane, and closes it. */
export function warmUp(plane: DataPlane, suites: readonly WarmSuite[]): void {
  const packets = LENGTHS.map(packetOf);
  for (const suite of suites) {
    const out = plane.addSa(throwawaySa("out", suite));
    const incoming = plane.addSa(throwawaySa("in", suite));
    for (let round = 0; round < ROUNDS; round++) {
      for (const packet of packets) {
        passBatch(plane, packet, out);
        passSingle(plane, packet, out);
      }
    }
    out.delete();
    incoming.delete();
  }
  plane.close();
}

function passBatch(plane: DataPlane, packet: Uint8Array, out: Sa): void {
  const item = plane.createItem();
  const sealed: Uint8Array[] = [];
  for (let i = 0; i < BATCH; i++) plane.outbound(0, packet, out);
  plane.flush(0);
  while (plane.poll(item)) sealed.push(item.copy());
  for (const datagram of sealed) plane.inbound(0, datagram);
  plane.flush(0);
  while (plane.poll(item));
}

function passSingle(plane: DataPlane, packet: Uint8Array, out: Sa): void {
  for (const datagram of plane.protect(0, packet, out).datagrams) plane.unprotect(0, datagram);
}

function throwawaySa(direction: "out" | "in", suite: WarmSuite): SaConfig {
  const [encryption, integrity] = suite.split("+") as [EncryptionName, IntegrityName | undefined];
  const { keyLengths, saltLength } = ENCRYPTIONS[encryption];
  return {
    direction,
    protocol: "esp",
    spi: 256,
    mode: "tunnel",
    encryption,
    encryptionKey: counting((keyLengths[0] as number) + saltLength),
    ...(integrity && { integrity, integrityKey: counting(INTEGRITIES[integrity].keyLength) }),
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
  } as SaConfig;
}

/** 1, 2, 3 ...: no weak key of DES. */
function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i + 1);
}

function packetOf(length: number): Uint8Array {
  const packet = new Uint8Array(length);
  const ends = { source: Uint8Array.of(10, 1, 0, 7), target: Uint8Array.of(10, 2, 0, 9) };
  writeIpv4(packet, 0, { ...ends, protocol: 59, totalLength: length, ttl: 64 });
  return packet;
}
