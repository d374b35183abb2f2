// AES-CCM in ESP (RFC 4309, RFC 3610): a CBC-MAC over the plain text, and counter mode over text and MAC.
import { runChains } from "../aes/chain";
import { CHAIN_CCM } from "../aes/chain-lanes";
import { counterText } from "../aes/ctr";
import { icvMatches } from "../esp/icv";
import { CCM_WORK, D_STATUS } from "../layout";
import { FORGED, PENDING } from "../status";

/** RFC 3610 section 2.3: block 0 masks the tag, the text begins with block 1. */
const TEXT_COUNTER: u32 = 1;

/** Encrypts the texts of `count` descriptors in place; tags to D_TAG. */
export function ccmSeal(list: usize, count: i32): void {
  runChains(CHAIN_CCM, list, count);
  counterText(list, count, TEXT_COUNTER, true);
}

/** Decrypts `count` descriptors and verifies them; the text of one that is FORGED is encrypted again, as it came. */
export function ccmOpen(list: usize, count: i32): void {
  counterText(list, count, TEXT_COUNTER, true);
  runChains(CHAIN_CCM, list, count);
  for (let i = 0; i < count; i++) {
    const descriptor: usize = load<u32>(list + ((<usize>i) << 2));
    if (icvMatches(descriptor) || load<u32>(descriptor, D_STATUS) != PENDING) continue;
    store<u32>(CCM_WORK, <u32>descriptor);
    counterText(CCM_WORK, 1, TEXT_COUNTER, false);
    store<u32>(descriptor, FORGED, D_STATUS);
  }
  store<u32>(CCM_WORK, 0);
}
