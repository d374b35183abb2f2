// The browser of the tests.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Where it is; undefined where there is none. */
export const BROWSER = (process.env["PATH"] ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser"].map((name) => join(folder, name)))
  .find((path) => existsSync(path));

/** Where the tests are to prove something, a missing browser is a failure, not a skip. */
export const REQUIRED = Boolean(process.env["CI"]) || process.env["WASM_IPSEC_REQUIRE_BROWSER"] === "1";
export const MISSING = "no Chromium on the PATH: apt-get install chromium";
