// The guide's configuration examples, as its text has them: glued lines, misspellings and all.
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("configs/", import.meta.url);

export const NAMES = readdirSync(FOLDER).map((file) => file.replace(".cfg", ""));

export function guideConfig(name: string): string {
  return readFileSync(new URL(`${name}.cfg`, FOLDER), "utf8");
}

/** Lines without indentation, separators, and what a terminal puts around them. */
export function plainLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^!|^end$|[#>]|^Building|^Current configuration/.test(line));
}
