// Packet after packet from another SA: how much of the speed of one SA stays when keys and derived keys come from memory.
// What is measured is traffic that goes on: a turn begins with packets that are not timed, in which the SAs get back what
// the turn before took from them.
import { DataPlane } from "wasm-ipsec";
import { associationOf } from "../contenders/ours.mjs";
import { innerPackets } from "../esp.mjs";
import { interleave } from "../rounds.mjs";
import { compare } from "../statistics.mjs";
import { drawKeys, MAIN_SUITES } from "../suites.mjs";
import { nanoseconds, table } from "../table.mjs";

const COUNTS = [1, 64, 1024, 10_000];
const SIZES = [64, 1400];
const BATCH = 64;
const MILLISECONDS = 5;
/** Packets an SA, and batches, before the timed ones, and the longest they may take: 10,000 SAs never have all that is derived of them. */
const LEAD = 16;
const LEAD_MILLISECONDS = 50;

/** Percent more than one SA that are allowed: at 64 SAs, and at 10,000. */
function allowed(suite, size, count) {
  if (count === 64) return size === 1400 && suite.integrity === undefined ? 5 : 30;
  return count === 10_000 && size === 1400 ? 40 : undefined;
}

/** `most`: SAs at the most. */
export async function rotation({ rounds, most }) {
  const counts = COUNTS.filter((count) => count <= most);
  const rows = [["", "bytes", ...counts.map((count) => (count === 1 ? "1 SA" : `${count} SAs`))]];
  for (const suite of MAIN_SUITES) {
    const plane = await DataPlane.create({ carrier: "udp", limits: "gateway" });
    const sas = Array.from({ length: counts.at(-1) }, (_, i) =>
      plane.addSa({ ...associationOf(suite, drawKeys(suite)), direction: "out", spi: 0x1000 + i }),
    );
    for (const size of SIZES) {
      const times = await interleave(
        counts.map((count) => inRotation(plane, sas.slice(0, count), size)),
        { rounds, milliseconds: MILLISECONDS },
      );
      const one = times.get(1);
      const cells = counts.map((count) => {
        const own = times.get(count);
        const text = nanoseconds(Math.min(...own));
        if (count === 1) return text;
        const slower = (compare(one, own).ratio - 1) * 100;
        const limit = allowed(suite, size, count);
        const verdict = limit === undefined ? "" : slower <= limit ? ` of ${limit} +` : ` of ${limit} --`;
        return `${text}  ${slower >= 0 ? "+" : ""}${slower.toFixed(0)} %${verdict}`;
      });
      rows.push([suite.name, `${size} B`, ...cells]);
    }
    plane.close();
  }
  return `${table(rows)}\n\npercent slower than one SA; "of 30 +": 30 are allowed, and held`;
}

function inRotation(plane, sas, size) {
  const packets = innerPackets(size, BATCH);
  const targets = packets.map(({ length }) => new Uint8Array(length + 128));
  const item = plane.createItem();
  let next = 0;
  const run = () => {
    for (let i = 0; i < BATCH; i++) {
      plane.outbound(0, packets[i], sas[next]);
      next = next + 1 === sas.length ? 0 : next + 1;
    }
    plane.flush(0);
    for (let i = 0; plane.poll(item); i++) item.copyInto(targets[i]);
  };
  const turn = (milliseconds) => {
    const lead = performance.now() + LEAD_MILLISECONDS;
    for (let packets = 0; packets < LEAD * Math.max(sas.length, BATCH) && performance.now() < lead; packets += BATCH)
      run();
    const started = performance.now();
    let count = 0;
    let elapsed = 0;
    for (; elapsed < milliseconds; elapsed = performance.now() - started) {
      run();
      count += BATCH;
    }
    return (elapsed * 1e6) / count;
  };
  return { name: sas.length, turn };
}
