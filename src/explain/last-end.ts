// What is remembered of the last packet that ended in a verdict: numbers, one record a verdict, written when a packet
// is dropped and never otherwise. No key, no payload and no handle is kept.
import { D_LENGTH, D_NEXT_HEADER, D_SEQUENCE, D_START, SA_SEQUENCE } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import { countedHeaders, keptHeader, paddedLength, pathMtu, sealedLength, textLength } from "../frag/fit.js";
import type { Admission } from "../outbound.js";
import type { SaConfig } from "../sad/config.js";
import type { Sa, SaState } from "../sad/sa.js";
import type { Selector } from "../spd/selector.js";
import type { Verdict } from "../verdict.js";
import type { Entry } from "../wasm/entry.js";
import { IpFields } from "../wire/fields.js";
import { readIp } from "../wire/ip.js";
import { PROTOCOL_AH } from "../wire/protocol.js";
import { word32 } from "../wire/words.js";

/** What is remembered of its SA. */
export class LastSa {
  spi = 0;
  direction: "out" | "in" = "out";
  state: SaState = "live";
  transport = false;
  insideAh = false;
  esn = false;
  replayWindow = 0;
  highest = 0n;
  selectors: readonly Selector[] | undefined = undefined;
  lifetime: SaConfig["lifetime"] = undefined;
  packets = 0;
  bytes = 0;
  hardPackets = Infinity;
  hardBytes = Infinity;
  ageMs = 0;
  hardAfterMs = Infinity;
  pathMtu = 0;
  /** The configuration says it, no router and no path. */
  pathMtuIsOwn = false;
  tunnelMtu = Infinity;

  keep(sa: Sa, now: number, highest: bigint): void {
    const { resolved, lifetime } = sa;
    this.spi = sa.spi;
    this.direction = sa.direction;
    this.state = sa.state;
    this.transport = sa.mode === "transport";
    this.insideAh = resolved.insideAh;
    this.esn = resolved.esn;
    this.replayWindow = resolved.replayWindow;
    this.highest = highest;
    this.selectors = resolved.config.selectors;
    this.lifetime = resolved.config.lifetime;
    this.packets = lifetime.packets;
    this.bytes = lifetime.bytes;
    this.hardPackets = lifetime.hardPackets;
    this.hardBytes = lifetime.hardBytes;
    this.ageMs = Number.isNaN(sa.addedAt) ? 0 : now - sa.addedAt;
    this.hardAfterMs = lifetime.hardAfter;
    this.pathMtu = pathMtu(sa);
    this.pathMtuIsOwn = this.pathMtu === resolved.pathMtu;
    this.tunnelMtu = resolved.tunnelMtu;
  }
}

export class LastEnd {
  direction: "out" | "in" = "out";
  now = 0;
  /** Bytes offered, or of the datagram from its SPI on. */
  length = 0;
  hasSa = false;
  readonly sa = new LastSa();
  /** Of the packet (out, discarded, policy-mismatch), or of the outer header. */
  hasFields = false;
  readonly fields = new IpFields();
  /** From the wire; -1 where none was read. */
  spi = -1;
  sequence = -1n;
  /** Bytes once sealed, and what counts of them against the volume. */
  sealedLength = 0;
  counted = 0;
  remote = "";

  begin(engine: Engine, direction: "out" | "in", now: number, sa: Sa | undefined): void {
    this.direction = direction;
    this.now = now;
    this.length = 0;
    this.hasSa = sa !== undefined;
    this.hasFields = false;
    this.spi = -1;
    this.sequence = -1n;
    this.sealedLength = 0;
    this.counted = 0;
    this.remote = "";
    if (sa === undefined) return;
    const live = sa.state !== "deleted" && engine.sad.owns(sa);
    this.sa.keep(sa, now, live ? (engine.memory.longs[(sa.record + SA_SEQUENCE) >> 3] as bigint) : 0n);
  }

  keepFields(fields: IpFields): void {
    this.hasFields = true;
    const own = this.fields;
    own.version = fields.version;
    own.totalLength = fields.totalLength;
    own.protocol = fields.protocol;
    own.dontFragment = fields.dontFragment;
    own.portsReadable = fields.portsReadable;
    own.sourcePort = fields.sourcePort;
    own.targetPort = fields.targetPort;
    own.source.set(fields.source);
    own.target.set(fields.target);
  }
}

export class LastEnds {
  readonly #byVerdict = new Map<Verdict, LastEnd>();

  get(verdict: Verdict): LastEnd | undefined {
    return this.#byVerdict.get(verdict);
  }

  #of(verdict: Verdict): LastEnd {
    let last = this.#byVerdict.get(verdict);
    if (last === undefined) {
      last = new LastEnd();
      this.#byVerdict.set(verdict, last);
    }
    return last;
  }

  /** Steps 1 to 5 of the line out refused the packet of `length` bytes in `engine.fields`. */
  refused(engine: Engine, verdict: Verdict, admission: Admission, length: number): void {
    if (verdict === "bypassed") return;
    const { fields } = engine;
    const { sa } = admission;
    const last = this.#of(verdict);
    last.begin(engine, "out", engine.now, sa);
    last.length = length;
    if (verdict === "malformed") return;
    last.keepFields(fields);
    if (sa === undefined || sa.direction !== "out") return;
    const headerLength = sa.mode === "transport" ? fields.headerLength : 0;
    const text = textLength(sa, paddedLength(sa, fields.totalLength - headerLength));
    const kept = keptHeader(engine.carrier, headerLength);
    last.sealedLength = sealedLength(sa, text, kept, fields.version);
    last.counted = text + countedHeaders(sa, kept, fields.version);
  }

  /** The line in had a word before the kernel: `engine.fields` is the datagram's header over carrier "ip". */
  arrived(engine: Engine, verdict: Verdict, length: number): void {
    if (verdict === "bypassed" || verdict === "keepalive" || verdict === "ike" || verdict === "waiting") return;
    const last = this.#of(verdict);
    last.begin(engine, "in", engine.now, undefined);
    last.length = length;
    if (engine.carrier === "ip" && verdict !== "malformed") last.keepFields(engine.fields);
  }

  /** The kernel, or what follows it, refused a staged packet. */
  settled(engine: Engine, verdict: Verdict, entry: Entry, sa: Sa | undefined): void {
    if (verdict === "dummy") return;
    const { words, longs, bytes } = engine.memory;
    const { descriptor, inbound } = entry;
    const last = this.#of(verdict);
    last.begin(engine, inbound ? "in" : "out", entry.now, sa);
    last.length = words[descriptor + (D_LENGTH >> 2)] as number;
    if (!inbound) return;
    last.length = entry.length;
    last.remote = entry.path?.remote.address ?? "";
    last.spi = sa?.spi ?? (entry.length < 8 ? -1 : word32(bytes, entry.start + spiOffset(engine, entry)));
    if (hasNumber(verdict)) last.sequence = longs[(descriptor + (D_SEQUENCE >> 2)) >> 1] as bigint;
    if (verdict === "policy-mismatch" && sa?.selectors !== undefined) last.keepFields(engine.fields);
    if (verdict !== "unknown-spi" || engine.carrier !== "ip") return;
    const start = words[descriptor + (D_START >> 2)] as number;
    last.hasFields = readIp(bytes, start, bytes.length - start, last.fields);
  }
}

/** RFC 4302 section 2.4, RFC 4303 section 2.1. */
function spiOffset(engine: Engine, entry: Entry): number {
  return engine.memory.words[entry.descriptor + (D_NEXT_HEADER >> 2)] === PROTOCOL_AH ? 4 : 0;
}

/** The kernel writes a packet's number before it refuses it so. */
function hasNumber(verdict: Verdict): boolean {
  return verdict === "stale" || verdict === "replayed" || verdict === "forged" || verdict === "bad-trailer";
}
