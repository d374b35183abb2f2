// A wire between two network namespaces, and iperf3 across the tunnel that runs over it. Nothing outside the namespaces
// is touched, and they are removed again.
import { execFile, execFileSync, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

/** By side: the gateway's address on the wire, and the one that travels in the tunnel. */
export const SITES = {
  left: { outer: "192.0.2.1", inner: "10.1.0.1" },
  right: { outer: "192.0.2.2", inner: "10.2.0.1" },
};
export const SIDES = ["left", "right"];
const ENDING_MILLISECONDS = 3000;

export function ip(...words) {
  execFileSync("ip", words, { stdio: ["ignore", "ignore", "pipe"] });
}

export class Network {
  #children = [];

  /** Throws where namespaces may not be made. */
  constructor(name) {
    this.spaces = Object.fromEntries(SIDES.map((side) => [side, `wasm-ipsec-${name}-${side}-${process.pid}`]));
    const { left, right } = this.spaces;
    ip("netns", "add", left);
    ip("netns", "add", right);
    ip("link", "add", "wire", "netns", left, "type", "veth", "peer", "name", "wire", "netns", right);
    for (const side of SIDES) {
      ip("-n", this.spaces[side], "address", "add", `${SITES[side].outer}/30`, "dev", "wire");
      for (const device of ["wire", "lo"]) ip("-n", this.spaces[side], "link", "set", device, "up");
    }
  }

  /** Starts a program on one side; `remove` ends it. */
  start(side, words, options) {
    const child = spawn("ip", ["netns", "exec", this.spaces[side], ...words], options);
    this.#children.push(child);
    return child;
  }

  /** Runs a program on one side to its end, and answers what it printed. */
  async run(side, ...words) {
    const { stdout } = await promisify(execFile)("ip", ["netns", "exec", this.spaces[side], ...words]);
    return stdout;
  }

  /** Puts an iperf3 server on the right. Throws unless a packet gets through the tunnel and back. */
  async serve() {
    this.start("right", ["iperf3", "--server", "--bind", SITES.right.inner], { stdio: "ignore" });
    await this.run("left", "ping", "-q", "-c", "3", "-i", "0.2", "-W", "2", "-I", SITES.left.inner, SITES.right.inner);
  }

  /** Bits a second that TCP gets through. */
  async tcp(seconds) {
    return (await this.#iperf(seconds)).end.sum_received.bits_per_second;
  }

  /** Packets a second that arrive, of UDP with `payload` bytes in each, sent as fast as the sender can. */
  async udp(seconds, payload) {
    const { sum } = (await this.#iperf(seconds, "--udp", "--bitrate", "0", "--length", String(payload))).end;
    return (sum.packets - sum.lost_packets) / sum.seconds;
  }

  async #iperf(seconds, ...words) {
    const ends = ["--client", SITES.right.inner, "--bind", SITES.left.inner];
    return JSON.parse(await this.run("left", "iperf3", ...ends, "--time", String(seconds), "--json", ...words));
  }

  async remove() {
    const alive = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = alive.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of alive) child.kill("SIGTERM");
    await Promise.race([Promise.all(ended), delay(ENDING_MILLISECONDS, undefined, { ref: false })]);
    for (const child of alive) child.kill("SIGKILL");
    for (const space of Object.values(this.spaces)) ip("netns", "delete", space);
  }
}
