// What the address and SPI columns of an esp_sa table may say: a value, "*" for anything, "*" for a part of it
// ("10.0.*.1", "0x12*4"), and for addresses a prefix length ("10.0.0.0/8").

import ipaddr from "ipaddr.js";

/** Tells whether a value, as bytes in network order, is what the pattern means. */
export type Pattern = (value: Uint8Array) => boolean;

const ANYTHING: Pattern = () => true;

/** Throws an Error with a sentence when the text is no address pattern. */
export function addressPattern(pattern: string): Pattern {
  if (pattern === "*") return ANYTHING;
  const [address = "", prefix] = pattern.split("/");
  const width = address.includes(":") ? "ffff" : "255";
  // A part that is "*" is free: read once with all its bits clear and once with all set, it differs there.
  const lowest = addressBytes(address.replaceAll("*", "0"), pattern);
  const highest = addressBytes(address.replaceAll("*", width), pattern);
  const mask = lowest.map((byte, index) => ~(byte ^ (highest[index] ?? 0)) & 0xff);
  if (prefix !== undefined) clearBehind(mask, prefixLength(prefix, lowest.length * 8, pattern));
  return (value) => value.length === lowest.length && sameUnder(mask, value, lowest);
}

/** Throws an Error with a sentence when the text is no SPI pattern. */
export function spiPattern(pattern: string): (spi: number) => boolean {
  if (pattern === "*" || pattern.toLowerCase() === "0x*") return () => true;
  const wrong = `"${pattern}" is not an SPI: a number from 0x1 to 0xffffffff, or "*"`;
  if (/^[0-9]+$/.test(pattern)) {
    const wanted = Number(pattern);
    if (wanted > 0xffffffff) throw new Error(wrong);
    return (spi) => spi === wanted;
  }
  if (!/^0x[0-9a-f*]{1,8}$/i.test(pattern)) throw new Error(wrong);
  const lowest = Number(pattern.replaceAll("*", "0"));
  const free = lowest ^ Number(pattern.replaceAll("*", "f"));
  return (spi) => ((spi ^ lowest) & ~free) === 0;
}

/** The one SPI a pattern means, or undefined when it means several. */
export function exactSpi(pattern: string): number | undefined {
  return pattern.includes("*") ? undefined : Number(pattern);
}

function addressBytes(address: string, pattern: string): Uint8Array {
  if (!ipaddr.IPv4.isValidFourPartDecimal(address) && !ipaddr.IPv6.isValid(address)) {
    throw new Error(`"${pattern}" is not an address: IPv4 or IPv6 text, with "*" or a prefix length, or "*"`);
  }
  return Uint8Array.from(ipaddr.parse(address).toByteArray());
}

function prefixLength(text: string, longest: number, pattern: string): number {
  const length = Number(text);
  if (!/^[0-9]+$/.test(text) || length > longest) {
    throw new Error(`"${pattern}" has no prefix length from 0 to ${longest}`);
  }
  return length;
}

function clearBehind(mask: Uint8Array, length: number): void {
  for (let bit = length; bit < mask.length * 8; bit++) {
    const index = bit >> 3;
    mask[index] = (mask[index] ?? 0) & ~(0x80 >> (bit & 7));
  }
}

function sameUnder(mask: Uint8Array, left: Uint8Array, right: Uint8Array): boolean {
  return mask.every((bits, index) => (((left[index] ?? 0) ^ (right[index] ?? 0)) & bits) === 0);
}
