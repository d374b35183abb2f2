// Which build a plane gets: the caller's own, the entry's for this realm, or for profile "legacy" the one with DES, 3DES
// and MD5, which is fetched only then.
import { IpsecError } from "../errors.js";
import { checkProfile, type PlaneOptions } from "../plane-options.js";
import type { Profile } from "../sad/suites.js";
import {
  isResponse,
  type KernelExports,
  type KernelSource,
  LEGACY_BUILD,
  pickVariant,
  type WasmSource,
} from "./kernel.js";

type Asked = Pick<PlaneOptions, "wasm" | "variant" | "profile">;

/** Throws `option`, `wasm`. */
export async function buildFor(entry: KernelSource | undefined, asked: Asked): Promise<WasmSource> {
  if (checkProfile(asked.profile) !== "legacy") return asked.wasm ?? inlined(entry, asked);
  refuseRelaxed(asked);
  if (asked.wasm !== undefined) return asked.wasm;
  if (entry?.loadLegacy !== undefined) return entry.loadLegacy();
  throw noLegacyBuild("this entry has no build for it");
}

/** The same where nothing may be waited for. */
export function buildForSync(entry: KernelSource | undefined, asked: Asked): WebAssembly.Module | BufferSource {
  if (asked.wasm !== undefined && isResponse(asked.wasm)) {
    throw new IpsecError("wasm", "createSync takes a module or bytes: a Response needs create()");
  }
  const { wasm } = asked;
  if (checkProfile(asked.profile) !== "legacy") return wasm ?? inlined(entry, asked);
  refuseRelaxed(asked);
  if (wasm !== undefined) return wasm;
  throw noLegacyBuild("its build is fetched when it is asked for: use create()");
}

/** Refuses profile "legacy" over a kernel that lacks its algorithms. */
export function checkBuild(kernel: KernelExports, profile: Profile): void {
  if (profile === "legacy" && kernel.variant() !== LEGACY_BUILD)
    throw noLegacyBuild("the module given is another build");
}

function inlined(entry: KernelSource | undefined, { variant }: Asked): WebAssembly.Module | Uint8Array<ArrayBuffer> {
  if (entry !== undefined) return entry.load(pickVariant(variant));
  throw new IpsecError(
    "wasm",
    "this entry carries no kernel: pass `wasm`, a module made from wasm-ipsec/wasm/simd.wasm",
  );
}

function refuseRelaxed({ variant }: Asked): void {
  if (variant !== "relaxed-simd") return;
  throw new IpsecError("option", 'profile "legacy" has one build, of plain SIMD: leave variant out, or give "simd"');
}

function noLegacyBuild(reason: string): IpsecError {
  return new IpsecError("wasm", `profile "legacy": ${reason}, or pass \`wasm\`, made from wasm-ipsec/wasm/legacy.wasm`);
}
