import * as status from "../assembly/status.js";

/** Everything that can happen to a packet, one counter each. */
export const VERDICTS = [
  "sealed",
  "delivered",
  "dummy",
  "no-sa",
  "exhausted",
  "malformed",
  "unknown-spi",
  "expired",
  "stale",
  "replayed",
  "forged",
  "bad-trailer",
  "policy-mismatch",
  "bypassed",
  "discarded",
  "too-big",
  "keepalive",
  "ike",
  "waiting",
  "overlap",
  "too-many-fragments",
  "fragment",
] as const;

/**
 * - out: `sealed` `bypassed` `discarded` `no-sa` `too-big` `exhausted` `malformed` `fragment` `policy-mismatch`
 * - in: `delivered` `too-big` (inflated, and no jumbo slot is free) `dummy` `bypassed` `discarded` `malformed` `unknown-spi` `expired` `stale` `replayed` `forged`
 *   `bad-trailer` `policy-mismatch` `keepalive` `ike` `no-sa` (deleted while staged) `fragment` `waiting` `overlap`
 *   `too-many-fragments`
 */
export type Verdict = (typeof VERDICTS)[number];

/** The kernel's answers are the first verdicts, in the order of assembly/status.ts. */
export function verdictOf(kernelStatus: number): Verdict {
  return VERDICTS[kernelStatus - 1] as Verdict;
}

/** Compile-time reminder that the two lists are one: status.SEALED is the first verdict, POLICY_MISMATCH the thirteenth. */
export const KERNEL_VERDICTS = { first: status.SEALED, last: status.POLICY_MISMATCH } as const;
