// AES-GCM in ESP (RFC 4106). Three steps with key stream at an address between them: counter blocks through the cipher,
// added to the text, and GHASH over what is then on the wire.
import { counterMasks, counterText } from "../aes/ctr";
import { icvMatches } from "../esp/icv";
import { hotFor } from "../hot";
import { D_SA, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED, PENDING } from "../status";
import { aadBits, aadBlock } from "./aad";
import { ghash } from "./ghash";

/** SP 800-38D section 7.1: block 1 masks the tag, the text begins with block 2. */
const MASK_COUNTER: u32 = 1;
const TEXT_COUNTER: u32 = 2;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function gcmSeal(list: usize, count: i32): void {
  counterText(list, count, TEXT_COUNTER, true);
  for (let i = 0; i < count; i++) addHash(load<u32>(list + ((<usize>i) << 2)));
}

/** Verifies `count` descriptors, then decrypts those that are not FORGED. */
export function gcmOpen(list: usize, count: i32): void {
  counterMasks(list, count, MASK_COUNTER);
  for (let i = 0; i < count; i++) {
    const descriptor: usize = load<u32>(list + ((<usize>i) << 2));
    addHash(descriptor);
    if (!icvMatches(descriptor) && load<u32>(descriptor, D_STATUS) == PENDING) store<u32>(descriptor, FORGED, D_STATUS);
  }
  counterText(list, count, TEXT_COUNTER, false);
}

/** D_TAG holds the mask; with the hash of AAD, cipher text and lengths it becomes the tag. */
function addHash(descriptor: usize): void {
  const sa: usize = load<u32>(descriptor, D_SA);
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  const textBits = (<u64>length) << 3;
  const hash = ghash(hotFor(sa), aadBlock(descriptor), load<u32>(descriptor, D_TEXT), length, aadBits(sa), textBits);
  v128.store(descriptor + D_TAG, v128.xor(v128.load(descriptor + D_TAG), hash));
}
