// `npm run bench:tunnel`: whole tunnels, sockets and all, with AES-GCM-128. First in one process over loopback; then, as root
// on Linux, between two network namespaces through TUN devices, beside strongSwan's user-space ESP, in turns.
//
//   --rounds 3   --seconds 3 a turn   --loopback   only the first part   --record   keeps the run in bench/tunnel.json
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { commit, machine } from "./machine.mjs";
import { startProgress } from "./progress.mjs";
import { median } from "./statistics.mjs";
import { MAIN_SUITES } from "./suites.mjs";
import { table } from "./table.mjs";
import { loopback } from "./tunnel/loopback.mjs";
import { Network, SIDES, SITES } from "./tunnel/network.mjs";
import { CHARON, LIBIPSEC, startStrongSwan } from "./tunnel/strongswan.mjs";

const SUITE = MAIN_SUITES.find(({ name }) => name === "aes-gcm-128");
const SIZES = [64, 576, 1400];
const LOOPBACK_MILLISECONDS = 250;
const WARM_UP_SECONDS = 1;
/** Bytes of UDP payload: 92 and 1372 bytes of inner packet. */
const PAYLOADS = [64, 1344];
const GATEWAY = new URL("tunnel/gateway.mjs", import.meta.url).pathname;
const FILE = new URL("tunnel.json", import.meta.url);
const OURS = "wasm-ipsec";
const STRONGSWAN = "strongSwan";
const megabits = (bits) => (bits / 1e6).toFixed(0);

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    loopback: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const self = machine();
console.log(`${self.runtime}, ${self.cpu}, ${self.cores} cores at about ${self.megahertz} MHz; ${SUITE.name}\n`);
const inOneProcess = await overLoopback();
const absent = values.loopback ? "--loopback: without network namespaces" : whatIsAbsent();
const throughTun = absent === undefined ? await betweenNamespaces() : undefined;
if (absent !== undefined) console.log(absent);
if (values.record) {
  const run = { commit: commit(), ...self, suite: SUITE.name, loopback: inOneProcess, tunnels: throughTun };
  writeFileSync(FILE, `${JSON.stringify(run, undefined, 2)}\n`);
}

async function overLoopback() {
  const rows = await loopback(SUITE, { sizes: SIZES, rounds: 2 * rounds, milliseconds: LOOPBACK_MILLISECONDS });
  const rate = (nanoseconds) => `${(1e6 / nanoseconds).toFixed(0)}k`;
  console.log(
    `two planes in one process, one thread for both ends, UDP over loopback; the least of ${2 * rounds} rounds\n`,
  );
  console.log(
    table([
      ["", "Mbit/s", "packets/s", "Node's sockets alone", ""],
      ...rows.map(({ size, tunnel, sockets }) => [
        `${size} B`,
        megabits((size * 8e9) / tunnel),
        rate(tunnel),
        rate(sockets),
        `${(sockets / tunnel).toFixed(1)} times as many`,
      ]),
    ]),
  );
  console.log(
    "\nNode's sockets make a system call for every datagram; where koffi is, the tunnel's make one for many.\n",
  );
  return rows;
}

/** A sentence, or undefined where everything is there but perhaps strongSwan. */
function whatIsAbsent() {
  const has = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;
  const missing = ["ip", "ping", "iperf3"].filter((command) => !has(command));
  if (process.platform !== "linux" || process.getuid() !== 0)
    return "without the tunnels between network namespaces: they need Linux and root";
  if (!existsSync("/dev/net/tun")) return "without the tunnels between network namespaces: there is no /dev/net/tun";
  if (missing.length > 0)
    return `without the tunnels between network namespaces, for want of ${missing.join(", ")}: apt-get install iproute2 iputils-ping iperf3`;
  return undefined;
}

async function betweenNamespaces() {
  const isThere = [CHARON, LIBIPSEC, "/usr/sbin/swanctl"].every((file) => existsSync(file));
  const tunnels = [];
  const closeAll = async () => {
    for (const { close } of tunnels.splice(0)) await close();
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => closeAll().then(() => process.exit(1)));
  try {
    tunnels.push(await open(OURS, startOurs));
    if (isThere) tunnels.push(await open(STRONGSWAN, startStrongSwan));
    const results = await inTurns(tunnels);
    console.log(report(results));
    return results;
  } catch (error) {
    console.log(`without the tunnels between network namespaces: ${error.message.trim()}`);
    return undefined;
  } finally {
    await closeAll();
    if (!isThere)
      console.log(
        "without strongSwan: apt-get install strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins",
      );
  }
}

async function open(name, start) {
  const network = new Network(name);
  let clean = () => {};
  const close = async () => {
    await network.remove();
    clean();
  };
  try {
    clean = await start(network);
    await network.serve();
  } catch (error) {
    await close();
    throw error;
  }
  return { name, network, close };
}

async function startOurs(network) {
  const keys = SIDES.map(() => randomBytes(SUITE.keyLength + SUITE.saltLength).toString("hex"));
  for (const [i, side] of SIDES.entries()) {
    const config = { mine: SITES[side], other: SITES[SIDES[1 - i]], keys: { out: keys[i], in: keys[1 - i] } };
    const child = network.start(side, [process.execPath, GATEWAY], { stdio: ["pipe", "pipe", "inherit"] });
    child.stdin.end(JSON.stringify(config));
    await new Promise((resolve, reject) => {
      child.stdout.once("data", resolve);
      child.once("exit", () => reject(new Error(`our gateway on the ${side} ended`)));
    });
  }
  return () => {};
}

/** [{ name, tcp, udp: [by payload] }]: medians over the rounds; the tunnels take turns in every test. */
async function inTurns(tunnels) {
  const tests = [
    ["TCP", (network) => network.tcp(seconds)],
    ...PAYLOADS.map((payload) => [`UDP of ${payload} bytes`, (network) => network.udp(seconds, payload)]),
  ];
  const progress = startProgress(rounds * tests.length * tunnels.length);
  const measured = tunnels.map(() => tests.map(() => []));
  for (const { network } of tunnels) await network.tcp(WARM_UP_SECONDS);
  for (let round = 1; round <= rounds; round++) {
    for (const [t, [what, test]] of tests.entries()) {
      for (const [i, { name, network }] of tunnels.entries()) {
        progress.begin(`round ${round}, ${what} through ${name}`);
        measured[i][t].push(await test(network));
      }
    }
  }
  progress.end();
  return tunnels.map(({ name }, i) => {
    const [tcp, ...udp] = measured[i].map(median);
    return { name, tcp, udp };
  });
}

function report(results) {
  const head = ["", "TCP, Mbit/s", ...PAYLOADS.map((payload) => `UDP of ${payload} bytes, packets/s`)];
  const rows = results.map(({ name, tcp, udp }) => [
    name,
    megabits(tcp),
    ...udp.map((rate) => `${(rate / 1e3).toFixed(1)}k`),
  ]);
  const about =
    `two network namespaces, iperf3 through TUN devices; medians of ${rounds} rounds of ${seconds} s, in turns. Both gateways and\n` +
    "both ends of iperf3 share this machine's cores; strongSwan's gateway is native and has threads, ours is one of Node's";
  return `${about}\n\n${table([head, ...rows])}`;
}
