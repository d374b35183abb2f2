// The table of ESP keys that Wireshark keeps in a file named esp_sa ("ESP SAs" in its preferences).
//
//   "IPv4","10.0.0.1","*","0x1001","AES-CBC [RFC3602]","0x00..","HMAC-SHA-1-96 [RFC2404]","0x00.."[,"64-bit","0x1"]
//   protocol, source, target, SPI, encryption, key, authentication, key, sequence number size, its high half
//
// An algorithm name Wireshark does not know stops it from loading the table. Such rows are written behind MARK, a
// comment for Wireshark and a row for us; the names are then those of SaConfig.

import { IpsecError } from "../errors.js";
import { addressPattern, exactSpi, type Pattern, spiPattern } from "./pattern.js";
import {
  type AuthenticationName,
  authenticationNamed,
  ENCRYPTION_NAMES,
  type EncryptionName,
  encryptionNamed,
} from "./wireshark-names.js";

const MARK = "#wasm-ipsec: ";

export interface EspSaRow {
  /** The IP version of the outer header; "*" for both. */
  protocol: "IPv4" | "IPv6" | "*";
  /** Patterns, as written in the table. */
  source: string;
  target: string;
  spi: string;
  encryption: EncryptionName;
  /** As in SaConfig: the salt at its end. */
  encryptionKey: Uint8Array;
  authentication: AuthenticationName;
  authenticationKey: Uint8Array;
  esn: boolean;
  /** The high half of the sequence number, when esn. */
  sequenceHigh: number;
  /** Line of the table, from 1. */
  line: number;
}

/** A row and the test for the packets it is for. */
export interface EspSaMatcher {
  row: EspSaRow;
  /** Addresses are 4 or 16 bytes. */
  matches(source: Uint8Array, target: Uint8Array, spi: number): boolean;
  matchesSpi(spi: number): boolean;
  /** The SPI of a row that names just one. */
  exactSpi: number | undefined;
}

/** Reads a table. Throws IpsecError "key-file", naming the line and what was wrong with it. */
export function parseEspSa(text: string): EspSaRow[] {
  const rows: EspSaRow[] = [];
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const trimmed = content.startsWith(MARK) ? content.slice(MARK.length).trim() : content.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    try {
      rows.push(parseRow(trimmed, line));
    } catch (error) {
      throw new IpsecError("key-file", `line ${line}: ${(error as Error).message}`);
    }
  }
  return rows;
}

export function espSaMatcher(row: EspSaRow): EspSaMatcher {
  const source = addressPattern(row.source);
  const target = addressPattern(row.target);
  const matchesSpi = spiPattern(row.spi);
  const width = row.protocol === "IPv4" ? 4 : 16;
  const isProtocol: Pattern = (address) => row.protocol === "*" || address.length === width;
  return {
    row,
    matches: (from, to, spi) => matchesSpi(spi) && isProtocol(from) && source(from) && target(to),
    matchesSpi,
    exactSpi: exactSpi(row.spi),
  };
}

function parseRow(text: string, line: number): EspSaRow {
  const fields = splitFields(text);
  if (fields.length !== 8 && fields.length !== 10) {
    throw new Error(`${fields.length} fields; a row has 8, or 10 with the sequence number's size and high half`);
  }
  const [protocol = "", source = "", target = "", spi = ""] = fields;
  const [, , , , encryptionName = "", encryptionKey = "", authenticationName = "", authenticationKey = ""] = fields;
  const [, , , , , , , , size = "32-bit", high = ""] = fields;
  const encryption = encryptionNamed(encryptionName);
  if (encryption === undefined) throw new Error(`unknown encryption "${encryptionName}"`);
  const authentication = authenticationNamed(authenticationName);
  if (authentication === undefined) throw new Error(`unknown authentication "${authenticationName}"`);
  const row: EspSaRow = {
    protocol: parseProtocol(protocol),
    source,
    target,
    spi,
    encryption: withIcvLength(encryption, authentication),
    encryptionKey: parseKey(encryptionKey, "encryption"),
    authentication,
    authenticationKey: parseKey(authenticationKey, "authentication"),
    esn: parseSize(size),
    sequenceHigh: high === "" ? 0 : parseHigh(high),
    line,
  };
  checkKeyLength(row);
  espSaMatcher(row); // Throws when a pattern is none.
  return row;
}

/** "AES-GCM [RFC4106]" does not say how long its ICV is; beside it "ANY 64 bit ..." does. */
function withIcvLength(encryption: EncryptionName, authentication: AuthenticationName): EncryptionName {
  if (encryption.name !== "AES-GCM [RFC4106]" || authentication.icvLength === 0) return encryption;
  return encryptionNamed(`aes-gcm-${authentication.icvLength}`) ?? encryption;
}

function parseProtocol(text: string): "IPv4" | "IPv6" | "*" {
  if (text.toLowerCase() === "ipv4") return "IPv4";
  if (text.toLowerCase() === "ipv6") return "IPv6";
  if (text === "*" || text.toLowerCase() === "any") return "*";
  throw new Error(`unknown protocol "${text}": IPv4, IPv6 or Any`);
}

function parseSize(text: string): boolean {
  if (text === "64-bit") return true;
  if (text === "32-bit" || text === "") return false;
  throw new Error(`unknown sequence number size "${text}": 32-bit or 64-bit`);
}

function parseHigh(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new Error(`"${text}" is not the high half of a sequence number`);
  }
  return value;
}

/** "0x" and hexadecimal digits, or, as Wireshark has it, text that is the key itself. */
function parseKey(text: string, which: string): Uint8Array {
  if (!/^0x/i.test(text)) return new TextEncoder().encode(text);
  const digits = text.slice(2);
  if (digits.length % 2 !== 0) throw new Error(`the ${which} key has an odd number of hexadecimal digits`);
  if (!/^[0-9a-f]*$/i.test(digits)) throw new Error(`the ${which} key is not hexadecimal`);
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function checkKeyLength(row: EspSaRow): void {
  const { name, keyLengths } = row.encryption;
  if (keyLengths.length === 0 || keyLengths.includes(row.encryptionKey.length)) return;
  throw new Error(`the encryption key has ${row.encryptionKey.length} bytes; ${name} takes ${keyLengths.join(" or ")}`);
}

/** Fields in double quotes, in which \xHH is a character; or bare ones. Commas between them. */
function splitFields(text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const found = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^",]*))\s*(,|$)/.exec(rest);
    if (found === null) throw new Error(`cannot read field ${fields.length + 1}: a quote is missing or out of place`);
    fields.push(found[1] === undefined ? (found[2] ?? "").trim() : unescaped(found[1]));
    rest = rest.slice(found[0].length);
    if (found[3] === "") return fields;
  }
}

function unescaped(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})|\\(.)/gi, (_all, hex: string | undefined, plain: string) =>
    hex === undefined ? plain : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** What of a security association a row keeps; SaConfig fits as it is. */
export interface EspSaKeys {
  spi: number;
  encryption: string;
  encryptionKey?: Uint8Array;
  integrity?: string;
  integrityKey?: Uint8Array;
  esn?: boolean;
  initialSequence?: bigint;
}

/** The row for a security association between two addresses, or "*" for any. */
export function espSaRow(keys: EspSaKeys, source: string, target: string): EspSaRow {
  const encryption = ENCRYPTION_NAMES.find((entry) => entry.encryption === keys.encryption);
  const authentication = authenticationNamed(keys.integrity ?? "NULL");
  if (encryption === undefined) throw new IpsecError("key-file", `no row for encryption "${keys.encryption}"`);
  if (authentication === undefined) throw new IpsecError("key-file", `no row for integrity "${keys.integrity}"`);
  const known = source === "*" ? target : source;
  return {
    protocol: known === "*" ? "*" : known.includes(":") ? "IPv6" : "IPv4",
    source,
    target,
    spi: `0x${keys.spi.toString(16).padStart(8, "0")}`,
    encryption,
    encryptionKey: keys.encryptionKey ?? new Uint8Array(0),
    authentication,
    authenticationKey: keys.integrityKey ?? new Uint8Array(0),
    esn: keys.esn ?? false,
    sequenceHigh: keys.esn ? Number((keys.initialSequence ?? 0n) >> 32n) : 0,
    line: 0,
  };
}

/** Writes a table that any Wireshark loads. */
export function formatEspSa(rows: Iterable<EspSaRow>): string {
  const lines = ["# ESP keys for Wireshark, and for wasm-ipsec decrypt. Rows behind a mark are for the latter only."];
  for (const row of rows) {
    const protocols = row.protocol === "*" ? (["IPv4", "IPv6"] as const) : [row.protocol];
    for (const protocol of protocols) lines.push(...formatRow({ ...row, protocol }));
  }
  return `${lines.join("\n")}\n`;
}

function formatRow(row: EspSaRow): string[] {
  const exact = rowText(row, row.encryption.name, row.authentication.name);
  if (row.encryption.wireshark && row.authentication.wireshark) return [exact];
  if (!row.encryption.wireshark) return [MARK + exact];
  // Wireshark can decrypt this, only not verify it. Our own row comes first: the first that fits is used.
  const unchecked = `ANY ${row.authentication.icvLength * 8} bit authentication [no checking]`;
  return [MARK + exact, rowText({ ...row, authenticationKey: new Uint8Array(0) }, row.encryption.name, unchecked)];
}

function rowText(row: EspSaRow, encryption: string, authentication: string): string {
  const fields: string[] = [row.protocol, row.source, row.target, row.spi, encryption, hex(row.encryptionKey)];
  fields.push(authentication, hex(row.authenticationKey));
  if (row.esn) fields.push("64-bit", `0x${row.sequenceHigh.toString(16)}`);
  return fields
    .map((field) => `"${field.replace(/["\\]/g, (mark) => `\\x${mark.charCodeAt(0).toString(16)}`)}"`)
    .join(",");
}

function hex(key: Uint8Array): string {
  if (key.length === 0) return "";
  return `0x${[...key].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
