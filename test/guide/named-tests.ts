// Which tests of this folder are for which number: a test's name begins with its numbers, "41: ..." or "6, 7, e14: ...".
import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("./", import.meta.url);
const NAME = /\b(?:it|test)(?:\.each\([\s\S]*?\))?\(\s*(["'`])((?:e?\d+)(?:, e?\d+)*): ((?:(?!\1)[\s\S])*)\1/g;

export interface NamedTest {
  readonly number: string;
  readonly file: string;
  readonly name: string;
}

export function namedTests(): NamedTest[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".test.ts"))
    .sort()
    .flatMap((file) =>
      [...readFileSync(new URL(file, FOLDER), "utf8").matchAll(NAME)].flatMap(([, , numbers = "", title = ""]) =>
        numbers.split(", ").map((number) => ({ number, file, name: `${numbers}: ${title}` })),
      ),
    );
}
