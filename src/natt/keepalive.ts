// NAT keepalives, RFC 3948 section 4: one byte to the peer before the NAT forgets the mapping. A tick sends them; the
// receiver ignores them.
import type { Carrier } from "../engine.js";
import { IpsecError } from "../errors.js";
import type { Sa } from "../sad/sa.js";
import { internetChecksum, writeIpv4 } from "../wire/ipv4.js";
import { pseudoHeaderSum, writeIpv6 } from "../wire/ipv6.js";
import { PROTOCOL_UDP } from "../wire/protocol.js";
import { UDP_HEADER_LENGTH } from "../wire/udp.js";
import { setWord16 } from "../wire/words.js";
import { KEEPALIVE_BYTE } from "./framing.js";

const TTL = 64;
/** The guide: five percent, so that the keepalives of many peers do not fall together. Never later than configured. */
const JITTER = 0.05;

export interface NatKeepalive {
  /** 5..3600. Keep it below the time after which the NAT forgets: two minutes at least, RFC 4787 REQ-5. */
  readonly seconds: number;
  /** What puts a keepalive off. "sent": RFC 3948 section 4. "sent-or-received": as the guide has it; needs `peer`. Default "sent". */
  readonly after?: "sent" | "sent-or-received";
}

/** The plane's setting. A new one reaches an SA when the keepalive that it waits for has been sent. */
export class Keepalives {
  #setting: NatKeepalive | undefined;
  readonly #chance: () => number;

  constructor(setting: NatKeepalive | undefined, chance: () => number) {
    this.#chance = chance;
    this.setting = setting;
  }

  get setting(): NatKeepalive | undefined {
    return this.#setting;
  }

  set setting(setting: NatKeepalive | undefined) {
    if (setting !== undefined) {
      const { seconds, after = "sent" } = setting;
      if (!Number.isInteger(seconds) || seconds < 5 || seconds > 3600) {
        const said = String(seconds);
        throw new IpsecError("option", `natKeepalive.seconds is ${said}: a whole number from 5 to 3600 is allowed`);
      }
      if (after !== "sent" && after !== "sent-or-received") {
        const said = String(after);
        throw new IpsecError("option", `natKeepalive.after is "${said}": "sent" or "sent-or-received" is allowed`);
      }
    }
    this.#setting = setting;
  }

  /** Milliseconds for an SA to wait for its next keepalive; Infinity for one that sends none. */
  intervalFor(sa: Sa, carrier: Carrier | undefined): number {
    const { config, keepaliveMs, template } = sa.resolved;
    if (sa.direction !== "out" || config.natTraversal === undefined) return Infinity;
    if (config.natTraversal.keepaliveSeconds === 0) return Infinity;
    if (carrier === "ip" && template.source === undefined) return Infinity; // nobody said between which addresses
    if (keepaliveMs !== Infinity) return keepaliveMs;
    if (this.#setting === undefined) return Infinity;
    return Math.round(this.#setting.seconds * 1000 * (1 - JITTER * this.#chance()));
  }

  /** When the keepalive of an SA is due. What the SAs of one peer send keeps one mapping alive. */
  dueAt(sa: Sa): number {
    const { peer } = sa;
    let last = sa.lastSentAt;
    if (peer !== undefined && peer.refreshedAt > last) last = peer.refreshedAt;
    if (peer !== undefined && this.#setting?.after === "sent-or-received" && peer.heardAt > last) last = peer.heardAt;
    return last + sa.keepaliveMs;
  }
}

/** Writes the keepalive of an SA at `start`; its length. */
export function writeKeepalive(sa: Sa, carrier: Carrier, bytes: Uint8Array, start: number): number {
  if (carrier === "udp") {
    bytes[start] = KEEPALIVE_BYTE;
    return 1;
  }
  const { ports, template } = sa.resolved;
  const source = template.source as Uint8Array;
  const target = template.target as Uint8Array;
  const udpLength = UDP_HEADER_LENGTH + 1;
  const udp = start + (source.length === 4 ? 20 : 40);
  setWord16(bytes, udp, ports.source);
  setWord16(bytes, udp + 2, ports.target);
  setWord16(bytes, udp + 4, udpLength);
  setWord16(bytes, udp + 6, 0); // RFC 3948 section 2.1
  bytes[udp + UDP_HEADER_LENGTH] = KEEPALIVE_BYTE;
  if (source.length === 4) {
    const totalLength = udp - start + udpLength;
    writeIpv4(bytes, start, { source, target, protocol: PROTOCOL_UDP, totalLength, ttl: TTL });
  } else {
    writeIpv6(bytes, start, { source, target, nextHeader: PROTOCOL_UDP, payloadLength: udpLength, hopLimit: TTL });
    const carried = pseudoHeaderSum(source, target, udpLength, PROTOCOL_UDP);
    setWord16(bytes, udp + 6, internetChecksum(bytes, udp, udpLength, carried) || 0xffff); // RFC 8200 section 8.1
  }
  return udp - start + udpLength;
}
