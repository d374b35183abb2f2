// The line in, in the kernel: find, run, commit; and again for what came out of the outer SA of a bundle.
//
// Nothing of an SA changes before its packet's ICV has verified. The commit is serial, in stage order, and checks the
// window again, so a batch delivers what its packets would have delivered one by one. All packets of an SA come out of
// equally many others, so this holds for the inner SAs of bundles as well.
import { ahFind, ahPutBack, ahUnwrap } from "./ah/open";
import { openRun } from "./batch";
import { depthOf, descend, isAuthenticated, throughOf } from "./bundle";
import { load32, store32, wipe } from "./bytes";
import { espFind, readTrailer } from "./esp/open";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_DIRECTION,
  D_LENGTH,
  D_NEWEST,
  D_NEXT_HEADER,
  D_OUTER,
  D_PACKET,
  D_SA,
  D_SEQUENCE,
  D_SIZE_OF,
  D_STATUS,
  FLAG_CARRIES,
  FLAG_ESN,
  INT_NONE,
  ORDER,
  PROTOCOL_AH,
  SA_FLAGS,
  SA_GENERATION,
  SA_INTEGRITY,
  SA_LIVE,
  SA_PROTOCOL,
  SA_SEQUENCE,
  SA_STATE,
  SA_THROUGH,
  SA_THROUGH_GENERATION,
} from "./layout";
import { replayCheck, replayCommit } from "./replay";
import { spiFind } from "./sad";
import { inferSequence } from "./sequence";
import {
  DELIVERED,
  EXPIRED,
  FORGED,
  MALFORMED,
  PENDING,
  POLICY_MISMATCH,
  REPLAYED,
  STALE,
  UNKNOWN_SPI,
} from "./status";

/** Opens the PENDING inbound ones of `count` descriptors from `first` on. */
export function open(first: usize, count: i32): void {
  const end = first + <usize>count * D_SIZE_OF;
  let taken = 0;
  let numbered = 0;
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (!load<u32>(descriptor, D_DIRECTION) || load<u32>(descriptor, D_STATUS) != PENDING) continue;
    store<u64>(descriptor, 0, D_OUTER); // not by memory.fill: see bytes.ts
    store<u32>(descriptor, 0, D_OUTER + 8);
    taken = enlist(descriptor, find(descriptor, 0), taken);
    if (wasNumbered(descriptor)) numbered++;
  }
  for (let depth: u32 = 0; numbered > 0; depth++) {
    openRun(taken);
    wipe(ORDER, (<usize>taken) << 2);
    const goingOn = commitAll(first, end, depth);
    taken = 0;
    numbered = 0;
    if (!goingOn) return;
    for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
      if (!goesOn(descriptor, depth)) continue;
      const status = descend(descriptor, depth);
      taken = enlist(descriptor, status == PENDING ? find(descriptor, throughOf(descriptor)) : status, taken);
      if (wasNumbered(descriptor)) numbered++;
    }
  }
}

function enlist(descriptor: usize, status: u32, taken: i32): i32 {
  store<u32>(descriptor, status, D_STATUS);
  if (status != PENDING) return taken;
  store<u32>(ORDER + ((<usize>taken) << 2), <u32>descriptor);
  return taken + 1;
}

/** The SA, the lengths, the 64-bit number, the window: what can be refused before the ICV is computed. */
function find(descriptor: usize, through: usize): u32 {
  const packet = <usize>load<u32>(descriptor, D_PACKET);
  const length = load<u32>(descriptor, D_LENGTH);
  const protocol = load<u32>(descriptor, D_NEXT_HEADER);
  const ah = protocol == PROTOCOL_AH;
  store<u32>(descriptor, 0, D_SA);
  if (length < <u32>(ah ? 12 : 8)) return MALFORMED;
  const sa = spiFind(load32(ah ? packet + 4 : packet));
  if (sa == 0 || load<u8>(sa, SA_PROTOCOL) != protocol) return UNKNOWN_SPI;
  store<u32>(descriptor, <u32>sa, D_SA);
  if (load<u8>(sa, SA_STATE) != SA_LIVE) return EXPIRED;
  if (!mayComeThrough(sa, through)) return POLICY_MISMATCH;
  return ah ? ahFind(descriptor, sa) : espFind(descriptor, sa);
}

/** Whether the packet came out of exactly the SA that its bundle puts around it: none, for an SA outside of bundles. */
function mayComeThrough(sa: usize, through: usize): bool {
  if (load<u32>(sa, SA_THROUGH) != <u32>through || !isAuthenticated(sa, through)) return false;
  return through == 0 || load<u32>(sa, SA_THROUGH_GENERATION) == load<u32>(through, SA_GENERATION);
}

/** Whether find came as far as the window: only then may the packets before it in the batch have changed the answer. */
function wasNumbered(descriptor: usize): bool {
  const status = load<u32>(descriptor, D_STATUS);
  return status == PENDING || status == FORGED || status == STALE || status == REPLAYED;
}

/** Ends the packets of this depth, in stage order. True when one of them goes on to the next SA of its bundle. */
function commitAll(first: usize, end: usize, depth: u32): bool {
  let goingOn = false;
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (!load<u32>(descriptor, D_DIRECTION) || !wasNumbered(descriptor) || depthOf(descriptor) != depth) continue;
    store<u32>(descriptor, settle(descriptor), D_STATUS);
    if (goesOn(descriptor, depth)) goingOn = true;
  }
  return goingOn;
}

/** Whether the packet came out of its SA, and that one is the outer SA of a bundle. */
function goesOn(descriptor: usize, depth: u32): bool {
  if (!load<u32>(descriptor, D_DIRECTION) || load<u32>(descriptor, D_STATUS) != DELIVERED) return false;
  const sa = <usize>load<u32>(descriptor, D_SA);
  return (load<u8>(sa, SA_FLAGS) & FLAG_CARRIES) != 0 && depthOf(descriptor) == depth;
}

function settle(descriptor: usize): u32 {
  const sa = <usize>load<u32>(descriptor, D_SA);
  const ah = load<u8>(sa, SA_PROTOCOL) == PROTOCOL_AH;
  const status = commit(descriptor, sa);
  if (ah) ahPutBack(descriptor);
  if (status != PENDING) return status;
  return ah ? ahUnwrap(descriptor, sa) : readTrailer(descriptor, sa);
}

/** Judges the packet as if it had come alone: the window as it is now, then the ICV; then the window moves. */
function commit(descriptor: usize, sa: usize): u32 {
  if (load<u8>(sa, SA_FLAGS) & FLAG_ESN) reconsider(descriptor, sa);
  const sequence = load<u64>(descriptor, D_SEQUENCE);
  const status = replayCheck(sa, sequence);
  if (status != PENDING) return status;
  if (load<u32>(descriptor, D_STATUS) != PENDING) return FORGED;
  // Where the peer is says the outermost header.
  if (load<u32>(descriptor, D_OUTER) == 0) {
    store<u32>(descriptor, sequence > load<u64>(sa, SA_SEQUENCE) ? 1 : 0, D_NEWEST);
  }
  replayCommit(sa, sequence);
  return PENDING;
}

/**
 * The high half was inferred before the packets in front of this one moved the window. Where it would be another one
 * now, what verified under the old number cannot under the new, and what did not is opened again.
 */
function reconsider(descriptor: usize, sa: usize): void {
  const before = load<u64>(descriptor, D_SEQUENCE);
  const sequence = inferSequence(sa, <u32>before);
  if (sequence == before) return;
  store<u64>(descriptor, sequence, D_SEQUENCE);
  const verified = load<u32>(descriptor, D_STATUS) == PENDING;
  store<u32>(descriptor, verified ? FORGED : PENDING, D_STATUS);
  if (verified || replayCheck(sa, sequence) != PENDING) return;
  if (load<u8>(sa, SA_INTEGRITY) != INT_NONE) {
    const end = <usize>load<u32>(descriptor, D_AUTH) + <usize>load<u32>(descriptor, D_AUTH_LENGTH);
    store32(end - 4, <u32>(sequence >> 32));
  }
  store<u32>(ORDER, <u32>descriptor);
  openRun(1);
  wipe(ORDER, 4);
}
