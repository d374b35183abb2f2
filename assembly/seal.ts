// The line out in the kernel: number, lay out, run, finish; and again for the outer SAs of a bundle.
//
// Numbers are taken serially, in stage order, from every SA of a bundle at once: so a batch gives each packet the
// numbers it would have got alone, and a bundle of which one SA has none takes none.
import { ahFinish, ahLayOut } from "./ah/seal";
import { sealRun } from "./batch";
import { climb, isAuthenticated } from "./bundle";
import { wipe } from "./bytes";
import { espLayOut } from "./esp/seal";
import { icvWrite } from "./esp/icv";
import { stampUdpChecksum } from "./esp/outer";
import {
  D_DIRECTION,
  D_GENERATION,
  D_OUTER,
  D_OUTER_GENERATION,
  D_OUTER_SEQUENCE,
  D_SA,
  D_SEQUENCE,
  D_SIZE_OF,
  D_STATUS,
  MAX_OUTERS,
  ORDER,
  PROTOCOL_AH,
  SA_GENERATION,
  SA_LIVE,
  SA_PROTOCOL,
  SA_STATE,
} from "./layout";
import { hasSequence, nextSequence } from "./sequence";
import { EXHAUSTED, MALFORMED, NO_SA, PENDING, SEALED } from "./status";

/** Seals the PENDING outbound ones of `count` descriptors from `first` on. */
export function seal(first: usize, count: i32): void {
  const end = first + <usize>count * D_SIZE_OF;
  let taken = 0;
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (isPending(descriptor) && number(descriptor)) taken = enlist(descriptor, taken);
  }
  while (taken > 0) {
    sealRun(taken);
    wipe(ORDER, (<usize>taken) << 2);
    taken = 0;
    for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
      if (isPending(descriptor) && !finish(descriptor)) taken = enlist(descriptor, taken);
    }
  }
}

function isPending(descriptor: usize): bool {
  return load<u32>(descriptor, D_DIRECTION) == 0 && load<u32>(descriptor, D_STATUS) == PENDING;
}

/** Everything that must happen in stage order: the state of its SAs and their next numbers. */
function number(descriptor: usize): bool {
  const sa = <usize>load<u32>(descriptor, D_SA);
  const bundled = load<u32>(descriptor, D_OUTER) != 0;
  let status = admits(sa, load<u32>(descriptor, D_GENERATION));
  if (bundled && status == PENDING) status = outersAdmit(descriptor);
  if (status == PENDING && !isAuthenticated(sa, load<u32>(descriptor, D_OUTER))) status = NO_SA;
  store<u32>(descriptor, status, D_STATUS);
  if (status != PENDING) return false;
  store<u64>(descriptor, nextSequence(sa), D_SEQUENCE);
  if (bundled) numberOuters(descriptor);
  return true;
}

function admits(sa: usize, generation: u32): u32 {
  if (load<u32>(sa, SA_GENERATION) != generation || load<u8>(sa, SA_STATE) != SA_LIVE) return NO_SA;
  return hasSequence(sa) ? PENDING : EXHAUSTED;
}

/** The first refusal among the outer SAs; D_SA is then the one that refuses. */
function outersAdmit(descriptor: usize): u32 {
  for (let i: usize = 0; i < <usize>MAX_OUTERS; i++) {
    const sa = <usize>load<u32>(descriptor + (i << 2), D_OUTER);
    if (sa == 0) break;
    const status = admits(sa, load<u32>(descriptor + (i << 2), D_OUTER_GENERATION));
    if (status == PENDING) continue;
    store<u32>(descriptor, <u32>sa, D_SA);
    return status;
  }
  return PENDING;
}

function numberOuters(descriptor: usize): void {
  for (let i: usize = 0; i < <usize>MAX_OUTERS; i++) {
    const sa = <usize>load<u32>(descriptor + (i << 2), D_OUTER);
    if (sa == 0) return;
    store<u64>(descriptor + (i << 3), nextSequence(sa), D_OUTER_SEQUENCE);
  }
}

/** Writes headers, IV and trailer for D_SA, and puts the packet on the list of the next run. Answers the list's length. */
function enlist(descriptor: usize, taken: i32): i32 {
  if (!protocolIsAh(descriptor)) {
    espLayOut(descriptor);
  } else if (!ahLayOut(descriptor)) {
    store<u32>(descriptor, MALFORMED, D_STATUS);
    return taken;
  }
  store<u32>(ORDER + ((<usize>taken) << 2), <u32>descriptor);
  return taken + 1;
}

/** Writes the ICV. False when an outer SA takes the packet on. */
function finish(descriptor: usize): bool {
  if (protocolIsAh(descriptor)) {
    ahFinish(descriptor);
  } else {
    icvWrite(descriptor);
    stampUdpChecksum(descriptor, <usize>load<u32>(descriptor, D_SA));
  }
  if (load<u32>(descriptor, D_OUTER) != 0) {
    climb(descriptor);
    return false;
  }
  store<u32>(descriptor, SEALED, D_STATUS);
  return true;
}

function protocolIsAh(descriptor: usize): bool {
  return load<u8>(<usize>load<u32>(descriptor, D_SA), SA_PROTOCOL) == PROTOCOL_AH;
}
