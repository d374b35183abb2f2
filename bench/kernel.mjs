// The kernel alone: 64 packets (or --batch) of one SA staged in its memory as the engine stages them, and one call of `seal` or
// `open`. What the whole path costs besides is the engine's; see main.mjs.
//
//   node bench/kernel.mjs                              both builds, where both run; every suite
//   node bench/kernel.mjs --rounds 9 gcm 128           suites whose name contains every word
//   node bench/kernel.mjs --wasm a.wasm --wasm b.wasm  any builds with this layout, side by side
//
// Rounds are interleaved and every figure is a minimum: ns a packet by size, and the slope in ns a byte from the
// second longest to the longest. `open` includes putting the batch back, because it works in place.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DataPlane } from "wasm-ipsec";
import {
  C_RECORDS,
  D_DIRECTION,
  D_GENERATION,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEXT_HEADER,
  D_PACKET,
  D_SA,
  D_SIZE_OF,
  D_START,
  D_STATUS,
  PROTOCOL_ESP,
  SA_GENERATION,
} from "../build/lib/assembly/layout.js";
import { DELIVERED, PENDING, SEALED } from "../build/lib/assembly/status.js";
import { resolveLimits } from "../build/lib/src/limits.js";
import { loadKernelSync } from "../build/lib/src/wasm/kernel.js";
import { planMemory } from "../build/lib/src/wasm/memory.js";
import { pickVariants } from "./variants.mjs";

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    batch: { type: "string", default: "64" },
    wasm: { type: "string", multiple: true },
  },
  allowPositionals: true,
});
const ROUNDS = Number(values.rounds);
const BATCH = Number(values.batch);
const ROUND_MS = 1;
const WARM_MS = 250;
const SIZES = [64, 256, 576, 1400];
const FILES = values.wasm ?? (await pickVariants()).map((variant) => `dist/wasm/${variant}.wasm`);
const HEADROOM = 96;
const TAILROOM = 96;

const aead = (name, encryption, keyLength) => ({ name, encryption, keyLength });
const pair = (encryption, keyLength, integrity, macLength) => ({
  name: `${encryption} ${integrity}`,
  encryption,
  keyLength,
  integrity,
  macLength,
});
const SUITES = [
  aead("aes-gcm-16 128", "aes-gcm-16", 20),
  aead("aes-gcm-16 256", "aes-gcm-16", 36),
  aead("chacha20-poly1305", "chacha20-poly1305", 36),
  pair("aes-cbc", 16, "hmac-sha2-256-128", 32),
  pair("aes-cbc", 16, "hmac-sha1-96", 20),
  pair("aes-cbc", 32, "hmac-sha2-512-256", 64),
  pair("aes-cbc", 16, "aes-xcbc-96", 16),
  pair("aes-ctr", 20, "hmac-sha1-96", 20),
  pair("null", 0, "hmac-sha2-256-128", 32),
  pair("null", 0, "aes-cmac-96", 16),
  aead("aes-ccm-16 128", "aes-ccm-16", 19),
  aead("aes-gmac 128", "aes-gmac", 20),
].filter(({ name }) => positionals.every((part) => name.includes(part)));

/** A kernel with one pair of SAs, and a batch staged behind its own regions. */
class Staged {
  constructor(file, suite, size) {
    this.kernel = loadKernelSync(readFileSync(file)).exports;
    const limits = resolveLimits("client");
    const plane = Reflect.construct(DataPlane, [this.kernel, { carrier: "udp", limits: "client" }]);
    const config = {
      protocol: "esp",
      spi: 0x1001,
      mode: "tunnel",
      encryption: suite.encryption,
      encryptionKey: new Uint8Array(suite.keyLength).fill(7),
      ...(suite.integrity === undefined
        ? {}
        : { integrity: suite.integrity, integrityKey: new Uint8Array(suite.macLength).fill(9) }),
      esn: false,
      profile: "interop",
    };
    plane.addSa({ ...config, direction: "out", tunnel: { source: "192.0.2.1", target: "192.0.2.2" } });
    plane.addSa({ ...config, direction: "in", replayWindow: 0, tunnel: { source: "192.0.2.2", target: "192.0.2.1" } });

    const end = (planMemory(limits).end + 63) & ~63;
    const needed = 2 * BATCH * (D_SIZE_OF + HEADROOM + size + TAILROOM) + 4096;
    this.kernel.memory.grow(Math.ceil(needed / 65536) + 1);
    this.bytes = new Uint8Array(this.kernel.memory.buffer);
    this.words = new Uint32Array(this.kernel.memory.buffer);
    this.descriptors = end;
    this.stride = (HEADROOM + size + TAILROOM + 15) & ~15;
    this.packets = this.descriptors + BATCH * D_SIZE_OF;
    this.saved = this.packets + BATCH * this.stride;
    this.records = this.words[C_RECORDS >> 2];
    this.size = size;
  }

  put(i, offset, value) {
    this.words[(this.descriptors + i * D_SIZE_OF + offset) >> 2] = value;
  }

  get(i, offset) {
    return this.words[(this.descriptors + i * D_SIZE_OF + offset) >> 2];
  }

  prepareSeal() {
    for (let i = 0; i < BATCH; i++) {
      const packet = this.packets + i * this.stride + HEADROOM;
      this.bytes.set([0x45, 0, this.size >> 8, this.size & 255], packet);
      this.bytes.fill(0x55, packet + 4, packet + this.size);
      this.put(i, D_PACKET, packet);
      this.put(i, D_LENGTH, this.size);
      this.put(i, D_SA, this.records);
      this.put(i, D_GENERATION, this.words[(this.records + SA_GENERATION) >> 2]);
      this.put(i, D_NEXT_HEADER, 4);
    }
  }

  seal() {
    for (let i = 0; i < BATCH; i++) this.put(i, D_STATUS, PENDING);
    this.kernel.seal(this.descriptors, BATCH);
  }

  prepareOpen() {
    this.seal();
    for (let i = 0; i < BATCH; i++) {
      if (this.get(i, D_STATUS) !== SEALED) throw new Error(`sealing answered ${this.get(i, D_STATUS)}`);
      this.put(i, D_PACKET, this.get(i, D_START));
      this.put(i, D_LENGTH, this.get(i, D_LENGTH_OUT));
      this.put(i, D_DIRECTION, 1);
    }
    this.bytes.copyWithin(this.saved, this.packets, this.saved);
  }

  open() {
    this.bytes.copyWithin(this.packets, this.saved, this.saved + BATCH * this.stride);
    for (let i = 0; i < BATCH; i++) {
      this.put(i, D_STATUS, PENDING);
      this.put(i, D_NEXT_HEADER, PROTOCOL_ESP);
    }
    this.kernel.open(this.descriptors, BATCH);
  }

  checkOpened() {
    for (let i = 0; i < BATCH; i++) {
      const start = this.get(i, D_START);
      const isWhole = this.get(i, D_LENGTH_OUT) === this.size && this.bytes[start] === 0x45;
      if (this.get(i, D_STATUS) !== DELIVERED || !isWhole) throw new Error(`opening answered ${this.get(i, D_STATUS)}`);
    }
  }
}

/** Until the optimising compiler's code has taken over: otherwise the first rows are those of the baseline compiler. */
function warm(run) {
  const until = performance.now() + WARM_MS;
  while (performance.now() < until) run();
}

/** ns a packet over about ROUND_MS. */
function time(run, calls) {
  const started = performance.now();
  for (let i = 0; i < calls; i++) run();
  return ((performance.now() - started) * 1e6) / (calls * BATCH);
}

function measure(suite, size) {
  const staged = FILES.map((file) => new Staged(file, suite, size));
  const runs = staged.flatMap((kernel) => [() => kernel.seal(), () => kernel.open()]);
  for (const kernel of staged) {
    kernel.prepareSeal();
    warm(() => kernel.seal());
  }
  const seal = minimums(runs.filter((_, i) => i % 2 === 0));
  for (const kernel of staged) {
    kernel.prepareSeal();
    kernel.prepareOpen();
    warm(() => kernel.open());
    kernel.checkOpened();
  }
  const open = minimums(runs.filter((_, i) => i % 2 === 1));
  return { seal, open };
}

function minimums(runs) {
  const calls = runs.map((run) => Math.max(1, Math.round((ROUND_MS * 1e6) / (BATCH * time(run, 2)))));
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) best[i] = Math.min(best[i], time(run, calls[i]));
  }
  return best;
}

const rows = {};
for (const suite of SUITES) {
  const results = SIZES.map((size) => measure(suite, size));
  for (const direction of ["seal", "open"]) {
    for (const [i, file] of FILES.entries()) {
      const best = results.map((result) => result[direction][i]);
      const row = Object.fromEntries(SIZES.map((size, at) => [`${size} B`, Math.round(best[at])]));
      const slope = (best.at(-1) - best.at(-2)) / (SIZES.at(-1) - SIZES.at(-2));
      rows[`${suite.name} ${direction} ${file}`] = { ...row, "ns/B": slope.toFixed(2) };
    }
  }
}
console.table(rows);
