// An access rule's words:  {permit|deny} PROTOCOL SOURCE [PORTS] TARGET [PORTS | ICMP] [options]
import { ICMP_NAMES, PROTOCOL_NAMES, portNames } from "./access-names.js";
import { type AccessRule, type AddressMatch, ANY, type PortMatch } from "./access-rule.js";
import { isAddress } from "./address.js";

/** Options behind a rule, and how many words each takes. */
const OPTIONS: Readonly<Record<string, number>> = {
  log: 1,
  "log-input": 1,
  established: 1,
  fragments: 1,
  dscp: 2,
  precedence: 2,
  tos: 2,
  "time-range": 2,
};

/** Takes words from the front. Answers undefined when they end too early or are of another kind. */
class Words {
  readonly #words: readonly string[];
  at = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  get next(): string | undefined {
    return this.#words[this.at];
  }

  take(): string {
    this.at++;
    return this.#words[this.at - 1] ?? "";
  }
}

/** How many words from the front make a rule; undefined when they make none. */
export function accessRuleLength(words: readonly string[]): number | undefined {
  const reading = new Words(words);
  return readRule(reading) === undefined ? undefined : reading.at;
}

/** The rule that these words are. */
export function parseAccessRule(text: string): AccessRule | undefined {
  return readRule(new Words(text.split(" ")));
}

function readRule(words: Words): AccessRule | undefined {
  const action = words.take();
  if (action !== "permit" && action !== "deny") return undefined;
  const named = words.take();
  const protocol = named === "ip" ? undefined : (PROTOCOL_NAMES[named] ?? whole(named, 255));
  if (protocol === undefined && named !== "ip") return undefined;
  const source = readAddress(words);
  const sourcePort = readPorts(words, protocol);
  const target = readAddress(words);
  if (source === undefined || sourcePort === null || target === undefined) return undefined;
  const targetPort = readPorts(words, protocol);
  if (targetPort === null) return undefined;
  const [icmpType, icmpCode] = protocol === 1 ? readIcmp(words) : [];
  return { action, protocol, source, sourcePort, target, targetPort, icmpType, icmpCode, options: readOptions(words) };
}

function readAddress(words: Words): AddressMatch | undefined {
  const word = words.take();
  if (word === "any") return { ...ANY };
  if (word === "host") return isAddress(words.next ?? "") ? { address: words.take(), wildcard: "0.0.0.0" } : undefined;
  return isAddress(word) && isAddress(words.next ?? "") ? { address: word, wildcard: words.take() } : undefined;
}

/** Undefined: none stand here. Null: they are wrong. */
function readPorts(words: Words, protocol: number | undefined): PortMatch | undefined | null {
  const names = portNames(protocol);
  const operator = words.next;
  if (names === undefined || !isOperator(operator)) return undefined;
  words.take();
  const most = operator === "range" ? 2 : operator === "lt" || operator === "gt" ? 1 : 10;
  const ports: number[] = [];
  while (ports.length < most && words.next !== undefined) {
    const port = names[words.next] ?? whole(words.next, 65535);
    if (port === undefined) break;
    ports.push(port);
    words.take();
  }
  return ports.length === 0 || (operator === "range" && ports.length < 2) ? null : { operator, ports };
}

function isOperator(word: string | undefined): word is PortMatch["operator"] {
  return word === "eq" || word === "neq" || word === "lt" || word === "gt" || word === "range";
}

function readIcmp(words: Words): readonly [type?: number, code?: number] {
  const word = words.next ?? "";
  const named = ICMP_NAMES[word];
  const type = whole(word, 255);
  if (named === undefined && type === undefined) return [];
  words.take();
  if (named !== undefined) return named;
  const code = whole(words.next ?? "", 255);
  if (code === undefined) return [type as number];
  words.take();
  return [type as number, code];
}

function readOptions(words: Words): string[] {
  const options: string[] = [];
  for (;;) {
    const length = OPTIONS[words.next ?? ""];
    if (length === undefined) return options;
    options.push(Array.from({ length }, () => words.take()).join(" "));
  }
}

function whole(word: string, most: number): number | undefined {
  return /^\d+$/.test(word) && Number(word) <= most ? Number(word) : undefined;
}
