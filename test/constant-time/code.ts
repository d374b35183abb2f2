// What shadow.ts writes a function with: the code so far, the stack as it stands, and the locals that shadows live in.
import { type Reader, s32, u32, type ValueType, valueType } from "./binary.js";

/** Where shadows begin: a kernel under test may use the memory below. */
export const SHADOW = 0x1000000;

export type LeakKind = "branch" | "select" | "call target" | "address" | "length" | "division";

/** An instruction whose operand is observed. */
export interface Site {
  readonly function: number;
  /** Where the instruction stands, in bytes from the beginning of the binary, as engines state it in stack traces. */
  readonly offset: number;
  readonly kind: LeakKind;
  readonly instruction: string;
}

export interface Signature {
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What a function must know of the module around it. Function and global numbers are those of the new module. */
export interface Surroundings {
  readonly types: readonly Signature[];
  signatureOf(original: number): Signature;
  globalType(original: number): ValueType;
  /** The new number of a function. */
  functionAt(original: number): number;
  /** The new number of the shadow of a global. */
  shadowOfGlobal(original: number): number;
  /** The globals that carry the shadows of arguments and results over a call. */
  argument(index: number, type: ValueType): number;
  result(type: ValueType): number;
  readonly observe: number;
  readonly executed: number;
  /** Called with the function's number and its first argument, or what it answers. */
  readonly entered: number;
  readonly left: number;
  isWatched(original: number): boolean;
  site(site: Site): number;
}

export interface Frame {
  readonly height: number;
  readonly results: readonly ValueType[];
  readonly isLoop: boolean;
  isDead: boolean;
}

export class FunctionCode {
  protected readonly surroundings: Surroundings;
  protected readonly index: number;
  protected readonly signature: Signature;
  protected readonly body: Reader;
  protected readonly locals: ValueType[];
  protected readonly declared: number;
  protected readonly slots = new Map<string, number>();
  protected readonly stack: ValueType[] = [];
  protected readonly frames: Frame[] = [];
  protected readonly code: number[] = [];
  protected uncounted = 0;

  /** `body` stands at the beginning of the function's local declarations. */
  constructor(surroundings: Surroundings, index: number, body: Reader) {
    this.surroundings = surroundings;
    this.index = index;
    this.signature = surroundings.signatureOf(index);
    this.body = body;
    this.locals = [...this.signature.parameters];
    body.vector(() => {
      const count = body.u32();
      const type = valueType(body.u8());
      for (let i = 0; i < count; i++) this.locals.push(type);
    });
    this.declared = this.locals.length;
    this.locals.push(...this.locals); // their shadows
  }

  protected emit(...bytes: readonly number[]): void {
    for (const byte of bytes) this.code.push(byte);
  }

  /** The instruction as it stands in the binary, from `start` up to where the reader is. */
  protected original(start: number): void {
    this.emit(...this.body.since(start));
  }

  /** Adds what has run since the last time to the count of instructions: called wherever control may come or go. */
  protected flush(): void {
    if (this.uncounted === 0) return;
    const global = u32(this.surroundings.executed);
    this.emit(0x23, ...global, 0x42, ...s32(this.uncounted), 0x7c, 0x24, ...global);
    this.uncounted = 0;
  }

  protected die(): void {
    (this.frames.at(-1) as Frame).isDead = true;
  }

  protected push(type: ValueType, shadow: readonly number[]): void {
    this.stack.push(type);
    this.emit(...shadow, 0x21, ...u32(this.topSlot()));
  }

  protected pop(): void {
    if (this.stack.length === 0) throw new Error(`the stack is empty at 0x${this.body.at.toString(16)}`);
    this.stack.pop();
  }

  protected get(local: number): number[] {
    return [0x20, ...u32(local)];
  }

  protected topSlot(): number {
    return this.slot(this.stack.length - 1, this.stack.at(-1) as ValueType);
  }

  /** The local for the shadow of the value at `height`. */
  protected slot(height: number, type: ValueType): number {
    return this.keep(String(height), type);
  }

  /** A local of this function's shadow code. */
  protected keep(name: string, type: ValueType): number {
    const key = `${name} ${type}`;
    let local = this.slots.get(key);
    if (local === undefined) {
      local = this.locals.length;
      this.locals.push(type);
      this.slots.set(key, local);
    }
    return local;
  }

  protected shadowLocal(index: number): number {
    return this.declared + index;
  }
}
