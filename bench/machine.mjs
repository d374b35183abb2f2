// On what the figures were measured.
import { execFileSync } from "node:child_process";
import { cpus } from "node:os";

export function machine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    megahertz: Math.round(clockRate()),
    runtime: `Node ${process.versions.node}`,
    platform: `${process.platform} ${process.arch}`,
  };
}

export function commit() {
  try {
    const run = (...words) =>
      execFileSync("git", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    return run("rev-parse", "--short", "HEAD") + (run("status", "--porcelain", "--untracked-files=no") ? "+" : "");
  } catch {
    return "unknown"; // an unpacked tarball
  }
}

/**
 * The clock in MHz while busy, by a chain of dependent 32-bit multiplications, 3 cycles each on x86-64 and arm64 cores
 * of the last ten years. The operating system tells only the nominal one.
 */
function clockRate() {
  const STEPS = 1_000_000;
  let best = Infinity;
  for (let round = 0; round < 12; round++) {
    const started = performance.now();
    chain(STEPS, round);
    best = Math.min(best, performance.now() - started);
  }
  return (STEPS * 8 * 3) / (best * 1000);
}

function chain(steps, start) {
  let x = start | 1;
  const y = (start * 2 + 0x9e3779b1) | 1;
  for (let i = 0; i < steps; i++) {
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
    x = Math.imul(x, y);
  }
  return x;
}
