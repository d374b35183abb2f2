// What is being measured, how far it is, and how long it will take: a line that rewrites itself on a terminal, a line
// every few seconds elsewhere.

const QUIET_MILLISECONDS = 10_000;

export function startProgress(steps) {
  const started = performance.now();
  let done = 0;
  let told = Number.NEGATIVE_INFINITY;
  return {
    begin(what) {
      const now = performance.now();
      const left = done === 0 ? "" : `, ${Math.ceil((((now - started) / done) * (steps - done)) / 1000)} s left`;
      const line = `${done + 1}/${steps} ${what}${left}`;
      done++;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
      else if (now - told >= QUIET_MILLISECONDS) {
        told = now;
        process.stderr.write(`${line}\n`);
      }
    },
    end() {
      if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
      return (performance.now() - started) / 1000;
    },
  };
}
