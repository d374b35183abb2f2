// The shadow of what a numeric instruction answers, as code that leaves it on the stack: the rules of rules.ts, spelled out.
import { I32, I64, u32, V128, type ValueType } from "./binary.js";
import { type Numeric, SIMD } from "./rules.js";

const OR: Record<ValueType, number[]> = { [I32]: [0x72], [I64]: [0x84], [V128]: [0xfd, 80] };
export const ZERO: Record<ValueType, number[]> = {
  [I32]: [0x41, 0],
  [I64]: [0x42, 0],
  [V128]: [0xfd, 12, ...new Array<number>(16).fill(0)],
};
/** From a shadow to 1 if any bit of it is set, else 0. */
export const FLAG: Record<ValueType, number[]> = { [I32]: [0x45, 0x45], [I64]: [0x50, 0x45], [V128]: [0xfd, 83] };
/** From 1 to all bits set, from 0 to none. */
const SPREAD: Record<ValueType, number[]> = {
  [I32]: [0x41, 0x7f, 0x6c],
  [I64]: [0xad, 0x42, 0x7f, 0x7e],
  [V128]: [0x41, 0x7f, 0x6c, 0xfd, 17],
};
/** iNNxMM.ne: every lane that is not zero gets all bits. */
const NOT_EQUAL: Record<number, number[]> = { 8: [0xfd, 36], 16: [0xfd, 46], 32: [0xfd, 56], 64: [0xfd, ...u32(215)] };

/**
 * `shadows` is code for each operand's shadow, `last` for the value of the last operand, `instruction` the instruction
 * itself with its immediates.
 */
export function numericShadow(
  { operands, result, rule, lane }: Numeric,
  opcode: number,
  shadows: readonly number[][],
  last: readonly number[],
  instruction: readonly number[],
): number[] {
  const lastType = operands.at(-1) as ValueType;
  const [first, second] = shadows as [number[], number[]];
  const united = shadows.flatMap((shadow, i) => (i === 0 ? shadow : [...shadow, ...OR[lastType]]));
  const picked = [...first, ...last, ...instruction];
  switch (rule) {
    case "union":
      return united;
    case "flag":
      return [...united, ...FLAG[lastType]];
    case "all":
    case "divide":
      return [...united, ...FLAG[lastType], ...SPREAD[result]];
    case "same":
      return [...shadows.flat(), ...instruction];
    case "lane":
      return wholeLanes(united, lane);
    case "widen": {
      // The signed extension of the same half: extmul's number less 21, less 2 for the unsigned ones.
      const extend = opcode - SIMD - 21 - ((opcode - SIMD - 156) & 2);
      return [...wholeLanes(united, lane), 0xfd, ...u32(extend)];
    }
    case "shift":
      return [...picked, ...second, ...FLAG[lastType], ...SPREAD[result], ...OR[result]];
    case "swizzle":
      return [...picked, ...wholeLanes(second, lane), ...OR[result]];
  }
}

/** A lane of which any bit is set has all bits set. */
function wholeLanes(shadow: readonly number[], lane: number): number[] {
  return [...shadow, ...ZERO[V128], ...(NOT_EQUAL[lane] as number[])];
}
