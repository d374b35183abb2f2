// The measure: contenders take turns, a few milliseconds each, round after round in one process. Times move with the
// neighbours of the machine; what is compared is therefore the minimum of one with the minimum of the other, and, as a
// check on it, the median of the ratios of the same round.

/** Rounds that are run and thrown away: the optimising compiler is at work. */
const WARM_UP_ROUNDS = 3;

/**
 * A contender is { name, packets, run, refresh? }: `run` handles `packets` packets and may answer a promise; `refresh`
 * makes its input new again and is not timed. Answers name -> ns a packet in every round.
 */
export async function interleave(contenders, { rounds, milliseconds }) {
  const times = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const contender of contenders) {
      const nanoseconds = await turn(contender, milliseconds);
      if (round >= 0) times.get(contender.name).push(nanoseconds);
    }
  }
  return times;
}

async function turn(contender, milliseconds) {
  if (contender.turn !== undefined) return contender.turn(milliseconds);
  return contender.isAsync ? turnAsync(contender, milliseconds) : turnSync(contender, milliseconds);
}

function turnSync({ run, refresh, packets }, milliseconds) {
  let elapsed = 0;
  let count = 0;
  while (elapsed < milliseconds) {
    refresh?.();
    const started = performance.now();
    run();
    elapsed += performance.now() - started;
    count += packets;
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
