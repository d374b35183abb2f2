// Text as blocks of 16 bytes, the last one padded with zeroes: what GHASH, Poly1305 and CBC-MAC work on.

/** Sixteen bytes of ones, then of zeroes: loaded from 16 - n on, it keeps the first n bytes. */
const KEEP = memory.data<u64>([0xffffffffffffffff, 0xffffffffffffffff, 0, 0], 16);

/** The first `length` bytes at `bytes`, 0..16, and zeroes. */
export function paddedBlock(bytes: usize, length: usize): v128 {
  return v128.and(v128.load(bytes), v128.load(KEEP + 16 - length));
}

/** Blocks of text to `place` .. `placesEnd`; the text ends at `end`. Answers where it goes on. */
export function stageBlocks(place: usize, placesEnd: usize, bytes: usize, end: usize): usize {
  for (; place < placesEnd && bytes + 16 <= end; place += 16) {
    v128.store(place, v128.load(bytes));
    bytes += 16;
  }
  if (place == placesEnd) return bytes;
  v128.store(place, paddedBlock(bytes, end - bytes));
  return bytes + 16;
}
