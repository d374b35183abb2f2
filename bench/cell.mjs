// One cell of the tables: a suite, a size, a direction. Everybody who takes part is prepared, their bytes compared with
// ours, and then they take turns.
import { associationOf, opener, planeOf, SINGLE, sealer } from "./contenders/ours.mjs";
import { ESP_HEADER, innerPackets, sealedLength } from "./esp.mjs";
import { interleave } from "./rounds.mjs";
import { drawKeys } from "./suites.mjs";

/** Packets that one run of a contender handles, batches of more aside. */
const PACKETS = 64;
/** protectInto asks for room for what might be needed, not for what is. */
const ROOM = 512;

/**
 * `variants`: our builds. `ways`: how they are driven, a batch size or a single verb each; the first build only takes
 * those besides 64. Answers { bytes, times }: mean inner length, and ns a packet per round by contender.
 */
export async function measureCell({ suite, size, direction, variants, ways, peers, rounds, milliseconds }) {
  const keys = drawKeys(suite);
  const associations = [];
  const open = [];
  const install = (plane, way) => {
    const sa = plane.addSa({ ...associationOf(suite, keys), direction: way });
    associations.push(sa);
    return sa;
  };
  try {
    const source = await planeOf(variants[0]);
    const sourceSa = install(source, "out");
    const contenders = [];
    for (const variant of variants) {
      const plane = await planeOf(variant);
      const out = plane === source ? sourceSa : install(plane, "out");
      if (direction === "decrypt") install(plane, "in");
      for (const way of variant === variants[0] ? ways : [PACKETS]) {
        contenders.push(ourContender({ variant, plane, out, way, size, suite, direction, source, sourceSa }));
      }
    }
    const sample = sealedSamples(source, sourceSa, suite, size);
    for (const peer of peers) {
      const operations = await peer.prepare(suite, keys, { size, direction });
      if (operations.close !== undefined) open.push(operations.close);
      await checkPeer(peer, operations, suite, sample);
      contenders.push(peerContender({ peer, operations, size, suite, direction, source, sourceSa }));
    }
    const times = await interleave(contenders, { rounds, milliseconds });
    const packets = innerPackets(size, PACKETS);
    return { bytes: packets.reduce((sum, { length }) => sum + length, 0) / PACKETS, times };
  } finally {
    for (const sa of associations) sa.delete();
    for (const close of open) close();
  }
}

export const nameOfOurs = (variant, way) => `${variant} ${way}`;

function ourContender({ variant, plane, out, way, size, suite, direction, source, sourceSa }) {
  const name = nameOfOurs(variant, way);
  const packets = innerPackets(size, Math.max(PACKETS, Number(way) || 0));
  const targets = packets.map(({ length }) => new Uint8Array(length + ROOM));
  if (direction === "encrypt") {
    const run =
      typeof way === "number" ? sealer(plane, out, packets, targets, way) : SINGLE[way](plane, out, packets, targets);
    return { name, packets: packets.length, run };
  }
  const { datagrams, refresh } = freshDatagrams(source, sourceSa, suite, packets);
  const run =
    typeof way === "number" ? opener(plane, datagrams, targets, way) : SINGLE[way](plane, out, datagrams, targets);
  return { name, packets: packets.length, refresh, run };
}

/** Datagrams that no window has seen: `refresh` seals the packets again, under the next sequence numbers. */
function freshDatagrams(source, sourceSa, suite, packets) {
  const datagrams = packets.map(({ length }) => new Uint8Array(sealedLength(suite, length)));
  return { datagrams, refresh: sealer(source, sourceSa, packets, datagrams, PACKETS) };
}

function peerContender({ peer, operations, size, suite, direction, source, sourceSa }) {
  const { name, isAsync } = peer;
  if (operations.turn !== undefined) return { name, turn: operations.turn };
  const packets = innerPackets(size, PACKETS);
  const targets = packets.map(({ length }) => new Uint8Array(length + ROOM));
  const iv = crypto.getRandomValues(new Uint8Array(suite.ivLength));
  let sequence = 0;
  if (direction === "encrypt") {
    const one = (i) => operations.seal(packets[i], ++sequence, iv, targets[i]);
    return { name, packets: PACKETS, isAsync, run: inTurn(peer, one) };
  }
  const { datagrams, refresh } = freshDatagrams(source, sourceSa, suite, packets);
  return {
    name,
    packets: PACKETS,
    isAsync,
    refresh,
    run: inTurn(peer, (i) => operations.open(datagrams[i], targets[i])),
  };
}

/** A run of a peer: one packet after the other, or all in flight at once. */
function inTurn({ isAsync, inFlight }, one) {
  if (!isAsync) {
    return () => {
      for (let i = 0; i < PACKETS; i++) one(i);
    };
  }
  if (inFlight === 1) {
    return async () => {
      for (let i = 0; i < PACKETS; i++) await one(i);
    };
  }
  return () => Promise.all(Array.from({ length: PACKETS }, (_, i) => one(i)));
}

/** A packet of every length in the cell, and our datagram of it. */
function sealedSamples(plane, sa, suite, size) {
  return innerPackets(size, size === "imix" ? 12 : 1).map((packet) => {
    const datagram = new Uint8Array(packet.length + ROOM);
    const length = plane.protectInto(0, packet, datagram, sa);
    if (length !== sealedLength(suite, packet.length)) throw new Error(`${suite.name}: we answered ${plane.verdict}`);
    return { packet, datagram: datagram.subarray(0, length), sequence: Number(sa.sequence) };
  });
}

/** Under our sequence number and IV a peer writes our bytes, opens them, and refuses them with one bit changed. */
async function checkPeer(peer, operations, suite, samples) {
  for (const { packet, datagram, sequence } of samples) {
    const iv = datagram.subarray(ESP_HEADER, ESP_HEADER + suite.ivLength);
    const target = new Uint8Array(datagram.length);
    const sealed = await operations.seal(packet, sequence, iv, target);
    const opened = new Uint8Array(datagram.length);
    const length = await operations.open(datagram, opened);
    const forged = Uint8Array.from(datagram);
    forged[forged.length >> 1] ^= 1;
    const complaint =
      sealed !== datagram.length || !same(target, datagram)
        ? "seals other bytes than we"
        : length !== packet.length || !same(opened.subarray(0, length), packet)
          ? "does not open what we sealed"
          : (await operations.open(forged, opened)) !== 0
            ? "opens a forgery"
            : undefined;
    if (complaint !== undefined) throw new Error(`${peer.name} ${complaint}: ${suite.name}, ${packet.length} bytes`);
  }
}

function same(one, other) {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
