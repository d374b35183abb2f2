// The ICMP error for an inner packet that is refused for its size: RFC 4301 section 8.2.1, RFC 1191, RFC 4443 section 3.2.
import { D_STATUS } from "../../assembly/layout.js";
import { PENDING } from "../../assembly/status.js";
import type { Engine } from "../engine.js";
import type { Admission } from "../outbound.js";
import type { Sa } from "../sad/sa.js";
import { TokenBucket } from "../timers/token-bucket.js";
import { writeTooBig } from "../wire/icmp.js";
import { IPV6_MINIMUM_MTU } from "../wire/ipv6.js";
import { largestWhole } from "./plan.js";

/** RFC 4443 section 2.4 (f) and RFC 1812 section 4.3.2.8 ask for a limit: a sender is told ten times, then ten a second. */
const BURST = 10;
const INTERVAL_MS = 100;
/** Senders remembered; the one longest silent is forgotten. */
const SENDERS = 256;

export class TooBigRates {
  readonly #senders = new Map<string, TokenBucket>();

  /** Whether a sender may be told once more. */
  take(sender: string, now: number): boolean {
    const known = this.#senders.get(sender);
    const bucket = known ?? new TokenBucket(BURST, INTERVAL_MS, now);
    if (known !== undefined) this.#senders.delete(sender);
    else if (this.#senders.size >= SENDERS) this.#senders.delete(this.#senders.keys().next().value as string);
    this.#senders.set(sender, bucket); // the most recent stands last
    if (!bucket.has(now)) return false;
    bucket.take();
    return true;
  }
}

/** Writes the error for the packet in hand to `engine.icmp`; its length, 0 when none may be sent. */
export function writeIcmp(engine: Engine, packet: Uint8Array, admission: Admission): number {
  const sa = admission.sa as Sa;
  const { fields } = engine;
  const sender = fields.version === 4 ? `${fields.source[0]}` : fields.source.join(" ");
  if (!engine.tooBigRates.take(sender, engine.now)) return 0;
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
  const entry = ring.take(false, 0);
  const start = ring.dataOf(entry);
  memory.bytes.set(engine.icmp.subarray(0, length), start);
  entry.sa = admission.sa;
  entry.verdict = "too-big";
  entry.kind = "icmp";
  entry.start = start;
  entry.length = length;
  entry.last = false;
  entry.plain = false;
  entry.dirtyEnd = Math.max(entry.dirtyEnd, start + length);
  memory.words[entry.descriptor + (D_STATUS >> 2)] = PENDING + 1;
}
