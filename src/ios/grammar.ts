// Every command, by the mode it is given in.
import { ACCESS_LIST, ACCESS_LISTS } from "./commands/access-list.js";
import { CRYPTO_MAPS, MAP_ENTRY } from "./commands/crypto-map.js";
import { EZVPN, EZVPN_CLIENT } from "./commands/ezvpn.js";
import { INTERFACE, INTERFACES } from "./commands/interface.js";
import { IPSEC, PROFILE, TRANSFORM_SET } from "./commands/ipsec.js";
import { ISAKMP, ISAKMP_POLICY } from "./commands/isakmp.js";
import { BLOCK, HOST, INTERFACE_OTHER, OTHER } from "./commands/other.js";
import type { Commands, Fields, Mode, ModeName, Reading } from "./reading.js";
import { compileSyntax, type Syntax } from "./syntax.js";

export interface Command {
  readonly text: string;
  readonly syntax: Syntax;
  /** Its first words that are fixed. */
  readonly start: readonly string[];
  readonly run: (fields: Fields, reading: Reading, mode: Mode) => void;
}

function compile<Name extends ModeName>(...tables: Commands<Name>[]): Command[] {
  return tables.flatMap((table) =>
    Object.entries(table).map(([text, run]) => ({
      text,
      syntax: compileSyntax(text),
      start: text.split(/ ?[<[]/)[0]?.split(" ") ?? [],
      run: run as Command["run"],
    })),
  );
}

const GRAMMAR: Readonly<Record<ModeName, readonly Command[]>> = {
  global: compile<"global">(HOST, ISAKMP, IPSEC, EZVPN, CRYPTO_MAPS, INTERFACES, ACCESS_LISTS, OTHER),
  "isakmp policy": compile<"isakmp policy">(ISAKMP_POLICY),
  "transform set": compile<"transform set">(TRANSFORM_SET),
  profile: compile<"profile">(PROFILE),
  "map entry": compile<"map entry">(MAP_ENTRY),
  ezvpn: compile<"ezvpn">(EZVPN_CLIENT),
  interface: compile<"interface">(INTERFACE, INTERFACE_OTHER),
  "access list": compile<"access list">(ACCESS_LIST),
  block: compile<"block">(BLOCK),
};

/** The commands that may follow in a mode: its own, then the global ones. */
export function commandsIn(mode: ModeName): readonly Command[] {
  return mode === "global" ? GRAMMAR.global : [...GRAMMAR[mode], ...GRAMMAR.global];
}
