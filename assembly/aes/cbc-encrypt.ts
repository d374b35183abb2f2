// AES-CBC, outbound (RFC 3602).
import { runChains } from "./chain";
import { CHAIN_CBC } from "./chain-lanes";

/** Encrypts the texts of `count` descriptors in place, under the IVs before them: multiples of 16 bytes, 16 at least. */
export function cbcEncrypt(list: usize, count: i32): void {
  runChains(CHAIN_CBC, list, count);
}
