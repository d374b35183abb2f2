// Step 5's other end: the ICMP error to the host whose packet is too big. RFC 4301 section 8.2.1.
import { D_STATUS } from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import type { Engine } from "../engine.js";
import type { Admission } from "../outbound.js";
import type { Sa } from "../sad/sa.js";
import { writeTooBig } from "../wire/icmp.js";
import { IPV6_MINIMUM_MTU } from "../wire/ipv6.js";
import { largestWhole } from "./plan.js";

/** The ICMP error for the packet in hand, in `engine.icmp`. Its length, 0 when none may be sent. */
export function writeIcmp(engine: Engine, packet: Uint8Array, admission: Admission): number {
  const sa = admission.sa as Sa;
  const { fields } = engine;
  const largest = largestWhole(engine, sa, admission);
  const mtu = fields.version === 6 ? Math.max(IPV6_MINIMUM_MTU, largest) : largest;
  const length = fields.version === 4 ? 4 : 16;
  const { source } = sa.resolved.template;
  const own = fields.version === 4 ? packet.subarray(16, 20) : packet.subarray(24, 40);
  return writeTooBig(engine.icmp, 0, { packet, start: 0, fields, mtu, from: source?.length === length ? source : own });
}

/** Gives it a place in front of the packet's own. */
export function stageIcmp(engine: Engine, packet: Uint8Array, admission: Admission): void {
  const { ring, memory } = engine;
  const length = writeIcmp(engine, packet, admission);
  if (length === 0) return;
  const entry = ring.take("out", engine.now, 0);
  const start = ring.dataOf(entry);
  memory.bytes.set(engine.icmp.subarray(0, length), start);
  entry.sa = admission.sa;
  entry.verdict = "too-big";
  entry.kind = "icmp";
  entry.start = start;
  entry.length = length;
  entry.last = false;
  entry.dirtyEnd = Math.max(entry.dirtyEnd, start + length);
  memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
}
