// The tag of a GCM packet: GHASH over AAD, cipher text and their lengths, masked by the first block of key stream.
import { addKeyStream } from "../aes/ctr";
import { icvMatches } from "../esp/icv";
import { D_SA, D_STATUS, D_TAG, D_TEXT, D_TEXT_LENGTH } from "../layout";
import { FORGED } from "../status";
import { aadBits, aadBlock } from "./aad";
import { ghash } from "./ghash";

/** The tag to D_TAG. The text is encrypted. */
export function writeTag(entry: usize, descriptor: usize, mask: v128): void {
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  const bits = aadBits(load<u32>(descriptor, D_SA));
  const hash = ghash(entry, aadBlock(descriptor), load<u32>(descriptor, D_TEXT), length, bits, (<u64>length) << 3);
  v128.store(descriptor + D_TAG, v128.xor(mask, hash));
}

/** Whether the tag is the packet's ICV; otherwise the packet is FORGED. */
export function verify(descriptor: usize): bool {
  if (icvMatches(descriptor)) return true;
  store<u32>(descriptor, FORGED, D_STATUS);
  return false;
}

/** Tag and text of a packet whose key stream lies at `keyStream`, the mask first, its blocks `apart`. */
export function finish(entry: usize, descriptor: usize, keyStream: usize, apart: usize, opening: bool): void {
  const text: usize = load<u32>(descriptor, D_TEXT);
  const length = load<u32>(descriptor, D_TEXT_LENGTH);
  if (!opening) addKeyStream(text, length, keyStream + apart, apart);
  writeTag(entry, descriptor, v128.load(keyStream));
  if (opening && verify(descriptor)) addKeyStream(text, length, keyStream + apart, apart);
}
