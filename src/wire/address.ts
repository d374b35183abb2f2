// Addresses as configuration writes them, and what the engine keeps of them. Written here: a library cost the import 2 ms
// and the first SA 0.6 ms, a quarter of addSa.
import { IpsecError } from "../errors.js";

/** A range of addresses of one version, both ends included, as 32-bit words, most significant first. */
export interface AddressRange {
  readonly version: 4 | 6;
  readonly first: Uint32Array;
  readonly last: Uint32Array;
}

/** "192.0.2.1" or "2001:db8::1" as 4 or 16 bytes. `what` names the option in the error. */
export function parseAddress(text: string, what: string): Uint8Array {
  const bytes = readAddress(text);
  if (bytes !== undefined) return bytes;
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

/** "192.0.2.1" or "2001:db8::1" as 4 or 16 bytes; undefined for anything else. */
export function readAddress(text: string): Uint8Array | undefined {
  if (typeof text !== "string") return undefined;
  return text.includes(":") ? readIpv6(text) : readIpv4(text);
}

/** Text of an address of 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : formatIpv6(bytes);
}

/** Four decimal parts: not the short and octal forms that inet_aton takes. */
function readIpv4(text: string): Uint8Array | undefined {
  const bytes = Uint8Array.from(text.split("."), Number);
  return bytes.length === 4 && bytes.join(".") === text ? bytes : undefined;
}

/** RFC 4291 section 2.2: groups of 16 bits, "::" once for one or more of zeros, the last two perhaps as IPv4. No zone. */
function readIpv6(text: string): Uint8Array | undefined {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  if (tail.includes(".")) {
    const bytes = readIpv4(tail);
    return bytes && readIpv6(`${text.slice(0, -tail.length)}${groupAt(bytes, 0)}:${groupAt(bytes, 2)}`);
  }
  const [front, back, ...more] = text.split("::").map((half) => (half === "" ? [] : half.split(":")));
  if (front === undefined || more.length > 0) return undefined;
  const shortened = 8 - front.length - (back?.length ?? 0);
  if (back === undefined ? shortened !== 0 : shortened < 1) return undefined;
  const groups = [...front, ...new Array<string>(shortened).fill("0"), ...(back ?? [])];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const words = groups.map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** RFC 5952 section 4: "::" for the first of the longest runs of zeros, if it has more than one. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => groupAt(bytes, 2 * index));
  let [start, length] = [0, 1];
  for (let index = 0, run = 0; index < 8; index++) {
    run = groups[index] === "0" ? run + 1 : 0;
    if (run > length) [start, length] = [index - run + 1, run];
  }
  if (length === 1) return groups.join(":");
  return `${groups.slice(0, start).join(":")}::${groups.slice(start + length).join(":")}`;
}

function groupAt(bytes: Uint8Array, at: number): string {
  return (((bytes[at] as number) << 8) | (bytes[at + 1] as number)).toString(16);
}

function prefixRange(text: string): AddressRange | undefined {
  const [address, bits, more] = text.split("/");
  if (address === undefined || bits === undefined || more !== undefined) return undefined;
  const bytes = readAddress(address);
  const length = Number(bits);
  if (bytes === undefined || !/^\d{1,3}$/.test(bits) || length > bytes.length * 8) return undefined;
  const mask = (index: number) => 255 & ~(255 >> Math.min(8, Math.max(0, length - 8 * index)));
  return toRange(
    bytes.map((value, index) => value & mask(index)),
    bytes.map((value, index) => value | (255 & ~mask(index))),
  );
}

function spanRange(text: string): AddressRange | undefined {
  const [from, to = from, more] = text.split("-").map((part) => part.trim());
  if (from === undefined || to === undefined || more !== undefined) return undefined;
  const [first, last] = [readAddress(from), readAddress(to)];
  if (first === undefined || last === undefined || first.length !== last.length) return undefined;
  const range = toRange(first, last);
  return compareWords(range.first, range.last) <= 0 ? range : undefined;
}

function toRange(first: Uint8Array, last: Uint8Array): AddressRange {
  return { version: first.length === 4 ? 4 : 6, first: toWords(first), last: toWords(last) };
}

function toWords(bytes: Uint8Array): Uint32Array {
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
