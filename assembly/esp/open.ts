// ESP inbound, RFC 4303 section 3.4: find, run, commit.
//
//   | SPI | sequence | IV | payload | TFC | 1 2 3 .. | pad length | next header | ICV |
//     ^ D_PACKET
//
// Nothing of an SA changes before its packet's ICV has verified. The commit is serial, in stage order, and checks the
// window again, so a batch delivers what its packets would have delivered one by one.
import { openRun } from "../batch";
import { load32, store32, wipe } from "../bytes";
import {
  D_AUTH,
  D_AUTH_LENGTH,
  D_DIRECTION,
  D_ICV,
  D_IV,
  D_LENGTH,
  D_LENGTH_OUT,
  D_NEWEST,
  D_NEXT_HEADER,
  D_PACKET,
  D_SA,
  D_SEQUENCE,
  D_SIZE_OF,
  D_STATUS,
  D_TEXT,
  D_TEXT_LENGTH,
  FLAG_ESN,
  INT_NONE,
  ORDER,
  SA_ALIGNMENT,
  SA_FLAGS,
  SA_ICV_LENGTH,
  SA_INTEGRITY,
  SA_IV_LENGTH,
  SA_LIVE,
  SA_SEQUENCE,
  SA_STATE,
} from "../layout";
import { replayCheck, replayCommit } from "../replay";
import { spiFind } from "../sad";
import { inferSequence } from "../sequence";
import { BAD_TRAILER, DUMMY, EXPIRED, FORGED, MALFORMED, PENDING, REPLAYED, STALE, UNKNOWN_SPI } from "../status";
import { isCbc } from "./cbc";
import { unwrap } from "./unwrap";

const NO_NEXT_HEADER: u32 = 59;

/** Opens the PENDING inbound ones of `count` descriptors from `first` on. */
export function open(first: usize, count: i32): void {
  const end = first + <usize>count * D_SIZE_OF;
  let taken = 0;
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (!load<u32>(descriptor, D_DIRECTION) || load<u32>(descriptor, D_STATUS) != PENDING) continue;
    const status = find(descriptor);
    store<u32>(descriptor, status, D_STATUS);
    if (status != PENDING) continue;
    store<u32>(ORDER + ((<usize>taken) << 2), <u32>descriptor);
    taken++;
  }
  if (taken == 0) return;
  openRun(taken);
  wipe(ORDER, (<usize>taken) << 2);
  for (let descriptor = first; descriptor < end; descriptor += D_SIZE_OF) {
    if (load<u32>(descriptor, D_DIRECTION) && wasNumbered(descriptor)) {
      store<u32>(descriptor, commit(descriptor), D_STATUS);
    }
  }
}

/** The SA, the lengths, the 64-bit number, the window: what can be refused before the ICV is computed. */
function find(descriptor: usize): u32 {
  const packet = <usize>load<u32>(descriptor, D_PACKET);
  const length = load<u32>(descriptor, D_LENGTH);
  store<u32>(descriptor, 0, D_SA);
  if (length < 8) return MALFORMED;
  const sa = spiFind(load32(packet));
  if (sa == 0) return UNKNOWN_SPI;
  store<u32>(descriptor, <u32>sa, D_SA);
  if (load<u8>(sa, SA_STATE) != SA_LIVE) return EXPIRED;

  const ivLength = <u32>load<u8>(sa, SA_IV_LENGTH);
  const around: u32 = 8 + ivLength + load<u8>(sa, SA_ICV_LENGTH);
  if (length < around + 2) return MALFORMED; // pad length and next header at least
  const textLength = length - around;
  // Whole blocks: RFC 3602 section 2.4, RFC 2451 section 2.4.
  if (isCbc(sa) && textLength & (<u32>load<u8>(sa, SA_ALIGNMENT) - 1)) return MALFORMED;

  const sequence = inferSequence(sa, load32(packet + 4));
  const iv = packet + 8;
  store<u64>(descriptor, sequence, D_SEQUENCE);
  store<u32>(descriptor, <u32>iv, D_IV);
  store<u32>(descriptor, <u32>iv + ivLength, D_TEXT);
  store<u32>(descriptor, textLength, D_TEXT_LENGTH);
  store<u32>(descriptor, <u32>iv + ivLength + textLength, D_ICV);
  store<u32>(descriptor, <u32>packet, D_AUTH);
  store<u32>(descriptor, 8 + ivLength + textLength, D_AUTH_LENGTH);
  appendHighHalf(descriptor, sa, sequence);
  return replayCheck(sa, sequence);
}

/** Whether find came as far as the window: only then may the packets before it in the batch have changed the answer. */
function wasNumbered(descriptor: usize): bool {
  const status = load<u32>(descriptor, D_STATUS);
  return status == PENDING || status == FORGED || status == STALE || status == REPLAYED;
}

/** With ESN the high half is authenticated as if it stood behind the text, RFC 4303 section 2.2.1: the ICV makes room. */
function appendHighHalf(descriptor: usize, sa: usize, sequence: u64): void {
  if (!(load<u8>(sa, SA_FLAGS) & FLAG_ESN) || load<u8>(sa, SA_INTEGRITY) == INT_NONE) return;
  const icv = <usize>load<u32>(descriptor, D_ICV);
  memory.copy(icv + 4, icv, load<u8>(sa, SA_ICV_LENGTH));
  store32(icv, <u32>(sequence >> 32));
  store<u32>(descriptor, <u32>icv + 4, D_ICV);
  store<u32>(descriptor, load<u32>(descriptor, D_AUTH_LENGTH) + 4, D_AUTH_LENGTH);
}

/** Judges the packet as if it had come alone: the window as it is now, then the ICV; then the window moves. */
function commit(descriptor: usize): u32 {
  const sa = <usize>load<u32>(descriptor, D_SA);
  if (load<u8>(sa, SA_FLAGS) & FLAG_ESN) reconsider(descriptor, sa);
  const sequence = load<u64>(descriptor, D_SEQUENCE);
  const status = replayCheck(sa, sequence);
  if (status != PENDING) return status;
  if (load<u32>(descriptor, D_STATUS) != PENDING) return FORGED;
  store<u32>(descriptor, sequence > load<u64>(sa, SA_SEQUENCE) ? 1 : 0, D_NEWEST);
  replayCommit(sa, sequence);
  return readTrailer(descriptor, sa);
}

/**
 * The high half was inferred before the packets in front of this one moved the window. Where it would be another one
 * now, what verified under the old number cannot under the new, and what did not is opened again.
 */
function reconsider(descriptor: usize, sa: usize): void {
  const sequence = inferSequence(sa, load32(<usize>load<u32>(descriptor, D_AUTH) + 4));
  if (sequence == load<u64>(descriptor, D_SEQUENCE)) return;
  store<u64>(descriptor, sequence, D_SEQUENCE);
  const verified = load<u32>(descriptor, D_STATUS) == PENDING;
  store<u32>(descriptor, verified ? FORGED : PENDING, D_STATUS);
  if (verified || replayCheck(sa, sequence) != PENDING) return;
  if (load<u8>(sa, SA_INTEGRITY) != INT_NONE) store32(<usize>load<u32>(descriptor, D_ICV) - 4, <u32>(sequence >> 32));
  store<u32>(ORDER, <u32>descriptor);
  openRun(1);
  wipe(ORDER, 4);
}

/** Pad length, next header, and padding that counts 1, 2, 3 .., RFC 4303 section 2.4. */
function readTrailer(descriptor: usize, sa: usize): u32 {
  const text = <usize>load<u32>(descriptor, D_TEXT);
  const end = text + <usize>load<u32>(descriptor, D_TEXT_LENGTH) - 2;
  const padLength = <usize>load<u8>(end);
  const nextHeader = <u32>load<u8>(end, 1);
  if (text + padLength > end) return BAD_TRAILER;
  const padding = end - padLength;
  for (let i: usize = 0; i < padLength; i++) {
    if (load<u8>(padding + i) != <u8>(i + 1)) return BAD_TRAILER;
  }
  store<u32>(descriptor, nextHeader, D_NEXT_HEADER);
  store<u32>(descriptor, <u32>(padding - text), D_LENGTH_OUT);
  if (nextHeader == NO_NEXT_HEADER) return DUMMY; // RFC 4303 section 2.6
  return unwrap(descriptor, sa, text, <u32>(padding - text), nextHeader);
}
