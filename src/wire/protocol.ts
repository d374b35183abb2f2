// Protocol numbers of IANA's registry, as the IP header and ESP's next header name them.

export const PROTOCOL_ICMP = 1;
export const PROTOCOL_IPV4 = 4;
export const PROTOCOL_TCP = 6;
export const PROTOCOL_UDP = 17;
export const PROTOCOL_IPV6 = 41;
export const PROTOCOL_ESP = 50;
export const PROTOCOL_AH = 51;
export const PROTOCOL_ICMPV6 = 58;
export const PROTOCOL_NONE = 59;
export const PROTOCOL_IPCOMP = 108;
export const PROTOCOL_MOBILITY = 135;

/** TCP, UDP, DCCP, SCTP, UDP-Lite. */
export function hasPorts(protocol: number): boolean {
  return (
    protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP || protocol === 33 || protocol === 132 || protocol === 136
  );
}
