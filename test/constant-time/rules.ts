// The numeric instructions, and how a secret passes through each. A value has a shadow of its own type: a bit of the
// shadow is set where the bit of the value may depend on a secret. Sound is a rule that sets at least those bits;
// rules.test.ts tries every rule of this table against the instruction itself.
import { I32, I64, V128, type ValueType } from "./binary.js";

/**
 *   union    a bit depends on the bits in the same place of the operands
 *   lane     a lane depends on all bits of the same lane of the operands
 *   flag     one bit that depends on all bits of the operands
 *   all      every bit depends on all bits of the operands
 *   same     the shadow goes the way of the value: the instruction itself, on shadows
 *   shift    the first operand's shadow is shifted alike; a secret count makes all of it secret
 *   swizzle  the first operand's shadow is picked alike; a secret index makes its byte secret
 *   widen    a lane depends on the lane half as wide, from the lower or the upper half, that it is the product of
 *   divide   a division: its operands must be public
 */
export type Rule = "union" | "lane" | "flag" | "all" | "same" | "shift" | "swizzle" | "widen" | "divide";

export interface Numeric {
  readonly name: string;
  readonly operands: readonly ValueType[];
  readonly result: ValueType;
  readonly rule: Rule;
  /** Bytes of immediate behind the opcode. */
  readonly immediates: number;
  /** Bits of a lane, for vector rules. */
  readonly lane: number;
}

/** By opcode; those behind the prefix 0xfd are 0xfd00 + their number. */
export const NUMERIC = new Map<number, Numeric>();
export const SIMD = 0xfd00;

function add(
  first: number,
  names: string,
  rule: Rule,
  operands: readonly ValueType[],
  result: ValueType,
  more: { lane?: number; immediates?: number } = {},
): void {
  for (const [i, name] of names.split(" ").entries()) {
    const lane = more.lane ?? 0;
    NUMERIC.set(first + i, { name, operands, result, rule, immediates: more.immediates ?? 0, lane });
  }
}

const COMPARISONS = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u";
const named = (shape: string, names: string) => names.replace(/\S+/g, (name) => `${shape}.${name}`);

for (const [shape, type, test, count] of [
  ["i32", I32, 0x45, 0x67],
  ["i64", I64, 0x50, 0x79],
] as const) {
  add(test, `${shape}.eqz`, "flag", [type], I32);
  add(test + 1, named(shape, COMPARISONS), "flag", [type, type], I32);
  add(count, named(shape, "clz ctz popcnt"), "all", [type], type);
  add(count + 3, named(shape, "add sub mul"), "all", [type, type], type);
  add(count + 6, named(shape, "div_s div_u rem_s rem_u"), "divide", [type, type], type);
  add(count + 10, named(shape, "and or xor"), "union", [type, type], type);
  add(count + 13, named(shape, "shl shr_s shr_u rotl rotr"), "shift", [type, type], type);
}
add(0xa7, "i32.wrap_i64", "same", [I64], I32);
add(0xac, "i64.extend_i32_s i64.extend_i32_u", "same", [I32], I64);
add(0xc0, "i32.extend8_s i32.extend16_s", "same", [I32], I32);
add(0xc2, "i64.extend8_s i64.extend16_s i64.extend32_s", "same", [I64], I64);

const one = [V128] as const;
const two = [V128, V128] as const;
const three = [V128, V128, V128] as const;

add(SIMD + 13, "i8x16.shuffle", "same", two, V128, { immediates: 16 });
add(SIMD + 14, "i8x16.swizzle", "swizzle", two, V128, { lane: 8 });
add(SIMD + 15, "i8x16.splat i16x8.splat i32x4.splat", "same", [I32], V128);
add(SIMD + 18, "i64x2.splat", "same", [I64], V128);
add(SIMD + 21, "i8x16.extract_lane_s i8x16.extract_lane_u", "same", one, I32, { immediates: 1 });
add(SIMD + 23, "i8x16.replace_lane", "same", [V128, I32], V128, { immediates: 1 });
add(SIMD + 24, "i16x8.extract_lane_s i16x8.extract_lane_u", "same", one, I32, { immediates: 1 });
add(SIMD + 26, "i16x8.replace_lane", "same", [V128, I32], V128, { immediates: 1 });
add(SIMD + 27, "i32x4.extract_lane", "same", one, I32, { immediates: 1 });
add(SIMD + 28, "i32x4.replace_lane", "same", [V128, I32], V128, { immediates: 1 });
add(SIMD + 29, "i64x2.extract_lane", "same", one, I64, { immediates: 1 });
add(SIMD + 30, "i64x2.replace_lane", "same", [V128, I64], V128, { immediates: 1 });
add(SIMD + 77, "v128.not", "union", one, V128);
add(SIMD + 78, "v128.and v128.andnot v128.or v128.xor", "union", two, V128);
add(SIMD + 82, "v128.bitselect", "union", three, V128);
add(SIMD + 83, "v128.any_true", "flag", one, I32);
for (const [shape, lane, comparisons, first] of [
  ["i8x16", 8, 35, 96],
  ["i16x8", 16, 45, 128],
  ["i32x4", 32, 55, 160],
  ["i64x2", 64, 0, 192],
] as const) {
  if (lane < 64) add(SIMD + comparisons, named(shape, COMPARISONS), "lane", two, V128, { lane });
  else add(SIMD + 214, named(shape, "eq ne lt_s gt_s le_s ge_s"), "lane", two, V128, { lane });
  add(SIMD + first, named(shape, "abs neg"), "lane", one, V128, { lane });
  add(SIMD + first + 3, named(shape, "all_true"), "flag", one, I32);
  add(SIMD + first + 4, named(shape, "bitmask"), "all", one, I32);
  add(SIMD + first + 11, named(shape, "shl shr_s shr_u"), "shift", [V128, I32], V128, { lane });
  add(SIMD + first + 14, named(shape, "add"), "lane", two, V128, { lane });
  add(SIMD + first + 17, named(shape, "sub"), "lane", two, V128, { lane });
  if (lane > 8) add(SIMD + first + 21, named(shape, "mul"), "lane", two, V128, { lane });
  if (lane < 64) add(SIMD + first + 22, named(shape, "min_s min_u max_s max_u"), "lane", two, V128, { lane });
  if (lane === 8) continue;
  const half = { 16: "i8x16", 32: "i16x8", 64: "i32x4" }[lane];
  const extend = `extend_low_${half}_s extend_high_${half}_s extend_low_${half}_u extend_high_${half}_u`;
  add(SIMD + first + 7, named(shape, extend), "same", one, V128);
  const low = `extmul_low_${half}_s extmul_high_${half}_s extmul_low_${half}_u extmul_high_${half}_u`;
  add(SIMD + first + 28, named(shape, low), "widen", two, V128, { lane: lane / 2 });
}
add(SIMD + 98, "i8x16.popcnt", "lane", one, V128, { lane: 8 });
add(SIMD + 111, "i8x16.add_sat_s i8x16.add_sat_u", "lane", two, V128, { lane: 8 });
add(SIMD + 114, "i8x16.sub_sat_s i8x16.sub_sat_u", "lane", two, V128, { lane: 8 });
add(SIMD + 123, "i8x16.avgr_u", "lane", two, V128, { lane: 8 });
add(SIMD + 130, "i16x8.q15mulr_sat_s", "lane", two, V128, { lane: 16 });
add(SIMD + 143, "i16x8.add_sat_s i16x8.add_sat_u", "lane", two, V128, { lane: 16 });
add(SIMD + 146, "i16x8.sub_sat_s i16x8.sub_sat_u", "lane", two, V128, { lane: 16 });
add(SIMD + 155, "i16x8.avgr_u", "lane", two, V128, { lane: 16 });
add(SIMD + 124, "i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u", "lane", one, V128, { lane: 16 });
add(SIMD + 126, "i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u", "lane", one, V128, { lane: 32 });
add(SIMD + 186, "i32x4.dot_i16x8_s", "lane", two, V128, { lane: 32 });
add(SIMD + 256, "i8x16.relaxed_swizzle", "swizzle", two, V128, { lane: 8 });
// Where a mask has bits of both kinds, an engine may look at the lane's highest bit: the whole lane depends on it.
add(SIMD + 265, "i8x16.relaxed_laneselect", "lane", three, V128, { lane: 8 });
add(SIMD + 266, "i16x8.relaxed_laneselect", "lane", three, V128, { lane: 16 });
add(SIMD + 267, "i32x4.relaxed_laneselect", "lane", three, V128, { lane: 32 });
add(SIMD + 268, "i64x2.relaxed_laneselect", "lane", three, V128, { lane: 64 });

/** Bytes that a load or store moves decide nothing here: the shadow is loaded and stored by the same instruction. */
export interface Access {
  readonly name: string;
  readonly value: ValueType;
  readonly stores: boolean;
  /** A lane instruction: the vector is an operand too, and the lane an immediate. */
  readonly lane: boolean;
}

export const ACCESS = new Map<number, Access>();

function access(first: number, names: string, value: ValueType, stores: boolean, lane = false): void {
  for (const [i, name] of names.split(" ").entries()) ACCESS.set(first + i, { name, value, stores, lane });
}

access(0x28, "i32.load", I32, false);
access(0x29, "i64.load", I64, false);
access(0x2c, "i32.load8_s i32.load8_u i32.load16_s i32.load16_u", I32, false);
access(0x30, "i64.load8_s i64.load8_u i64.load16_s i64.load16_u i64.load32_s i64.load32_u", I64, false);
access(0x36, "i32.store", I32, true);
access(0x37, "i64.store", I64, true);
access(0x3a, "i32.store8 i32.store16", I32, true);
access(0x3c, "i64.store8 i64.store16 i64.store32", I64, true);
access(SIMD, "v128.load v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u", V128, false);
access(SIMD + 5, "v128.load32x2_s v128.load32x2_u v128.load8_splat v128.load16_splat", V128, false);
access(SIMD + 9, "v128.load32_splat v128.load64_splat", V128, false);
access(SIMD + 11, "v128.store", V128, true);
access(SIMD + 84, "v128.load8_lane v128.load16_lane v128.load32_lane v128.load64_lane", V128, false, true);
access(SIMD + 88, "v128.store8_lane v128.store16_lane v128.store32_lane v128.store64_lane", V128, true, true);
access(SIMD + 92, "v128.load32_zero v128.load64_zero", V128, false);
