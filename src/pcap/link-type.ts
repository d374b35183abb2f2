// From the frame of a capture to the IP packet in it, by link type (the LINKTYPE_ registry of tcpdump.org).

export const LINKTYPE_NULL = 0;
export const LINKTYPE_ETHERNET = 1;
export const LINKTYPE_RAW = 101;
export const LINKTYPE_LOOP = 108;
export const LINKTYPE_LINUX_SLL = 113;
export const LINKTYPE_IPV4 = 228;
export const LINKTYPE_IPV6 = 229;
export const LINKTYPE_LINUX_SLL2 = 276;

// What some systems wrote for RAW before the registry settled it.
const DLT_RAW = [12, 14];

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPES_VLAN = [0x8100, 0x88a8, 0x9100];

/** The IP packet in a frame, cut to its own length where there is padding behind it; undefined when there is none. */
export function ipPacketOf(linkType: number, frame: Uint8Array): Uint8Array | undefined {
  switch (linkType) {
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
    case DLT_RAW[0]:
    case DLT_RAW[1]:
      return cutToItsLength(frame);
    case LINKTYPE_ETHERNET:
      return behindEtherType(frame, 12, 14);
    case LINKTYPE_LINUX_SLL:
      return behindEtherType(frame, 14, 16);
    case LINKTYPE_LINUX_SLL2:
      return behindEtherType(frame, 0, 20);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      // Four bytes of address family, whose numbers differ between systems; the version nibble does not.
      return cutToItsLength(frame.subarray(4));
    default:
      return undefined;
  }
}

/** Says whether ipPacketOf knows the link type. */
export function isKnownLinkType(linkType: number): boolean {
  return [
    LINKTYPE_NULL,
    LINKTYPE_ETHERNET,
    ...DLT_RAW,
    LINKTYPE_RAW,
    LINKTYPE_LOOP,
    LINKTYPE_LINUX_SLL,
    LINKTYPE_IPV4,
    LINKTYPE_IPV6,
    LINKTYPE_LINUX_SLL2,
  ].includes(linkType);
}

/** IEEE 802.1Q: a tag is four bytes, and ends with the type of what follows. Tags may be stacked. */
function behindEtherType(frame: Uint8Array, typeOffset: number, payloadOffset: number): Uint8Array | undefined {
  let type = word(frame, typeOffset);
  let payload = payloadOffset;
  while (ETHERTYPES_VLAN.includes(type)) {
    type = word(frame, payload + 2);
    payload += 4;
  }
  return type === ETHERTYPE_IPV4 || type === ETHERTYPE_IPV6 ? cutToItsLength(frame.subarray(payload)) : undefined;
}

function cutToItsLength(packet: Uint8Array): Uint8Array | undefined {
  const version = (packet[0] ?? 0) >> 4;
  if (version === 4 && packet.length >= 20) return cut(packet, word(packet, 2), 20);
  if (version === 6 && packet.length >= 40) return cut(packet, 40 + word(packet, 4), 41);
  return undefined;
}

/** A length too small to be one is what offloading leaves in a packet that the sender's own machine captured. */
function cut(packet: Uint8Array, length: number, smallest: number): Uint8Array {
  return length < smallest ? packet : packet.subarray(0, length);
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}
