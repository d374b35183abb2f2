// Later fragments show no ports. They are judged by those of their first fragment, where that came before them: stateful
// fragment checking, RFC 4301 section 7. One that comes earlier matches only selectors that ask for no ports.
import type { IpFields } from "../wire/fields.js";
import { word16, word32 } from "../wire/words.js";

const REMEMBERED_MS = 30_000;

interface First {
  readonly protocol: number;
  readonly sourcePort: number;
  readonly targetPort: number;
  /** Where its data ends: a later fragment that reaches into it could put other ports there (RFC 1858). */
  readonly end: number;
  readonly until: number;
  /** Two first fragments with other ports: then nothing is known. */
  readonly ambiguous: boolean;
}

export class FirstFragments {
  readonly #limit: number;
  /** The oldest first. */
  readonly #firsts = new Map<string, First>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * `fields` were read of the fragment that lies `start` in `bytes`. A first one is remembered; a later one gets what is
   * remembered of it. `scope`: direction, and inbound the SA: fragments of different SAs do not speak for each other.
   */
  resolve(scope: string, bytes: Uint8Array, start: number, fields: IpFields, now: number): void {
    const key = keyOf(scope, bytes, start, fields);
    const known = this.#firsts.get(key);
    const first = known !== undefined && known.until > now ? known : undefined;
    if (!fields.laterFragment) {
      if (fields.portsReadable) this.#remember(key, fields, first, now);
      return;
    }
    if (first === undefined || first.ambiguous || fields.fragmentOffset < first.end) return;
    fields.protocol = first.protocol;
    fields.sourcePort = first.sourcePort;
    fields.targetPort = first.targetPort;
    fields.portsReadable = true;
  }

  #remember(key: string, fields: IpFields, known: First | undefined, now: number): void {
    const { protocol, sourcePort, targetPort } = fields;
    const start = fields.version === 4 ? fields.headerLength : fields.fragmentHeader + 8;
    const end = Math.max(fields.totalLength - start, known?.end ?? 0);
    const differs = known !== undefined && (known.sourcePort !== sourcePort || known.targetPort !== targetPort);
    const ambiguous = known?.ambiguous === true || differs || (known !== undefined && known.protocol !== protocol);
    this.#firsts.delete(key);
    if (this.#firsts.size >= this.#limit) this.#firsts.delete(this.#firsts.keys().next().value as string);
    this.#firsts.set(key, { protocol, sourcePort, targetPort, end, until: now + REMEMBERED_MS, ambiguous });
  }
}

/** RFC 791: source, target, protocol, identification; RFC 8200: the protocol does not count. */
function keyOf(scope: string, bytes: Uint8Array, start: number, fields: IpFields): string {
  const { source, target } = fields;
  return fields.version === 4
    ? `${scope} ${source[0]} ${target[0]} ${word16(bytes, start + 4)} ${fields.protocol}`
    : `${scope} ${source.join(" ")} ${target.join(" ")} ${word32(bytes, start + fields.fragmentHeader + 4)}`;
}
