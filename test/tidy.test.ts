// The house rules that a machine can check. What each protects stands in ARCHITECTURE.md.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => `${folder}/${file}`)
    .filter((file) => ending.test(file) && statSync(file).isFile() && !file.includes("/generated/"));
}

const KERNEL = filesBelow("assembly", /\.ts$/);
const LIBRARY = filesBelow("src", /\.ts$/);
const CORE = LIBRARY.filter((file) => !/^src\/(adapters|cli|ios|pcap)\//.test(file) && file !== "src/cli.ts");
const EVERYTHING = [...KERNEL, ...LIBRARY, ...filesBelow("test", /\.(ts|mjs)$/), ...filesBelow("examples", /\.mjs$/)];

/** Lines of `files` that match, comments aside. */
function lines(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .map((line, i) => ({ line: line.replace(/\/\/.*|\/\*\*.*?\*\/|^\s*\/?\*.*/g, ""), where: `${file}:${i + 1}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ line, where }) => `${where} ${line.trim()}`),
  );
}

describe("law 5: time and chance are arguments", () => {
  it("the core reads no clock, starts no timer and opens no socket", () => {
    expect(CORE.length).toBeGreaterThan(20);
    expect(lines(CORE, /\b(Date\.now|new Date|performance\.now|setTimeout|setInterval|queueMicrotask)\b/)).toEqual([]);
    expect(lines(CORE, /from "node:|import\("node:|\brequire\(/)).toEqual([]);
  });

  it("chance comes from `random` alone, whose default is in one place", () => {
    expect(lines(LIBRARY, /Math\.random/)).toEqual([]);
    expect(lines(CORE, /getRandomValues/).map((line) => line.split(":")[0])).toEqual(["src/data-plane.ts"]);
  });

  it("the guide's language reads no clock either: its times are arguments", () => {
    const ios = LIBRARY.filter((file) => file.startsWith("src/ios/"));
    expect(lines(ios, /\b(Date\.now|new Date\(\)|performance\.now)\b|from "node:/)).toEqual([]);
  });

  it("outside the core only adapters and the command name a clock or a socket", () => {
    const rest = LIBRARY.filter((file) => !CORE.includes(file));
    const naming = new Set(
      lines(rest, /node:(dgram|net|timers)|setTimeout|setInterval/).map((line) => line.split(":")[0]),
    );
    for (const file of naming) expect(file).toMatch(/^src\/(adapters\/|cli)/);
  });
});

describe("law 1: the border", () => {
  it("the kernel has no heap, no strings, no exceptions, and rebuilds no vector constant", () => {
    expect(lines(KERNEL, /\bnew \w|\bthrow\b|\btry\b|\bString\b|\bArray</)).toEqual([]);
    expect(lines(KERNEL, /v128\.const|i\d+x\d+\(|splat\(-?(0x0*[1-9a-f]|\d*[1-9])/)).toEqual([]);
    expect(lines(KERNEL, /^(export )?let /)).toEqual([]); // no state but the memory
    expect(lines(KERNEL, /^\s*@/)).toEqual([]);
  });

  it("the kernel imports nothing but itself; the library takes from it the map and the answers only", () => {
    expect(lines(KERNEL, /from "(?!\.)/)).toEqual([]);
    const taken = lines(LIBRARY, /from ".*\/assembly\//);
    expect(taken.length).toBeGreaterThan(3);
    for (const line of taken) expect(line).toMatch(/assembly\/(layout|status)\.js"/);
  });

  it("no engine file reaches into an adapter, the command, the captures or the guide's language", () => {
    expect(lines(CORE, /from "\.{1,2}\/(adapters|cli|ios|pcap)\//)).toEqual([]);
  });
});

/** What a file needs when it is loaded: its imports of values, not of types alone. */
function imports(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/^(?:import|export) (?!type )([^;]*?)from "(\.[^"]+)";/gms)]
    .filter(([, names]) => !/^\{(\s*type \w+( as \w+)?,?)*\s*\}/.test(names as string))
    .map(([, , path]) => join(dirname(file), (path as string).replace(/\.js$/, "")))
    .map((path) => (path.endsWith(".ts") ? path : `${path}.ts`));
}

/** The files around the first circle of imports among `files`, none if there is none. */
function circle(files: readonly string[]): string[] {
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string[] => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file) || !existsSync(file)) return [];
    for (const next of imports(file)) {
      const found = walk(next, [...trail, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of files) {
    const found = walk(file, []);
    if (found.length > 0) return found;
  }
  return [];
}

describe("the house", () => {
  it("no room stands on itself: imports form no circle", () => {
    expect(imports("src/data-plane.ts").length).toBeGreaterThan(10);
    expect(circle(LIBRARY)).toEqual([]);
    expect(circle(KERNEL)).toEqual([]);
  });
});

describe("style", () => {
  it("no room is called after nothing", () => {
    const vague = /(^|\/)(utils?|common|helpers?|managers?|types|misc)(\.ts|\/)/;
    expect(EVERYTHING.filter((file) => vague.test(file))).toEqual([]);
  });

  it("a file is one room: 320 lines at most", () => {
    const long = [...KERNEL, ...LIBRARY].filter((file) => readFileSync(file, "utf8").split("\n").length > 320);
    expect(long).toEqual([]);
  });

  it("every file of the library and the kernel says first what it is", () => {
    const silent = [...KERNEL, ...LIBRARY]
      .filter((file) => !file.endsWith("-words.ts"))
      .filter((file) => !/^(#!.*\n)?\/[/*]|^import/.test(readFileSync(file, "utf8")));
    expect(silent).toEqual([]);
  });

  it("nothing is left for later, skipped or switched off without a word", () => {
    const pattern = new RegExp(["TO" + "DO", "FIX" + "ME", "X" + "XX:", "@ts-" + "ignore"].join("|"));
    expect(lines(EVERYTHING, pattern)).toEqual([]);
    expect(lines(EVERYTHING, /\b(it|describe|test)\.(only|skip|todo)\(/)).toEqual([]);
    expect(readdirSync(".").filter((file) => /\.(orig|rej|log|tgz)$/.test(file))).toEqual([]);
  });

  it("prose names files that are there", () => {
    for (const prose of ["README.md", "ARCHITECTURE.md", "SECURITY.md", "docs/rfc.md"]) {
      const named = [
        ...readFileSync(prose, "utf8").matchAll(/`((?:assembly|src|test|bench|examples)\/[\w./-]+\.\w+)`/g),
      ];
      for (const [, file] of named) expect(existsSync(file as string), `${prose}: ${file}`).toBe(true);
    }
  });
});
