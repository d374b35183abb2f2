// Keys that undo their cipher: refused, so that the key exchange is run again.
import { IpsecError } from "../errors.js";

const DES_KEY_LENGTH = 8;

/** The weak and semi-weak keys of DES (RFC 2405, FIPS 74): under them it undoes itself, or another of them does. */
const WEAK_DES_KEYS: readonly bigint[] = [
  0x0101010101010101n,
  0x1f1f1f1f0e0e0e0en,
  0xe0e0e0e0f1f1f1f1n,
  0xfefefefefefefefen,
  0x01fe01fe01fe01fen,
  0xfe01fe01fe01fe01n,
  0x1fe01fe00ef10ef1n,
  0xe01fe01ff10ef10en,
  0x01e001e001f101f1n,
  0xe001e001f101f101n,
  0x1ffe1ffe0efe0efen,
  0xfe1ffe1ffe0efe0en,
  0x011f011f010e010en,
  0x1f011f010e010e01n,
  0xe0fee0fef1fef1fen,
  0xfee0fee0fef1fef1n,
];

/** DES: one of its weak keys. 3DES: two neighbours are equal, which makes it DES (RFC 2451 section 2.3). Throws `weak-key`. */
export function refuseWeakKey(encryption: string, key: Uint8Array): void {
  if (encryption === "des-cbc") {
    if (WEAK_DES_KEYS.some((weak) => same(key, bytesOf(weak)))) {
      throw new IpsecError("weak-key", "encryptionKey is one of the 16 weak keys of DES (RFC 2405): negotiate another");
    }
    return;
  }
  const [first, second, third] = [0, 1, 2].map((i) => key.subarray(i * DES_KEY_LENGTH, (i + 1) * DES_KEY_LENGTH)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  if (!same(first, second) && !same(second, third)) return;
  throw new IpsecError(
    "weak-key",
    "two neighbouring keys of 3des-cbc are equal, which makes it DES (RFC 2451 section 2.3): negotiate others",
  );
}

/** Whether two DES keys are one, their parity bits aside. Reads all of both. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.reduce((difference, byte, i) => difference | ((byte ^ (b[i] as number)) & 0xfe), 0) === 0;
}

function bytesOf(key: bigint): Uint8Array {
  return Uint8Array.from({ length: DES_KEY_LENGTH }, (_, i) => Number((key >> BigInt(56 - 8 * i)) & 0xffn));
}
