import { createRequire } from "node:module";

/** Of the package this file is in. */
export function version(): string {
  const { version } = createRequire(import.meta.url)("wasm-ipsec/package.json") as { version: string };
  return version;
}
