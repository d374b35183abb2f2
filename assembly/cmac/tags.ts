// AES-CMAC-96 (RFC 4493, RFC 4494) and AES-XCBC-MAC-96 (RFC 3566): both are chains that differ in their subkeys.
import { runChains } from "../aes/chain";
import { CHAIN_MAC } from "../aes/chain-lanes";

/** Tags of `count` descriptors, over D_AUTH and D_AUTH_LENGTH, to D_TAG: 16 bytes. */
export function cmacTags(list: usize, count: i32): void {
  runChains(CHAIN_MAC, list, count);
}
