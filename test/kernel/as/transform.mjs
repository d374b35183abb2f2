// What @as-pect/transform adds to every class (a strict comparison, a list of members), for AssemblyScript 0.28: version
// 8.1.0 knows the syntax tree's node kinds by 0.27's numbers, and 0.28 put a kind in between. Its builders are used as
// they are and shown the old numbers.

import { createAddReflectedValueKeyValuePairsMember } from "@as-pect/transform/lib/createAddReflectedValueKeyValuePairsMember.js";
import { createStrictEqualsMember } from "@as-pect/transform/lib/createStrictEqualsMember.js";
import { NodeKind } from "assemblyscript";
import { Transform } from "assemblyscript/transform";

const OLD_KIND = new Map([
  [NodeKind.FieldDeclaration, 54],
  [NodeKind.MethodDeclaration, 58],
]);

function inOldNumbers(declaration) {
  const members = declaration.members.map((member) => {
    const value = OLD_KIND.get(member.kind);
    return value === undefined ? member : Object.create(member, { kind: { value } });
  });
  return Object.create(declaration, { members: { value: members } });
}

function extendClasses(statements) {
  for (const statement of statements) {
    if (statement.kind === NodeKind.NamespaceDeclaration) extendClasses(statement.members);
    if (statement.kind !== NodeKind.ClassDeclaration) continue;
    const seen = inOldNumbers(statement);
    statement.members.push(createStrictEqualsMember(seen), createAddReflectedValueKeyValuePairsMember(seen));
  }
}

export default class AsPectTransform extends Transform {
  afterParse(parser) {
    for (const source of parser.sources) extendClasses(source.statements);
  }
}
