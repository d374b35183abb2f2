// What the kernel is told of an outbound packet: the one copy into its slot, and its descriptor.
import {
  D_GENERATION,
  D_HEADER_LENGTH,
  D_LENGTH,
  D_NEXT_HEADER,
  D_NEXT_OFFSET,
  D_OUTER,
  D_PACKET,
  D_PAD_TO,
  D_SA,
  D_STATUS,
  D_TOS,
  INNER_DF,
} from "../assembly/layout.js";
import { PENDING } from "../assembly/status.js";
import type { Engine } from "./engine.js";
import { keptHeader, paddedLength, textLength } from "./frag/fit.js";
import { clampMss } from "./frag/mss.js";
import { largestWhole } from "./frag/plan.js";
import { compress } from "./ipcomp/compress.js";
import type { Admission } from "./outbound.js";
import { describeOuters } from "./sad/bundle.js";
import type { Sa } from "./sad/sa.js";
import type { Entry } from "./wasm/entry.js";
import { PROTOCOL_IPCOMP, PROTOCOL_IPV4, PROTOCOL_IPV6 } from "./wire/protocol.js";

/** The packet as it is copied in, once: bytes past its IP total length stay outside. */
export function wholeOf({ fields }: Engine, packet: Uint8Array): Uint8Array {
  return packet.length === fields.totalLength ? packet : packet.subarray(0, fields.totalLength);
}

/** What the SA changes in the copy at `address`. */
export function clampCopy(engine: Engine, address: number, admission: Admission): void {
  const sa = admission.sa as Sa;
  if (sa.resolved.clampMss === false) return;
  clampMss(sa, engine.memory.bytes, address, engine.fields, largestWhole(engine, sa, admission));
}

/** Writes the descriptor of a packet of `length` bytes at `address`, and reserves its bytes against the SA's lifetime. */
export function describe(
  engine: Engine,
  entry: Entry,
  admission: Admission,
  address: number,
  length: number,
  text: number,
): void {
  const { words } = engine.memory;
  const { fields } = engine;
  const sa = admission.sa as Sa;
  const { headerLength } = admission;
  const transport = sa.mode === "transport";
  const d = entry.descriptor;
  const nextHeader = transport ? fields.protocol : fields.version === 4 ? PROTOCOL_IPV4 : PROTOCOL_IPV6;
  const payload = address + headerLength;
  const shorter = sa.compression === undefined ? 0 : compress(engine, sa, payload, length - headerLength, nextHeader);
  const reserved = shorter === 0 ? text : textLength(sa, shorter);
  words[d + (D_PACKET >> 2)] = payload;
  words[d + (D_LENGTH >> 2)] = shorter === 0 ? length - headerLength : shorter;
  words[d + (D_SA >> 2)] = sa.record;
  words[d + (D_GENERATION >> 2)] = sa.generation;
  words[d + (D_OUTER >> 2)] = 0;
  words[d + (D_STATUS >> 2)] = PENDING;
  words[d + (D_NEXT_HEADER >> 2)] = shorter === 0 ? nextHeader : PROTOCOL_IPCOMP;
  words[d + (D_TOS >> 2)] = fields.tos | (fields.dontFragment ? INNER_DF : 0);
  words[d + (D_PAD_TO >> 2)] = shorter === 0 ? paddedLength(sa, length - headerLength) : 0;
  words[d + (D_HEADER_LENGTH >> 2)] = keptHeader(engine.carrier, admission.headerLength);
  words[d + (D_NEXT_OFFSET >> 2)] = fields.protocolOffset;
  entry.prepared = 0;
  entry.sa = sa;
  entry.verdict = undefined;
  entry.path = sa.path;
  entry.now = engine.now;
  entry.reserved = reserved + admission.countedHeaders;
  entry.cutTo = engine.carrier === "ip" ? admission.cutTo : 0;
  entry.df = admission.cutTo === 0 && (sa.copiesDf ? fields.dontFragment : sa.setsDf);
  engine.countVolume(sa, entry.reserved);
  if (entry.cutTo > 0) entry.plain = false;
  if (admission.outers !== undefined) describeOuters(engine, entry, admission, reserved, fields.version);
}
