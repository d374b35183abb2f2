// An SPI in IOS's two spellings.

/** 0x1214F0D(18960141): upper case, not padded, decimal behind it. */
export function spiNumber(spi: number): string {
  return `0x${spi.toString(16).toUpperCase()}(${spi})`;
}

/** 01214F0D: eight digits, bare. */
export function spiPadded(spi: number): string {
  return spi.toString(16).toUpperCase().padStart(8, "0");
}
