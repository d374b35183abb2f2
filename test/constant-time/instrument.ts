// A kernel with shadows (shadow.ts), made of the bytes as they are shipped: the same functions in the same order, the same
// tables and data; three imports, shadow globals and `observe` besides.
import { I32, I64, MAGIC, Reader, section, text, u32, V128, type ValueType, valueType, vector } from "./binary.js";
import { SHADOW, type Signature, type Site, type Surroundings } from "./code.js";
import { FunctionShadow } from "./shadow.js";

export interface Instrumented {
  readonly module: WebAssembly.Module;
  readonly sites: readonly Site[];
}

/** What the new module calls: `leak` with the number of a site whose operand depends on a secret. */
export const IMPORTS = ["leak", "entered", "left"] as const;
/** A byte a site, 1 once it was passed: behind the shadows. */
export const PASSED = 2 * SHADOW;
const PAGES = PASSED / 65536 + 1;
const TYPES = [I32, I64, V128] as const;
const ZERO: Record<ValueType, number[]> = {
  [I32]: [0x41, 0],
  [I64]: [0x42, 0],
  [V128]: [0xfd, 12, ...new Array<number>(16).fill(0)],
};

interface Module {
  types: Signature[];
  functions: number[]; // type numbers
  globals: { type: ValueType; mutable: number; initial: number[] }[];
  exports: { name: string; kind: number; index: number }[];
  tables: number[];
  elements: { offset: number[]; functions: number[] }[];
  bodies: Reader[];
  data: number[];
}

function read(bytes: Uint8Array): Module {
  const module: Module = {
    types: [],
    functions: [],
    globals: [],
    exports: [],
    tables: [],
    elements: [],
    bodies: [],
    data: [],
  };
  const reader = new Reader(bytes, MAGIC.length);
  while (!reader.isAtEnd) {
    const id = reader.u8();
    const content = reader.part(reader.u32());
    readSection(module, id, content);
  }
  return module;
}

function readSection(module: Module, id: number, content: Reader): void {
  switch (id) {
    case 0: // names and the like
    case 5: // the memory is made anew
    case 12: // data count: not needed without memory.init
      return;
    case 1:
      module.types = content.vector(() => {
        if (content.u8() !== 0x60) throw new Error("a type that is no function");
        return {
          parameters: content.vector(() => valueType(content.u8())),
          results: content.vector(() => valueType(content.u8())),
        };
      });
      return;
    case 3:
      module.functions = content.vector(() => content.u32());
      return;
    case 4:
    case 11:
      module[id === 4 ? "tables" : "data"] = [...content.bytes.subarray(content.at, content.end)];
      return;
    case 6:
      module.globals = content.vector(() => {
        const type = valueType(content.u8());
        return { type, mutable: content.u8(), initial: expression(content) };
      });
      return;
    case 7:
      module.exports = content.vector(() => {
        const name = new TextDecoder().decode(content.bytes.subarray(content.at + 1, content.at + 1 + content.u32()));
        content.skip(name.length);
        return { name, kind: content.u8(), index: content.u32() };
      });
      return;
    case 9:
      module.elements = content.vector(() => {
        if (content.u32() !== 0) throw new Error("an element segment that is not a plain one");
        return { offset: expression(content), functions: content.vector(() => content.u32()) };
      });
      return;
    case 10:
      module.bodies = content.vector(() => content.part(content.u32()));
      return;
  }
  throw new Error(`section ${id}: the kernel imports nothing and starts nothing`);
}

/** A constant expression, its end included. */
function expression(reader: Reader): number[] {
  const start = reader.at;
  const opcode = reader.u8();
  if (opcode === 0xfd) reader.skip(17);
  else reader.skipNumber();
  if (reader.u8() !== 0x0b) throw new Error("an initial value that is no constant");
  return reader.since(start);
}

/** `watched` are numbers of functions whose calls are told to `entered` and `left`, and whose answers are public. */
export function instrument(bytes: Uint8Array, watched: ReadonlySet<number>): Instrumented {
  const module = read(bytes);
  const sites: Site[] = [];
  const original = module.globals.length;
  const most = Math.max(0, ...module.types.map(({ parameters }) => parameters.length));
  const extra: { name: string; type: ValueType }[] = [
    ...module.globals.map(({ type }, i) => ({ name: `global ${i}`, type })),
    ...TYPES.map((type) => ({ name: `result ${type}`, type })),
    ...Array.from({ length: most }, (_, i) => TYPES.map((type) => ({ name: `argument ${i} ${type}`, type }))).flat(),
    ...["trace", "observed", "executed"].map((name) => ({ name, type: I64 as ValueType })),
  ];
  const place = (name: string) => original + extra.findIndex((global) => global.name === name);
  const signatureOf = (index: number) => module.types[module.functions[index] as number] as Signature;
  const functionAt = (index: number) => index + IMPORTS.length;
  const surroundings: Surroundings = {
    types: module.types,
    signatureOf,
    globalType: (index) => (module.globals[index] as { type: ValueType }).type,
    functionAt,
    shadowOfGlobal: (index) => place(`global ${index}`),
    argument: (index, type) => place(`argument ${index} ${type}`),
    result: (type) => place(`result ${type}`),
    observe: functionAt(module.functions.length),
    executed: place("executed"),
    entered: IMPORTS.indexOf("entered"),
    left: IMPORTS.indexOf("left"),
    isWatched: (index) => watched.has(index),
    site: (site) => sites.push(site) - 1,
  };
  const bodies = module.bodies.map((body, i) => new FunctionShadow(surroundings, i, body).rewrite());
  bodies.push(observe(place("trace"), place("observed")));
  const globals = [
    ...module.globals.map(({ type, mutable, initial }) => [type, mutable, ...initial]),
    ...extra.map(({ type }) => [type, 1, ...ZERO[type], 0x0b]),
  ];
  const exports = [
    ...module.exports.map(({ name, kind, index }) => ({ name, kind, index: kind === 0 ? functionAt(index) : index })),
    ...["trace", "observed", "executed"].map((name) => ({ name, kind: 3, index: place(name) })),
  ];
  return { module: new WebAssembly.Module(Uint8Array.from(write(module, bodies, globals, exports))), sites };
}

function write(
  module: Module,
  bodies: readonly number[][],
  globals: readonly number[][],
  exports: readonly { name: string; kind: number; index: number }[],
): number[] {
  const first = module.types.length;
  const signature = ({ parameters, results }: Signature) => [
    0x60,
    ...vector(parameters.map((type) => [type])),
    ...vector(results.map((type) => [type])),
  ];
  const added: Signature[] = [1, 2, 3].map((count) => ({ parameters: new Array(count).fill(I32), results: [] }));
  const importTypes = [first, first + 1, first + 1];
  const segments = module.elements.map(({ offset, functions }) => [
    0,
    ...offset,
    ...vector(functions.map((index) => u32(index + IMPORTS.length))),
  ]);
  return [
    ...MAGIC,
    ...section(1, vector([...module.types, ...added].map(signature))),
    ...section(
      2,
      vector(IMPORTS.map((name, i) => [...text("shadow"), ...text(name), 0, ...u32(importTypes[i] as number)])),
    ),
    ...section(3, vector([...module.functions, first + 2].map(u32))),
    ...section(4, module.tables),
    ...section(5, vector([[0, ...u32(PAGES)]])),
    ...section(6, vector(globals)),
    ...section(7, vector(exports.map(({ name, kind, index }) => [...text(name), kind, ...u32(index)]))),
    ...(segments.length > 0 ? section(9, vector(segments)) : []),
    ...section(10, vector(bodies)),
    ...section(11, module.data),
  ];
}

/**
 * observe(value, shadow, site): the value goes into the trace, a fingerprint of everything that decided what the kernel
 * did and where; a shadow that is not zero is a leak.
 */
function observe(trace: number, observed: number): number[] {
  const prime = [0x42, ...s64(0x100000001b3n)];
  const code = [
    ...[0x23, ...u32(trace), 0x20, 0, 0xad, 0x20, 2, 0xad, 0x42, 32, 0x86, 0x84, 0x85], // ^ (site << 32 | value)
    ...[...prime, 0x7e, 0x24, ...u32(trace)],
    ...[0x23, ...u32(observed), 0x42, 1, 0x7c, 0x24, ...u32(observed)],
    ...[0x20, 2, 0x41, 1, 0x3a, 0, ...u32(PASSED)],
    ...[0x20, 1, 0x04, 0x40, 0x20, 2, 0x10, ...u32(IMPORTS.indexOf("leak")), 0x0b],
    0x0b,
  ];
  return [...u32(1 + code.length), 0, ...code];
}

function s64(value: bigint): number[] {
  const bytes: number[] = [];
  for (; value < -64n || value > 63n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
  return [...bytes, Number(value & 0x7fn)];
}
