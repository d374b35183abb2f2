// Loading the kernel: which of its builds, from which bytes.
import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { IpsecError } from "../errors.js";

export type Variant = "simd" | "relaxed-simd";
export type WasmSource = WebAssembly.Module | BufferSource | Response;

/** The ABI of assembly/index.ts. */
export interface KernelExports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  saInstall(index: number): void;
  saExpire(index: number): void;
  saDelete(index: number): void;
  seal(descriptors: number, count: number): void;
  open(descriptors: number, count: number): void;
  cutPiece(packet: number, unit: number, index: number, target: number): number;
  laterHeaderLength(packet: number): number;
  cutNext(descriptor: number, mtu: number, first: number): number;
  unwrapInflated(descriptor: number, payload: number, length: number): void;
  join(reassembly: number, packet: number, fragmentHeader: number, namedAt: number): number;
  joined(reassembly: number, target: number): void;
  variant(): number;
}

/** Where an entry (inline bytes, a static import) gets its builds from. */
export interface KernelSource {
  load(variant: Variant): WebAssembly.Module | Uint8Array<ArrayBuffer>;
  /** The build with DES, 3DES and MD5, a chunk of its own. Absent where an import must be static. */
  loadLegacy?(): Promise<Uint8Array<ArrayBuffer>>;
}

/** What the kernel's `variant` answers in the legacy build. */
export const LEGACY_BUILD = 2;

/** A module of one function: i8x16.relaxed_swizzle of two constants. */
// biome-ignore format: a section a line
const RELAXED_PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0,
  1, 5, 1, 96, 0, 1, 123,
  3, 2, 1, 0,
  10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11,
);

/** The build this realm can run. Realms that forbid compiling from bytes still validate; one that forbids both gets SIMD. */
export function detectVariant(): Variant {
  try {
    return WebAssembly.validate(RELAXED_PROBE) ? "relaxed-simd" : "simd";
  } catch {
    return "simd";
  }
}

export function pickVariant(asked: "auto" | Variant | undefined): Variant {
  if (asked === undefined || asked === "auto") return detectVariant();
  if (asked !== "simd" && asked !== "relaxed-simd") {
    throw new IpsecError("option", `variant is "${String(asked)}": "auto", "simd" or "relaxed-simd" is allowed`);
  }
  if (asked === "relaxed-simd" && detectVariant() === "simd") {
    throw new IpsecError(
      "wasm",
      `variant "relaxed-simd" needs relaxed SIMD, which this realm lacks: use "auto" or "simd"`,
    );
  }
  return asked;
}

/** An instance of the kernel, and what to make another from. */
export interface LoadedKernel {
  readonly exports: KernelExports;
  readonly module: WebAssembly.Module;
}

/**
 * Only a page's main thread must not compile at once. Elsewhere 40 kB compile in half a millisecond, and the loader's
 * asynchronous road would first wake Node's lazy `Response`: 40 ms.
 */
export async function loadKernel(source: WasmSource): Promise<LoadedKernel> {
  if (!isResponse(source) && typeof document === "undefined") return loadKernelSync(source);
  const { instance, module } = await refused(() => instantiate(source as WebAssembly.Module, {}));
  return { exports: checked(instance), module };
}

/** Without a look at the global `Response`, see above. */
export function isResponse(source: WasmSource): source is Response {
  return typeof (source as Partial<Response> | null)?.arrayBuffer === "function";
}

export function loadKernelSync(source: WebAssembly.Module | BufferSource): LoadedKernel {
  try {
    const { instance, module } = instantiateSync(source as WebAssembly.Module, {});
    return { exports: checked(instance), module };
  } catch (cause) {
    throw asIpsecError(cause);
  }
}

async function refused<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw asIpsecError(cause);
  }
}

function asIpsecError(cause: unknown): IpsecError {
  if (cause instanceof IpsecError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hint =
    "where bytes may not be compiled (workerd, edge runtimes) import the .wasm file statically and pass the module as `wasm`; " +
    "a page with a Content Security Policy needs 'wasm-unsafe-eval'; createSync is refused on a browser's main thread";
  return new IpsecError("wasm", `the kernel could not be loaded: ${reason}. ${hint}`, { cause });
}

/** The functions themselves: the loader's `exports` are closures around them, which cost 15 ns a call. */
function checked({ exports }: WebAssembly.Instance): KernelExports {
  for (const name of ["saInstall", "seal", "open", "variant"]) {
    if (typeof exports[name] !== "function")
      throw new IpsecError("wasm", `the module has no export ${name}: it is no wasm-ipsec kernel`);
  }
  return exports as KernelExports;
}
