// Kernels that leak on purpose, one way each, and some that do not. `key` is the address of 64 secret bytes; what they
// find out goes 64 bytes further on, so that no compiler may leave it out. test/constant-time/planted.test.ts runs them.

const TABLE = memory.data<u8>([99, 124, 119, 123, 242, 107, 111, 197, 48, 1, 103, 43, 254, 215, 171, 118], 16);

export function branch(key: usize): void {
  if (load<u8>(key) & 1) memory.fill(key + 64, 7, 32);
}

export function loopBound(key: usize): void {
  for (let i: usize = 0; i < <usize>load<u8>(key); i++) store<u8>(key + 64 + i, 1);
}

export function earlyExit(key: usize): bool {
  for (let i: usize = 0; i < 16; i++) if (load<u8>(key + i) != load<u8>(key + 128 + i)) return false;
  return true;
}

export function anyTrue(key: usize): void {
  if (v128.any_true(v128.xor(v128.load(key), v128.load(key, 128)))) memory.fill(key + 64, 1, 40);
}

export function table(key: usize): u8 {
  return load<u8>(TABLE + (load<u8>(key) & 15));
}

export function tableInVector(key: usize): void {
  const index = i8x16.extract_lane_u(i8x16.shl(v128.load(key), 1), 5);
  store<u8>(key, load<u8>(TABLE + (index & 15)), 64);
}

export function storeAt(key: usize): void {
  store<u8>(key + 64 + (load<u8>(key, 3) & 31), 1);
}

export function chosen(key: usize): u32 {
  return select<u32>(load<u32>(key, 160), load<u32>(key, 164), load<u8>(key) & 4);
}

export function switched(key: usize): void {
  switch (load<u8>(key)) {
    case 0:
      return memory.fill(key + 64, 1, 33);
    case 1:
      return memory.fill(key + 65, 2, 34);
    case 2:
      return memory.fill(key + 66, 3, 35);
    case 3:
      return memory.fill(key + 67, 4, 36);
    case 4:
      return memory.fill(key + 68, 5, 37);
  }
}

function first(key: usize): void {
  store<u8>(key, 1, 64);
}

function second(key: usize): void {
  store<u8>(key, 2, 65);
}

export function called(key: usize): void {
  const either = <u32>load<u32>(changetype<usize>(first));
  const other = <u32>load<u32>(changetype<usize>(second));
  const taken = <u32>(load<u8>(key) & 1);
  call_indirect<void>(either * (1 - taken) + other * taken, key);
}

export function divided(key: usize): u32 {
  return load<u32>(key) / 10;
}

export function remainder(key: usize): u64 {
  return load<u64>(key, 160) % (load<u64>(key) | 1);
}

export function copyLength(key: usize): void {
  memory.copy(key + 64, key + 128, load<u8>(key) & 15);
}

export function copySource(key: usize): void {
  memory.copy(key + 64, key + 128 + (load<u8>(key) & 15), 64);
}

export function fillLength(key: usize): void {
  memory.fill(key + 64, 0, load<u8>(key) & 15);
}

/** Through memory, a call that is not inlined because it calls itself, and 64 bits. */
export function roundabout(key: usize): void {
  store<u64>(key, mixed(load<u64>(key), 3) << 7, 64);
  if (load<u8>(key, 65) == 9) memory.fill(key + 72, 1, 40);
}

function mixed(value: u64, rounds: i32): u64 {
  return rounds == 0 ? value : mixed((value ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9, rounds - 1);
}

/** A comparison as it should be, and a choice by arithmetic: nothing to report. */
export function clean(key: usize): u32 {
  let difference: u32 = 0;
  for (let i: usize = 0; i < 32; i += 4) difference |= load<u32>(key + i) ^ load<u32>(key + 128 + i);
  const mask = 0 - (((difference | (0 - difference)) >> 31) ^ 1);
  store<u32>(key, load<u32>(key, 4) & mask, 64);
  v128.store(key, v128.bitselect(v128.load(key), v128.load(key, 16), i32x4.splat(mask)), 80);
  return mask;
}

/** Decides by what is public beside the key, also by a byte that was secret before it was overwritten. */
export function publicOnly(key: usize): void {
  store<u8>(key, load<u8>(key, 200), 1);
  if (load<u8>(key, 1) & 1) memory.fill(key + 64, 7, <usize>load<u8>(key, 201) & 15);
}
