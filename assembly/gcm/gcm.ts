// AES-GCM in ESP (RFC 4106): counter blocks through the cipher, added to the text, and GHASH over what is then on the wire.
// Short packets go whole, see short.ts. The text of a long one fills the pool several times, and is not touched before
// the packet has verified: key stream is made for its mask, then for its text.
import { counterMasks, counterText, countOfSa } from "../aes/ctr";
import { wipe } from "../bytes";
import { hotFor } from "../hot";
import { D_SA, D_TAG, ORDER_WORK } from "../layout";
import { MASK_COUNTER, TEXT_COUNTER } from "./counters";
import { gcmEights } from "./eights";
import { gcmLong } from "./long";
import { gcmShort, isShort } from "./short";
import { verify, writeTag } from "./tag";

/** So many packets of one SA pay to go through the cipher in one stream. */
const MANY = 4;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function gcmSeal(list: usize, count: i32): void {
  run(list, count, false);
}

/** Verifies `count` descriptors, then decrypts those that are not FORGED. */
export function gcmOpen(list: usize, count: i32): void {
  run(list, count, true);
}

/** The short ones and the long ones apart, each in the list's order. */
function run(list: usize, count: i32, opening: bool): void {
  const short = countShort(list, count);
  if (short == count) return gcmShort(list, count, opening);
  if (short == 0) return runLong(list, count, opening);
  let shortAt: usize = ORDER_WORK;
  let longAt: usize = ORDER_WORK + ((<usize>short) << 2);
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    if (isShort(descriptor)) {
      store<u32>(shortAt, <u32>descriptor);
      shortAt += 4;
    } else {
      store<u32>(longAt, <u32>descriptor);
      longAt += 4;
    }
  }
  gcmShort(ORDER_WORK, short, opening);
  runLong(shortAt, count - short, opening);
  wipe(ORDER_WORK, (<usize>count) << 2);
}

function countShort(list: usize, count: i32): i32 {
  let short = 0;
  for (let i = 0; i < count; i++) if (isShort(descriptorAt(list, i))) short++;
  return short;
}

/** Those of one SA together where that pays, and those between one by one. */
function runLong(list: usize, count: i32, opening: bool): void {
  let first = 0; // of those that go one by one and have yet to
  for (let next = 0; next < count; ) {
    const here = list + ((<usize>next) << 2);
    const ofSa = countOfSa(here, count - next);
    const together = runTogether(here, ofSa, opening);
    if (together > 0) {
      gcmLong(list + ((<usize>first) << 2), next - first, opening);
      first = next + together;
    }
    next += together > 0 ? together : ofSa;
  }
  gcmLong(list + ((<usize>first) << 2), count - first, opening);
}

/** The first ones of `count` long packets of one SA. Answers how many: 0 if they are faster one by one. */
function runTogether(list: usize, count: i32, opening: bool): i32 {
  const eights = gcmEights(list, count, opening);
  if (eights > 0 || count < MANY) return eights;
  runMixed(list, count, opening);
  return count;
}

/** Long packets of one SA, of any lengths. */
function runMixed(list: usize, count: i32, opening: bool): void {
  if (opening) counterMasks(list, count, MASK_COUNTER);
  else counterText(list, count, TEXT_COUNTER, true);
  const entry = hotFor(load<u32>(descriptorAt(list, 0), D_SA));
  for (let i = 0; i < count; i++) {
    const descriptor = descriptorAt(list, i);
    writeTag(entry, descriptor, v128.load(descriptor + D_TAG));
    if (opening) verify(descriptor);
  }
  if (opening) counterText(list, count, TEXT_COUNTER, false);
}

function descriptorAt(list: usize, i: i32): usize {
  return load<u32>(list + ((<usize>i) << 2));
}
