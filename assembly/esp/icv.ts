// The integrity check value: written when sealing, compared when opening. The comparison reads every byte whatever it
// finds; only its end result is public.
import { copy } from "../bytes";
import { D_ICV, D_SA, D_TAG, SA_ICV_LENGTH } from "../layout";

/** Copies the tag in D_TAG, cut to the SA's ICV length, to where the packet ends. Wipes D_TAG. */
export function icvWrite(descriptor: usize): void {
  const length = <usize>load<u8>(<usize>load<u32>(descriptor, D_SA), SA_ICV_LENGTH);
  const icv = <usize>load<u32>(descriptor, D_ICV);
  if (length == 16) v128.store(icv, v128.load(descriptor + D_TAG));
  else copy(icv, descriptor + D_TAG, length);
  wipeTag(descriptor);
}

/** Whether the packet's ICV is the tag in D_TAG, cut to the SA's ICV length. Wipes D_TAG. */
export function icvMatches(descriptor: usize): bool {
  const length = <usize>load<u8>(<usize>load<u32>(descriptor, D_SA), SA_ICV_LENGTH);
  const icv = <usize>load<u32>(descriptor, D_ICV);
  if (length == 16) {
    const isSame = !v128.any_true(v128.xor(v128.load(icv), v128.load(descriptor, D_TAG)));
    wipeTag(descriptor);
    return isSame;
  }
  let difference: u32 = 0;
  for (let i: usize = 0; i < length; i += 4) difference |= load<u32>(icv + i) ^ load<u32>(descriptor + D_TAG + i);
  wipeTag(descriptor);
  return difference == 0;
}

function wipeTag(descriptor: usize): void {
  v128.store(descriptor, i64x2.splat(0), D_TAG);
  v128.store(descriptor, i64x2.splat(0), D_TAG + 16);
}
