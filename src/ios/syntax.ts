// The syntax of a command, as a reference manual prints it, and how words are matched against it.
//
//   crypto isakmp keepalive <seconds:10-3600> [<retrySeconds:2-60>] [<mode:periodic|on-demand>]
//
//   word           that word                  <name>            any word
//   <name:2-60>    a whole number in a range  <name:a|b>        one of these words
//   <name:address> an IPv4 address            <name:unit>       an interface's number
//   <name...>      words up to where another command may begin
//   <name:line>    the rest of the line       <name:rule>       an access rule, or what is left of one
//   [ ... ]        may be left out
import { accessRuleLength } from "./access-words.js";
import { isAddress } from "./address.js";

export interface Match {
  readonly matched: true;
  /** How many words were taken. */
  readonly used: number;
  readonly fields: Readonly<Record<string, string>>;
}

export interface Miss {
  readonly matched: false;
  /** How many words were right. */
  readonly at: number;
  /** The words ended before the syntax did; `reason` says what is missing. */
  readonly incomplete: boolean;
  /** A value that is not allowed, and what is. Absent: some other command is meant. */
  readonly reason: string | undefined;
}

type Node =
  | { readonly kind: "word"; readonly word: string }
  | { readonly kind: "field"; readonly name: string; readonly type: string }
  | { readonly kind: "optional"; readonly nodes: readonly Node[] };

export type Syntax = readonly Node[];

/** A type that is a word to be typed, and names no kind of field. */
const CHOICE = /^(?!(address|unit|line|rule|words)$)[a-z-]+$/;

export function compileSyntax(text: string): Syntax {
  const tokens = text.match(/\[|\]|<[^>]*>|[^\s[\]]+/g) ?? [];
  return readNodes(tokens);
}

function readNodes(tokens: string[]): Node[] {
  const nodes: Node[] = [];
  for (let token = tokens.shift(); token !== undefined && token !== "]"; token = tokens.shift()) {
    if (token === "[") nodes.push({ kind: "optional", nodes: readNodes(tokens) });
    else if (!token.startsWith("<")) nodes.push({ kind: "word", word: token });
    else {
      const [name = "", type = ""] = token.slice(1, -1).split(":");
      nodes.push({
        kind: "field",
        name: name.replace("...", ""),
        type: name.endsWith("...") ? "words" : type,
      });
    }
  }
  return nodes;
}

export interface Reader {
  /** Whether `found` may stand for `wanted`. */
  readonly same: (found: string, wanted: string) => boolean;
  /** Words that begin a command: they end a list of words. */
  readonly begins: (word: string) => boolean;
}

/** Matches the beginning of `words`; what is left over is the caller's. */
export function match(syntax: Syntax, words: readonly string[], reader: Reader): Match | Miss {
  return matchFrom(syntax, words, 0, {}, reader);
}

function matchFrom(
  nodes: Syntax,
  words: readonly string[],
  at: number,
  fields: Match["fields"],
  reader: Reader,
): Match | Miss {
  const [node, ...rest] = nodes;
  if (node === undefined) return { matched: true, used: at, fields };
  if (node.kind === "optional") {
    const taken = matchFrom([...node.nodes, ...rest], words, at, fields, reader);
    if (taken.matched || taken.reason?.includes("allowed")) return taken;
    const left = matchFrom(rest, words, at, fields, reader);
    return left.matched || left.at >= taken.at ? left : taken;
  }
  const word = words[at];
  if (word === undefined) return { matched: false, at, incomplete: true, reason: `${describe(node)} is missing` };
  if (node.kind === "word") {
    if (reader.same(word, node.word)) return matchFrom(rest, words, at + 1, fields, reader);
    return { matched: false, at, incomplete: false, reason: undefined };
  }
  const taken = takeField(node.type, words, at, reader);
  if (typeof taken === "number") {
    const given = words.slice(at, at + taken).join(" ");
    const value = choiceOf(node.type, given, reader) ?? given;
    return matchFrom(rest, words, at + taken, { ...fields, [node.name]: value }, reader);
  }
  const reason = taken === "refused" ? `${node.name} is ${word}: ${allowed(node.type)} is allowed` : undefined;
  return { matched: false, at, incomplete: taken === "incomplete", reason };
}

/** How many words the field takes, or why it takes none. */
function takeField(
  type: string,
  words: readonly string[],
  at: number,
  reader: Reader,
): number | "refused" | "incomplete" | "other" {
  const word = words[at] as string;
  if (type === "") return word === "!" ? "other" : 1;
  if (type === "line") return words.length - at;
  if (type === "address") return isAddress(word) ? 1 : "other";
  if (type === "unit") return /^\d+(\/\d+)*(\.\d+)?$/.test(word) ? 1 : "other";
  if (type === "rule") return accessRuleLength(words.slice(at)) ?? "incomplete";
  if (type === "words") {
    let count = 1;
    while (at + count < words.length && words[at + count] !== "!" && !reader.begins(words[at + count] as string))
      count++;
    return count;
  }
  const range = /^(\d+)-(\d+)$/.exec(type);
  if (range === null) {
    if (choiceOf(type, word, reader) !== undefined) return 1;
    const choices = type.split("|");
    return choices.every((choice) => /^\d+$/.test(choice)) && /^-?\d+$/.test(word) ? "refused" : "other";
  }
  if (!/^-?\d+$/.test(word)) return "other";
  return Number(word) >= Number(range[1]) && Number(word) <= Number(range[2]) ? 1 : "refused";
}

/** The choice that a word stands for, as the syntax spells it. */
function choiceOf(type: string, word: string, reader: Reader): string | undefined {
  if (!type.includes("|") && !CHOICE.test(type)) return undefined;
  return type.split("|").find((choice) => reader.same(word, choice));
}

function describe(node: Node): string {
  if (node.kind !== "field") return node.kind === "word" ? `"${node.word}"` : "more";
  const what = allowed(node.type);
  return what === "" ? node.name : `${node.name} (${what})`;
}

/** What a field of this type may be, in words. */
function allowed(type: string): string {
  const range = /^(\d+)-(\d+)$/.exec(type);
  if (range !== null) return `${range[1]} to ${range[2]}`;
  return type.includes("|")
    ? type
        .split("|")
        .join(", ")
        .replace(/, ([^,]*)$/, " or $1")
    : "";
}
