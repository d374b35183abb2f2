// Constants of the bitsliced cipher, read from memory because V8 rebuilds a v128.const at every use.
// Byte i of a block is row i & 3 of column i >> 2 (FIPS 197 section 3.4).

/** Four orders of 16 bytes: ShiftRows, where row r moves r columns to the left, done 0, 1, 2 and 3 times. */
// biome-ignore format: an order a line
export const SHIFT_ROWS = memory.data<u8>(
  [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, // done 4 times, it is back
    0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11, // once: the byte at i comes from i + 4r, modulo 16
    0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12, 5, 14, 7, // twice: from i + 8r
    0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3, // three times, or once back: from i + 12r
  ],
  16,
);

/**
 * Four pairs of orders for MixColumns. The cipher never shifts its rows, so after n rounds a column of FIPS 197 lies
 * slanted: its next row is one down and n columns to the right. Only n modulo 4 counts, as there are four columns.
 */
// biome-ignore format: an order a line
export const ROWS_DOWN = memory.data<u8>(
  [
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, // n = 0: one row down
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, // two rows down
    5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, // n = 1: one down, one column to the right
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, // two down, two to the right
    9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, // n = 2: one down, two to the right
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13, // two down, four to the right
    13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, // n = 3: one down, three to the right
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5, // two down, six to the right
    // From here on again, for who counts rounds up to the last of ten.
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
    5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0,
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5,
    9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4,
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
    13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8,
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5,
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,
    5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0,
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5,
  ],
  16,
);

/** Eight masks: one bit of every byte, bit 0 first. */
// biome-ignore format: a mask a line
export const BITS = memory.data<u64>(
  [
    0x0101010101010101, 0x0101010101010101,
    0x0202020202020202, 0x0202020202020202,
    0x0404040404040404, 0x0404040404040404,
    0x0808080808080808, 0x0808080808080808,
    0x1010101010101010, 0x1010101010101010,
    0x2020202020202020, 0x2020202020202020,
    0x4040404040404040, 0x4040404040404040,
    0x8080808080808080, 0x8080808080808080,
  ],
  16,
);

/** Three masks of the bit transposition: the lower half of every 2, 4 and 8 bits. */
// biome-ignore format: a mask a line
export const LOWER_HALVES = memory.data<u64>(
  [
    0x5555555555555555, 0x5555555555555555,
    0x3333333333333333, 0x3333333333333333,
    0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f,
  ],
  16,
);

/** The constant that the S-box adds at its end (FIPS 197 section 5.1.1), in every byte. */
export const SBOX_CONSTANT = memory.data<u64>([0x6363636363636363, 0x6363636363636363], 16);

/** x^8 modulo x^8 + x^4 + x^3 + x + 1, the polynomial of FIPS 197 section 4.2, in every byte. */
export const POLYNOMIAL = memory.data<u64>([0x1b1b1b1b1b1b1b1b, 0x1b1b1b1b1b1b1b1b], 16);
