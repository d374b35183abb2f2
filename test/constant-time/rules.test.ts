// Every rule of rules.ts against the instruction itself: whatever the secret bits of the operands are, the bits of the
// result that the shadow calls public stay as they are. And a result of public operands is public.
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { I32, I64, MAGIC, section, text, u32, V128, type ValueType, vector } from "./binary.js";
import { SHADOW } from "./code.js";
import { IMPORTS, instrument } from "./instrument.js";
import { ACCESS, NUMERIC, SIMD } from "./rules.js";

const OPERANDS = 0x100; // 16 bytes each
const RESULT = 0x200;
const WIDTH: Record<ValueType, number> = { [I32]: 4, [I64]: 8, [V128]: 16 };
const LOAD: Record<ValueType, number[]> = { [I32]: [0x28, 0, 0], [I64]: [0x29, 0, 0], [V128]: [0xfd, 0, 0, 0] };
const STORE: Record<ValueType, number[]> = { [I32]: [0x36, 0, 0], [I64]: [0x37, 0, 0], [V128]: [0xfd, 11, 0, 0] };

/** A module of one function `run` without arguments, which has `code` as its body. */
function moduleOf(code: readonly number[]): Uint8Array {
  const body = [0, ...code, 0x0b];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, vector([[0x60, 0, 0]])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0, 1]])),
    ...section(
      7,
      vector([
        [...text("run"), 0, 0],
        [...text("memory"), 2, 0],
      ]),
    ),
    ...section(10, vector([[...u32(body.length), ...body]])),
  ]);
}

interface Machine {
  run(): void;
  readonly memory: Uint8Array;
  leaks: number;
}

function machineOf(code: readonly number[]): Machine {
  const { module } = instrument(moduleOf(code), new Set());
  const [leak, entered, left] = IMPORTS;
  const machine = { run: () => {}, memory: new Uint8Array(0), leaks: 0 };
  const shadow = { [leak]: () => machine.leaks++, [entered]: () => {}, [left]: () => {} };
  const { exports } = new WebAssembly.Instance(module, { shadow });
  machine.run = exports["run"] as () => void;
  machine.memory = new Uint8Array((exports["memory"] as WebAssembly.Memory).buffer);
  return machine;
}

/** Loads the operands, runs the instruction, stores the result. */
function codeOf(operands: readonly ValueType[], instruction: readonly number[], result: ValueType): number[] {
  const address = (at: number) => [0x41, ...signed(at)];
  const loads = operands.flatMap((type, i) => [...address(OPERANDS + 16 * i), ...(LOAD[type] as number[])]);
  return [...address(RESULT), ...loads, ...instruction, ...(STORE[result] as number[])];
}

function signed(value: number): number[] {
  return [(value & 0x7f) | 0x80, value >> 7];
}

function opcodeBytes(opcode: number): number[] {
  return opcode >= SIMD ? [0xfd, ...u32(opcode - SIMD)] : [opcode];
}

/** Draws operands and shadows of every density, and changes secret bits: public bits of the result must not change. */
function tryRule(machine: Machine, operandBytes: number, resultBytes: number, random: Random, fix: () => void): void {
  const { memory } = machine;
  for (let round = 0; round < 40; round++) {
    const operands = random.bytes(operandBytes);
    const density = round % 4;
    const secret = random.bytes(operandBytes).map((byte) => {
      if (density === 0) return 0;
      if (density === 1) return random.chance(0.1) ? 1 << random.below(8) : 0;
      return density === 2 ? (random.chance(0.3) ? 0xff : 0) : byte;
    });
    let first: Uint8Array | undefined;
    for (let variant = 0; variant < 12; variant++) {
      const drawn = variant === 1 ? operands.map((byte) => ~byte) : random.bytes(operandBytes);
      const bytes = operands.map((byte, i) => {
        const mask = secret[i] as number;
        return variant === 0 ? byte : (byte & ~mask) | ((drawn[i] as number) & mask);
      });
      memory.set(bytes, OPERANDS);
      fix();
      memory.set(secret, SHADOW + OPERANDS);
      machine.run();
      const result = memory.slice(RESULT, RESULT + resultBytes);
      const shadow = memory.slice(SHADOW + RESULT, SHADOW + RESULT + resultBytes);
      if (density === 0 && shadow.some((byte) => byte !== 0)) throw new Error("a result of public operands is secret");
      first ??= result;
      for (let i = 0; i < resultBytes; i++) {
        const changed = (result[i] as number) ^ (first[i] as number);
        if (changed & ~(shadow[i] as number)) throw new Error(`byte ${i} changed, seed ${random.seed}`);
      }
    }
  }
}

describe("a secret passes through every instruction as the rules say", () => {
  const random = new Random();
  for (const [opcode, { name, operands, result, rule, immediates }] of NUMERIC) {
    if (name.includes("relaxed") && !relaxedRuns()) continue;
    it(name, () => {
      const lanes = Array.from({ length: immediates }, () => (immediates === 16 ? random.below(32) : random.below(2)));
      const machine = machineOf(codeOf(operands, [...opcodeBytes(opcode), ...lanes], result));
      const { memory } = machine;
      tryRule(machine, 16 * operands.length, WIDTH[result] as number, random, () => {
        // No division by zero, none that overflows; relaxed_swizzle has indices below 16 or from 128 on.
        if (rule === "divide") {
          memory[OPERANDS + 16] = (memory[OPERANDS + 16] as number) | 1;
          memory[OPERANDS + 17] = (memory[OPERANDS + 17] as number) & 0x7f;
          memory[OPERANDS + 19] = 0;
          memory[OPERANDS + 23] = 0;
        }
        if (name === "i8x16.relaxed_swizzle") {
          for (let i = OPERANDS + 16; i < OPERANDS + 32; i++) memory[i] = (memory[i] as number) & 0x8f;
        }
      });
      expect(machine.leaks > 0).toBe(rule === "divide");
    });
  }

  for (const [opcode, { name, value, stores, lane }] of ACCESS) {
    it(name, () => {
      const immediates = [...opcodeBytes(opcode), 0, ...signed(OPERANDS + 16), ...(lane ? [1] : [])];
      const vectorOperand = stores || lane ? [0x41, ...signed(OPERANDS), ...(LOAD[value] as number[])] : [];
      const code = stores
        ? [0x41, ...signed(RESULT - OPERANDS - 16), ...vectorOperand, ...immediates]
        : [0x41, ...signed(RESULT), 0x41, 0, ...vectorOperand, ...immediates, ...(STORE[value] as number[])];
      const machine = machineOf(code);
      tryRule(machine, 32, 16, random, () => {});
      expect(machine.leaks).toBe(0);
    });
  }
});

function relaxedRuns(): boolean {
  const code = codeOf([V128, V128], [0xfd, ...u32(256)], V128);
  return WebAssembly.validate(Uint8Array.from(moduleOf(code)));
}
