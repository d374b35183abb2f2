// Reads an IP packet's header, of either version: RFC 791, RFC 8200.
import type { IpFields } from "./fields.js";
import { readIpv4 } from "./ipv4.js";
import { readIpv6 } from "./ipv6.js";
import { byte } from "./words.js";

/** Reads `length` bytes at `start` into `fields`; false when they are no IP packet. Bytes past its total length are ignored. */
export function readIp(bytes: Uint8Array, start: number, length: number, fields: IpFields): boolean {
  if (length < 20) return false;
  const version = byte(bytes, start) >> 4;
  if (version === 4) return readIpv4(bytes, start, length, fields);
  return version === 6 && readIpv6(bytes, start, length, fields);
}
