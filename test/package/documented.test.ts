/** Everything that an entry exports, and every member of it, says in a comment what it is: editors show it where it is used. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, { readonly types?: string }>>;
};
const entries = Object.values(exports).flatMap(({ types }) =>
  types ? [join(ROOT, types.replace("./dist/", "src/").replace(".d.ts", ".ts"))] : [],
);
const program = ts.createProgram(entries, {
  allowImportingTsExtensions: true,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
});
const checker = program.getTypeChecker();

function isDocumented(symbol: ts.Symbol): boolean {
  return symbol.getDocumentationComment(checker).length > 0;
}

/** `@internal` declarations are left out of the .d.ts, private ones cannot be used. */
function isPublic(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some((declaration) => {
    const isInternal = ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === "internal");
    const name = ts.getNameOfDeclaration(declaration);
    return !isInternal && !(name && ts.isPrivateIdentifier(name));
  });
}

function isOurs(symbol: ts.Symbol): boolean {
  return (symbol.declarations ?? []).some((declaration) =>
    declaration.getSourceFile().fileName.startsWith(join(ROOT, "src")),
  );
}

/** The members that are declared with the symbol itself: of an interface, a class, or a type that is an object. */
function membersOf(symbol: ts.Symbol): ts.Symbol[] {
  const members: ts.Symbol[] = [];
  for (const declaration of symbol.declarations ?? []) {
    if (ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration)) {
      for (const member of declaration.members) {
        const own = member.name && checker.getSymbolAtLocation(member.name);
        if (own) members.push(own);
      }
    }
  }
  return members.filter(isPublic);
}

function undocumented(entry: string): string[] {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} exports nothing`);
  const missing: string[] = [];
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!isOurs(symbol)) continue;
    const [declaration] = symbol.declarations ?? [];
    const where = declaration ? relative(ROOT, declaration.getSourceFile().fileName) : "?";
    if (!isDocumented(symbol)) missing.push(`${where}: ${symbol.name}`);
    for (const member of membersOf(symbol))
      if (!isDocumented(member)) missing.push(`${where}: ${symbol.name}.${member.name}`);
  }
  return missing;
}

it.each(entries.map((entry) => relative(ROOT, entry)))("%s exports nothing without a comment", (entry) => {
  expect(undocumented(join(ROOT, entry))).toEqual([]);
});
