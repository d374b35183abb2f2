// Compiles test/kernel/entries/NAME.ts, which re-exports a room's internals, with the kernel's own options, so that a room
// can be tested by itself. The shipped bytes are tested through the ABI, elsewhere.
import { instantiateSync } from "@assemblyscript/loader";
import { main as asc } from "assemblyscript/asc";

export type Target = "simd" | "relaxed-simd" | "legacy";
/** Where a room is tested that all builds have; "legacy" is for the rooms it has alone. */
export const TARGETS: readonly Target[] = ["simd", "relaxed-simd"];

export interface Entry {
  /** Calls an exported kernel function. */
  call(name: string, ...args: number[]): number;
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly view: DataView;
}

const compiled = new Map<string, Uint8Array<ArrayBuffer>>();

/** A fresh instance of entries/`name`.ts with `pages` pages of 64 KiB. */
export async function loadEntry(name: string, target: Target, pages = 32): Promise<Entry> {
  const key = `${name} ${target}`;
  let binary = compiled.get(key);
  if (binary === undefined) {
    let out: Uint8Array | undefined;
    const messages: string[] = [];
    const sink = { write: (text: string | Uint8Array) => void messages.push(String(text)) };
    const path = `test/kernel/entries/${name}.ts`;
    const { error } = await asc(
      [path, "--config", "test/kernel/entries/asconfig.json", "--target", target, "--outFile", "entry.wasm"],
      {
        stdout: sink,
        stderr: sink,
        writeFile: (file: string, data: string | Uint8Array) => {
          if (file.endsWith(".wasm") && typeof data !== "string") out = data;
        },
      },
    );
    if (error !== null || out === undefined) throw new Error(`asc ${path}: ${error?.message}\n${messages.join("")}`);
    binary = new Uint8Array(out);
    compiled.set(key, binary);
  }
  const { exports } = instantiateSync<Record<string, unknown>>(binary, {});
  const memory = exports["memory"] as WebAssembly.Memory;
  const missing = pages - memory.buffer.byteLength / 65536;
  if (missing > 0) memory.grow(missing);
  return {
    call: (fn, ...args) => (exports[fn] as (...args: number[]) => number)(...args),
    bytes: new Uint8Array(memory.buffer),
    words: new Uint32Array(memory.buffer),
    view: new DataView(memory.buffer),
  };
}
