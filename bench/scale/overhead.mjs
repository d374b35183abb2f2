// What the engine adds: the whole path, less the time inside the kernel, less the two copies that nobody can avoid. The
// kernel's calls are timed where they happen, in a plane whose kernel carries a stopwatch.
import { DataPlane } from "wasm-ipsec";
import { loadKernel } from "../../build/lib/src/wasm/kernel.js";
import { associationOf } from "../contenders/ours.mjs";
import { innerPackets } from "../esp.mjs";
import { interleave } from "../rounds.mjs";
import { drawKeys, MAIN_SUITES } from "../suites.mjs";
import { table } from "../table.mjs";

const SIZES = [64, 1400];
const BATCH = 64;
const MILLISECONDS = 5;
const ALLOWED = 50;

export async function engineOverhead({ rounds }) {
  const rows = [["", "bytes", "whole path", "kernel", "copies", "engine", ""]];
  const stopwatch = { milliseconds: 0 };
  const plane = new DataPlane(await timedKernel(stopwatch), { carrier: "udp" });
  for (const suite of MAIN_SUITES) {
    for (const size of SIZES) {
      const sa = plane.addSa({ ...associationOf(suite, drawKeys(suite)), direction: "out" });
      const kernel = [];
      const whole = wholePath(plane, sa, size, stopwatch, kernel);
      const times = await interleave([whole, copies(plane, size)], { rounds, milliseconds: MILLISECONDS });
      sa.delete();
      // The first turn warmed up.
      const engine = times.get("whole").map((time, round) => time - kernel[round + 1]);
      const copied = Math.min(...times.get("copies"));
      const added = Math.min(...engine) - copied;
      const [total, inside] = [Math.min(...times.get("whole")), Math.min(...kernel)];
      const figures = [total, inside, copied, added].map((value) => `${value.toFixed(0)} ns`);
      rows.push([suite.name, `${size} B`, ...figures, `${ALLOWED} ns allowed ${added <= ALLOWED ? "+" : "--"}`]);
    }
  }
  plane.close();
  return table(rows);
}

/** The inlined kernel of the package, its two packet calls timed. */
async function timedKernel(stopwatch) {
  const probe = await DataPlane.create({ limits: "edge" });
  const { exports } = await loadKernel(DataPlane.source.load(probe.variant));
  probe.close();
  const kernel = { ...exports };
  for (const name of ["seal", "open"]) {
    const call = exports[name];
    kernel[name] = (descriptors, count) => {
      const started = performance.now();
      call(descriptors, count);
      stopwatch.milliseconds += performance.now() - started;
    };
  }
  return kernel;
}

function wholePath(plane, sa, size, stopwatch, kernel) {
  const packets = innerPackets(size, BATCH);
  const targets = packets.map(({ length }) => new Uint8Array(length + 128));
  const item = plane.createItem();
  const run = () => {
    for (let i = 0; i < BATCH; i++) plane.outbound(0, packets[i], sa);
    plane.flush(0);
    for (let i = 0; plane.poll(item); i++) item.copyInto(targets[i]);
  };
  const turn = (milliseconds) => {
    const started = performance.now();
    stopwatch.milliseconds = 0;
    let count = 0;
    while (performance.now() - started < milliseconds) {
      run();
      count += BATCH;
    }
    const elapsed = performance.now() - started;
    kernel.push((stopwatch.milliseconds * 1e6) / count);
    return (elapsed * 1e6) / count;
  };
  return { name: "whole", turn };
}

/** A packet's bytes into the kernel's memory and out again, nothing else. */
function copies(plane, size) {
  const packets = innerPackets(size, BATCH);
  const targets = packets.map(({ length }) => new Uint8Array(length + 128));
  const memory = Uint8Array.from(plane.createItem().memory);
  const slot = 3072;
  const run = () => {
    for (let i = 0; i < BATCH; i++) memory.set(packets[i], i * slot);
    for (let i = 0; i < BATCH; i++) targets[i].set(memory.subarray(i * slot, i * slot + size + 40));
  };
  return { name: "copies", packets: BATCH, run };
}
