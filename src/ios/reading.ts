// What a command is carried out on: the configuration so far, and the place in it that the line before opened.
import type { AccessList } from "./access-rule.js";
import type { Diagnostic, Severity } from "./diagnostic.js";
import {
  type CryptoMap,
  type EzvpnClient,
  type Interface,
  type IosConfig,
  type IpsecProfile,
  type IsakmpPolicy,
  type MapEntry,
  newConfig,
  type OtherLine,
  type TransformSet,
} from "./model.js";

/** IOS's configuration modes, each with what its commands configure. */
export type Mode =
  | { readonly name: "global" }
  | { readonly name: "isakmp policy"; readonly policy: IsakmpPolicy }
  | { readonly name: "transform set"; readonly set: TransformSet }
  | { readonly name: "map entry"; readonly map: CryptoMap; readonly entry: MapEntry }
  | { readonly name: "profile"; readonly profile: IpsecProfile }
  | { readonly name: "ezvpn"; readonly client: EzvpnClient }
  | { readonly name: "interface"; readonly interface: Interface }
  | { readonly name: "access list"; readonly list: AccessList }
  | { readonly name: "block"; readonly block: OtherLine };

export type ModeName = Mode["name"];
export type ModeOf<Name extends ModeName> = Extract<Mode, { name: Name }>;

/** The commands of a mode: what one does, by its syntax. The first whose syntax takes the most words is meant. */
export type Commands<Name extends ModeName> = Readonly<
  Record<string, (fields: Fields, reading: Reading, mode: ModeOf<Name>) => void>
>;

export class Reading {
  readonly config: IosConfig = newConfig();
  readonly diagnostics: Diagnostic[] = [];
  mode: Mode = { name: "global" };
  /** Of the command in hand. */
  line = 0;
  text = "";
  /** The line that configured a thing first, by "interface FastEthernet0" and the like. */
  readonly firstLines = new Map<string, number>();

  say(severity: Severity, reason: string): void {
    this.diagnostics.push({ line: this.line, text: this.text, reason, severity });
  }

  /** Notes that a thing is configured here; the line where it was before, if it was. */
  configuredBefore(thing: string): number | undefined {
    const before = this.firstLines.get(thing);
    if (before === undefined) this.firstLines.set(thing, this.line);
    return before;
  }
}

/** The values that a line gave to the fields of its syntax. */
export class Fields {
  readonly #values: Readonly<Record<string, string>>;

  constructor(values: Readonly<Record<string, string>>) {
    this.#values = values;
  }

  text(name: string): string {
    return this.#values[name] ?? "";
  }

  number(name: string): number {
    return Number(this.#values[name]);
  }

  list(name: string): string[] {
    return this.text(name).split(" ");
  }

  optional(name: string): string | undefined {
    return this.#values[name];
  }

  optionalNumber(name: string): number | undefined {
    const value = this.#values[name];
    return value === undefined ? undefined : Number(value);
  }
}

/** The element of `list` for which `is` holds, or `made` at its end. */
export function findOrAdd<T>(list: T[], is: (element: T) => boolean, made: () => T): T {
  const found = list.find(is);
  if (found !== undefined) return found;
  const added = made();
  list.push(added);
  return added;
}

export function removeWhere<T>(list: T[], is: (element: T) => boolean): void {
  const kept = list.filter((element) => !is(element));
  list.splice(0, list.length, ...kept);
}
