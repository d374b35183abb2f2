// One function with shadows: every instruction stays, in its place, and behind or before it stands what computes the
// shadow of its result (rules.ts). A value on the stack has its shadow in a local that belongs to its height and type;
// a local has one beside it; a byte of memory has one SHADOW bytes further on.
//
// Where a value decides what happens or where (a branch, an address, a division), `observe` is called with the value,
// its shadow and the number of the site.
import { I32, I64, Reader, s32, u32, V128, type ValueType, valueType } from "./binary.js";
import { type Frame, FunctionCode, type LeakKind, SHADOW, type Signature } from "./code.js";
import { FLAG, numericShadow, ZERO } from "./numeric.js";
import { ACCESS, type Access, NUMERIC, type Numeric, SIMD } from "./rules.js";

export class FunctionShadow extends FunctionCode {
  /** The function's entry in the code section. */
  rewrite(): number[] {
    const { parameters, results } = this.signature;
    this.#prologue();
    // The body in a block of its own, so that every way out passes the epilogue.
    this.emit(0x02, results.length === 0 ? 0x40 : (results[0] as number));
    this.frames.push({ height: 0, results, isLoop: false, isDead: false });
    while (this.frames.length > 0) this.#instruction();
    this.#epilogue();
    this.emit(0x0b);
    const added = this.locals.slice(parameters.length);
    const locals = [...u32(added.length), ...added.flatMap((type) => [1, type])];
    return [...u32(locals.length + this.code.length), ...locals, ...this.code];
  }

  #prologue(): void {
    for (const [i, type] of this.signature.parameters.entries()) {
      const global = u32(this.surroundings.argument(i, type));
      this.emit(0x23, ...global, 0x21, ...u32(this.shadowLocal(i)), ...ZERO[type], 0x24, ...global);
    }
    if (!this.surroundings.isWatched(this.index)) return;
    this.emit(0x41, ...s32(this.index), 0x20, 0, 0x10, ...u32(this.surroundings.entered));
  }

  #epilogue(): void {
    const type = this.signature.results[0];
    const isWatched = this.surroundings.isWatched(this.index);
    if (type !== undefined) {
      // What a watched function answers is public.
      this.emit(
        ...(isWatched ? ZERO[type] : this.get(this.slot(0, type))),
        0x24,
        ...u32(this.surroundings.result(type)),
      );
    }
    if (!isWatched) return;
    const kept = this.keep("answer", I32);
    if (type === I32) this.emit(0x22, ...u32(kept));
    this.emit(0x41, ...s32(this.index), ...this.get(kept), 0x10, ...u32(this.surroundings.left));
  }

  // -------------------------------------------------------------- one instruction

  #instruction(): void {
    const start = this.body.at;
    const prefix = this.body.u8();
    const opcode = prefix === 0xfd ? SIMD + this.body.u32() : prefix;
    const frame = this.frames.at(-1) as Frame;
    if (frame.isDead && opcode !== 0x05 && opcode !== 0x0b) {
      throw new Error(`code at 0x${start.toString(16)} that is never reached: the kernel has none`);
    }
    this.uncounted++;
    const numeric = NUMERIC.get(opcode);
    const access = ACCESS.get(opcode);
    if (numeric !== undefined) {
      this.body.skip(numeric.immediates);
      this.#numeric(numeric, opcode, start);
    } else if (access !== undefined) this.#access(access, start);
    else this.#other(opcode, start);
  }

  #other(opcode: number, start: number): void {
    const body = this.body;
    if (opcode <= 0x11) {
      this.#control(opcode, start);
      return;
    }
    switch (opcode) {
      case 0x1a: // drop
        this.pop();
        this.original(start);
        return;
      case 0x1b:
      case 0x1c: // select
        if (opcode === 0x1c) body.vector(() => body.u8());
        this.#select(start);
        return;
      case 0x20: // local.get
      case 0x21: // local.set
      case 0x22: // local.tee
        this.#local(opcode, body.u32(), start);
        return;
      case 0x23: // global.get
      case 0x24: // global.set
        this.#global(opcode, body.u32(), start);
        return;
      case 0x3f: // memory.size
        body.skip(1);
        this.original(start);
        this.push(I32, ZERO[I32]);
        return;
      case 0x41: // i32.const
      case 0x42: // i64.const
        body.skipNumber();
        this.original(start);
        this.push(opcode === 0x41 ? I32 : I64, ZERO[opcode === 0x41 ? I32 : I64]);
        return;
      case SIMD + 12: // v128.const
        body.skip(16);
        this.original(start);
        this.push(V128, ZERO[V128]);
        return;
      case 0xfc:
        this.#bulk(body.u32(), start);
        return;
    }
    throw new Error(`opcode 0x${opcode.toString(16)} at 0x${start.toString(16)} has no rule`);
  }

  #local(opcode: number, index: number, start: number): void {
    const type = this.locals[index] as ValueType;
    const shadow = this.shadowLocal(index);
    this.original(start);
    if (opcode === 0x20) {
      this.push(type, this.get(shadow));
      return;
    }
    const slot = this.topSlot();
    this.emit(...this.get(slot), 0x21, ...u32(shadow));
    if (opcode === 0x21) this.pop();
  }

  #global(opcode: number, index: number, start: number): void {
    const shadow = u32(this.surroundings.shadowOfGlobal(index));
    this.original(start);
    if (opcode === 0x23) {
      this.push(this.surroundings.globalType(index), [0x23, ...shadow]);
      return;
    }
    this.emit(...this.get(this.topSlot()), 0x24, ...shadow);
    this.pop();
  }

  #select(start: number): void {
    this.#observeTop("select", start);
    const condition = this.keep("condition", I32);
    this.emit(0x22, ...u32(condition));
    this.original(start);
    this.pop();
    const second = this.get(this.topSlot());
    this.pop();
    const type = this.stack.at(-1) as ValueType;
    const first = this.topSlot();
    const chosen = [...this.get(first), ...second, ...this.get(condition), 0x1c, 1, type];
    this.emit(...chosen, 0x21, ...u32(first));
  }

  #numeric(numeric: Numeric, opcode: number, start: number): void {
    const { operands, result, rule } = numeric;
    if (rule === "divide") this.#observeDivision(operands[0] as ValueType, start);
    const kept = this.keep("operand", operands.at(-1) as ValueType);
    if (rule === "shift" || rule === "swizzle") this.emit(0x22, ...u32(kept));
    this.original(start);
    const base = this.stack.length - operands.length;
    const shadows = operands.map((type, i) => this.get(this.slot(base + i, type)));
    this.stack.length = base;
    this.push(result, numericShadow(numeric, opcode, shadows, this.get(kept), this.body.since(start)));
  }

  // -------------------------------------------------------------- memory

  #access({ value, stores, lane }: Access, start: number): void {
    const body = this.body;
    const opcodeEnd = body.at;
    const align = body.u32();
    const offset = body.u32();
    const laneAt = body.at;
    if (lane) body.skip(1);
    const shifted = [
      ...body.bytes.subarray(start, opcodeEnd),
      ...u32(align),
      ...u32(offset + SHADOW),
      ...body.since(laneAt),
    ];
    const address = this.keep("address", I32);
    if (!stores && !lane) {
      this.emit(0x22, ...u32(address));
      this.#observe(this.get(address), this.get(this.topSlot()), "address", start);
      this.original(start);
      this.pop();
      this.push(value, [...this.get(address), ...shifted]);
      return;
    }
    const kept = this.keep("stored", value);
    this.emit(0x21, ...u32(kept), 0x22, ...u32(address), ...this.get(kept));
    const shadow = this.get(this.topSlot());
    this.pop();
    this.#observe(this.get(address), this.get(this.topSlot()), "address", start);
    this.original(start);
    this.pop();
    const moved = [...this.get(address), ...shadow, ...shifted];
    if (stores) this.emit(...moved);
    else this.push(value, moved);
  }

  /** memory.copy and memory.fill: target, source or byte, length. */
  #bulk(opcode: number, start: number): void {
    if (opcode !== 10 && opcode !== 11)
      throw new Error(`bulk instruction ${opcode} at 0x${start.toString(16)} has no rule`);
    this.body.skip(opcode === 10 ? 2 : 1);
    const names = ["target", "source", "length"];
    const kept = names.map((name) => this.keep(name, I32));
    const [target, source, length] = kept.map((local) => this.get(local)) as [number[], number[], number[]];
    const shadows = names.map((_, i) => this.get(this.slot(this.stack.length - 3 + i, I32)));
    const fillByte = shadows[1] as number[];
    for (const local of [...kept].reverse()) this.emit(0x21, ...u32(local));
    this.#observe(target, shadows[0] as number[], "address", start);
    if (opcode === 10) this.#observe(source, fillByte, "address", start);
    this.#observe(length, shadows[2] as number[], "length", start);
    this.emit(...target, ...source, ...length);
    this.original(start);
    const shift = [0x41, ...s32(SHADOW), 0x6a];
    this.emit(...target, ...shift, ...(opcode === 10 ? [...source, ...shift] : fillByte), ...length);
    this.emit(...this.body.since(start));
    for (const _ of names) this.pop();
  }

  // -------------------------------------------------------------- control

  #control(opcode: number, start: number): void {
    const body = this.body;
    switch (opcode) {
      case 0x00: // unreachable
        this.original(start);
        this.die();
        return;
      case 0x01: // nop
        this.original(start);
        return;
      case 0x02: // block
      case 0x03: // loop
      case 0x04: // if
        this.#open(opcode, body.u8(), start);
        return;
      case 0x05: // else
        this.#else(start);
        return;
      case 0x0b: // end
        this.#end(start);
        return;
      case 0x0c: // br
        this.#branch(body.u32());
        return;
      case 0x0d: // br_if
        this.#branchIf(body.u32(), start);
        return;
      case 0x0e: // br_table
        this.#branchTable(start);
        return;
      case 0x0f: // return
        this.#branch(this.frames.length - 1);
        return;
      case 0x10: // call
        this.#call(body.u32(), undefined, start);
        return;
      case 0x11: // call_indirect
        this.#call(undefined, [body.u32(), body.u32()], start);
        return;
    }
    throw new Error(`opcode 0x${opcode.toString(16)} at 0x${start.toString(16)} has no rule`);
  }

  #open(opcode: number, type: number, start: number): void {
    if (opcode === 0x04) {
      this.#observeTop("branch", start);
      this.pop();
    }
    this.flush();
    this.emit(...this.body.since(start));
    this.flush();
    const results = type === 0x40 ? [] : [valueType(type)];
    this.frames.push({ height: this.stack.length, results, isLoop: opcode === 0x03, isDead: false });
  }

  #else(start: number): void {
    const frame = this.frames.at(-1) as Frame;
    this.flush();
    this.emit(...this.body.since(start));
    this.stack.length = frame.height;
    frame.isDead = false;
  }

  #end(start: number): void {
    const frame = this.frames.pop() as Frame;
    this.flush();
    this.emit(...this.body.since(start));
    this.stack.length = frame.height;
    this.stack.push(...frame.results);
  }

  /** The frame that a label means, and what carries the branch's value, if any, to the place its shadow has there. */
  #target(label: number): { frame: Frame; move: number[] } {
    const frame = this.frames.at(-1 - label) as Frame;
    const type = frame.isLoop ? undefined : frame.results[0];
    if (type === undefined) return { frame, move: [] };
    const from = this.topSlot();
    const to = this.slot(frame.height, type);
    return { frame, move: from === to ? [] : [...this.get(from), 0x21, ...u32(to)] };
  }

  #branch(label: number): void {
    this.emit(...this.#target(label).move);
    this.flush();
    this.emit(0x0c, ...u32(label));
    this.die();
  }

  #branchIf(label: number, start: number): void {
    this.#observeTop("branch", start);
    this.pop();
    const { move } = this.#target(label);
    if (move.length > 0) throw new Error(`br_if at 0x${start.toString(16)} takes a value over others: no rule`);
    this.flush();
    this.emit(...this.body.since(start));
  }

  #branchTable(start: number): void {
    const labels = [...this.body.vector(() => this.body.u32()), this.body.u32()];
    this.#observeTop("branch", start);
    this.pop();
    if (labels.some((label) => this.#target(label).move.length > 0)) {
      throw new Error(`br_table at 0x${start.toString(16)} takes a value over others: no rule`);
    }
    this.flush();
    this.emit(...this.body.since(start));
    this.die();
  }

  #call(callee: number | undefined, indirect: [number, number] | undefined, start: number): void {
    const { types } = this.surroundings;
    const signature =
      callee === undefined ? types[(indirect as [number, number])[0]] : this.surroundings.signatureOf(callee);
    const { parameters, results } = signature as Signature;
    if (indirect !== undefined) {
      this.#observeTop("call target", start);
      this.pop();
    }
    const base = this.stack.length - parameters.length;
    for (const [i, type] of parameters.entries()) {
      this.emit(...this.get(this.slot(base + i, type)), 0x24, ...u32(this.surroundings.argument(i, type)));
    }
    this.flush();
    if (callee === undefined) this.emit(...this.body.since(start));
    else this.emit(0x10, ...u32(this.surroundings.functionAt(callee)));
    this.stack.length = base;
    for (const type of results) this.push(type, [0x23, ...u32(this.surroundings.result(type))]);
  }

  // -------------------------------------------------------------- observing

  /** The i32 on top of the stack, which stays there. */
  #observeTop(kind: LeakKind, start: number): void {
    const kept = this.keep("observed", I32);
    this.emit(0x22, ...u32(kept));
    this.#observe(this.get(kept), this.get(this.topSlot()), kind, start);
  }

  #observeDivision(type: ValueType, start: number): void {
    const divisor = this.keep("divisor", type);
    const dividend = this.keep("dividend", type);
    this.emit(0x21, ...u32(divisor), 0x22, ...u32(dividend), ...this.get(divisor));
    const narrow = type === I64 ? [0xa7] : [];
    for (const [i, local] of [dividend, divisor].entries()) {
      const shadow = this.get(this.slot(this.stack.length - 2 + i, type));
      this.#observe([...this.get(local), ...narrow], [...shadow, ...FLAG[type]], "division", start);
    }
  }

  #observe(value: readonly number[], shadow: readonly number[], kind: LeakKind, start: number): void {
    const opcode = this.body.bytes[start] as number;
    const known = opcode === 0xfd ? SIMD + new Reader(this.body.bytes, start + 1).u32() : opcode;
    const instruction = NUMERIC.get(known)?.name ?? ACCESS.get(known)?.name ?? OTHER_NAMES[known] ?? known.toString(16);
    const site = this.surroundings.site({ function: this.index, offset: start, kind, instruction });
    this.emit(...value, ...shadow, 0x41, ...s32(site), 0x10, ...u32(this.surroundings.observe));
  }
}

const OTHER_NAMES: Readonly<Record<number, string>> = {
  4: "if",
  13: "br_if",
  14: "br_table",
  17: "call_indirect",
  27: "select",
  28: "select",
  252: "memory.copy or memory.fill",
};
