// The package as a user gets it: packed, and unpacked into a project of its own beside its dependencies. Nothing is
// fetched.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout the package is made from. */
export const CHECKOUT = fileURLToPath(new URL("../../", import.meta.url));
/** For hooks that pack, bundle and start something, on slow machines. */
export const SETUP_MILLISECONDS = 60_000;

export interface Installed {
  /** The project. */
  readonly folder: string;
  /** The unpacked package in it. */
  readonly package: string;
  readonly tarball: string;
  /** What npm says is in the tarball. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
  remove(): void;
}

/** A project that has the package and `sources`, by file name. */
export function installPackage(sources: Readonly<Record<string, string>> = {}): Installed {
  if (!existsSync(join(CHECKOUT, "dist/src/index.js"))) throw new Error("dist is missing: run `npm run build` first");
  const folder = mkdtempSync(join(tmpdir(), "wasm-ipsec-"));
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@assemblyscript"), { recursive: true });
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const [{ filename, files }] = JSON.parse(
    execFileSync("npm", pack, { cwd: CHECKOUT, encoding: "utf8", stdio: "pipe" }),
  );
  const tarball = join(folder, filename);
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  renameSync(join(folder, "package"), join(modules, "wasm-ipsec"));
  for (const dependency of ["@assemblyscript/loader", "fflate", "ipaddr.js"]) {
    symlinkSync(join(CHECKOUT, "node_modules", dependency), join(modules, dependency));
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  for (const [name, source] of Object.entries(sources)) writeFileSync(join(folder, name), source);
  return {
    folder,
    package: join(modules, "wasm-ipsec"),
    tarball,
    files,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
