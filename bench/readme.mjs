// README.md's performance section, made from a run: what stands between the two markers is replaced.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { againstNode, againstOthers, lines } from "./summary.mjs";

const FILE = new URL("../README.md", import.meta.url);
const BEGIN = "<!-- made by `npm run bench -- --readme` -->";
const END = "<!-- end -->";

export function writeReadme(run, commit) {
  const text = readFileSync(FILE, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md has no place for figures: ${BEGIN} ... ${END}`);
  writeFileSync(FILE, `${text.slice(0, begin + BEGIN.length)}\n\n${section(run, commit)}\n\n${text.slice(end)}`);
}

function section(run, commit) {
  const { machine, variants, options } = run;
  const [build] = variants;
  return [
    `Measured on ${machine.cpu}, ${machine.cores} cores at about ${(machine.megahertz / 1000).toFixed(1)} GHz, with ` +
      `${machine.runtime} at commit ${commit}: ${options.rounds} interleaved rounds, minimum over minimum, equal bytes ` +
      `checked first. Batches of 64, the whole path, the ${build} build. How many times faster than the node:crypto ` +
      "API per packet, encrypt / decrypt:",
    nodeTable(run, build),
    "![Times faster than the node:crypto API per packet, by packet size](bench/chart.svg)",
    whereWeLose(run, build),
    "One packet at a time, encrypt: `protectInto` / `protect` against node:crypto:",
    singleTable(run, build),
    "Against the others, encrypt, at 64 / 1400 bytes:",
    othersTable(run),
    ...kept("page/chromium.json", inChromium),
    ...kept("tunnel.json", wholeTunnels),
  ].join("\n\n");
}

/** What is said of a run that another script has kept, if it has. */
function kept(file, say) {
  const url = new URL(file, import.meta.url);
  return existsSync(url) ? [say(JSON.parse(readFileSync(url, "utf8")))] : [];
}

/** Of `npm run bench:page -- --record`. */
function inChromium({ commit, cpu, runtime, rows }) {
  const encrypt = rows.filter(({ direction }) => direction === "encrypt");
  const ratio = (suite, size) => encrypt.find((row) => row.suite === suite && row.size === size)?.peers[0].ratio;
  const suites = [...new Set(encrypt.map(({ suite }) => suite))];
  const figures = suites.map((suite) => `${suite} ${pair(ratio(suite, 64), ratio(suite, 1400))}`).join(", ");
  return (
    `In a page (${runtime}, ${cpu}, commit ${commit}), times faster than crypto.subtle, one packet after the other, encrypt ` +
    `at 64 / 1400 bytes: ${figures}.`
  );
}

/** Of `npm run bench:tunnel -- --record`. */
function wholeTunnels({ commit, cpu, cores, runtime, suite, loopback, tunnels = [] }) {
  const { size, tunnel, sockets } = loopback.at(-1);
  const rate = (nanoseconds) => ((size * 8000) / nanoseconds).toFixed(0);
  const rows = tunnels.map(({ name, tcp, udp }) => [
    name,
    (tcp / 1e6).toFixed(0),
    ...udp.map((packets) => `${(packets / 1000).toFixed(1)}k`),
  ]);
  const text =
    `Whole tunnels (${runtime}, ${cpu}, ${cores} cores, commit ${commit}), ${suite}: both ends in one thread of Node over ` +
    `loopback carry ${rate(tunnel)} Mbit/s in packets of ${size} bytes; Node's sockets alone, which make a system call for every ` +
    `datagram, carry ${rate(sockets)}.`;
  if (rows.length === 0) return text;
  const head = ["iperf3, TUN to TUN", "TCP, Mbit/s", "64-byte UDP, packets/s", "1344-byte UDP, packets/s"];
  return `${text} Between two network namespaces, beside strongSwan's user-space ESP:\n\n${markdown(head, rows)}`;
}

const markdown = (head, rows) =>
  [head, head.map((_, column) => (column === 0 ? "---" : "--:")), ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
const short = (ratio) => (ratio === undefined ? "-" : ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(1));
const pair = (a, b) => `${short(a)} / ${short(b)}`;
const suitesOf = ({ cells }) => [...new Set(cells.map(({ suite }) => suite))];

function nodeTable(run, build) {
  const measured = againstNode(run).filter(({ who, way }) => who === build && way === "64");
  const ratioOf = (suite, size, direction) =>
    measured.find((cell) => cell.suite === suite && cell.size === size && cell.direction === direction)?.ratio;
  const { sizes } = run.options;
  const rows = suitesOf(run).map((suite) => [
    suite,
    ...sizes.map((size) => pair(ratioOf(suite, size, "encrypt"), ratioOf(suite, size, "decrypt"))),
  ]);
  return markdown(["", ...sizes.map((size) => (size === "imix" ? size : `${size} B`))], rows);
}

function whereWeLose(run, build) {
  const fits = lines(run).filter(({ direction }) => direction === "encrypt");
  const cycles = (slope) => ((slope * run.machine.megahertz) / 1000).toFixed(1);
  const rows = suitesOf(run).map((suite) => {
    const ours = fits.find((fit) => fit.suite === suite && fit.who === build);
    const node = fits.find((fit) => fit.suite === suite && fit.who === "node:crypto");
    const from = ours.ahead === undefined ? "nowhere measured" : `${Math.round(ours.ahead / 10) * 10} B`;
    const side = ({ intercept, slope }) => `${intercept.toFixed(0)} + ${cycles(slope)}`;
    return [suite, side(ours), side(node), from];
  });
  return [
    "Most of node:crypto's time is its call; its AES instructions win in long packets, and so does native code " +
      "everywhere. Nanoseconds a packet + cycles a byte, encrypt, and the size from which on node:crypto is ahead:",
    markdown(["", "here", "node:crypto", "node:crypto ahead from"], rows),
  ].join("\n\n");
}

function singleTable(run, build) {
  const measured = againstNode(run).filter(({ who, direction }) => who === build && direction === "encrypt");
  const sizes = [...new Set(measured.filter(({ way }) => way === "protect").map(({ size }) => size))];
  const ratioOf = (suite, size, verb) =>
    measured.find((cell) => cell.suite === suite && cell.size === size && cell.way === verb)?.ratio;
  const rows = suitesOf(run).map((suite) => [
    suite,
    ...sizes.map((size) => pair(ratioOf(suite, size, "protectInto"), ratioOf(suite, size, "protect"))),
  ]);
  return markdown(["", ...sizes.map((size) => `${size} B`)], rows);
}

function othersTable(run) {
  const measured = againstOthers(run).filter(({ direction }) => direction === "encrypt");
  const peers = [...new Set(measured.map(({ peer }) => peer))];
  const ratioOf = (suite, peer, size) =>
    measured.find((cell) => cell.suite === suite && cell.peer === peer && cell.size === size)?.ratio;
  const cell = (suite, peer) => {
    const [small, large] = [64, 1400].map((size) => ratioOf(suite, peer, size));
    if (small === undefined && large === undefined) return "";
    const exact = (ratio) => (ratio < 1 ? ratio.toFixed(2) : short(ratio));
    return `${exact(small)} / ${exact(large)}`;
  };
  return markdown(
    ["", ...peers],
    suitesOf(run).map((suite) => [suite, ...peers.map((peer) => cell(suite, peer))]),
  );
}
