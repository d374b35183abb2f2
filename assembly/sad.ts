// The SA records: install, find by SPI, expire, delete. RFC 4301 section 4.4.2.
//
// The engine writes an install request (REQUEST in layout.ts): the head of an SA record as it is to be, then the keys.
// Everything derived from keys is derived here, so that no key ever returns to JavaScript.
import { aesExpand } from "./aes/expand";
import { wipe } from "./bytes";
import { ghashKey } from "./gcm/powers";
import { hmacInstall } from "./hmac/install";
import { hotForget } from "./hot";
import {
  C_RECORDS,
  C_SPI_MASK,
  C_SPI_SEED,
  C_SPI_TABLE,
  ENC_3DES,
  ENC_CHACHA,
  ENC_DES,
  ENC_GCM,
  ENC_GMAC,
  INT_CMAC,
  INT_GMAC,
  INT_NONE,
  INT_XCBC,
  REQUEST,
  REQUEST_ENCRYPTION_KEY,
  REQUEST_INTEGRITY_KEY,
  REQUEST_KEYS,
  REQUEST_SEQUENCE,
  SA_DIRECTION,
  SA_ENCRYPTION,
  SA_EXPIRED,
  SA_FREE,
  SA_INLINE_WINDOW,
  SA_INNER_STATE,
  SA_INTEGRITY,
  SA_OUTER_STATE,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
  SA_SIZE,
  SA_SPI,
  SA_STATE,
  SA_WINDOW,
  SA_WINDOW_MASK,
  SPI_ENTRY_SIZE,
} from "./layout";
import { replayStart } from "./replay";

export function recordAt(index: u32): usize {
  return load<u32>(C_RECORDS) + <usize>index * SA_SIZE;
}

/** Makes record `index` from the request and, inbound, enters its SPI. Wipes the request. */
export function saInstall(index: u32): void {
  const sa = recordAt(index);
  const sequence = load<u64>(REQUEST_SEQUENCE);
  memory.copy(sa, REQUEST, SA_INNER_STATE);
  if (load<u32>(sa, SA_WINDOW) == 0) store<u32>(sa, <u32>(sa + SA_INLINE_WINDOW), SA_WINDOW);

  const keyLength = load<u32>(REQUEST_KEYS);
  const encryption = load<u8>(sa, SA_ENCRYPTION);
  if (encryption == ENC_CHACHA || (LEGACY && (encryption == ENC_DES || encryption == ENC_3DES))) {
    memory.copy(sa + SA_ROUND_KEYS, REQUEST_ENCRYPTION_KEY, 32);
  } else if (keyLength > 0) {
    store<u8>(sa, <u8>aesExpand(REQUEST_ENCRYPTION_KEY, <i32>keyLength, sa + SA_ROUND_KEYS), SA_ROUNDS);
  }
  const integrity = <i32>load<u8>(sa, SA_INTEGRITY);
  if (encryption == ENC_GCM || encryption == ENC_GMAC || integrity == INT_GMAC) ghashKey(sa);
  if (integrity == INT_XCBC || integrity == INT_CMAC) {
    memory.copy(sa + SA_INNER_STATE, REQUEST_INTEGRITY_KEY, 16);
  } else if (integrity != INT_NONE && integrity != INT_GMAC) {
    const length = <i32>load<u32>(REQUEST_KEYS, 4);
    hmacInstall(integrity, REQUEST_INTEGRITY_KEY, length, sa + SA_INNER_STATE, sa + SA_OUTER_STATE);
  }
  if (load<u8>(sa, SA_DIRECTION)) {
    replayStart(sa, sequence);
    spiInsert(load<u32>(sa, SA_SPI), index);
  }
  wipe(REQUEST, 512);
}

/** Hard expiry: the keys go, the SPI stays and answers EXPIRED. */
export function saExpire(index: u32): void {
  const sa = recordAt(index);
  hotForget(sa);
  wipe(sa + SA_SALT, 4);
  wipe(sa + SA_INNER_STATE, SA_SIZE - SA_INNER_STATE);
  store<u8>(sa, SA_EXPIRED, SA_STATE);
}

/** Removes record `index`: nothing of it stays in memory. */
export function saDelete(index: u32): void {
  const sa = recordAt(index);
  if (load<u8>(sa, SA_STATE) == SA_FREE) return;
  if (load<u8>(sa, SA_DIRECTION)) {
    spiRemove(load<u32>(sa, SA_SPI));
    wipe(load<u32>(sa, SA_WINDOW), (<usize>load<u32>(sa, SA_WINDOW_MASK) + 1) << 3);
  }
  hotForget(sa);
  wipe(sa, SA_SIZE);
}

// ---------------------------------------------------------------- the SPI table
//
//   entry  u32 SPI | u32 record index + 1      empty: 0 | 0
//
// Linear probing from a seeded hash: who can choose SPIs cannot choose collisions. Removal shifts back what follows,
// so there are no tombstones and a miss always ends at an empty entry (load <= 0.5).

/** The record of an inbound SA, or 0. */
export function spiFind(spi: u32): usize {
  const mask = load<u32>(C_SPI_MASK);
  let slot = home(spi, mask);
  while (true) {
    const entry = entryAt(slot);
    const owner = load<u32>(entry, 4);
    if (owner == 0) return 0;
    if (load<u32>(entry) == spi) return recordAt(owner - 1);
    slot = (slot + 1) & mask;
  }
}

function spiInsert(spi: u32, index: u32): void {
  const mask = load<u32>(C_SPI_MASK);
  let slot = home(spi, mask);
  while (load<u32>(entryAt(slot), 4) != 0) slot = (slot + 1) & mask;
  store<u32>(entryAt(slot), spi);
  store<u32>(entryAt(slot), index + 1, 4);
}

function spiRemove(spi: u32): void {
  const mask = load<u32>(C_SPI_MASK);
  let hole = home(spi, mask);
  while (load<u32>(entryAt(hole)) != spi || load<u32>(entryAt(hole), 4) == 0) {
    if (load<u32>(entryAt(hole), 4) == 0) return;
    hole = (hole + 1) & mask;
  }
  for (let slot = (hole + 1) & mask; load<u32>(entryAt(slot), 4) != 0; slot = (slot + 1) & mask) {
    const from = home(load<u32>(entryAt(slot)), mask);
    // An entry may move back into the hole unless its home lies behind the hole.
    if (((slot - from) & mask) < ((slot - hole) & mask)) continue;
    store<u64>(entryAt(hole), load<u64>(entryAt(slot)));
    hole = slot;
  }
  store<u64>(entryAt(hole), 0);
}

function entryAt(slot: u32): usize {
  return load<u32>(C_SPI_TABLE) + <usize>slot * SPI_ENTRY_SIZE;
}

/** Where a search for `spi` begins: a multiplicative mix of the SPI with the engine's seed. */
function home(spi: u32, mask: u32): u32 {
  let hash = (spi ^ load<u32>(C_SPI_SEED)) * 0x9e3779b1;
  hash = (hash ^ (hash >> 15)) * 0x85ebca77;
  return (hash ^ (hash >> 13)) & mask;
}
