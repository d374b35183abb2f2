// The run as text: first against node:crypto, then the line through the sizes, the batches, the other peers.
import { nameOfOurs } from "./cell.mjs";
import { IMIX_TEXT } from "./esp.mjs";
import { compare } from "./statistics.mjs";
import { lines } from "./summary.mjs";
import { nanoseconds, table, times } from "./table.mjs";

const NODE = "node:crypto";
const least = (values) => Math.min(...values);
const sizeTitle = (size) => (size === "imix" ? "imix" : `${size} B`);

export function report(run) {
  const { machine, variants, options } = run;
  const parts = [
    `${machine.runtime}, ${machine.cpu}, ${machine.cores} cores at about ${machine.megahertz} MHz, ${machine.platform}`,
    `${options.rounds} rounds of ${options.milliseconds} ms a turn, ${run.seconds.toFixed(0)} s; batches of 64 unless it says otherwise`,
    `N.NNx (N.NN): times faster per packet, minimum over minimum (median of the paired rounds)`,
    ...(options.sizes.includes("imix") ? [IMIX_TEXT] : []),
    ...run.absent,
  ];
  for (const direction of options.directions) {
    const cells = run.cells.filter((cell) => cell.direction === direction);
    parts.push(`\n${direction}, against ${NODE}\n\n${versusNode(cells, variants, options)}`);
    const line = lineTable(run, direction);
    if (line !== undefined) parts.push(`\n${direction}, the line through the sizes\n\n${line}`);
    const batches = batchTable(cells, variants[0]);
    if (batches !== undefined) parts.push(`\n${direction}, ${variants[0]}, by batch, against ${NODE}\n\n${batches}`);
    const others = run.peers.filter((name) => name !== NODE);
    if (others.length > 0)
      parts.push(`\n${direction}, ${variants[0]}, against the others\n\n${peerTable(cells, variants[0], others)}`);
  }
  return parts.join("\n");
}

function suitesOf(cells) {
  return [...new Set(cells.map(({ suite }) => suite))];
}

/** The times of a way of ours that the cell has: batches of 64, or the first that was asked for. */
function oursIn(cell, variant) {
  return cell.times.get(nameOfOurs(variant, 64)) ?? [...cell.times].find(([name]) => name.startsWith(`${variant} `))[1];
}

function versusNode(cells, variants, { sizes }) {
  const rows = [["", "build", ...sizes.map(sizeTitle)]];
  for (const suite of suitesOf(cells)) {
    for (const variant of variants) {
      const row = [suite, variant];
      for (const cell of cells.filter((candidate) => candidate.suite === suite)) {
        const ours = oursIn(cell, variant);
        const { ratio, paired } = compare(ours, cell.times.get(NODE));
        row.push(`${nanoseconds(least(ours))}  ${times(ratio)} (${paired.toFixed(ratio >= 10 ? 1 : 2)})`);
      }
      rows.push(row);
    }
  }
  return table(rows);
}

/** Intercept and slope of both sides, and the size from which on node:crypto is ahead. */
function lineTable(run, direction) {
  const fits = lines(run).filter((fit) => fit.direction === direction);
  if (fits.length === 0) return undefined;
  const { megahertz } = run.machine;
  const largest = Math.max(...run.options.sizes.filter((size) => size !== "imix"));
  const rows = fits.map(({ suite, who, intercept, slope, ahead }) => {
    const from = ahead === undefined ? `nowhere up to ${largest} B` : `${ahead.toFixed(0)} B`;
    return [suite, who, intercept.toFixed(0), ((slope * megahertz) / 1000).toFixed(2), who === NODE ? "" : from];
  });
  return table([["", "", "ns a packet", "cycles a byte", `${NODE} ahead from`], ...rows]);
}

function batchTable(cells, variant) {
  const mine = (cell) => [...cell.times.keys()].filter((name) => name.startsWith(`${variant} `));
  const wide = cells.filter((cell) => mine(cell).length > 1);
  if (wide.length === 0) return undefined;
  const ways = mine(wide[0]);
  const rows = [["", "bytes", ...ways.map((name) => name.replace(`${variant} `, "").replace(/^\d/, "batch $&"))]];
  for (const cell of wide) {
    const row = [cell.suite, sizeTitle(cell.size)];
    for (const name of ways) {
      const ours = cell.times.get(name);
      row.push(`${nanoseconds(least(ours))}  ${times(compare(ours, cell.times.get(NODE)).ratio)}`);
    }
    rows.push(row);
  }
  return table(rows);
}

function peerTable(cells, variant, others) {
  const rows = [["", "bytes", "ours", NODE, ...others]];
  for (const cell of cells) {
    const ours = oursIn(cell, variant);
    const row = [cell.suite, sizeTitle(cell.size), nanoseconds(least(ours))];
    for (const name of [NODE, ...others]) {
      const theirs = cell.times.get(name);
      row.push(theirs === undefined ? "-" : `${nanoseconds(least(theirs))}  ${times(compare(ours, theirs).ratio)}`);
    }
    rows.push(row);
  }
  return table(rows);
}
