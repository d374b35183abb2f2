// ICMP echo (RFC 792) in IPv4: what the page sends, and what the gateway answers.

const HEADERS = 28;

/** `size` bytes, 28 or more, from 10.1.0.7 to 10.2.0.9. */
export function echoRequest(sequence, size) {
  const packet = new Uint8Array(size);
  packet.set([0x45, 0, size >> 8, size, 0, 0, 0, 0, 64, 1, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9]);
  packet.set([8, 0, 0, 0, 0, 7, sequence >> 8, sequence], 20);
  for (let i = HEADERS; i < size; i++) packet[i] = i;
  return withChecksums(packet);
}

/** Its answer, in its place; undefined where it is no request. */
export function echoReply(packet) {
  if (packet.length < HEADERS || packet[0] !== 0x45 || packet[9] !== 1 || packet[20] !== 8) return undefined;
  const source = packet.slice(12, 16);
  packet.copyWithin(12, 16, 20);
  packet.set(source, 16);
  packet[20] = 0;
  return withChecksums(packet);
}

/** The sequence number of a whole answer of `size` bytes; undefined for anything else. */
export function answered(packet, size) {
  return packet.length === size && packet[9] === 1 && packet[20] === 0 ? (packet[26] << 8) | packet[27] : undefined;
}

function withChecksums(packet) {
  packet.fill(0, 10, 12).fill(0, 22, 24);
  for (const [at, from, to] of [
    [10, 0, 20],
    [22, 20, packet.length],
  ]) {
    let sum = 0;
    for (let i = from; i < to; i++) sum += i & 1 ? packet[i] : packet[i] << 8;
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    packet.set([~sum >> 8, ~sum], at);
  }
  return packet;
}
