// The commands of EXEC mode, on a session: show, clear, debug. Words may be shortened, as on a router.

import { VERDICTS, type Verdict } from "../verdict.js";
import type { LiveIdent } from "./apply/live-ident.js";
import type { IosSession } from "./apply/session.js";
import { Fields } from "./reading.js";
import { showAccessLists, showCryptoMap, showIpInterface, showRunningConfig } from "./show/configured.js";
import { explainText } from "./show/explain.js";
import { type IpsecSaFilter, showIpsecSa } from "./show/ipsec-sa.js";
import { showIsakmpSa } from "./show/isakmp-sa.js";
import { showSession } from "./show/session.js";
import { compileSyntax, type Match, match, type Syntax } from "./syntax.js";

type Run = (session: IosSession, now: number, fields: Fields) => string;

const COMMANDS: Readonly<Record<string, Run>> = {
  "show crypto ipsec sa [map <map>] [peer <peer:address>] [<form:address|identity>] [interface <interface> [<unit:unit>]] [<detail:detail>]":
    (session, now, fields) => showIpsecSa(session.shown(now), saFilter(fields)),
  "show crypto isakmp sa": (session) => showIsakmpSa(session.isakmpSas),
  "show crypto session": (session, now) => showSession(session.shown(now), session.isakmpSas),
  "show crypto map": (session) =>
    showCryptoMap(
      session.config,
      (_, entry) => session.idents.find(({ planned }) => planned.settings === entry)?.peer.address,
    ),
  "show access-lists": (session, now) =>
    showAccessLists(session.config, (list, rule) => matchesOf(session, now, list, rule)),
  "show ip interface [<interface>] [<unit:unit>]": ({ config }, _, fields) =>
    showIpInterface(config, fields.optional("interface") && fields.text("interface") + fields.text("unit")),
  "show running-config": ({ config }) => showRunningConfig(config),
  "show logging": ({ log }) => log.show(),
  "clear crypto sa peer <address:address>": (session, now, fields) =>
    cleared(session, now, ({ peer }) => peer.address === fields.text("address"), false),
  "clear crypto sa map <map>": (session, now, fields) =>
    cleared(session, now, ({ planned }) => planned.map === fields.text("map"), false),
  "clear crypto sa": (session, now) => cleared(session, now, () => true, false),
  "clear crypto session [local <local:address> [port <localPort:0-65535>]] [remote <remote:address> [port <remotePort:0-65535>]] [fvrf <fvrf>] [ivrf <ivrf>]":
    (session, now, fields) => cleared(session, now, (ident) => isChosen(ident, fields), true),
  "clear crypto isakmp": (session, now) => {
    session.clearIke(now);
    return "";
  },
  "crypto ipsec client ezvpn connect [<name>]": (session, now, fields) =>
    session.connect(now, fields.optional("name")) > 0 ? "" : "% There is no such Easy VPN remote.",
  "clear crypto ipsec client ezvpn [<name>]": (session, now, fields) =>
    cleared(session, now, ({ planned: { client } }) => isNamed(fields.optional("name"), client?.name), true),
  [`explain <verdict:${VERDICTS.join("|")}>`]: (session, _, fields) =>
    explainText(session.explain(fields.text("verdict") as Verdict)),
  "clear logging": ({ log }) => {
    log.clear();
    return "";
  },
  "debug crypto <what:ipsec|isakmp>": (session, _, fields) => debugging(session, fields, true),
  "no debug crypto <what:ipsec|isakmp>": (session, _, fields) => debugging(session, fields, false),
  "undebug all": ({ debugging: on }) => {
    on.ipsec = false;
    on.isakmp = false;
    return "All possible debugging has been turned off";
  },
};

const COMPILED = Object.entries(COMMANDS).map(([text, run]) => ({ text, syntax: compileSyntax(text), run }));

/** The commands there are, as their syntax. */
export const EXEC_COMMANDS: readonly string[] = Object.keys(COMMANDS);

/** Carries out a command; answers what a router would print. */
export function execute(session: IosSession, line: string, now: number): string {
  const words = line.trim().split(/\s+/);
  if (words[0] === "") return "";
  const found = COMPILED.flatMap(({ syntax, run }) => {
    const taken = matchWhole(syntax, words);
    return taken === undefined ? [] : [{ run, taken }];
  });
  const [first] = found;
  if (first !== undefined) return first.run(session, now, new Fields(first.taken.fields));
  return invalid(words);
}

/** A word may be shortened; the first command that all words fit is meant. */
const SHORTENED = {
  same: (word: string, wanted: string) => wanted.toLowerCase().startsWith(word.toLowerCase()),
  begins: () => false,
};

function matchWhole(syntax: Syntax, words: readonly string[]): Match | undefined {
  const result = match(syntax, words, SHORTENED);
  return result.matched && result.used === words.length ? result : undefined;
}

/** IOS's answer, with its mark under the first word that no command has there. */
function invalid(words: readonly string[]): string {
  const misses = COMPILED.map(({ syntax }) => match(syntax, words, SHORTENED));
  const reason = misses.find((miss) => !miss.matched && miss.reason?.includes("allowed"));
  if (reason !== undefined && !reason.matched) return `% ${reason.reason}`;
  const right = Math.max(...misses.map((miss) => (miss.matched ? miss.used : miss.at)));
  if (right >= words.length) return "% Incomplete command.";
  const column = words.slice(0, right).join(" ").length + (right > 0 ? 1 : 0);
  return `${words.join(" ")}\n${" ".repeat(column)}^\n% Invalid input detected at '^' marker.`;
}

function saFilter(fields: Fields): IpsecSaFilter {
  const [map, peer, form, name] = ["map", "peer", "form", "interface"].map((field) => fields.optional(field));
  return {
    ...(map === undefined ? {} : { map }),
    ...(peer === undefined ? {} : { peer }),
    ...(form === undefined ? {} : { form: form as "address" | "identity" }),
    ...(name === undefined ? {} : { interface: name + fields.text("unit") }),
    detail: fields.optional("detail") !== undefined,
  };
}

function isChosen({ peer, planned }: LiveIdent, fields: Fields): boolean {
  const is = (field: string, value: string | number) => (fields.optional(field) ?? String(value)) === String(value);
  const hasVrf = fields.optional("fvrf") !== undefined || fields.optional("ivrf") !== undefined; // there are none
  return (
    !hasVrf &&
    is("local", planned.localAddress) &&
    is("localPort", 500) &&
    is("remote", peer.address) &&
    is("remotePort", peer.port)
  );
}

/** Whether there is such a thing, and it is the one that was named, if one was. */
function isNamed(named: string | undefined, name: string | undefined): boolean {
  return name !== undefined && (named ?? name) === name;
}

function cleared(session: IosSession, now: number, which: (ident: LiveIdent) => boolean, ike: boolean): string {
  session.clear(now, which, ike);
  return "";
}

function debugging(session: IosSession, fields: Fields, on: boolean): string {
  const what = fields.text("what") as "ipsec" | "isakmp";
  session.debugging[what] = on;
  return `Crypto ${what.toUpperCase()} debugging is ${on ? "on" : "off"}`;
}

/** Packets that a rule has protected. */
function matchesOf(session: IosSession, now: number, list: string, rule: number): number {
  const lines = session.config.accessLists
    .find(({ name }) => name === list)
    ?.lines.filter((line) => !("remark" in line));
  const idents = session.idents.filter(({ planned }) => planned.rule === lines?.[rule]);
  return idents.reduce((sum, ident) => sum + ident.shown(now).counters.encaps, 0);
}
