// The main job, on real input: the packets of a capture through two gateways on real UDP sockets, suite after suite.
//
//   npm start                    all suites; leaves out/*.pcapng and out/esp_sa
//   npm start -- --out FOLDER    leaves them there
//   npm start -- --tun           instead: two network namespaces, the kernel's own ping and curl (root, Linux)
//   npm start -- --browser       instead: a page is one end, over a WebSocket; prints where to open it
//
//   examples/traffic.pcap -> left  127.0.0.1:4500 ==== ESP in UDP ==== 127.0.0.1:port  right -> compared byte by byte
//                     (packets from 10.1.0.0/16 and fd00:1::/64 go left to right, those from the other site back)

import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DataPlane } from "wasm-ipsec";
import { NodeUdp } from "wasm-ipsec/adapters/node-udp";
import { espSaRow, formatEspSa, readCapture, writeCapture } from "wasm-ipsec/pcap";

/** Key lengths in bytes, salts included. */
const SUITES = [
  { name: "aes-gcm-16-128", encryption: "aes-gcm-16", keyLength: 20 },
  { name: "aes-gcm-16-256", encryption: "aes-gcm-16", keyLength: 36 },
  { name: "chacha20-poly1305", encryption: "chacha20-poly1305", keyLength: 36 },
  {
    name: "aes-cbc-128-sha2-256",
    encryption: "aes-cbc",
    keyLength: 16,
    integrity: "hmac-sha2-256-128",
    integrityLength: 32,
  },
  { name: "aes-cbc-128-sha1", encryption: "aes-cbc", keyLength: 16, integrity: "hmac-sha1-96", integrityLength: 20 },
  {
    name: "aes-ctr-128-sha2-512",
    encryption: "aes-ctr",
    keyLength: 20,
    integrity: "hmac-sha2-512-256",
    integrityLength: 64,
  },
  { name: "aes-ccm-16-128", encryption: "aes-ccm-16", keyLength: 19 },
  { name: "aes-gmac-128", encryption: "aes-gmac", keyLength: 20 },
  { name: "null-aes-cmac", encryption: "null", keyLength: 0, integrity: "aes-cmac-96", integrityLength: 16 },
];
const SITES = {
  left: { source: ["10.1.0.0/16", "fd00:1::/64"], target: ["10.2.0.0/16", "fd00:2::/64"] },
  right: { source: ["10.2.0.0/16", "fd00:2::/64"], target: ["10.1.0.0/16", "fd00:1::/64"] },
};
const ADDRESS = "127.0.0.1";
const NAT_T_PORT = 4500;
/** Times the capture is sent with each suite; the first time is what the files in out/ hold. */
const ROUNDS = 4;
/** Packets on their way at once: what a socket's receive buffer of the usual size holds. */
const WINDOW = 64;
const PATIENCE_MILLISECONDS = 3000;
/** Of the table's columns. */
const WIDTHS = [22, 8, 9, 7, 11, 30];

const { values } = parseArgs({
  options: { tun: { type: "boolean" }, browser: { type: "boolean" }, out: { type: "string", default: "out" } },
});
if (values.tun) await import("./tun-demo.mjs");
else if (values.browser) await import("./browser/demo.mjs");
else await mainJob(values.out);

async function mainJob(out) {
  const traffic = [...readCapture(readFileSync(new URL("traffic.pcap", import.meta.url)))].map(({ data }) => data);
  const left = await gateway(NAT_T_PORT);
  const right = await gateway(0);
  left.policy = left.plane.addPolicy({ direction: "out", selector: SITES.left, action: "protect" });
  right.policy = right.plane.addPolicy({ direction: "out", selector: SITES.right, action: "protect" });
  mkdirSync(out, { recursive: true });

  const bytes = traffic.reduce((sum, packet) => sum + packet.length, 0);
  console.log(`${traffic.length} packets, ${bytes} bytes of a real capture, ${ROUNDS} times with each suite, between`);
  console.log(`${ADDRESS}:${left.port} and ${ADDRESS}:${right.port}; kernel ${left.plane.variant}\n`);
  const columns = ["suite", "packets", "identical", "Mbit/s", "overhead", "verdicts"];
  console.log(row(columns));
  console.log(row(columns.map((_, index) => "-".repeat(WIDTHS[index]))));

  const keys = [];
  const total = { packets: 0, identical: 0, bits: 0, milliseconds: 0 };
  for (const [index, suite] of SUITES.entries()) {
    const result = await runSuite(suite, 0x1000 + 2 * index, left, right, traffic);
    keys.push(...result.keys);
    writeFileSync(`${out}/${suite.name}.pcapng`, writeCapture(result.wire));
    total.packets += result.packets;
    total.identical += result.identical;
    total.bits += result.bits;
    total.milliseconds += result.milliseconds;
    const overhead = result.overhead === undefined ? "?" : `${result.overhead.toFixed(1)} bytes`;
    console.log(row([suite.name, result.packets, result.identical, megabits(result), overhead, result.verdicts]));
  }
  console.log(row(["total", total.packets, total.identical, megabits(total), "", ""]));
  writeFileSync(`${out}/esp_sa`, formatEspSa(keys));
  for (const { udp, plane } of [left, right]) {
    udp.close();
    plane.close();
  }
  explain(out, left.port);
  if (total.identical === total.packets && total.packets === SUITES.length * ROUNDS * traffic.length) return;
  console.error(`\n${total.packets - total.identical} packets did not come back as they were`);
  process.exitCode = 1;
}

/** A data plane on a socket of its own; of one that NodeUdp binds not every datagram would be seen here. */
async function gateway(port) {
  const plane = await DataPlane.create({ carrier: "udp" });
  const self = { plane, arrived: [], wire: [], onPacket() {} };
  const socket = await bound(port).catch(() => bound(0)); // 4500 is taken.
  self.port = socket.address().port;
  socket.on("message", (datagram, remote) => self.wire.push({ datagram, remote, at: performance.now() }));
  self.udp = await NodeUdp.open(plane, {
    socket,
    onPacket(packet) {
      self.arrived.push(packet);
      self.onPacket();
    },
  });
  return self;
}

async function bound(port) {
  const socket = createSocket("udp4").bind(port, ADDRESS);
  await once(socket, "listening");
  return socket;
}

/** Rekeys both gateways to a suite and sends the capture through, each packet from the side it came from. */
async function runSuite(suite, spi, left, right, traffic) {
  const keys = [connect(suite, spi, left, right, SITES.left), connect(suite, spi + 1, right, left, SITES.right)];
  const before = [left, right].map(({ plane }) => ({ ...plane.counters }));
  const started = performance.now();
  let identical = 0;
  let wire = [];
  for (let round = 0; round < ROUNDS; round++) {
    identical += await sendAll(traffic, left, right);
    if (round === 0) wire = [...left.wire, ...right.wire];
    for (const side of [left, right]) side.wire = [];
  }
  const milliseconds = performance.now() - started;
  const captured = wire.sort((first, second) => first.at - second.at).map((each) => asCaptured(each, left, right));
  const sizes = traffic.reduce((sum, packet) => sum + packet.length, 0);
  return {
    keys,
    wire: captured,
    packets: ROUNDS * traffic.length,
    identical,
    bits: 8 * ROUNDS * sizes,
    milliseconds,
    overhead: captured.length === traffic.length ? (bytesOf(captured) - sizes) / traffic.length : undefined,
    verdicts: verdictsSince(before, [left, right]),
  };
}

/** One direction: the same keys at both ends. Answers its row of Wireshark's key table. */
function connect(suite, spi, from, to, selector) {
  const config = {
    protocol: "esp",
    spi,
    mode: "tunnel",
    tunnel: { source: ADDRESS, target: ADDRESS },
    natTraversal: { sourcePort: from.port, targetPort: to.port },
    encryption: suite.encryption,
    encryptionKey: randomBytes(suite.keyLength),
    ...(suite.integrity && { integrity: suite.integrity, integrityKey: randomBytes(suite.integrityLength) }),
    selectors: [selector],
  };
  to.plane.addSa({ ...config, direction: "in" }); // First the side that opens.
  from.policy.use(from.plane.addSa({ ...config, direction: "out" }));
  return espSaRow(config, ADDRESS, ADDRESS);
}

/** Sends the packets, WINDOW at a time. Answers how many arrived on the other side as they were, in order. */
async function sendAll(traffic, left, right) {
  const expected = { left: [], right: [] };
  for (const side of [left, right]) side.arrived = [];
  for (let position = 0; position < traffic.length; position += WINDOW) {
    for (const packet of traffic.slice(position, position + WINDOW)) {
      const isFromLeft = packet[0] >> 4 === 4 ? packet[13] === 1 : packet[11] === 1; // 10.1., fd00:1:
      expected[isFromLeft ? "right" : "left"].push(packet);
      (isFromLeft ? left : right).udp.send(packet);
    }
    if (!(await arrivedAll(left, right, position + WINDOW, traffic.length))) break;
  }
  return equals(left.arrived, expected.left) + equals(right.arrived, expected.right);
}

/** Waits until as many packets have arrived as were sent. False: they do not come. */
function arrivedAll(left, right, sent, most) {
  const isDone = () => left.arrived.length + right.arrived.length >= Math.min(sent, most);
  if (isDone()) return true;
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PATIENCE_MILLISECONDS);
    left.onPacket = right.onPacket = () => {
      if (!isDone()) return;
      clearTimeout(timer);
      resolve(true);
    };
  });
}

function equals(arrived, expected) {
  return arrived.filter((packet, index) => expected[index] && Buffer.compare(packet, expected[index]) === 0).length;
}

/** The IP packet a datagram was in: the socket gives only what UDP carried. */
function asCaptured({ datagram, remote, at }, left, right) {
  const data = Buffer.alloc(28 + datagram.length);
  data[0] = 0x45;
  data.writeUInt16BE(data.length, 2);
  data[8] = 64;
  data[9] = 17;
  data.set([127, 0, 0, 1, 127, 0, 0, 1], 12);
  let sum = 0;
  for (let offset = 0; offset < 20; offset += 2) sum += data.readUInt16BE(offset);
  data.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
  data.writeUInt16BE(remote.port, 20);
  data.writeUInt16BE(remote.port === left.port ? right.port : left.port, 22);
  data.writeUInt16BE(8 + datagram.length, 24); // UDP checksum 0: none, RFC 3948 section 2.1.
  data.set(datagram, 28);
  return { data, timestamp: BigInt(Math.round((performance.timeOrigin + at) * 1e6)) };
}

function bytesOf(captured) {
  return captured.reduce((sum, { data }) => sum + data.length, 0);
}

function verdictsSince(before, sides) {
  const counts = {};
  for (const [index, { plane }] of sides.entries()) {
    for (const [verdict, count] of Object.entries(plane.counters)) {
      const more = count - before[index][verdict];
      if (more > 0) counts[verdict] = (counts[verdict] ?? 0) + more;
    }
  }
  return Object.entries(counts)
    .map(([verdict, count]) => `${count} ${verdict}`)
    .join(", ");
}

function row(cells) {
  const isText = (index) => index === 0 || index === WIDTHS.length - 1;
  const align = (cell, index) =>
    isText(index) ? String(cell).padEnd(WIDTHS[index]) : String(cell).padStart(WIDTHS[index]);
  return cells.map(align).join("  ").trimEnd();
}

function megabits({ bits, milliseconds }) {
  return (bits / milliseconds / 1000).toFixed(0);
}

function explain(out, port) {
  const decodeAs = port === NAT_T_PORT ? "" : ` -d udp.port==${port},udpencap`;
  console.log(`
${out}/*.pcapng is the ESP that was on the wire, ${out}/esp_sa its keys. To open it again:
  npx wasm-ipsec decrypt ${out}/aes-gcm-16-128.pcapng --keys ${out}/esp_sa --out ${out}/clear.pcapng
  WIRESHARK_CONFIG_DIR=${out} tshark -o esp.enable_encryption_decode:TRUE \\
    -o esp.enable_authentication_check:TRUE${decodeAs} -r ${out}/aes-gcm-16-128.pcapng`);
}
