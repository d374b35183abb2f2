// Comparison of public values: addresses, SPIs, hashes of addresses. Not for anything secret.

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
