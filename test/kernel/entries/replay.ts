// Numbers cross the border as two halves: BigInt calls are slow and the tests make millions.
import { hasSequence, inferSequence, nextSequence } from "../../../assembly/sequence";
import { replayCheck, replayCommit, replayStart } from "../../../assembly/replay";

export function check(sa: usize, high: u32, low: u32): i32 {
  return replayCheck(sa, ((<u64>high) << 32) | low);
}

export function commit(sa: usize, high: u32, low: u32): void {
  replayCommit(sa, ((<u64>high) << 32) | low);
}

export function start(sa: usize, high: u32, low: u32): void {
  replayStart(sa, ((<u64>high) << 32) | low);
}

export function inferHigh(sa: usize, low: u32): u32 {
  return <u32>(inferSequence(sa, low) >> 32);
}

export function has(sa: usize): i32 {
  return hasSequence(sa) ? 1 : 0;
}

export function nextHigh(sa: usize): u32 {
  return <u32>(nextSequence(sa) >> 32);
}

export function nextLow(sa: usize): u32 {
  return <u32>nextSequence(sa);
}
