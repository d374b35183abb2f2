// The three builds of the kernel, and the suites that are told of each.
import type { PlaneOptions } from "../../src/index.js";
import { LEGACY_SUITES, SUITES, type Suite } from "../reference/suites.js";

export interface Build {
  readonly name: string;
  readonly options: Pick<PlaneOptions, "variant" | "profile">;
  readonly suites: readonly Suite[];
}

export const BUILDS: readonly Build[] = [
  { name: "simd", options: { variant: "simd" }, suites: SUITES },
  { name: "relaxed-simd", options: { variant: "relaxed-simd" }, suites: SUITES },
  { name: "legacy", options: { profile: "legacy" }, suites: LEGACY_SUITES },
];
