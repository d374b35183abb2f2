// The hot cache: what is derived from an SA's keys and worth keeping while packets flow. Entries are filled inside the
// batch call and evicted by CLOCK: a hand passes over the entries and takes the first that was not used since it last
// came by. A miss costs about a microsecond, so a cold SA needs only its 512-byte record.
import { aesInversePlanes, aesPlanes } from "./aes/planes";
import { wipe } from "./bytes";
import { macKeys } from "./cmac/keys";
import { ghashKey } from "./gcm/ghash";
import { desExpand } from "./legacy/des-keys";
import {
  C_HOT,
  C_HOT_COUNT,
  C_HOT_HAND,
  ENC_3DES,
  ENC_CBC,
  ENC_DES,
  ENC_GCM,
  ENC_GMAC,
  HOT_DES_KEYS,
  HOT_INVERSE_PLANES,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_OWNER,
  HOT_PLANES,
  HOT_SIZE,
  HOT_USED,
  INT_CMAC,
  INT_GMAC,
  INT_XCBC,
  SA_DIRECTION,
  SA_ENCRYPTION,
  SA_HOT,
  SA_INNER_STATE,
  SA_INTEGRITY,
  SA_ROUND_KEYS,
  SA_ROUNDS,
} from "./layout";

/** The hot entry of the SA at `sa`, filled on a miss. Valid until the next call of hotFor. */
export function hotFor(sa: usize): usize {
  let entry = <usize>load<u32>(sa, SA_HOT);
  if (entry == 0) {
    entry = evict();
    store<u32>(entry, <u32>sa, HOT_OWNER);
    store<u32>(sa, <u32>entry, SA_HOT);
    fill(entry, sa);
  }
  store<u32>(entry, 1, HOT_USED);
  return entry;
}

/** Wipes what the cache holds of the SA at `sa`. */
export function hotForget(sa: usize): void {
  const entry = <usize>load<u32>(sa, SA_HOT);
  if (entry == 0) return;
  wipe(entry, HOT_SIZE);
  store<u32>(sa, 0, SA_HOT);
}

/** An empty entry: a free one, or the first that was not used since the hand last passed. */
function evict(): usize {
  const count = load<u32>(C_HOT_COUNT);
  let hand = load<u32>(C_HOT_HAND);
  let entry = entryAt(hand);
  while (load<u32>(entry, HOT_USED)) {
    store<u32>(entry, 0, HOT_USED);
    hand = hand + 1 == count ? 0 : hand + 1;
    entry = entryAt(hand);
  }
  store<u32>(C_HOT_HAND, hand + 1 == count ? 0 : hand + 1);
  const owner = <usize>load<u32>(entry, HOT_OWNER);
  if (owner) hotForget(owner);
  return entry;
}

function fill(entry: usize, sa: usize): void {
  const integrity = <i32>load<u8>(sa, SA_INTEGRITY);
  if (integrity == INT_XCBC || integrity == INT_CMAC) {
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
  if (encryption == ENC_GCM || encryption == ENC_GMAC || integrity == INT_GMAC) ghashKey(entry, rounds);
  if (encryption == ENC_CBC && load<u8>(sa, SA_DIRECTION)) {
    aesInversePlanes(sa + SA_ROUND_KEYS, rounds, entry + HOT_INVERSE_PLANES);
  }
}

function entryAt(index: u32): usize {
  return load<u32>(C_HOT) + <usize>index * HOT_SIZE;
}
