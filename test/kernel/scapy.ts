// Scapy as a peer: Debian's python3-scapy and python3-cryptography, where they are installed.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SaConfig } from "../../src/index.js";
import { hex } from "../packets.js";

const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("./scapy-peer.py", import.meta.url));

export const SCAPY_IS_HERE =
  spawnSync(PYTHON, ["-c", "import scapy.layers.ipsec, cryptography"], { stdio: "ignore" }).status === 0;

/** Names the reason where the tests that need Scapy are skipped. */
export const SCAPY = SCAPY_IS_HERE
  ? "Scapy"
  : "Scapy (skipped: python3-scapy and python3-cryptography are not installed)";

/** What Scapy knows by the same name. */
export const SCAPY_INTEGRITIES = [
  "hmac-sha1-96",
  "hmac-sha2-256-128",
  "hmac-sha2-384-192",
  "hmac-sha2-512-256",
  "aes-cmac-96",
] as const;

function layerOf(config: SaConfig, sequence: bigint) {
  const { protocol, spi, mode, integrity, esn = false } = config;
  const ends = config.mode === "tunnel" ? config.tunnel : {};
  const encryption = { encryption: config.encryption, encryptionKey: hex(config.encryptionKey ?? new Uint8Array(0)) };
  const numbers = { sequence: Number(sequence % 2n ** 32n), high: esn ? Number(sequence >> 32n) : 0 };
  return {
    protocol,
    spi,
    mode,
    ...ends,
    ...encryption,
    ...numbers,
    integrity,
    key: hex(config.integrityKey ?? new Uint8Array(0)),
  };
}

export interface ScapyCase {
  /** The inner SA first. */
  readonly configs: readonly SaConfig[];
  readonly sequences: readonly bigint[];
  readonly packet?: Uint8Array;
  readonly sealed?: Uint8Array;
}

/** Seals `packet`, or opens `sealed`, of every case: hex, or the text of an error. */
export function scapy(cases: readonly ScapyCase[]): string[] {
  const input = cases.map(({ configs, sequences, packet, sealed }) => ({
    layers: configs.map((config, i) => layerOf(config, sequences[i] as bigint)),
    ...(packet === undefined ? {} : { packet: hex(packet) }),
    ...(sealed === undefined ? {} : { sealed: hex(sealed) }),
  }));
  const { status, stdout, stderr } = spawnSync(PYTHON, [SCRIPT], { input: JSON.stringify(input), maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(String(stderr));
  return JSON.parse(String(stdout)) as string[];
}
