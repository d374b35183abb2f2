// ICMP errors through SAs, RFC 4301 section 6.2. A router on the way may send one, from an address that no selector has. It
// belongs to the packet that it quotes, and travels as what answers that packet would: source and target exchanged, ports
// too.
import type { Engine } from "../engine.js";
import type { Sa } from "../sad/sa.js";
import type { IpFields } from "../wire/fields.js";
import { ICMP_HEADER_LENGTH, isIcmpError } from "../wire/icmp.js";
import { readIp } from "../wire/ip.js";
import { byte, setWord16, word16 } from "../wire/words.js";
import type { Policy } from "./policy.js";
import { isMessage, matchesSome } from "./selector.js";

/** Bytes of the quoted packet that are read: its headers. */
const QUOTED_MOST = 512;

/**
 * Reads into `answer` what would answer the packet that the ICMP error at `start` of `bytes`, of which `fields` were read,
 * quotes. False where it is no such error, or quotes nothing that can be read.
 */
function readAnswer(bytes: Uint8Array, start: number, fields: IpFields, answer: IpFields): boolean {
  if (fields.fragment || !isIcmpError(fields)) return false;
  const at = fields.headerLength + ICMP_HEADER_LENGTH;
  const quote = bytes.slice(start + at, start + Math.min(fields.totalLength, at + QUOTED_MOST));
  const least = fields.version === 4 ? 20 : 40;
  if (quote.length < least || byte(quote, 0) >> 4 !== fields.version) return false;
  // It is cut where the error ends: what is there counts as the whole of it.
  if (fields.version === 4) setWord16(quote, 2, Math.min(word16(quote, 2), quote.length));
  else setWord16(quote, 4, Math.min(word16(quote, 4), quote.length - 40));
  if (!readIp(quote, 0, quote.length, answer)) return false;
  for (let word = 0; word < 4; word++) {
    const source = answer.source[word] as number;
    answer.source[word] = answer.target[word] as number;
    answer.target[word] = source;
  }
  if (isMessage(answer.protocol)) return true;
  const { sourcePort } = answer;
  answer.sourcePort = answer.targetPort;
  answer.targetPort = sourcePort;
  return true;
}

/** Where the ICMP error in `engine.fields`, for which there is no policy, goes: with the answers to what it quotes. */
export function policyForError(engine: Engine, packet: Uint8Array): Policy | undefined {
  if (!readAnswer(packet, 0, engine.fields, engine.answer)) return undefined;
  const policy = engine.spd.match("out", engine.answer);
  return policy?.sa === undefined ? undefined : policy; // no SA is made for it
}

/** Whether the ICMP error in `engine.fields`, at `start` of `bytes`, quotes a packet whose answers are for `sa`. */
export function quotesTrafficOf(engine: Engine, sa: Sa, bytes: Uint8Array, start: number): boolean {
  const { fields, answer } = engine;
  if (!readAnswer(bytes, start, fields, answer)) return false;
  return sa.selectors === undefined || matchesSome(sa.selectors, answer);
}
