// IPComp outbound, RFC 3173: between the packet's place in its slot and the kernel that seals it.
//
//   | next header | flags, zero | CPI, 16 bits | the payload, compressed |
import type { Engine } from "../engine.js";
import type { Sa } from "../sad/sa.js";
import { setWord16 } from "../wire/words.js";

export const IPCOMP_HEADER_LENGTH = 4;

/**
 * Compresses the `length` bytes at `address` in their place, behind an IPComp header. Their new length, or 0 where they
 * stay as they are: too short, or not shorter with the header (section 2.2, never sent longer than it was).
 */
export function compress(engine: Engine, sa: Sa, address: number, length: number, nextHeader: number): number {
  const { compression } = sa;
  const { compressor, memory } = engine;
  if (compression === undefined || compressor === undefined || !compression.attempts(length)) return 0;
  const payload = compressor.compress(memory.bytes.slice(address, address + length));
  const gained = payload.length + IPCOMP_HEADER_LENGTH < length;
  compression.attempted(gained);
  if (!gained) return 0;
  memory.bytes[address] = nextHeader;
  memory.bytes[address + 1] = 0;
  setWord16(memory.bytes, address + 2, compression.cpi);
  memory.bytes.set(payload, address + IPCOMP_HEADER_LENGTH);
  return payload.length + IPCOMP_HEADER_LENGTH;
}
