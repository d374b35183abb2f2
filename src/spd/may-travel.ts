// What came out of an SA against the SA's selectors: RFC 4301 section 5.2 step 4.
import { D_INNER, D_LENGTH_OUT, D_PORTS, D_PROTOCOL, D_SOURCE, D_START, D_TARGET } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import type { Sa } from "../sad/sa.js";
import type { Entry } from "../wasm/entry.js";
import { isIcmpError } from "../wire/icmp.js";
import { readIp } from "../wire/ip.js";
import { isExtensionHeader } from "../wire/ipv6.js";
import { word16 } from "../wire/words.js";
import { quotesTrafficOf } from "./icmp-error.js";
import { isMessage, matchesSome } from "./selector.js";

/** RFC 4301 section 5.2 step 4; section 6.2 for ICMP errors, section 7 for fragments. */
export function mayTravel(engine: Engine, entry: Entry, sa: Sa): boolean {
  if (sa.selectors === undefined) return true;
  const { words } = engine.memory;
  const { fields } = engine;
  const d = entry.descriptor;
  const inner = words[d + (D_INNER >> 2)] as number;
  const ports = words[d + (D_PORTS >> 2)] as number;
  fields.version = (inner & 15) === 4 ? 4 : 6;
  fields.portsReadable = (inner & 16) !== 0;
  fields.laterFragment = (inner & 32) !== 0;
  fields.protocol = words[d + (D_PROTOCOL >> 2)] as number;
  const message = isMessage(fields.protocol);
  fields.sourcePort = message ? ports : ports >>> 16;
  fields.targetPort = message ? 0 : ports & 0xffff;
  for (let word = 0; word < 4; word++) {
    fields.source[word] = words[d + (D_SOURCE >> 2) + word] as number;
    fields.target[word] = words[d + (D_TARGET >> 2) + word] as number;
  }
  const start = words[d + (D_START >> 2)] as number;
  const length = words[d + (D_LENGTH_OUT >> 2)] as number;
  const { bytes } = engine.memory;
  if (
    mayBeFragment(bytes, start) &&
    readIp(bytes, start, length, fields) &&
    fields.fragment &&
    sa.resolved.statefulFragments
  )
    engine.firstFragments.resolve(`${sa.index} ${sa.generation}`, bytes, start, fields, entry.now);
  const matching = matchesSome(sa.selectors, fields);
  const { checkIcmpErrors } = sa.resolved;
  if ((matching && !checkIcmpErrors) || !isIcmpError(fields)) return matching;
  return readIp(bytes, start, length, fields) && quotesTrafficOf(engine, sa, bytes, start);
}

/** IPv4: MF or an offset. IPv6: the fragment header may stand behind other extension headers. */
function mayBeFragment(bytes: Uint8Array, start: number): boolean {
  if ((bytes[start] as number) >> 4 === 4) return (word16(bytes, start + 6) & 0x3fff) !== 0;
  return isExtensionHeader(bytes[start + 6] as number);
}
