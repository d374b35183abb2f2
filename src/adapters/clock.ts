/** Time and later, so that a test can be both. */
export interface Clock {
  /** Milliseconds on any epoch. */
  now(): number;
  /** Runs `act` in the next turn of the event loop. */
  soon(act: () => void): void;
  /** Runs `act` after `milliseconds`, unless the answer is called before. */
  after(milliseconds: number, act: () => void): () => void;
}

/** An adapter has one of its own: where requests are kept apart (workerd), nothing may be shared between them. */
export function systemClock(): Clock {
  return {
    now: () => performance.now(),
    soon: nextTurn(),
    after(milliseconds, act) {
      const timer = setTimeout(act, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}

/**
 * Browsers have no setImmediate, and hold back setTimeout: by 4 ms, in a page nobody looks at by a second. A message to
 * oneself comes at once.
 */
function nextTurn(): Clock["soon"] {
  if (typeof setImmediate === "function") return (act) => void setImmediate(act);
  if (typeof MessageChannel !== "function") return (act) => void setTimeout(act, 0);
  const waiting: (() => void)[] = [];
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => waiting.shift()?.();
  return (act) => {
    waiting.push(act);
    port2.postMessage(undefined);
  };
}
