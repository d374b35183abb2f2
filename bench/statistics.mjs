// What the rounds come to.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many times faster `ours` is: `ratio` is the gate, `paired` the median beside it. */
export function compare(ours, theirs) {
  return {
    ratio: Math.min(...theirs) / Math.min(...ours),
    paired: median(theirs.map((time, round) => time / ours[round])),
  };
}

/** The line through [bytes, ns], each point weighing by its relative error: ns a packet and ns a byte. */
export function fitLine(points) {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const [x, y] of points) {
    const weight = 1 / (y * y);
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return { intercept: (wy - slope * wx) / w, slope };
}

/** Bytes from which on they are faster, between the sizes measured; undefined when we are ahead at the last one. */
export function crossover(sizes, ours, theirs) {
  const ahead = sizes.map((_, i) => theirs[i] - ours[i]);
  if (ahead.length === 0 || ahead.at(-1) >= 0) return undefined;
  const last = ahead.findLastIndex((nanoseconds) => nanoseconds >= 0);
  if (last < 0) return sizes[0];
  return sizes[last] + ((sizes[last + 1] - sizes[last]) * ahead[last]) / (ahead[last] - ahead[last + 1]);
}
