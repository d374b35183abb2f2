// access-list and ip access-list extended.

import type { AccessList } from "../access-rule.js";
import { parseAccessRule } from "../access-words.js";
import { type Commands, type Fields, findOrAdd, type Reading, removeWhere } from "../reading.js";

export const ACCESS_LISTS: Commands<"global"> = {
  "access-list <number:100-199> remark <text...>": addRemark,
  "access-list <number:2000-2699> remark <text...>": addRemark,
  "access-list <number:100-199> <rule:rule>": addRule,
  "access-list <number:2000-2699> <rule:rule>": addRule,
  "no access-list <number:100-2699> [<rest:line>]": (fields, { config }) =>
    removeWhere(config.accessLists, (list) => list.name === fields.text("number")),
  "ip access-list extended <name>": (fields, reading) => {
    const name = fields.text("name");
    const list = listNamed(reading, name, !/^\d+$/.test(name));
    reading.mode = { name: "access list", list };
  },
  "no ip access-list extended <name>": (fields, { config }) =>
    removeWhere(config.accessLists, (list) => list.name === fields.text("name")),
};

export const ACCESS_LIST: Commands<"access list"> = {
  "<number:1-2147483647> <rule:rule>": (fields, reading, { list }) => append(list, fields, reading),
  "<rule:rule>": (fields, reading, { list }) => append(list, fields, reading),
  "remark <text:line>": (fields, _, { list }) => {
    list.lines.push({ remark: fields.text("text") });
  },
};

function listNamed(reading: Reading, name: string, named: boolean): AccessList {
  return findOrAdd(
    reading.config.accessLists,
    (list) => list.name === name,
    () => ({ name, named, lines: [] }),
  );
}

function addRule(fields: Fields, reading: Reading): void {
  append(listNamed(reading, fields.text("number"), false), fields, reading);
}

function addRemark(fields: Fields, reading: Reading): void {
  listNamed(reading, fields.text("number"), false).lines.push({ remark: fields.text("text") });
}

function append(list: AccessList, fields: Fields, reading: Reading): void {
  const rule = parseAccessRule(fields.text("rule"));
  if (rule === undefined) return;
  list.lines.push(rule);
  if (rule.options.length > 0) {
    reading.say("warning", `${rule.options.join(", ")}: not looked at when traffic to protect is chosen`);
  }
}
