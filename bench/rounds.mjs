// The measure: contenders take turns, a few milliseconds each, round after round in one process. Times move with the
// neighbours of the machine; what is compared is therefore the minimum of one with the minimum of the other, and, as a
// check on it, the median of the ratios of the same round.

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
function turn(contender, milliseconds) {
  if (contender.turn !== undefined) return contender.turn(milliseconds);
  return contender.isAsync ? turnAsync(contender, milliseconds) : turnSync(contender, milliseconds);
}

function turnSync({ run, refresh, packets }, milliseconds) {
  if (refresh === undefined) return turnWhole(run, packets, milliseconds);
  let elapsed = 0;
  let count = 0;
  while (elapsed < milliseconds) {
    refresh();
    const started = performance.now();
    run();
    elapsed += performance.now() - started;
    count += packets;
  }
  return (elapsed * 1e6) / count;
}

/** Nothing to leave out: one span, also where the clock is coarse, as in browsers. */
function turnWhole(run, packets, milliseconds) {
  const started = performance.now();
  let elapsed = 0;
  let count = 0;
  while (elapsed < milliseconds) {
    run();
    count += packets;
    elapsed = performance.now() - started;
  }
  return (elapsed * 1e6) / count;
}

async function turnAsync({ run, refresh, packets }, milliseconds) {
  let elapsed = 0;
  let count = 0;
  while (elapsed < milliseconds) {
    refresh?.();
    const started = performance.now();
    await run();
    elapsed += performance.now() - started;
    count += packets;
  }
  return (elapsed * 1e6) / count;
}
