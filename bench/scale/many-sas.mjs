// A gateway's table, full: how long an SA takes to add, what all of them occupy, and what `tick` costs when none is due.
import { DataPlane } from "wasm-ipsec";
import { associationOf } from "../contenders/ours.mjs";
import { drawKeys, MAIN_SUITES } from "../suites.mjs";
import { table } from "../table.mjs";

const TICKS = 10_000;
const MIB = 2 ** 20;

/** Fills a plane; microseconds an SA, bytes of the kernel's memory and of JavaScript's, ns of a tick with nothing due. */
async function fillTable(count) {
  const [suite] = MAIN_SUITES;
  const heap = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const plane = await DataPlane.create({ carrier: "udp", limits: "gateway" });
  const association = { ...associationOf(suite, drawKeys(suite)), direction: "in" };
  const lifetime = { seconds: 3600 };
  const started = performance.now();
  for (let i = 0; i < count; i++) plane.addSa({ ...association, spi: 0x1000 + i, lifetime });
  const addMicroseconds = ((performance.now() - started) * 1000) / count;
  const startingTick = timed(() => plane.tick(1));
  let now = 2;
  const tickNanoseconds =
    (timed(() => {
      for (let i = 0; i < TICKS; i++) plane.tick(now++);
    }) *
      1e6) /
    TICKS;
  const { memoryBytes } = plane;
  const heapBytes = heap() - before;
  plane.close();
  return { addMicroseconds, startingTick, tickNanoseconds, memoryBytes, heapBytes };
}

export async function manySas({ most }) {
  const { addMicroseconds, startingTick, tickNanoseconds, memoryBytes, heapBytes } = await fillTable(most);
  const row = (what, value, held, goal) => [what, value, goal, held === undefined ? "" : held ? "+" : "--"];
  return table([
    ["", "measured", "goal", ""],
    row("an SA added", `${addMicroseconds.toFixed(1)} us`, addMicroseconds < 50, "under 50 us"),
    row("the kernel's memory", `${(memoryBytes / MIB).toFixed(1)} MiB`, memoryBytes < 128 * MIB, "under 128 MiB"),
    row("JavaScript's heap besides", `${(heapBytes / MIB).toFixed(1)} MiB`),
    row("the first tick, which arms every timer", `${startingTick.toFixed(1)} ms`),
    row("tick, nothing due", `${tickNanoseconds.toFixed(0)} ns`, tickNanoseconds < 1e6, "under 1 ms"),
  ]);
}

function timed(work) {
  const started = performance.now();
  work();
  return performance.now() - started;
}
