// IVs of counter modes as peers send them: numbers in order, and now and then from somewhere else. The start is such that
// the next byte is carried into soon.
export function ivsInOrder(random: { below(limit: number): number; bytes(length: number): Uint8Array }): () => Buffer {
  let number = 0xffe0n;
  return () => {
    const iv = Buffer.alloc(8);
    iv.writeBigUInt64BE(number);
    const jumps = random.below(40) === 0;
    number = BigInt.asUintN(64, jumps ? Buffer.from(random.bytes(8)).readBigUInt64BE() : number + 1n);
    return iv;
  };
}
