/** Time and later, so that a test can be both. */
export interface UdpClock {
  /** Milliseconds on any epoch. */
  now(): number;
  /** Runs `act` in the next turn of the event loop. */
  soon(act: () => void): void;
  /** Runs `act` after `milliseconds`, unless the answer is called before. */
  after(milliseconds: number, act: () => void): () => void;
}

export const systemClock: UdpClock = {
  now: () => performance.now(),
  soon: (act) => void setImmediate(act),
  after(milliseconds, act) {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};
