// The bench in a page: this library beside crypto.subtle, one packet after the other and 64 in flight.
import { measureCell, nameOfOurs } from "../cell.mjs";
import { chart } from "../chart.mjs";
import { concurrent, sequential } from "../contenders/web-crypto.mjs";
import { compare } from "../statistics.mjs";
import { MAIN_SUITES } from "../suites.mjs";
import { nanoseconds, times } from "../table.mjs";
import { pickVariants } from "../variants.mjs";

const isQuick = location.search === "?quick";
const SIZES = isQuick ? [64] : [64, 256, 576, 1400];
const ROUNDS = isQuick ? 1 : 7;
const MILLISECONDS = isQuick ? 1 : 10;
const element = (id) => document.getElementById(id);

async function run() {
  const [variant] = await pickVariants();
  const suites = MAIN_SUITES.filter(sequential.supports);
  const plan = ["encrypt", "decrypt"].flatMap((direction) =>
    suites.flatMap((suite) => SIZES.map((size) => ({ direction, suite, size }))),
  );
  const rows = [];
  element("progress").max = plan.length;
  for (const [done, cell] of plan.entries()) {
    element("status").textContent = `${cell.suite.name}, ${cell.size} bytes, ${cell.direction}`;
    element("progress").value = done;
    await new Promise((resolve) => setTimeout(resolve)); // lets the page draw
    const peers = [sequential, concurrent];
    const { times: measured } = await measureCell({
      ...cell,
      variants: [variant],
      ways: [64],
      peers,
      rounds: ROUNDS,
      milliseconds: MILLISECONDS,
    });
    const ours = measured.get(nameOfOurs(variant, 64));
    rows.push({
      direction: cell.direction,
      suite: cell.suite.name,
      size: cell.size,
      ours: Math.min(...ours),
      peers: peers.map(({ name }) => ({
        name,
        least: Math.min(...measured.get(name)),
        ...compare(ours, measured.get(name)),
      })),
    });
  }
  for (const id of ["progress", "status"]) element(id).remove();
  const subtitle = `${navigator.userAgent.match(/(Chrome|Firefox|Version)\/[\d.]+/)?.[0] ?? "this browser"}, ${variant}`;
  show(rows, subtitle);
  globalThis.result = { subtitle, rows };
}

function show(rows, subtitle) {
  const points = rows.map(({ direction, suite, size, peers }) => ({ direction, suite, size, ratio: peers[1].ratio }));
  element("chart").innerHTML = chart(points, { than: "crypto.subtle, 64 in flight,", subtitle });
  const names = rows[0].peers.map(({ name }) => `than ${name}`);
  element("table").append(
    line("th", ["", "bytes", ...["encrypt here", "decrypt here"].flatMap((ours) => [ours, ...names])]),
    ...rows
      .filter(({ direction }) => direction === "encrypt")
      .map((encrypt) => {
        const isOther = ({ suite, size, direction }) =>
          suite === encrypt.suite && size === encrypt.size && direction === "decrypt";
        return line("td", [encrypt.suite, encrypt.size, ...cells(encrypt), ...cells(rows.find(isOther))]);
      }),
  );
}

/** Our time, and how many times more the others need, with theirs. */
function cells({ ours, peers }) {
  return [nanoseconds(ours), ...peers.map(({ least, ratio }) => [times(ratio), nanoseconds(least)])];
}

/** A row; of a cell that is a pair the second part is small. */
function line(tag, texts) {
  const row = document.createElement("tr");
  for (const text of texts) {
    const cell = row.appendChild(document.createElement(tag));
    const [first, second] = [text].flat();
    cell.textContent = first;
    if (second !== undefined) cell.appendChild(document.createElement("small")).textContent = second;
  }
  return row;
}

run().catch((error) => {
  element("status").textContent = `failed: ${error.message}`;
  globalThis.result = { failed: error.message };
});
