// The schedule of a batch: which packets run together, and in which order. One call seals or opens up to MAX_BATCH
// packets of any mix of SAs and suites.
//
//   seal   number (serial, in stage order) -> group by encryption, run -> group by integrity, run -> finish
//   open   find (serial) -> group by integrity, verify -> group by encryption, run -> commit (serial, in stage order)
//
// Grouping is two passes of a stable counting sort: by SA, then by algorithm and key length; by SA alone where all packets
// have the same algorithms. So a room gets all packets of its algorithm, those of one SA together and in stage order, and
// fills its lanes from them: eight AES blocks, 32 CBC chains, four SHA lanes, three or four ChaCha20 blocks. A lane that
// finishes takes the next packet, whatever its length.
import { cbcDecrypt } from "./aes/cbc-decrypt";
import { cbcEncrypt } from "./aes/cbc-encrypt";
import { ctrApply } from "./aes/ctr";
import { ccmOpen, ccmSeal } from "./ccm/ccm";
import { chachaOpen, chachaSeal } from "./chacha/aead";
import { cmacTags } from "./cmac/tags";
import { wipe } from "./bytes";
import { icvMatches } from "./esp/icv";
import { isLone, loneSeal } from "./esp/lone";
import { gcmOpen, gcmSeal } from "./gcm/gcm";
import { gmacOpen, gmacSeal, gmacTags } from "./gcm/gmac";
import { hmacTags } from "./hmac/hmac";
import {
  COUNTS,
  C_RECORDS,
  D_SA,
  D_STATUS,
  ENC_3DES,
  ENC_CBC,
  ENC_CCM,
  ENC_CHACHA,
  ENC_CTR,
  ENC_DES,
  ENC_GCM,
  ENC_GMAC,
  INT_CMAC,
  INT_GMAC,
  INT_NONE,
  INT_XCBC,
  ORDER,
  ORDER_WORK,
  SA_ENCRYPTION,
  SA_INTEGRITY,
  SA_ROUNDS,
  SA_SIZE,
} from "./layout";
import { desCbcDecrypt, desCbcEncrypt } from "./legacy/des-cbc";
import { FORGED, PENDING } from "./status";

/** Encrypts, then computes the tags of, the `count` descriptors listed at ORDER. */
export function sealRun(count: i32): void {
  if (count == 1 && isLone(ORDER)) return loneSeal(ORDER);
  if (isOfOneClass(count)) {
    sortBySa(count);
    encrypt(ORDER, count);
    tags(ORDER, count);
    return;
  }
  group(count, false);
  for (let first = 0, next = 0; first < count; first = next) {
    next = endOfGroup(first, count, false);
    encrypt(ORDER + ((<usize>first) << 2), next - first);
  }
  group(count, true);
  for (let first = 0, next = 0; first < count; first = next) {
    next = endOfGroup(first, count, true);
    tags(ORDER + ((<usize>first) << 2), next - first);
  }
}

/** Verifies, then decrypts, the `count` descriptors listed at ORDER. A forged one gets its status and is left as it was. */
export function openRun(count: i32): void {
  if (isOfOneClass(count)) {
    sortBySa(count);
    verify(ORDER, count);
    decrypt(ORDER, count);
    return;
  }
  group(count, true);
  for (let first = 0, next = 0; first < count; first = next) {
    next = endOfGroup(first, count, true);
    verify(ORDER + ((<usize>first) << 2), next - first);
  }
  group(count, false);
  for (let first = 0, next = 0; first < count; first = next) {
    next = endOfGroup(first, count, false);
    decrypt(ORDER + ((<usize>first) << 2), next - first);
  }
}

function encrypt(list: usize, count: i32): void {
  const encryption = algorithmOf(list, false);
  if (LEGACY && encryption == ENC_DES) return desCbcEncrypt(16, list, count);
  if (LEGACY && encryption == ENC_3DES) return desCbcEncrypt(48, list, count);
  switch (encryption) {
    case ENC_CBC:
      return cbcEncrypt(list, count);
    case ENC_CTR:
      return ctrApply(list, count);
    case ENC_GCM:
      return gcmSeal(list, count);
    case ENC_CCM:
      return ccmSeal(list, count);
    case ENC_CHACHA:
      return chachaSeal(list, count);
    case ENC_GMAC:
      return gmacSeal(list, count);
  }
}

function decrypt(list: usize, count: i32): void {
  const encryption = algorithmOf(list, false);
  if (LEGACY && encryption == ENC_DES) return desCbcDecrypt(16, list, count);
  if (LEGACY && encryption == ENC_3DES) return desCbcDecrypt(48, list, count);
  switch (encryption) {
    case ENC_CBC:
      return cbcDecrypt(list, count);
    case ENC_CTR:
      return ctrApply(list, count);
    case ENC_GCM:
      return gcmOpen(list, count);
    case ENC_CCM:
      return ccmOpen(list, count);
    case ENC_CHACHA:
      return chachaOpen(list, count);
    case ENC_GMAC:
      return gmacOpen(list, count);
  }
}

function tags(list: usize, count: i32): void {
  const integrity = algorithmOf(list, true);
  if (integrity == INT_NONE) return;
  if (integrity == INT_XCBC || integrity == INT_CMAC) cmacTags(list, count);
  else if (integrity == INT_GMAC) gmacTags(list, count);
  else hmacTags(integrity, list, count);
}

function verify(list: usize, count: i32): void {
  if (algorithmOf(list, true) == INT_NONE) return;
  tags(list, count);
  for (let i = 0; i < count; i++) {
    const descriptor = <usize>load<u32>(list + ((<usize>i) << 2));
    if (load<u32>(descriptor, D_STATUS) == PENDING && !icvMatches(descriptor)) store<u32>(descriptor, FORGED, D_STATUS);
  }
}

// ---------------------------------------------------------------- grouping

/** All run together, in both steps. */
function isOfOneClass(count: i32): bool {
  const first = saOf(ORDER, 0);
  for (let i = 1; i < count; i++) {
    const sa = saOf(ORDER, i);
    if (sa == first) continue;
    if (classOf(sa, false) != classOf(first, false) || classOf(sa, true) != classOf(first, true)) return false;
  }
  return true;
}

/** Orders the list at ORDER by SA, in stage order within an SA. */
function sortBySa(count: i32): void {
  if (isOfOneSa(count)) return;
  for (let i = 0; i < count; i++) bump(recordByte(saOf(ORDER, i)));
  scatter(count, ORDER, ORDER_WORK, false, false);
  memory.copy(ORDER, ORDER_WORK, (<usize>count) << 2);
  wipe(COUNTS, 1024);
  wipe(ORDER_WORK, (<usize>count) << 2);
}

/** The same within the algorithm. */
function group(count: i32, byIntegrity: bool): void {
  for (let i = 0; i < count; i++) bump(recordByte(saOf(ORDER, i)));
  scatter(count, ORDER, ORDER_WORK, false, byIntegrity);
  wipe(COUNTS, 1024);
  for (let i = 0; i < count; i++) bump(classOf(saOf(ORDER_WORK, i), byIntegrity));
  scatter(count, ORDER_WORK, ORDER, true, byIntegrity);
  wipe(COUNTS, 1024);
  wipe(ORDER_WORK, (<usize>count) << 2);
}

function isOfOneSa(count: i32): bool {
  const first = saOf(ORDER, 0);
  for (let i = 1; i < count; i++) if (saOf(ORDER, i) != first) return false;
  return true;
}

/** The second half of a counting sort: from counts to places, then every packet to its place. */
function scatter(count: i32, from: usize, to: usize, byClass: bool, byIntegrity: bool): void {
  let place: u32 = 0;
  for (let key: usize = 0; key < 1024; key += 4) {
    const here = load<u32>(COUNTS + key);
    store<u32>(COUNTS + key, place);
    place += here;
  }
  for (let i = 0; i < count; i++) {
    const sa = saOf(from, i);
    const counter = COUNTS + ((byClass ? classOf(sa, byIntegrity) : recordByte(sa)) << 2);
    const target = load<u32>(counter);
    store<u32>(counter, target + 1);
    store<u32>(to + ((<usize>target) << 2), load<u32>(from + ((<usize>i) << 2)));
  }
}

function endOfGroup(first: i32, count: i32, byIntegrity: bool): i32 {
  const group = classOf(saOf(ORDER, first), byIntegrity);
  let next = first + 1;
  while (next < count && classOf(saOf(ORDER, next), byIntegrity) == group) next++;
  return next;
}

/** What runs together: one algorithm with one key length. */
function classOf(sa: usize, byIntegrity: bool): usize {
  const rounds = <usize>load<u8>(sa, SA_ROUNDS);
  if (!byIntegrity) return ((<usize>load<u8>(sa, SA_ENCRYPTION)) << 4) | rounds;
  const integrity = <usize>load<u8>(sa, SA_INTEGRITY);
  return integrity == INT_GMAC ? (integrity << 4) | rounds : integrity; // the others have one key length each
}

/** The low byte of the record's index: SAs that share it interleave, which costs time and nothing else. */
function recordByte(sa: usize): usize {
  return ((sa - load<u32>(C_RECORDS)) / SA_SIZE) & 255;
}

function bump(key: usize): void {
  store<u32>(COUNTS + (key << 2), load<u32>(COUNTS + (key << 2)) + 1);
}

function saOf(list: usize, i: i32): usize {
  return load<u32>(<usize>load<u32>(list + ((<usize>i) << 2)), D_SA);
}

function algorithmOf(list: usize, byIntegrity: bool): i32 {
  const sa = saOf(list, 0);
  return <i32>(byIntegrity ? load<u8>(sa, SA_INTEGRITY) : load<u8>(sa, SA_ENCRYPTION));
}
