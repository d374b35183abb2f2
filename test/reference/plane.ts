// The data plane as a specification: one packet at a time, in the order of RFC 4301 section 5, RFC 4303 section 3 and RFC 4302 section 3,
// over node:crypto. No batch, no kernel, nothing kept but what the RFCs ask for. The engine is compared with it.
//
// What a real implementation draws at random, the IV of CBC and the IPv4 identification, is handed in.
import ipaddr from "ipaddr.js";
import type { AhConfig, EspConfig, SaConfig } from "../../src/sad/config.js";
import type { PolicyAction } from "../../src/spd/policy.js";
import type { Selector } from "../../src/spd/selector.js";
import type { Verdict } from "../../src/verdict.js";
import { ahLengthIsPossible, ahLengthOf, ahVerifies, readAh, sealAh, withoutAh } from "./ah.js";
import { counterIv, espLengthOf, lengthIsPossible, openEsp, readTrailer, sealEsp, textLengthOf } from "./esp.js";
import { ReferenceFirstFragments } from "./first-fragments.js";
import { cutDatagram, cutPacket } from "./fragments.js";
import {
  changedChecksum,
  completeHeader,
  type IpPacket,
  readPacket,
  udpChecksum,
  withoutFragmentHeader,
  writePacket,
} from "./ip.js";
import { ReferenceReassembly } from "./reassembly.js";
import { selects } from "./selector.js";
import { ENCRYPTION_SIZES } from "./suites.js";
import { ReplayWindow } from "./window.js";

const [IPV4, UDP, IPV6, ESP, AH, NONE] = [4, 17, 41, 50, 51, 59];

export interface Drawn {
  readonly iv: Uint8Array;
  readonly identification: number;
  /** Of the fragment header of IPv6. */
  readonly fragmentIdentification: number;
}

export interface Sealed {
  readonly verdict: Verdict;
  readonly datagrams: readonly Uint8Array[];
}

export interface Opened {
  readonly verdict: Verdict;
  readonly packet?: Uint8Array;
  readonly sequence?: bigint;
}

export class ReferenceSa {
  readonly config: SaConfig;
  readonly window: ReplayWindow;
  state: "live" | "expired" | "deleted" = "live";
  sequence: bigint;
  packets = 0;
  bytes = 0;

  constructor(config: SaConfig) {
    this.config = config;
    this.sequence = config.initialSequence ?? 0n;
    this.window = new ReplayWindow(config.replayWindow ?? 64, config.esn ?? false, this.sequence);
  }

  /** RFC 4301 section 4.4.2.1: whether it is past its time. */
  isOver(now: number): boolean {
    const { seconds = Infinity } = this.config.lifetime ?? {};
    if (now - (this.config.addedAt ?? 0) >= seconds * 1000) this.state = "expired";
    return this.state !== "live";
  }

  /** Whether `bytes` more, in `count` packets, would be too much. */
  isFull(bytes: number, count = 1): boolean {
    const { kilobytes = Infinity, packets = Infinity } = this.config.lifetime ?? {};
    if (this.packets + count > packets || this.bytes + bytes > kilobytes * 1024) this.state = "expired";
    return this.state !== "live";
  }

  count(bytes: number): void {
    this.packets++;
    this.bytes += bytes;
  }
}

interface ReferencePolicy {
  readonly direction: "in" | "out";
  readonly selector: Selector;
  readonly action: PolicyAction;
  sa: ReferenceSa | undefined;
}

export class ReferencePlane {
  readonly #carrier: "udp" | "ip";
  readonly #associations: ReferenceSa[] = [];
  readonly #policies: ReferencePolicy[] = [];
  readonly #reassembly = new ReferenceReassembly();
  readonly #firsts = new ReferenceFirstFragments();
  #now = 0;

  constructor(carrier: "udp" | "ip") {
    this.#carrier = carrier;
  }

  addSa(config: SaConfig): ReferenceSa {
    const sa = new ReferenceSa(config);
    this.#associations.push(sa);
    return sa;
  }

  addPolicy(policy: ReferencePolicy): ReferencePolicy {
    this.#policies.push(policy);
    return policy;
  }

  // -------------------------------------------------------------- out

  protect(now: number, packet: Uint8Array, given: ReferenceSa | undefined, drawn: (datagram: number) => Drawn): Sealed {
    const ended = (verdict: Verdict): Sealed => ({ verdict, datagrams: [] });
    const ip = readPacket(packet);
    if (ip?.complete !== true) return ended("malformed");
    const judged = this.#firsts.judge("out", packet, ip, now);
    const policy = given === undefined ? this.#match("out", judged) : undefined;
    if (given === undefined && policy?.action !== "protect") {
      return ended(policy?.action === "bypass" ? "bypassed" : "discarded");
    }
    const sa = given ?? policy?.sa;
    if (sa === undefined || sa.isOver(now)) return ended("no-sa");
    const { config } = sa;
    if (config.selectors?.some((selector) => selects(selector, judged)) === false) return ended("policy-mismatch");
    if (config.mode === "transport" && ip.isFragment) return ended("fragment");

    const cut = this.#cut(sa, packet, ip);
    const pieces = (cut?.pieces ?? [packet]).map((piece) => ({ piece, ip: readPacket(piece) as IpPacket }));
    const payloads = pieces.map(({ piece, ip }) => this.#payloadOf(sa, piece, ip));
    // RFC 4301 section 4.4.2.1: what is encrypted, what AH authenticates
    const counted = payloads.map(({ length }) =>
      config.protocol === "ah" ? this.#outerLength(sa, length, ip) : textLengthOf(config, length),
    );
    if (
      sa.isFull(
        counted.reduce((sum, bytes) => sum + bytes),
        counted.length,
      )
    )
      return ended("no-sa");
    if (cut === undefined) return ended("too-big");
    const datagrams: Uint8Array[] = [];
    for (const [index, { piece, ip }] of pieces.entries()) {
      if (sa.sequence === (config.esn ? 2n ** 64n : 2n ** 32n) - 1n) return ended("exhausted"); // RFC 4303 3.3.3
      sa.sequence++;
      const own = drawn(index);
      const payload = payloads[index] as Uint8Array;
      const sealed =
        config.protocol === "ah"
          ? this.#sealAh(config, sa.sequence, piece, ip, payload, own)
          : this.#seal(config, sa.sequence, piece, ip, payload, own);
      if (sealed === undefined) return ended("malformed");
      sa.count(counted[index] as number);
      datagrams.push(...cutDatagram(sealed, this.#carrier === "ip" ? cut.mtu : Infinity, own.fragmentIdentification));
    }
    return { verdict: "sealed", datagrams };
  }

  /** The pieces that are sealed, and the size of the fragments into which those are cut: the guide's twelve rows. */
  #cut(sa: ReferenceSa, packet: Uint8Array, ip: IpPacket): { pieces: Uint8Array[]; mtu: number } | undefined {
    const { config } = sa;
    const mtu = config.pathMtu ?? 1500;
    const tunnel = config.mode === "tunnel";
    const tunnelMtu = config.tunnelMtu ?? Infinity;
    const sealed = this.#outerLength(sa, this.#payloadOf(sa, packet, ip).length, ip);
    if (sealed <= mtu && ip.totalLength <= tunnelMtu) return { pieces: [packet], mtu };
    const uncut = sealed <= 65535 ? { pieces: [packet], mtu } : undefined;
    if (ip.version === 6 && ip.totalLength <= 1280) return uncut; // RFC 8200 section 5
    const dfBit = tunnel ? (config.dfBit ?? "copy") : "copy";
    if (dfBit !== "clear" && ip.dontFragment) return undefined;
    const before = tunnel && (config.prefragment ?? false) !== false && (tunnelMtu === Infinity || tunnelMtu <= mtu);
    if (!before && ip.totalLength <= tunnelMtu) return uncut;
    if (ip.version === 6 || (ip.dontFragment && config.innerDf === "honour")) return undefined;
    let limit = Math.min(tunnelMtu, ip.totalLength);
    while (before && this.#outerLength(sa, limit, ip) > mtu) limit--;
    const pieces = cutPacket(packet, limit, config.prefragment === "equal");
    return pieces === undefined ? undefined : { pieces, mtu };
  }

  /** The policy that an outbound packet meets. */
  policyFor(now: number, packet: Uint8Array): ReferencePolicy | undefined {
    const ip = readPacket(packet);
    return ip?.complete ? this.#match("out", this.#firsts.judge("out", packet, ip, now)) : undefined;
  }

  #match(direction: "in" | "out", ip: IpPacket): ReferencePolicy | undefined {
    return this.#policies.find((policy) => policy.direction === direction && selects(policy.selector, ip));
  }

  /** Tunnel: all of the packet, with TFC padding as far as the path allows. Transport: what its header carries. */
  #payloadOf(sa: ReferenceSa, packet: Uint8Array, ip: IpPacket): Uint8Array {
    const { config } = sa;
    const whole = packet.subarray(0, ip.totalLength);
    if (config.mode === "transport") return whole.subarray(ip.headerLength);
    let length = Math.max(config.tfcPadding ?? 0, whole.length);
    while (length > whole.length && this.#outerLength(sa, length, ip) > (config.pathMtu ?? 1500)) length--;
    return Buffer.concat([whole, Buffer.alloc(length - whole.length)]);
  }

  /** Bytes of the whole outer IP packet; a socket adds its headers itself. */
  #outerLength({ config }: ReferenceSa, payloadLength: number, ip: IpPacket): number {
    const natt = config.natTraversal;
    const marker = natt?.marker === "non-ike" ? 8 : 0;
    const ends = config.mode === "tunnel" ? config.tunnel : config.endpoints;
    const ownHeader = (ends?.source ?? "").includes(":") ? 40 : 20;
    const ipHeader = this.#carrier === "ip" && config.mode === "transport" ? ip.headerLength : ownHeader;
    const udp = this.#carrier === "udp" || natt !== undefined ? 8 : 0;
    if (config.protocol === "esp") return ipHeader + udp + marker + espLengthOf(config, payloadLength);
    const version = config.mode === "transport" ? ip.version : ownHeader === 40 ? 6 : 4;
    return ipHeader + ahLengthOf(config, version) + payloadLength;
  }

  /** RFC 4302 section 3.1: behind the packet's own header, or behind one of the tunnel. */
  #sealAh(config: AhConfig, sequence: bigint, packet: Uint8Array, ip: IpPacket, payload: Uint8Array, drawn: Drawn) {
    if (config.mode === "transport") {
      const bare = withoutFragmentHeader(packet.subarray(0, ip.totalLength), "first");
      const { headerLength, protocolOffset } = readPacket(bare) as IpPacket;
      return sealAh(config, sequence, bare, headerLength, protocolOffset);
    }
    const outer = this.#inTunnel(config, ip, ip.version === 4 ? IPV4 : IPV6, payload, drawn);
    const six = outer.readUInt8(0) >> 4 === 6;
    return sealAh(config, sequence, outer, six ? 40 : 20, six ? 6 : 9);
  }

  #seal(
    config: EspConfig,
    sequence: bigint,
    packet: Uint8Array,
    ip: IpPacket,
    payload: Uint8Array,
    drawn: Drawn,
  ): Buffer {
    const transport = config.mode === "transport";
    const { ivLength } = ENCRYPTION_SIZES[config.encryption];
    const isCbc = config.encryption.endsWith("-cbc");
    const iv = (isCbc ? drawn.iv : counterIv(sequence)).subarray(0, ivLength);
    const nextHeader = transport ? ip.protocol : ip.version === 4 ? IPV4 : IPV6;
    const esp = sealEsp(config, sequence, iv, payload, nextHeader);
    const marked = config.natTraversal?.marker === "non-ike" ? Buffer.concat([Buffer.alloc(8), esp]) : esp;
    if (this.#carrier === "udp") return Buffer.from(marked);
    const inner = config.natTraversal === undefined ? marked : this.#inUdp(config, marked);
    const protocol = config.natTraversal === undefined ? ESP : UDP;
    const outer = transport
      ? replaceProtocol(packet.subarray(0, ip.headerLength), ip, protocol, inner)
      : this.#inTunnel(config, ip, protocol, inner, drawn);
    // RFC 3948 section 2.1: zero over IPv4. Over IPv6 there is no zero, RFC 8200 section 8.1.
    const udpAt = transport ? ip.headerLength : 40;
    const isIpv6 = outer.readUInt8(0) >> 4 === 6;
    if (isIpv6 && protocol === UDP) outer.writeUInt16BE(udpChecksum(outer, udpAt), udpAt + 6);
    return outer;
  }

  #inUdp(config: SaConfig, data: Uint8Array): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt16BE(config.natTraversal?.sourcePort ?? 4500, 0);
    header.writeUInt16BE(config.natTraversal?.targetPort ?? 4500, 2);
    header.writeUInt16BE(8 + data.length, 4);
    return Buffer.concat([header, data]);
  }

  /** The outer header: DSCP as configured, ECN copied (RFC 6040 section 4.1), DF by RFC 4301 section 8.1. */
  #inTunnel(config: SaConfig, ip: IpPacket, protocol: number, payload: Uint8Array, drawn: Drawn): Buffer {
    const dscp = config.dscp === undefined || config.dscp === "copy" ? ip.tos >> 2 : config.dscp;
    const dfBit = config.dfBit ?? "copy";
    return writePacket(
      {
        source: addressBytes(config.tunnel?.source),
        target: addressBytes(config.tunnel?.target),
        protocol,
        tos: dscp * 4 + (ip.tos % 4),
        dontFragment: dfBit === "copy" ? ip.dontFragment : dfBit === "set",
        identification: drawn.identification,
      },
      payload,
    );
  }

  // -------------------------------------------------------------- in

  unprotect(now: number, datagram: Uint8Array): Opened {
    this.#now = now;
    if (this.#carrier === "udp") return this.#receive(now, datagram, undefined);
    const outer = readPacket(datagram);
    if (outer?.complete !== true) return { verdict: "malformed" };
    if (outer.isFragment && this.#joins(outer)) {
      const joined = this.#reassembly.accept(now, datagram);
      return typeof joined === "string" ? { verdict: joined } : this.unprotect(now, joined);
    }
    const natt = outer.protocol === UDP && this.#nattPorts().includes(outer.ports?.[1] ?? -1);
    if (outer.protocol !== ESP && outer.protocol !== AH && !natt) {
      const bypassed = this.#match("in", this.#firsts.judge("in", datagram, outer, now))?.action === "bypass";
      return bypassed
        ? { verdict: "bypassed", packet: datagram.subarray(0, outer.totalLength) }
        : { verdict: "discarded" };
    }
    const whole = withoutFragmentHeader(datagram.subarray(0, outer.totalLength), "last");
    const ip = readPacket(whole) as IpPacket;
    if (ip.protocol === AH) {
      const bare = withoutFragmentHeader(whole, "first");
      return this.#openAh(now, Buffer.from(bare), readPacket(bare) as IpPacket);
    }
    const header = whole.subarray(0, ip.headerLength);
    const payload = Buffer.from(whole.subarray(ip.headerLength));
    if (!natt) return this.#open(now, payload, { header, outer: ip });
    const length = payload.length < 8 ? 0 : payload.readUInt16BE(4);
    if (length < 8 || length > payload.length) return { verdict: "malformed" };
    return this.#receive(now, payload.subarray(8, length), { header, outer: ip });
  }

  /** ESP, AH, and UDP to where NAT-T is expected: a later fragment shows no port. */
  #joins(outer: IpPacket): boolean {
    if (outer.protocol !== UDP) return outer.protocol === ESP || outer.protocol === AH;
    const ends = this.#associations
      .filter(({ config, state }) => config.natTraversal && config.direction === "in" && state !== "deleted")
      .map(({ config }) => (config.mode === "tunnel" ? config.tunnel : config.endpoints)?.target);
    const isOwn = (end: string | undefined) => end === undefined || Buffer.from(addressBytes(end)).equals(outer.target);
    return this.#nattPorts().includes(outer.ports?.[1] ?? -1) || ends.some(isOwn);
  }

  #nattPorts(): number[] {
    const ports = this.#associations
      .filter(({ config, state }) => config.natTraversal && config.direction === "in" && state !== "deleted")
      .map(({ config }) => config.natTraversal?.targetPort ?? 4500);
    return [4500, ...ports];
  }

  /** RFC 3948 section 2: keepalive, IKE behind its marker, or ESP. */
  #receive(now: number, data: Uint8Array, around: Around | undefined): Opened {
    const zeroes = data.findIndex((byte) => byte !== 0);
    const leading = zeroes === -1 ? data.length : zeroes;
    if (data.length === 1 && data[0] === 0xff) return { verdict: "keepalive" };
    if (leading < 4) return this.#open(now, data, around);
    if (data.length === 5 && data[4] === 0xff) return { verdict: "keepalive" };
    const nonIke = this.#associations.some(
      ({ config, state }) => config.natTraversal?.marker === "non-ike" && state !== "deleted",
    );
    if (nonIke && leading >= 8 && data.length >= 16) return this.#open(now, data.subarray(8), around);
    return { verdict: "ike", packet: data.subarray(4) };
  }

  /** RFC 4303 section 3.4: SA, window, ICV, window again, padding, next header. */
  #open(now: number, esp: Uint8Array, around: Around | undefined): Opened {
    if (esp.length < 8) return { verdict: "malformed" };
    const spi = Buffer.from(esp).readUInt32BE(0);
    const sa = this.#find(spi);
    const config = sa?.config;
    if (sa === undefined || config?.protocol !== "esp") return { verdict: "unknown-spi" };
    if (sa.isOver(now)) return { verdict: "expired" };
    if (!lengthIsPossible(config, esp)) return { verdict: "malformed" };
    const sequence = sa.window.infer(Buffer.from(esp).readUInt32BE(4));
    const judged = sa.window.judge(sequence);
    if (judged !== undefined) return { verdict: judged };
    const text = openEsp(config, sequence, esp);
    if (text === undefined) return { verdict: "forged" };
    sa.window.accept(sequence);
    const trailer = readTrailer(text);
    if (trailer === undefined) return { verdict: "bad-trailer" };
    return this.#deliver(sa, sequence, text.length, trailer, around);
  }

  #find(spi: number): ReferenceSa | undefined {
    return this.#associations.find(
      ({ config, state }) => config.direction === "in" && config.spi === spi && state !== "deleted",
    );
  }

  /** RFC 4302 section 3.4: SA, window, ICV over the whole packet. */
  #openAh(now: number, packet: Buffer, outer: IpPacket): Opened {
    const ah = readAh(packet.subarray(outer.headerLength));
    if (ah === undefined) return { verdict: "malformed" };
    const sa = this.#find(ah.spi);
    const config = sa?.config;
    if (sa === undefined || config?.protocol !== "ah") return { verdict: "unknown-spi" };
    if (sa.isOver(now)) return { verdict: "expired" };
    if (!ahLengthIsPossible(config, packet, outer.headerLength, ah.length)) return { verdict: "malformed" };
    const sequence = sa.window.infer(ah.low);
    const judged = sa.window.judge(sequence);
    if (judged !== undefined) return { verdict: judged };
    if (!ahVerifies(config, sequence, packet, outer.headerLength)) return { verdict: "forged" };
    sa.window.accept(sequence);
    const opened =
      config.mode === "transport"
        ? withoutAh(packet, outer.headerLength, ah)
        : fromTunnel(packet.subarray(outer.headerLength + ah.length), ah.nextHeader, outer.tos % 4);
    return this.#end(sa, sequence, packet.length, opened);
  }

  #deliver(
    sa: ReferenceSa,
    sequence: bigint,
    textLength: number,
    { payload, nextHeader }: { payload: Uint8Array; nextHeader: number },
    around: Around | undefined,
  ): Opened {
    const { config } = sa;
    const packet =
      nextHeader === NONE
        ? undefined
        : config.mode === "tunnel"
          ? fromTunnel(payload, nextHeader, (around?.outer.tos ?? 0) % 4)
          : this.#fromTransport(config, payload, nextHeader, around);
    if (nextHeader !== NONE) return this.#end(sa, sequence, textLength, packet);
    if (sa.isFull(textLength)) return { verdict: "expired" };
    sa.count(textLength);
    return { verdict: "dummy" };
  }

  /** RFC 4301 section 5.2: `packet` has come out of `sa`. Undefined: what came out is none. */
  #end(sa: ReferenceSa, sequence: bigint, counted: number, packet: Uint8Array | undefined): Opened {
    const { config } = sa;
    if (packet === undefined) return { verdict: "malformed" };
    if (sa.isFull(counted)) return { verdict: "expired" };
    sa.count(counted);
    const ip = readPacket(packet) as IpPacket;
    const scope = `${this.#associations.indexOf(sa)}`;
    const judged = config.selectors === undefined ? ip : this.#firsts.judge(scope, packet, ip, this.#now);
    if (config.selectors?.some((selector) => selects(selector, judged)) === false)
      return { verdict: "policy-mismatch" };
    return { verdict: "delivered", packet, sequence };
  }

  /** Carrier ip: behind the header it came with. Carrier udp: behind a minimal one between the endpoints. */
  #fromTransport(config: SaConfig, payload: Uint8Array, nextHeader: number, around: Around | undefined) {
    if (around !== undefined) {
      const length = around.header.length + payload.length;
      return length > 65535 ? undefined : replaceProtocol(around.header, around.outer, nextHeader, payload);
    }
    const source = addressBytes(config.endpoints?.source);
    const target = addressBytes(config.endpoints?.target);
    return writePacket(
      { source, target, protocol: nextHeader, tos: 0, dontFragment: false, identification: 0 },
      payload,
    );
  }
}

/** The outer IP header that ESP came behind. */
interface Around {
  readonly header: Uint8Array;
  readonly outer: IpPacket;
}

/** The inner packet, cut to its own length, with the ECN of RFC 6040 section 4.2. */
function fromTunnel(payload: Uint8Array, nextHeader: number, outerEcn: number): Uint8Array | undefined {
  const ip = readPacket(payload);
  if (ip?.complete !== true || ip.version !== (nextHeader === IPV4 ? 4 : nextHeader === IPV6 ? 6 : 0)) return undefined;
  const [notEct, ect1, ect0, congested] = [0, 1, 2, 3];
  const ecn = ip.tos % 4;
  if (outerEcn === congested && ecn === notEct) return undefined;
  const combined = outerEcn === congested ? congested : outerEcn === ect1 && ecn === ect0 ? ect1 : ecn;
  const packet = Buffer.from(payload.subarray(0, ip.totalLength));
  if (combined === ecn) return packet;
  if (ip.version === 6) {
    packet.writeUInt8((packet.readUInt8(1) & 0xcf) | (combined << 4), 1);
    return packet;
  }
  const before = packet.readUInt16BE(0);
  packet.writeUInt8((ip.tos & 0xfc) | combined, 1);
  packet.writeUInt16BE(changedChecksum(packet.readUInt16BE(10), before, packet.readUInt16BE(0)), 10);
  return packet;
}

/** `header` names `protocol` and stands in front of `payload`. */
function replaceProtocol(header: Uint8Array, ip: IpPacket, protocol: number, payload: Uint8Array): Buffer {
  const packet = Buffer.concat([header, payload]);
  packet.writeUInt8(protocol, ip.protocolOffset);
  return completeHeader(packet);
}

function addressBytes(text: string | undefined): Uint8Array {
  return Uint8Array.from(ipaddr.parse(text ?? "0.0.0.0").toByteArray());
}
