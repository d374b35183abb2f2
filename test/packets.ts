// IP packets for the tests, with right lengths and checksums.
import { parseAddress } from "../src/wire/address.js";
import { internetChecksum, writeIpv4 } from "../src/wire/ipv4.js";
import { pseudoHeaderSum, writeIpv6 } from "../src/wire/ipv6.js";
import { setWord16 } from "../src/wire/words.js";

export interface PacketOptions {
  source?: string;
  target?: string;
  protocol?: number;
  sourcePort?: number;
  targetPort?: number;
  /** Bytes behind the IP header; the first four are the ports. */
  payload?: Uint8Array;
  length?: number;
  tos?: number;
  df?: boolean;
  fragmentOffset?: number;
  moreFragments?: boolean;
  ttl?: number;
  id?: number;
}

const v4 = { source: "10.1.0.7", target: "10.2.0.9" };
const v6 = { source: "fd00:1::7", target: "fd00:2::9" };

function payloadOf(options: PacketOptions, headerLength: number): Uint8Array {
  const payload =
    options.payload?.slice() ?? new Uint8Array(Math.max(0, (options.length ?? 100) - headerLength)).fill(0x5a);
  if (payload.length >= 4 && (options.protocol ?? 17) !== 1 && (options.protocol ?? 17) !== 58) {
    setWord16(payload, 0, options.sourcePort ?? 1000);
    setWord16(payload, 2, options.targetPort ?? 2000);
  }
  return payload;
}

export function ipv4(options: PacketOptions = {}): Uint8Array<ArrayBuffer> {
  const payload = payloadOf(options, 20);
  const packet = new Uint8Array(20 + payload.length);
  writeIpv4(packet, 0, {
    source: parseAddress(options.source ?? v4.source, "source"),
    target: parseAddress(options.target ?? v4.target, "target"),
    protocol: options.protocol ?? 17,
    totalLength: packet.length,
    ttl: options.ttl ?? 63,
  });
  packet[1] = options.tos ?? 0;
  setWord16(packet, 4, options.id ?? 0x1234);
  setWord16(
    packet,
    6,
    (options.df ? 0x4000 : 0) | (options.moreFragments ? 0x2000 : 0) | ((options.fragmentOffset ?? 0) >> 3),
  );
  setWord16(packet, 10, 0);
  setWord16(packet, 10, internetChecksum(packet, 0, 20));
  packet.set(payload, 20);
  return packet;
}

export function ipv6(options: PacketOptions = {}): Uint8Array<ArrayBuffer> {
  const payload = payloadOf(options, 40);
  const packet = new Uint8Array(40 + payload.length);
  writeIpv6(packet, 0, {
    source: parseAddress(options.source ?? v6.source, "source"),
    target: parseAddress(options.target ?? v6.target, "target"),
    nextHeader: options.protocol ?? 17,
    payloadLength: payload.length,
    hopLimit: options.ttl ?? 63,
  });
  const tos = options.tos ?? 0;
  packet[0] = 0x60 | (tos >> 4);
  packet[1] = (tos & 15) << 4;
  packet.set(payload, 40);
  return packet;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ""), "hex"));
}

/** Whether the IPv4 header checksum is right. */
export function ipv4ChecksumHolds(packet: Uint8Array): boolean {
  return internetChecksum(packet, 0, ((packet[0] as number) & 15) * 4) === 0;
}

export function udpOverIpv6ChecksumHolds(packet: Uint8Array): boolean {
  const length = packet.length - 40;
  return (
    internetChecksum(
      packet,
      40,
      length,
      pseudoHeaderSum(packet.subarray(8, 24), packet.subarray(24, 40), length, 17),
    ) === 0
  );
}
