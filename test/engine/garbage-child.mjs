// Run by garbage.test.ts in a process of its own: packets by the hundred thousand over the fast verbs, there and back.
// Prints, for each way through the engine, the collections seen and the bytes by which the heap grew.
import { PerformanceObserver } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { DataPlane } from "wasm-ipsec";

const BATCH = 64;
const PACKETS = Number(process.argv[2]);
const WARM_UP = 100_000;
const TUNNEL = { source: "192.0.2.1", target: "192.0.2.2" };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

/** IPv4 or IPv6 UDP packets of `length` bytes, the ports of each its own. */
function packets(version, length) {
  return Array.from({ length: BATCH }, (_, i) => {
    const packet = new Uint8Array(length);
    const header = version === 4 ? 20 : 40;
    if (version === 4)
      packet.set([0x45, 0, length >> 8, length & 255, 0, 1, 0, 0, 64, 17, 0, 0, 10, 1, 0, 1, 10, 2, 0, 1]);
    else packet.set([0x60, 0, 0, 0, (length - 40) >> 8, (length - 40) & 255, 17, 64, 0xfd]);
    packet.set([4, i, 4, 0, 0, length - header], header);
    return packet;
  });
}

/** `given`: the SA is, else the policies find it. `selectors`: the long way, both ways. */
async function roundTrip({ version = 4, given = true, selectors = undefined, path = false, carrier = "udp" }) {
  const plane = await DataPlane.create({ carrier, limits: "client" });
  const key = new Uint8Array(20).fill(7);
  const base = {
    protocol: "esp",
    mode: "tunnel",
    spi: 0x1001,
    encryption: "aes-gcm-16",
    encryptionKey: key,
    tunnel: TUNNEL,
  };
  const sa = plane.addSa({ ...base, direction: "out", ...selectors });
  plane.addSa({ ...base, direction: "in", ...selectors });
  plane.addPolicy({ direction: "out", action: "protect", sa });
  const from = path ? plane.path({ remote: { address: "192.0.2.1", port: 4500 } }) : undefined;
  const inner = packets(version, 80);
  const datagrams = inner.map(() => new Uint8Array(200));
  const item = plane.createItem();
  let sealed = [];
  // Fractions of milliseconds, as performance.now() has them; objects already, so that none is made to hand one on.
  const times = [undefined, ...Array.from({ length: 2 * ((WARM_UP + PACKETS) / BATCH + 3) }, (_, i) => 1000.25 + i)];
  let turns = 0;
  const there = () => {
    const now = times[++turns];
    for (let i = 0; i < BATCH; i++) plane.outbound(now, inner[i], given ? sa : undefined);
    plane.flush(now);
    for (let i = 0; plane.poll(item); i++) item.copyInto(datagrams[i]);
  };
  const back = () => {
    const now = times[++turns];
    for (let i = 0; i < BATCH; i++) plane.inbound(now, sealed[i], from);
    plane.flush(now);
    for (let i = 0; plane.poll(item); i++) item.copyInto(inner[i]);
  };
  there();
  sealed = datagrams.map((datagram) => datagram.subarray(0, item.length));
  back();
  const run = (count) => {
    for (let done = 0; done < count; done += BATCH) {
      there();
      back();
    }
  };
  return { plane, run };
}

async function measure(ways) {
  const { plane, run } = await roundTrip(ways);
  run(WARM_UP);
  collect();
  await turn(); // the observer must not see that collection
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  const before = process.memoryUsage().heapUsed;
  run(PACKETS);
  const growth = process.memoryUsage().heapUsed - before;
  await turn(); // entries come in a later turn
  observer.disconnect();
  const { sealed, delivered } = plane.counters;
  if (sealed < PACKETS || delivered !== sealed) throw new Error(`of ${sealed} packets ${delivered} came through`);
  plane.close();
  return { ways, collections, growth };
}

const results = [];
for (const ways of [
  {},
  { version: 6, path: true },
  { given: false },
  { version: 6, given: false, carrier: "ip" },
  { selectors: { selectors: [{ source: "10.1.0.0/16", protocol: 17, sourcePort: [1024, 2000] }] } },
  { version: 6, selectors: { selectors: [{ protocol: 6 }, { source: "fd00::/8" }], tfcPadding: 100 } },
])
  results.push(await measure(ways));
console.log(JSON.stringify(results));
