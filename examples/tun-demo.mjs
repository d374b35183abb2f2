// The kernel's own ping and curl through a tunnel of ours: npm start -- --tun
//
//   namespace left                                         namespace right
//   ping, curl                                             kernel, web server
//   tun0 10.1.0.1, fd00:1::1                               tun0 10.2.0.1, fd00:2::1
//     |                                                      |
//   gateway (this file) === ESP in UDP, 192.0.2.1 - .2 === gateway (this file)
//                            veth, MTU 1500
//
// Needs Linux, root, iproute2, ping, curl, and the optional package koffi. Makes two network namespaces and removes
// them again; nothing outside them is touched.

import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DataPlane } from "wasm-ipsec";
import { NodeUdp } from "wasm-ipsec/adapters/node-udp";
import { Tun } from "wasm-ipsec/adapters/tun";

const SITES = {
  left: { outer: "192.0.2.1", four: "10.1.0.1", six: "fd00:1::1", networks: ["10.1.0.0/16", "fd00:1::/64"] },
  right: { outer: "192.0.2.2", four: "10.2.0.1", six: "fd00:2::1", networks: ["10.2.0.0/16", "fd00:2::/64"] },
};
/** 1500 bytes less the outer headers: 20 IPv4, 8 UDP, 8 ESP, 8 IV, at most 3 + 2 trailer, 16 ICV. */
const TUN_MTU = 1432;
const NAT_T_PORT = 4500;
const WEB_PORT = 8080;
const DOWNLOAD_SIZE = 20_000_000;

/** What the web server has: the same bytes on both sides of the comparison. */
function download() {
  return Buffer.alloc(DOWNLOAD_SIZE, createHash("sha512").update("wasm-ipsec").digest());
}

if (process.argv[2] === "gateway") await gateway(JSON.parse(await readInput()));
else await demo();

async function demo() {
  if (process.platform !== "linux" || process.getuid() !== 0) {
    console.error("npm start -- --tun makes network namespaces and TUN devices: it needs Linux and root");
    process.exitCode = 2;
    return;
  }
  if (!(await import("koffi").catch(() => undefined))) {
    console.error("npm start -- --tun opens TUN devices with the optional package koffi: npm install koffi");
    process.exitCode = 2;
    return;
  }
  const spaces = { left: `wasm-ipsec-left-${process.pid}`, right: `wasm-ipsec-right-${process.pid}` };
  const gateways = [];
  try {
    makeNetwork(spaces);
    const keys = { leftToRight: randomBytes(36).toString("hex"), rightToLeft: randomBytes(36).toString("hex") };
    for (const side of ["left", "right"]) gateways.push(await startGateway(spaces[side], { side, keys }));
    await exercise(spaces.left);
  } finally {
    for (const stop of gateways) await stop();
    for (const space of Object.values(spaces)) ip("netns", "delete", space);
  }
}

function ip(...words) {
  execFileSync("ip", words, { stdio: ["ignore", "inherit", "inherit"] });
}

function makeNetwork({ left, right }) {
  ip("netns", "add", left);
  ip("netns", "add", right);
  ip("link", "add", "wire", "netns", left, "type", "veth", "peer", "name", "wire", "netns", right);
  for (const [space, { outer }] of [
    [left, SITES.left],
    [right, SITES.right],
  ]) {
    ip("-n", space, "address", "add", `${outer}/30`, "dev", "wire");
    ip("-n", space, "link", "set", "wire", "up");
    ip("-n", space, "link", "set", "lo", "up");
  }
}

/** Starts this file as a gateway inside a namespace. Answers how to stop it. */
async function startGateway(space, config) {
  const words = [
    "netns",
    "exec",
    space,
    process.execPath,
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    "gateway",
  ];
  const child = spawn("ip", words, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(JSON.stringify(config));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  await new Promise((resolve, reject) => {
    child.stdout.on("data", (text) => {
      if (String(text).startsWith("ready")) resolve();
      else process.stdout.write(text);
    });
    ended.then((code) => reject(new Error(`the gateway ${config.side} ended with ${code}`)));
  });
  return () => {
    child.kill("SIGTERM");
    return ended;
  };
}

async function exercise(space) {
  const inside = (...words) => promisify(execFile)("ip", ["netns", "exec", space, ...words], { encoding: "utf8" });
  for (const target of [SITES.right.four, SITES.right.six]) {
    for (const size of [56, 1300, 3000]) {
      const { stdout } = await inside("ping", "-q", "-c", "20", "-i", "0.01", "-W", "2", "-s", String(size), target);
      const [, counts, times] = /(\d+ packets transmitted.*?loss).*?= (\S+ ms)/s.exec(stdout) ?? [];
      console.log(`ping ${target}, ${size} bytes: ${counts}; min/avg/max/mdev ${times}`);
      if (!counts?.includes(" 0% packet loss")) process.exitCode = 1;
    }
  }
  const wanted = createHash("sha256").update(download()).digest("hex");
  for (const host of [SITES.right.four, `[${SITES.right.six}]`]) {
    const url = `http://${host}:${WEB_PORT}/`;
    const report = "%{stderr}%{size_download} bytes in %{time_total} s, %{speed_download} bytes/s";
    const { stdout, stderr } = await promisify(execFile)(
      "ip",
      ["netns", "exec", space, "curl", "-sg", "--fail", "-w", report, url],
      { encoding: "buffer", maxBuffer: 2 * DOWNLOAD_SIZE },
    );
    const isSame = createHash("sha256").update(stdout).digest("hex") === wanted;
    console.log(`curl ${url}: ${stderr}, ${isSame ? "identical" : "DIFFERENT"}`);
    if (!isSame) process.exitCode = 1;
  }
}

/** One end of the tunnel: TUN device, data plane, socket. */
async function gateway({ side, keys }) {
  const mine = SITES[side];
  const other = SITES[side === "left" ? "right" : "left"];
  const plane = await DataPlane.create({ carrier: "udp" });
  const suite = { protocol: "esp", mode: "tunnel", encryption: "aes-gcm-16" };
  const leftToRight = { spi: 0x1001, encryptionKey: Buffer.from(keys.leftToRight, "hex") };
  const rightToLeft = { spi: 0x1002, encryptionKey: Buffer.from(keys.rightToLeft, "hex") };
  const [sending, receiving] = side === "left" ? [leftToRight, rightToLeft] : [rightToLeft, leftToRight];
  const tunnel = { source: mine.outer, target: other.outer };
  const natTraversal = { sourcePort: NAT_T_PORT, targetPort: NAT_T_PORT, keepaliveSeconds: 20 };
  const outbound = plane.addSa({ ...suite, ...sending, direction: "out", tunnel, natTraversal });
  const inbound = plane.addSa({
    ...suite,
    ...receiving,
    direction: "in",
    tunnel: { source: other.outer, target: mine.outer },
    natTraversal,
    selectors: [{ source: other.networks, target: mine.networks }],
    replayWindow: 1024,
  });
  const selector = { source: mine.networks, target: other.networks };
  plane.addPolicy({ direction: "out", selector, action: "protect", sa: outbound });

  let refused = 0;
  const tun = await Tun.open({
    name: "tun0",
    onPacket(packet) {
      if (!udp.send(packet)) refused++;
    },
  });
  const udp = await NodeUdp.open(plane, {
    address: mine.outer,
    port: NAT_T_PORT,
    onPacket: (packet) => tun.write(packet),
    onIcmp: (packet) => tun.write(packet),
  });
  ip("address", "add", `${mine.four}/16`, "dev", "tun0");
  ip("address", "add", `${mine.six}/64`, "dev", "tun0", "nodad");
  ip("link", "set", "tun0", "mtu", String(TUN_MTU), "up");
  for (const network of other.networks) ip("route", "add", network, "dev", "tun0");
  const web = createServer((_request, response) => response.end(download())).listen(WEB_PORT, "::");
  process.on("SIGTERM", () => {
    const { packets, bytes } = outbound.stats;
    const dropped = Object.entries(inbound.stats.dropped).map(([verdict, count]) => `, ${count} ${verdict}`);
    console.log(
      `${side}: sealed ${packets} (${bytes} bytes), opened ${inbound.stats.packets}${dropped.join("")}, not taken ${refused}`,
    );
    web.closeAllConnections();
    web.close();
    udp.close();
    tun.close();
  });
  console.log("ready");
}

async function readInput() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  return text;
}
