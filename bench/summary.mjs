// A run in numbers: what is recorded, charted, checked and put into the README.
import { appendFileSync } from "node:fs";
import { nameOfOurs } from "./cell.mjs";
import { commit } from "./machine.mjs";
import { compare, crossover, fitLine } from "./statistics.mjs";

const NODE = "node:crypto";
const least = (values) => Math.min(...values);

/** [{ direction, suite, size, who, way, nanoseconds, ratio, paired }]: each of ours against node:crypto. */
export function againstNode({ cells, variants }) {
  return cells.flatMap(({ direction, suite, size, times }) =>
    [...times]
      .filter(([name]) => variants.some((variant) => name.startsWith(`${variant} `)))
      .map(([name, ours]) => {
        const [who, way] = name.split(" ");
        return { direction, suite, size, who, way, nanoseconds: least(ours), ...compare(ours, times.get(NODE)) };
      }),
  );
}

/** [{ direction, suite, size, peer, nanoseconds, ratio, paired }]: our faster build in batches of 64 against the others. */
export function againstOthers({ cells, variants, peers }) {
  return cells.flatMap(({ direction, suite, size, times }) => {
    const ours = times.get(nameOfOurs(variants[0], 64));
    if (ours === undefined) return [];
    return peers
      .filter((peer) => peer !== NODE && times.has(peer))
      .map((peer) => {
        const theirs = times.get(peer);
        return { direction, suite, size, peer, nanoseconds: least(theirs), ...compare(ours, theirs) };
      });
  });
}

/**
 * [{ direction, suite, who, intercept, slope, ahead }]: ns a packet and ns a byte of ours and node:crypto's, and for
 * ours the size from which on node:crypto is ahead. Suites measured at three sizes or more.
 */
export function lines({ cells, variants }) {
  const keys = new Set(cells.map(({ direction, suite }) => `${direction} ${suite}`));
  return [...keys].flatMap((key) => {
    const group = cells.filter(({ direction, suite, size }) => `${direction} ${suite}` === key && size !== "imix");
    if (group.length < 3) return [];
    const sorted = group.sort((a, b) => a.size - b.size);
    const sizes = sorted.map(({ size }) => size);
    const node = sorted.map(({ times }) => least(times.get(NODE)));
    const { direction, suite } = sorted[0];
    const line = (who, values) => ({
      direction,
      suite,
      who,
      ...fitLine(values.map((value, i) => [sizes[i], value])),
      ahead: who === NODE ? undefined : crossover(sizes, values, node),
    });
    const ours = variants.flatMap((variant) => {
      const series = sorted.map(({ times }) => times.get(nameOfOurs(variant, 64)));
      return series.includes(undefined) ? [] : [line(variant, series.map(least))];
    });
    return [...ours, line(NODE, node)];
  });
}

/** One line more in results.jsonl: of ours [ns a packet, ratio, paired ratio] to node:crypto; of the others our ratio. */
export function record(run) {
  const round = (value) => Number(value.toPrecision(4));
  const results = {};
  const put = ({ direction, suite, size }, name, value) => {
    results[direction] ??= {};
    results[direction][suite] ??= {};
    results[direction][suite][size] ??= {};
    results[direction][suite][size][name] = value;
  };
  for (const cell of againstNode(run)) {
    put(cell, `${cell.who} ${cell.way}`, [cell.nanoseconds, cell.ratio, cell.paired].map(round));
  }
  for (const cell of againstOthers(run)) put(cell, cell.peer, round(cell.ratio));
  const entry = {
    commit: commit(),
    date: new Date().toISOString(),
    ...run.machine,
    rounds: run.options.rounds,
    results,
  };
  appendFileSync(new URL("results.jsonl", import.meta.url), `${JSON.stringify(entry)}\n`);
}
