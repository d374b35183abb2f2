// AES-GMAC (RFC 4543): nothing is encrypted, all of it is AAD. In ESP (ENCR_NULL_AUTH_AES_GMAC):
//
//   | SPI | sequence number | IV | text |      or, with ESN,   | SPI | high half | low half | IV | text |
//
// In AH (AUTH_AES_GMAC) the message of its ICV, as of any other integrity algorithm.
import { counterMasks } from "../aes/ctr";
import { icvMatches } from "../esp/icv";
import { hotFor } from "../hot";
import { D_AUTH, D_AUTH_LENGTH, D_IV, D_SA, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { aadBits, aadBlock } from "./aad";
import { ghash } from "./ghash";

const MASK_COUNTER: u32 = 1;
const IV_LENGTH: u32 = 8;

/** Tags of `count` descriptors to D_TAG; the texts stay as they are. */
export function gmacSeal(list: usize, count: i32): void {
  counterMasks(list, count, MASK_COUNTER);
  for (let i = 0; i < count; i++) addHash(load<u32>(list + ((<usize>i) << 2)));
}

/** The tags of `count` descriptors of AH to D_TAG. The message is longer than a block: an IP header stands in front. */
export function gmacTags(list: usize, count: i32): void {
  counterMasks(list, count, MASK_COUNTER);
  for (let i = 0; i < count; i++) {
    const descriptor: usize = load<u32>(list + ((<usize>i) << 2));
    const message: usize = load<u32>(descriptor, D_AUTH);
    const length = load<u32>(descriptor, D_AUTH_LENGTH);
    const entry = hotFor(load<u32>(descriptor, D_SA));
    const hash = ghash(entry, v128.load(message), message + 16, length - 16, (<u64>length) << 3, 0);
    v128.store(descriptor + D_TAG, v128.xor(v128.load(descriptor + D_TAG), hash));
  }
}

/** Verifies `count` descriptors. */
export function gmacOpen(list: usize, count: i32): void {
  gmacSeal(list, count);
  for (let i = 0; i < count; i++) {
    const descriptor: usize = load<u32>(list + ((<usize>i) << 2));
    if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  }
}

/** The first block ends within the IV, or with it; what follows lies in memory as it is to be hashed. */
function addHash(descriptor: usize): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const iv: usize = load<u32>(descriptor, D_IV);
  const head = aadBlock(descriptor);
  const bits = aadBits(sa);
  const withIv = bits == 64 ? i32x4.replace_lane(head, 2, load<u32>(iv)) : head;
  const first = i32x4.replace_lane(withIv, 3, load<u32>(bits == 64 ? iv + 4 : iv));
  const rest = bits == 64 ? <usize>load<u32>(descriptor, D_TEXT) : iv + 4;
  const end = load<u32>(descriptor, D_TEXT) + load<u32>(descriptor, D_TEXT_LENGTH);
  const total = bits + ((<u64>(IV_LENGTH + load<u32>(descriptor, D_TEXT_LENGTH))) << 3);
  const hash = ghash(hotFor(sa), first, rest, end - <u32>rest, total, 0);
  v128.store(descriptor + D_TAG, v128.xor(v128.load(descriptor + D_TAG), hash));
}
