// Intel's multi-buffer library, native: the limit of the machine. A small C program beside this file is compiled when
// gcc and the library's headers are there, and takes its turns between ours as everybody does.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { innerPackets } from "../esp.mjs";

const PACKETS = 64;
const SUITES = /^(aes-gcm-(128|256)|chacha20-poly1305|aes-cbc-128\+sha(1|256))$/;

/** The peer, or a sentence that says why it is not there. */
export function findIpsecMb() {
  const program = fileURLToPath(new URL("../../build/ipsec-mb", import.meta.url));
  const source = fileURLToPath(new URL("ipsec-mb.c", import.meta.url));
  mkdirSync(fileURLToPath(new URL("../../build", import.meta.url)), { recursive: true });
  const compiler = spawnSync("gcc", ["-O2", "-o", program, source, "-lIPSec_MB"], { encoding: "utf8" });
  if (compiler.error !== undefined) return "without Intel ipsec-mb: there is no gcc";
  if (compiler.status !== 0) return "without Intel ipsec-mb: apt-get install libipsec-mb-dev";
  return {
    name: "ipsec-mb (native)",
    supports: ({ name }) => SUITES.test(name),
    prepare: (suite, keys, cell) => start(program, suite, keys, cell),
  };
}

async function start(program, suite, keys, { size, direction }) {
  const lengths = innerPackets(size, PACKETS).map(({ length }) => length);
  const hex = (bytes) => Buffer.from(bytes).toString("hex");
  const words = [suite.name, direction, hex(keys.key), hex(keys.salt), hex(keys.integrity), lengths.join()];
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line) => {
    child.stdin.write(`${line}\n`);
    const { value } = await answers.next();
    if (value === undefined) throw new Error("the ipsec-mb program ended");
    return value;
  };
  const put = (answer, target) => {
    if (answer === "forged") return 0;
    target.set(Buffer.from(answer, "hex"));
    return answer.length / 2;
  };
  return {
    seal: async (packet, sequence, iv, target) => put(await ask(`seal ${sequence} ${hex(iv)} ${hex(packet)}`), target),
    open: async (datagram, target) => put(await ask(`open ${hex(datagram)}`), target),
    turn: async (milliseconds) => Number(await ask(`turn ${milliseconds}`)),
    close: () => child.stdin.end(),
  };
}
