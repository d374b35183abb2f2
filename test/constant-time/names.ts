// The names of a build's functions. The compiler writes the text form beside the binary: the same functions in the
// same order, with names.
import { readFileSync } from "node:fs";

export interface Build {
  readonly name: string;
  /** The bytes as they are shipped. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By function number. */
  readonly names: readonly string[];
}

export function functionNames(text: string): string[] {
  return [...text.matchAll(/^ \(func \$(\S+)/gm)].map(([, name]) => name as string);
}

/** The build as `npm run build` left it. */
export function shippedBuild(name: string): Build {
  const bytes = new Uint8Array(readFileSync(`build/${name}.wasm`));
  return { name, bytes, names: functionNames(readFileSync(`build/${name}.wat`, "utf8")) };
}

/** The number of the one function whose name ends with `name`: a border between secret and public must be found. */
export function functionNumber(build: Build, name: string): number {
  const found = [...build.names.keys()].filter((i) => build.names[i]?.endsWith(`/${name}`));
  if (found.length !== 1) throw new Error(`${build.name}: ${found.length} functions are called ${name}, not one`);
  return found[0] as number;
}
