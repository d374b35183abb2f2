// Network byte order, copying and wiping. memory.copy and memory.fill are calls into the host: they pay from about 200
// bytes on, and not for a header or a tag.

const MANY: usize = 192;

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

/** Copies `length` bytes. Where the areas overlap, `to` must be the lower one. */
export function copy(to: usize, from: usize, length: usize): void {
  if (length >= MANY) return memory.copy(to, from, length);
  const end = from + length;
  for (; from + 16 <= end; from += 16) {
    v128.store(to, v128.load(from));
    to += 16;
  }
  for (; from + 4 <= end; from += 4) {
    store<u32>(to, load<u32>(from));
    to += 4;
  }
  for (; from < end; from++) store<u8>(to++, load<u8>(from));
}

/** Zeroes `length` bytes. Stores to linear memory are observable, so no compiler may drop them. */
export function wipe(address: usize, length: usize): void {
  if (length >= MANY) return memory.fill(address, 0, length);
  const end = address + length;
  for (; address + 16 <= end; address += 16) v128.store(address, i64x2.splat(0));
  for (; address + 4 <= end; address += 4) store<u32>(address, 0);
  for (; address < end; address++) store<u8>(address, 0);
}
