// Addresses as configuration writes them. The parsing is ipaddr.js's; this is what the engine keeps of it.
import ipaddr from "ipaddr.js";
import { IpsecError } from "../errors.js";

/** A range of addresses of one version, both ends included, as 32-bit words, most significant first. */
export interface AddressRange {
  readonly version: 4 | 6;
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** "192.0.2.1" or "2001:db8::1" as 4 or 16 bytes. `what` names the option in the error. */
export function parseAddress(text: string, what: string): Uint8Array {
  if (typeof text === "string" && isFullAddress(text)) return Uint8Array.from(ipaddr.parse(text).toByteArray());
  throw new IpsecError(
    "address",
    `${what} is "${String(text)}": an IPv4 or IPv6 address like 192.0.2.1 or 2001:db8::1 is needed`,
  );
}

/** "10.1.0.0/16", "10.1.0.7", "10.1.0.7-10.1.0.9", or the like in IPv6. */
export function parseRange(text: string, what: string): AddressRange {
  const range = typeof text === "string" ? (prefixRange(text) ?? spanRange(text)) : undefined;
  if (range !== undefined) return range;
  throw new IpsecError(
    "address",
    `${what} is "${String(text)}": an address, a prefix like 10.1.0.0/16 or a range like 10.1.0.7-10.1.0.9 is needed`,
  );
}

/** Text of an address of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return ipaddr.fromByteArray(Array.from(bytes)).toString();
}

function prefixRange(text: string): AddressRange | undefined {
  const [address, bits, more] = text.split("/");
  if (address === undefined || bits === undefined || more !== undefined || !isFullAddress(address)) return undefined;
  const bytes = ipaddr.parse(address).toByteArray();
  const length = Number(bits);
  if (!/^\d{1,3}$/.test(bits) || length > bytes.length * 8) return undefined;
  const mask = (index: number) => 255 & ~(255 >> Math.min(8, Math.max(0, length - 8 * index)));
  return toRange(
    bytes.map((value, index) => value & mask(index)),
    bytes.map((value, index) => value | (255 & ~mask(index))),
  );
}

function spanRange(text: string): AddressRange | undefined {
  const [from, to = from, more] = text.split("-").map((part) => part.trim());
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  if (!isFullAddress(from) || !isFullAddress(to)) return undefined;
  const first = ipaddr.parse(from).toByteArray();
  const last = ipaddr.parse(to).toByteArray();
  if (first.length !== last.length) return undefined;
  const range = toRange(first, last);
  return compareWords(range.first, range.last) <= 0 ? range : undefined;
}

function toRange(first: number[], last: number[]): AddressRange {
  return { version: first.length === 4 ? 4 : 6, first: toWords(first), last: toWords(last) };
}

function toWords(bytes: number[]): Uint32Array {
  const words = new Uint32Array(4);
  bytes.forEach((value, index) => {
    words[index >> 2] = ((words[index >> 2] as number) << 8) | value;
  });
  return words;
}

/** Like a number: below, equal, above. An IPv4 address is its first word: the others may be an IPv6 packet's of before. */
export function compareWords(a: Uint32Array, b: Uint32Array, version: 4 | 6 = 6): number {
  for (let word = 0; word < (version === 4 ? 1 : 4); word++) {
    const difference = (a[word] as number) - (b[word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Four decimal parts or an IPv6 address: not the short and octal forms that inet_aton takes. */
function isFullAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes("%"));
}
