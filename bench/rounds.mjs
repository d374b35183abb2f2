// The measure: contenders take turns, a few milliseconds each, round after round in one process. Times move with the
// neighbours of the machine; what is compared is therefore the minimum of one with the minimum of the other, and, as a
// check on it, the median of the ratios of the same round. One turn is one short run of tinybench.
import { Bench } from "tinybench";

/** Everybody runs this long first, for the optimising compiler. Not timed. */
const WARM_UP_MILLISECONDS = 20;

/**
 * A contender is { name, packets, run, refresh? }: `run` handles `packets` packets and may answer a promise; `refresh`
 * makes its input new again and is not timed. Answers name -> ns a packet in every round.
 */
export async function interleave(contenders, { rounds, milliseconds }) {
  const times = new Map(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await turn(contender, WARM_UP_MILLISECONDS);
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) times.get(contender.name).push(await turn(contender, milliseconds));
  }
  return times;
}

/** One contender, for at least `milliseconds`; ns a packet. One that runs elsewhere times itself. */
async function turn(contender, milliseconds) {
  if (contender.turn !== undefined) return contender.turn(milliseconds);
  const { name, packets, run, refresh, isAsync = false } = contender;
  const bench = new Bench({ time: milliseconds, iterations: 1, warmup: false, throws: true });
  bench.add(name, run, { async: isAsync, ...(refresh === undefined ? {} : { beforeEach: () => refresh() }) });
  if (isAsync) await bench.run();
  else bench.runSync();
  return (bench.tasks[0].result.latency.mean * 1e6) / packets;
}
