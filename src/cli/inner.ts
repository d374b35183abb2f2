// From what was in an ESP payload to a packet: the inner one of tunnel mode, or transport mode's put back together.

import type { FoundEsp } from "../pcap/index.js";
import { internetChecksum } from "../wire/ipv4.js";
import { PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_NONE } from "../wire/protocol.js";
import { setWord16, word16 } from "../wire/words.js";
import { DAMAGED, DUMMY, type Opening } from "./opener.js";

const IPV6_HEADER_LENGTH = 40;

export function innerPacket(payload: Uint8Array, nextHeader: number, found: FoundEsp, packet: Uint8Array): Opening {
  if (nextHeader === PROTOCOL_NONE) return DUMMY;
  if (nextHeader === PROTOCOL_IPV4 || nextHeader === PROTOCOL_IPV6) return tunnelled(payload);
  return { kind: "opened", packet: transported(payload, nextHeader, found, packet) };
}

/** Behind the inner packet there may be padding that hides its length (RFC 4303 section 2.7). */
function tunnelled(payload: Uint8Array): Opening {
  const version = (payload[0] ?? 0) >> 4;
  if (version !== 4 && version !== 6) return DAMAGED;
  if (payload.length < (version === 4 ? 20 : IPV6_HEADER_LENGTH)) return DAMAGED;
  const length = version === 4 ? word16(payload, 2) : IPV6_HEADER_LENGTH + word16(payload, 4);
  return length > payload.length ? DAMAGED : { kind: "opened", packet: payload.subarray(0, length) };
}

/** The headers the ESP travelled behind, saying now what was inside it. */
function transported(payload: Uint8Array, nextHeader: number, found: FoundEsp, packet: Uint8Array): Uint8Array {
  const whole = new Uint8Array(found.headerLength + payload.length);
  whole.set(packet.subarray(0, found.headerLength));
  whole.set(payload, found.headerLength);
  whole[found.protocolOffset] = nextHeader;
  if ((packet[0] ?? 0) >> 4 === 6) {
    setWord16(whole, 4, whole.length - IPV6_HEADER_LENGTH);
    return whole;
  }
  setWord16(whole, 2, whole.length);
  setWord16(whole, 10, 0);
  setWord16(whole, 10, internetChecksum(whole, 0, ((packet[0] ?? 0) & 15) * 4));
  return whole;
}
