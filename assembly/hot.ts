// The hot cache: what is derived from an SA's keys and worth keeping while packets flow. Entries are filled inside the
// batch call. A miss costs about a microsecond with AES-GCM and less with others, so a cold SA needs only its 512-byte
// record.
//
// Where more SAs send in turn than there are entries, giving up the oldest would give up each just before it is needed, and
// all that is written would come from far memory. So evictions go round in a window of few entries, which the processor
// has near; the hand passes over those that were used again. Whenever it has gone round, the window leaves some behind:
// those stay until it comes back.
import { aesInversePlanes, aesPlanes } from "./aes/planes";
import { wipe } from "./bytes";
import { macKeys } from "./cmac/keys";
import { desExpand } from "./legacy/des-keys";
import {
  C_HOT,
  C_HOT_BEGUN,
  C_HOT_COUNT,
  C_HOT_HAND,
  C_HOT_WINDOW,
  ENC_3DES,
  ENC_CBC,
  ENC_DES,
  HOT_DES_KEYS,
  HOT_FILLED,
  HOT_GHASH,
  HOT_INVERSE_PLANES,
  HOT_MAC_END,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_OWNER,
  HOT_PLANES,
  HOT_SIZE,
  HOT_USED,
  INT_CMAC,
  INT_XCBC,
  SA_DIRECTION,
  SA_ENCRYPTION,
  SA_HOT,
  SA_INNER_STATE,
  SA_INTEGRITY,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "./layout";

const WINDOW: u32 = 64;
const LEFT_BEHIND: u32 = 8;

/** The hot entry of the SA at `sa`, filled on a miss. Valid until the next call of hotFor. */
export function hotFor(sa: usize): usize {
  let entry = <usize>load<u32>(sa, SA_HOT);
  if (entry == 0) {
    entry = evict();
    store<u32>(entry, <u32>sa, HOT_OWNER);
    hotFillTo(entry, HOT_GHASH);
    store<u32>(sa, <u32>entry, SA_HOT);
    fill(entry, sa);
    return entry;
  }
  store<u32>(entry, 1, HOT_USED);
  return entry;
}

/** Wipes what the cache holds of the SA at `sa`, in whole lines: an entry is aligned, and near memory takes them faster so. */
export function hotForget(sa: usize): void {
  const entry = <usize>load<u32>(sa, SA_HOT);
  if (entry == 0) return;
  const end = entry + load<u32>(entry, HOT_FILLED);
  for (let line = entry; line < end; line += 64) {
    v128.store(line, i64x2.splat(0));
    v128.store(line, i64x2.splat(0), 16);
    v128.store(line, i64x2.splat(0), 32);
    v128.store(line, i64x2.splat(0), 48);
  }
  store<u32>(sa, 0, SA_HOT);
}

/** The entry may hold something up to its byte `end`: so far it is wiped one day. */
export function hotFillTo(entry: usize, end: usize): void {
  if (end > load<u32>(entry, HOT_FILLED)) store<u32>(entry, <u32>end, HOT_FILLED);
}

/** An empty entry: one that never was used, or the next in the window that was not used again since it was filled or passed. */
function evict(): usize {
  const count = load<u32>(C_HOT_COUNT);
  const begun = load<u32>(C_HOT_BEGUN);
  if (begun < count) {
    store<u32>(C_HOT_BEGUN, begun + 1);
    return entryAt(begun);
  }
  let first = load<u32>(C_HOT_WINDOW);
  let hand = load<u32>(C_HOT_HAND);
  let entry: usize = 0;
  let wasUsed: u32 = 0;
  do {
    entry = entryAt((first + hand) % count);
    wasUsed = load<u32>(entry, HOT_USED);
    store<u32>(entry, 0, HOT_USED);
    if (++hand >= WINDOW) {
      hand = 0;
      first = (first + LEFT_BEHIND) % count;
    }
  } while (wasUsed);
  store<u32>(C_HOT_WINDOW, first);
  store<u32>(C_HOT_HAND, hand);
  const owner = <usize>load<u32>(entry, HOT_OWNER);
  if (owner) hotForget(owner);
  return entry;
}

function fill(entry: usize, sa: usize): void {
  const integrity = <i32>load<u8>(sa, SA_INTEGRITY);
  if (integrity == INT_XCBC || integrity == INT_CMAC) {
    hotFillTo(entry, HOT_MAC_END);
    // The encryption's planes come next: until then their place is free to work in.
    macKeys(integrity, sa + SA_INNER_STATE, entry + HOT_MAC_KEYS, entry + HOT_MAC_SUBKEYS, entry + HOT_PLANES);
  }
  const rounds = <i32>load<u8>(sa, SA_ROUNDS);
  const encryption = load<u8>(sa, SA_ENCRYPTION);
  if (LEGACY && (encryption == ENC_DES || encryption == ENC_3DES)) {
    const inbound = load<u8>(sa, SA_DIRECTION) != 0;
    desExpand(sa + SA_ROUND_KEYS, encryption == ENC_DES ? 1 : 3, inbound, entry + HOT_DES_KEYS);
  }
  if (rounds) aesPlanes(sa + SA_ROUND_KEYS, rounds, entry + HOT_PLANES);
  if (encryption == ENC_CBC && load<u8>(sa, SA_DIRECTION)) {
    hotFillTo(entry, HOT_MAC_KEYS);
    aesInversePlanes(sa + SA_ROUND_KEYS, rounds, entry + HOT_INVERSE_PLANES);
  }
}

function entryAt(index: u32): usize {
  return load<u32>(C_HOT) + <usize>index * HOT_SIZE;
}
