// Text to model. Tolerant of what happens to configurations on their way through mails and documents (commands glued
// into one line, a command broken over two, a letter missing), and never silent about it.
import { checkConfig } from "./check.js";
import type { Diagnostic } from "./diagnostic.js";
import { type Command, commandsIn } from "./grammar.js";
import type { IosConfig } from "./model.js";
import { Fields, Reading } from "./reading.js";
import { nearWord, sameWord } from "./spelling.js";
import { type Match, type Miss, match } from "./syntax.js";

export interface ParsedConfig {
  readonly config: IosConfig;
  /** In the order of lines, then what concerns the whole. */
  readonly diagnostics: Diagnostic[];
}

/** Reads a running configuration. Never throws: what is wrong stands in `diagnostics`. */
export function parseConfig(text: string): ParsedConfig {
  const reading = new Reading();
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; ) {
    if (/^\s*end\s*$/.test(lines[index] as string)) break;
    index += readLine(reading, lines, index);
  }
  checkConfig(reading.config, (reason, severity, about) => {
    const line = lines.findIndex((found) => found.includes(about)) + 1;
    reading.diagnostics.push({ line, text: about, reason, severity });
  });
  return { config: reading.config, diagnostics: reading.diagnostics };
}

/** In front of a command that was typed in a configuration mode. */
const PROMPT = /^\S+ ?\([\w-]+\)# ?/;

/** Lines around a configuration that was copied from a terminal. */
const TRANSCRIPT = /^([\w.-]+[#>].*|Building configuration\.\.\.|Current configuration ?: \d+ bytes)$/;

/** Carries out the line at `index`; answers how many lines that took. */
function readLine(reading: Reading, lines: readonly string[], index: number): number {
  const line = (lines[index] as string).replace(PROMPT, "");
  reading.line = index + 1;
  if (/^!/.test(line) && reading.mode.name === "block") reading.mode = { name: "global" };
  if (/^\s*(!.*)?$/.test(line) || TRANSCRIPT.test(line.trim())) return 1;
  if (reading.mode.name === "block" && /^\s/.test(line)) {
    reading.mode.block.block.push(line.trim());
    return 1;
  }
  let taken = 1;
  let words = wordsOf(line);
  let commands = 0;
  for (; words.length > 0; commands++) {
    let found = findCommand(reading, words);
    // The rest of a broken command stands in the next line, unless a command begins there.
    while (!found.result.matched && found.result.incomplete && mayContinue(reading, lines[index + taken])) {
      words = [...words, ...wordsOf(lines[index + taken] as string)];
      taken++;
      found = findCommand(reading, words);
    }
    const used = carryOut(reading, words, found, commands);
    words = words.slice(used).filter((word, at) => at > 0 || word !== "!");
  }
  if (commands > 1 || taken > 1) {
    reading.text = line.trim();
    const what = commands > 1 ? `${commands} commands in one line` : "a command broken over two lines";
    reading.say("note", `${what}: read one by one`);
  }
  return taken;
}

function wordsOf(line: string): string[] {
  return line.replace(PROMPT, "").trim().split(/\s+/);
}

interface Found {
  readonly command: Command | undefined;
  readonly result: Match | Miss;
  readonly near: boolean;
}

/** The command that these words begin with: the one that takes most of them, or that failed last. */
function findCommand(reading: Reading, words: readonly string[]): Found {
  const commands = commandsIn(reading.mode.name);
  const exact = best(commands, words, sameWord, commands);
  const isWhole = exact.result.matched && exact.result.used === words.length;
  if (isWhole || (!exact.result.matched && exact.result.reason !== undefined)) return { ...exact, near: false };
  const near = best(commands, words, nearWord, commands);
  const isBest = exact.result.matched
    ? near.result.matched && near.result.used > exact.result.used
    : near.result.matched || near.result.reason !== undefined;
  return isBest ? { ...near, near: true } : { ...exact, near: false };
}

function best(
  commands: readonly Command[],
  words: readonly string[],
  same: (found: string, wanted: string) => boolean,
  all: readonly Command[],
): { command: Command | undefined; result: Match | Miss } {
  const reader = { same, begins: (word: string) => all.some(({ start }) => sameWord(word, start[0] as string)) };
  let chosen: { command: Command | undefined; result: Match | Miss } = { command: undefined, result: NOTHING };
  for (const command of commands) {
    const result = match(command.syntax, words, reader);
    if (isBetter(result, chosen.result)) chosen = { command, result };
  }
  return chosen;
}

const NOTHING: Miss = { matched: false, at: 0, incomplete: false, reason: undefined };

function isBetter(result: Match | Miss, known: Match | Miss): boolean {
  if (result.matched) return !known.matched || result.used > known.used;
  if (known.matched) return false;
  const tells = (miss: Miss) => miss.at + (miss.incomplete || miss.reason !== undefined ? 0.5 : 0);
  return tells(result) > tells(known);
}

function mayContinue(reading: Reading, next: string | undefined): next is string {
  if (next === undefined || /^\s*(!.*|end)?$/.test(next) || TRANSCRIPT.test(next.trim())) return false;
  const words = wordsOf(next);
  return !commandsIn(reading.mode.name).some(({ start }) => start.every((word, at) => sameWord(words[at] ?? "", word)));
}

/** Answers how many words that took. */
function carryOut(reading: Reading, words: readonly string[], { command, result, near }: Found, nth: number): number {
  if (!result.matched) {
    reading.text = words.join(" ").replace(/ !$/, "");
    if (result.reason !== undefined && result.at > 0) reading.say("error", `${result.reason}: the line is left out`);
    else if (nth > 0) reading.say("warning", "not understood, behind a command that was");
    else refuse(reading);
    return words.length;
  }
  reading.text = words.slice(0, result.used).join(" ");
  if (near) {
    const meant = command?.start.join(" ") ?? "";
    reading.say("warning", `misspelt: read as "${meant}"`);
    reading.text = [meant, ...words.slice(command?.start.length ?? 0, result.used)].join(" ");
  }
  command?.run(new Fields(result.fields), reading, reading.mode);
  return result.used;
}

/** A line that no command begins: kept, so that it is written back. */
function refuse(reading: Reading): void {
  reading.say("warning", "not understood: without effect here");
  if (reading.mode.name === "interface") reading.mode.interface.other.push(reading.text);
  else reading.config.other.push({ place: "services", line: reading.text, block: [] });
}
