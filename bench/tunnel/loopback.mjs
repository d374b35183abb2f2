// Two planes in one process and thread, each on a UDP socket of its own (src/adapters/node-udp.ts), and beside them the
// sockets alone, which carry datagrams of the same length: what is left is what sealing, opening and the adapter cost.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { DataPlane } from "wasm-ipsec";
import { NodeUdp } from "wasm-ipsec/adapters/node-udp";
import { associationOf } from "../contenders/ours.mjs";
import { innerPackets, sealedLength } from "../esp.mjs";
import { interleave } from "../rounds.mjs";
import { drawKeys } from "../suites.mjs";

const ADDRESS = "127.0.0.1";
/** Packets on their way at once: what a socket's receive buffer of the usual size holds. */
const WINDOW = 64;
const PATIENCE_MILLISECONDS = 3000;

/** [{ size, tunnel, sockets }]: the least ns a packet, from sending it to its arrival as it was. */
export async function loopback(suite, { sizes, rounds, milliseconds }) {
  const rows = [];
  for (const size of sizes) {
    const [tunnel, sockets] = [await openTunnel(suite, size), await openSockets(sealedLength(suite, size))];
    const contenders = [contender("tunnel", tunnel), contender("sockets", sockets)];
    const times = await interleave(contenders, { rounds, milliseconds });
    rows.push({ size, tunnel: Math.min(...times.get("tunnel")), sockets: Math.min(...times.get("sockets")) });
    for (const { close } of [tunnel, sockets]) close();
  }
  return rows;
}

/** Windows, one after the other, for about `milliseconds`. */
function contender(name, { send, arrivals }) {
  const turn = async (milliseconds) => {
    const started = performance.now();
    let packets = 0;
    while (performance.now() - started < milliseconds) {
      const all = arrivals.wait(WINDOW);
      for (let i = 0; i < WINDOW; i++) send(i);
      await all;
      packets += WINDOW;
    }
    return ((performance.now() - started) * 1e6) / packets;
  };
  return { name, turn };
}

class Arrivals {
  #missing = 0;
  #done = () => {};

  wait(count) {
    this.#missing = count;
    return new Promise((resolve, reject) => {
      const lost = () => reject(new Error(`${this.#missing} of ${count} packets did not arrive over loopback`));
      const timer = setTimeout(lost, PATIENCE_MILLISECONDS);
      this.#done = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  count() {
    if (--this.#missing === 0) this.#done();
  }
}

async function openTunnel(suite, size) {
  const association = { ...associationOf(suite, drawKeys(suite)), tunnel: { source: ADDRESS, target: ADDRESS } };
  const [left, right] = [await DataPlane.create({ carrier: "udp" }), await DataPlane.create({ carrier: "udp" })];
  const arrivals = new Arrivals();
  const packets = innerPackets(size, WINDOW);
  let next = 0;
  const arrived = (packet) => {
    if (Buffer.compare(packet, packets[next++ % WINDOW]) !== 0) throw new Error("a packet came out as another");
    arrivals.count();
  };
  const receiver = await NodeUdp.open(right, { address: ADDRESS, onPacket: arrived });
  const sender = await NodeUdp.open(left, { address: ADDRESS, onPacket() {} });
  const { port } = receiver.socket.address();
  right.addSa({ ...association, direction: "in" });
  const natTraversal = { sourcePort: sender.socket.address().port, targetPort: port };
  const sa = left.addSa({ ...association, direction: "out", natTraversal });
  const send = (i) => {
    if (!sender.send(packets[i], sa)) throw new Error("the adapter did not take a packet");
  };
  const close = () => {
    for (const udp of [sender, receiver]) udp.close();
    for (const plane of [left, right]) plane.close();
  };
  return { send, arrivals, close };
}

async function openSockets(length) {
  const [sender, receiver] = [createSocket("udp4"), createSocket("udp4")];
  receiver.bind(0, ADDRESS);
  await once(receiver, "listening");
  const { port } = receiver.address();
  const arrivals = new Arrivals();
  receiver.on("message", () => arrivals.count());
  const datagram = new Uint8Array(length);
  const close = () => {
    for (const socket of [sender, receiver]) socket.close();
  };
  return { send: () => sender.send(datagram, 0, length, port, ADDRESS, () => {}), arrivals, close };
}
