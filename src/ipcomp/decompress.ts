// IPComp inbound, RFC 3173: what ESP carried is inflated into the packet's slot, and unwrapped there by the kernel as if it
// had come so: ECN, length, the header that transport mode puts back, and the fields for the selectors.
import { D_HEADER_LENGTH, D_LENGTH_OUT, D_NEXT_HEADER, D_START, D_STATUS, D_TEXT } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import type { Sa } from "../sad/sa.js";
import { type Verdict, verdictOf } from "../verdict.js";
import type { Entry } from "../wasm/entry.js";
import { PROTOCOL_IPCOMP } from "../wire/protocol.js";
import { byte, word16 } from "../wire/words.js";
import { IPCOMP_HEADER_LENGTH } from "./compress.js";

const LARGEST_PACKET = 65535;

/**
 * The verdict of an authenticated packet of an SA that compresses: `delivered` as it came, or inflated; `malformed` where
 * that cannot be; `too-big` where a packet of more than 2048 bytes came out and no jumbo slot is free.
 */
export function decompress(engine: Engine, entry: Entry, sa: Sa): Verdict {
  const { compression } = sa;
  const { words } = engine.memory;
  if (compression === undefined) return "delivered";
  if (words[entry.descriptor + (D_NEXT_HEADER >> 2)] !== PROTOCOL_IPCOMP) {
    compression.notDecompressed++;
    return "delivered";
  }
  const verdict = inflate(engine, entry, sa, compression.cpi);
  if (verdict === "delivered") compression.decompressed++;
  else compression.decompressFailed++;
  return verdict;
}

function inflate(engine: Engine, entry: Entry, sa: Sa, cpi: number): Verdict {
  const { memory, ring, compressor } = engine;
  const { bytes, words } = memory;
  const d = entry.descriptor;
  const payload = words[d + (D_TEXT >> 2)] as number;
  const length = words[d + (D_LENGTH_OUT >> 2)] as number;
  if (compressor === undefined || length < IPCOMP_HEADER_LENGTH) return "malformed";
  const nextHeader = byte(bytes, payload);
  if (nextHeader === PROTOCOL_IPCOMP || word16(bytes, payload + 2) !== cpi) return "malformed";
  const kept = sa.mode === "transport" ? (words[d + (D_HEADER_LENGTH >> 2)] as number) : 0;
  const inflated = compressor.inflate(
    bytes.subarray(payload + IPCOMP_HEADER_LENGTH, payload + length),
    LARGEST_PACKET - kept,
  );
  if (inflated === undefined) return "malformed";

  const start = words[d + (D_START >> 2)] as number;
  const header = bytes.slice(start, start + kept); // The slot may become another, and what lies in it is overwritten.
  const address = ring.widen(entry, kept + inflated.length);
  if (address === 0) return "too-big";
  bytes.set(header, address);
  bytes.set(inflated, address + kept);
  inflated.fill(0);
  words[d + (D_START >> 2)] = address;
  words[d + (D_NEXT_HEADER >> 2)] = nextHeader;
  memory.kernel.unwrapInflated(d << 2, address + kept, inflated.length);
  return verdictOf(words[d + (D_STATUS >> 2)] as number);
}
