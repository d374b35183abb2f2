// Constants of the bitsliced cipher, read from memory because V8 rebuilds a v128.const at every use.

// Byte i of a block is row i & 3 of column i >> 2 (FIPS 197 section 3.4).

/** Four orders of 16 bytes: ShiftRows done 0, 1, 2 and 3 times. Row r moves r columns left each time. */
export const SHIFT_ROWS = memory.data<u8>(
  [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11,
    0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12, 5, 14, 7,
    0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3,
  ],
  16,
);

/**
 * Four pairs of orders for MixColumns. The cipher never shifts rows, so after n rounds a column of FIPS 197 lies
 * slanted: one row down is n columns to the right. First order of pair n: one row down, n columns right; second: two
 * rows down, 2n columns right. Only n modulo 4 counts, as there are four columns.
 */
export const ROWS_DOWN = memory.data<u8>(
  [
    1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12,
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,

    5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0,
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5,

    9, 10, 11, 8, 13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4,
    2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13,

    13, 14, 15, 12, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8,
    10, 11, 8, 9, 14, 15, 12, 13, 2, 3, 0, 1, 6, 7, 4, 5,
  ],
  16,
);

/** Eight masks: bit 0 of every byte, bit 1 of every byte, ... */
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

/** Masks of the bit transposition: every other bit, every other pair, the low four bits of every byte. */
export const HALVES = memory.data<u64>(
  [
    0x5555555555555555, 0x5555555555555555,
    0x3333333333333333, 0x3333333333333333,
    0x0f0f0f0f0f0f0f0f, 0x0f0f0f0f0f0f0f0f,
  ],
  16,
);

/** The constant that FIPS 197 section 5.1.1 adds in the S-box, in every byte. */
export const SBOX_CONSTANT = memory.data<u64>([0x6363636363636363, 0x6363636363636363], 16);

/** x^8 modulo x^8 + x^4 + x^3 + x + 1, the polynomial of FIPS 197 section 4.2, in every byte. */
export const POLYNOMIAL = memory.data<u64>([0x1b1b1b1b1b1b1b1b, 0x1b1b1b1b1b1b1b1b], 16);
