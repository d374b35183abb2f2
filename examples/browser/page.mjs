// A VPN client in a page: pings through the tunnel, first a few, then as fast as it goes.
import { DataPlane } from "wasm-ipsec";
import { WebSocketAdapter } from "wasm-ipsec/adapters/websocket";
import { answered, echoRequest } from "./ping.mjs";

const PINGS = 20;
const PING_SIZE = 84;
const PAUSE_MILLISECONDS = 50;
const BURST = 5000;
const BURST_SIZE = 1400;
/** On their way at once: what a UDP socket's buffer holds. */
const WINDOW = 64;
const PATIENCE_MILLISECONDS = 1000;

addEventListener("error", ({ message }) => show("failed", message));

const plane = await DataPlane.create({ carrier: "udp" });
const association = await fetch("association");
if (!association.ok) throw new Error(await association.text());
const { toGateway, toClient } = await association.json();
const out = plane.addSa({ ...toGateway, encryptionKey: fromHex(toGateway.encryptionKey), direction: "out" });
plane.addSa({ ...toClient, encryptionKey: fromHex(toClient.encryptionKey), direction: "in" });
plane.addPolicy({ direction: "out", selector: { target: "10.2.0.0/16" }, action: "protect", sa: out });

let onPacket = () => {};
const tunnel = new WebSocketAdapter(plane, new WebSocket(new URL("esp", location.href.replace(/^http/, "ws"))), {
  onPacket: (packet) => onPacket(packet),
});
addEventListener("pagehide", () => {
  tunnel.close();
  plane.close(); // Keys are wiped.
});

show("kernel", plane.variant);
const times = await pingSlowly();
show("answered", `${times.length} of ${PINGS} pings`);
show(
  "round trip",
  times.length === 0 ? "-" : `${milliseconds(times[0])} least, ${milliseconds(times[times.length >> 1])} median`,
);
const { back, seconds } = await pingFast();
show("burst", `${back} of ${BURST} pings of ${BURST_SIZE} bytes in ${seconds.toFixed(2)} s`);
show("throughput", `${((back * BURST_SIZE * 8) / seconds / 1e6).toFixed(0)} Mbit/s each way`);
show("verdicts", JSON.stringify(Object.fromEntries(Object.entries(plane.counters).filter(([, count]) => count > 0))));
document.body.dataset.done = `${times.length} ${back}`;

/** Milliseconds of each ping that was answered, the least first. */
async function pingSlowly() {
  const times = [];
  for (let sequence = 0; sequence < PINGS; sequence++) {
    const started = performance.now();
    const answer = next((packet) => answered(packet, PING_SIZE) === sequence);
    tunnel.send(echoRequest(sequence, PING_SIZE));
    if (await answer) times.push(performance.now() - started);
    await pause(PAUSE_MILLISECONDS);
  }
  return times.sort((a, b) => a - b);
}

/** WINDOW pings are always on their way; each answer sends the next. */
async function pingFast() {
  const started = performance.now();
  let sent = 0;
  let back = 0;
  const send = () => {
    if (sent < BURST && tunnel.send(echoRequest(sent & 0xffff, BURST_SIZE))) sent++;
  };
  const all = next((packet) => {
    if (answered(packet, BURST_SIZE) === undefined) return false;
    send();
    return ++back === BURST;
  });
  for (let i = 0; i < WINDOW; i++) send();
  await all;
  return { back, seconds: (performance.now() - started) / 1000 };
}

/** Resolves when a packet is what `isLast` waits for, or nothing has come for a while: then to false. */
function next(isLast) {
  return new Promise((resolve) => {
    let timer;
    const end = (found) => {
      clearTimeout(timer);
      onPacket = () => {};
      resolve(found);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(end, PATIENCE_MILLISECONDS, false);
    };
    onPacket = (packet) => (isLast(packet) ? end(true) : wait());
    wait();
  });
}

function pause(time) {
  return new Promise((resolve) => setTimeout(resolve, time));
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g), (byte) => Number.parseInt(byte, 16));
}

function milliseconds(time) {
  return `${time.toFixed(2)} ms`;
}

function show(name, value) {
  const row = document.querySelector("table").insertRow();
  row.insertCell().textContent = name;
  row.insertCell().textContent = value;
}
