// Network byte order, and wiping.

export function load16(address: usize): u32 {
  return bswap<u16>(load<u16>(address));
}

export function load32(address: usize): u32 {
  return bswap<u32>(load<u32>(address));
}

export function load64(address: usize): u64 {
  return bswap<u64>(load<u64>(address));
}

export function store16(address: usize, value: u32): void {
  store<u16>(address, bswap<u16>(<u16>value));
}

export function store32(address: usize, value: u32): void {
  store<u32>(address, bswap<u32>(value));
}

export function store64(address: usize, value: u64): void {
  store<u64>(address, bswap<u64>(value));
}

/** Zeroes `length` bytes. Stores to linear memory are observable, so no compiler may drop them. */
export function wipe(address: usize, length: usize): void {
  memory.fill(address, 0, length);
}
