// Reads the selectors of an inner packet, RFC 4301 section 4.4.1.1, into its descriptor: addresses, the protocol behind
// any IPv6 extension headers, and its ports or ICMP type and code where they can be read.
import { load16, load32, wipe } from "./bytes";
import { D_INNER, D_LENGTH_OUT, D_PORTS, D_PROTOCOL, D_SOURCE, D_START, D_TARGET } from "./layout";

export const INNER_PORTS_READABLE: u32 = 16;
export const INNER_LATER_FRAGMENT: u32 = 32;

/** Fills D_INNER .. D_TARGET from the packet at D_START, whose header lengths have been checked. */
export function inspect(descriptor: usize): void {
  const packet = <usize>load<u32>(descriptor, D_START);
  const end = packet + <usize>load<u32>(descriptor, D_LENGTH_OUT);
  wipe(descriptor + D_SOURCE, 32);
  if (load<u8>(packet) >> 4 == 4) inspectIpv4(descriptor, packet, end);
  else inspectIpv6(descriptor, packet, end);
}

function inspectIpv4(descriptor: usize, packet: usize, end: usize): void {
  store<u32>(descriptor, load32(packet + 12), D_SOURCE);
  store<u32>(descriptor, load32(packet + 16), D_TARGET);
  const payload = packet + ((<usize>load<u8>(packet) & 15) << 2);
  const laterFragment = (load16(packet + 6) & 0x1fff) != 0;
  readPorts(descriptor, 4, load<u8>(packet, 9), payload, end, laterFragment);
}

function inspectIpv6(descriptor: usize, packet: usize, end: usize): void {
  for (let word: usize = 0; word < 32; word += 4) store<u32>(descriptor + word, load32(packet + 8 + word), D_SOURCE);
  let protocol: u32 = load<u8>(packet, 6);
  let header = packet + 40;
  let laterFragment = false;
  // Hop-by-hop, routing, destination options; fragment (RFC 8200 section 4). AH is an upper protocol here, as ESP and a
  // Mobility Header are: RFC 4301 section 4.4.1.1.
  while (header + 8 <= end && !laterFragment) {
    let length: usize = 8;
    if (protocol == 0 || protocol == 43 || protocol == 60) length = (<usize>load<u8>(header, 1) + 1) << 3;
    else if (protocol == 44) laterFragment = (load16(header + 2) & 0xfff8) != 0;
    else break;
    protocol = load<u8>(header);
    header += length;
  }
  readPorts(descriptor, 6, protocol, header, end, laterFragment);
}

/** TCP, UDP, SCTP, DCCP and UDP-Lite begin with two ports, ICMP with type and code; a Mobility Header has a type third. */
function readPorts(
  descriptor: usize,
  version: u32,
  protocol: u32,
  payload: usize,
  end: usize,
  laterFragment: bool,
): void {
  let ports: u32 = 0;
  let readable = false;
  if (!laterFragment) {
    if (protocol == 6 || protocol == 17 || protocol == 132 || protocol == 33 || protocol == 136) {
      readable = payload + 4 <= end;
      if (readable) ports = (load16(payload) << 16) | load16(payload + 2);
    } else if (protocol == 1 || protocol == 58) {
      readable = payload + 2 <= end;
      if (readable) ports = load16(payload);
    } else if (protocol == 135) {
      readable = payload + 3 <= end;
      if (readable) ports = (<u32>load<u8>(payload, 2)) << 8;
    }
  }
  store<u32>(descriptor, protocol, D_PROTOCOL);
  store<u32>(descriptor, ports, D_PORTS);
  const flags = (readable ? INNER_PORTS_READABLE : 0) | (laterFragment ? INNER_LATER_FRAGMENT : 0);
  store<u32>(descriptor, version | flags, D_INNER);
}
