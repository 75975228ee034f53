/** Compiles texts as files of a strict project that depends on the built package. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export const ROOT = join(import.meta.dirname, "..", "..");

const STRICT: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts"],
  module: ts.ModuleKind.NodeNext,
  types: ["node"],
  experimentalDecorators: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
};

export interface Complaint {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** The compiler's complaints about texts, which are given by the paths at which they lie for the compiler. */
export function compileStrictly(
  texts: ReadonlyMap<string, string>,
  options: ts.CompilerOptions = {},
): readonly Complaint[] {
  if (!existsSync(join(ROOT, "dist", "index.d.ts"))) throw new Error("There is no dist/: run `npm run build` first");
  const compilerOptions = { ...STRICT, ...options };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile } = host;
  host.fileExists = (name) => texts.has(name) || fileExists(name);
  host.readFile = (name) => texts.get(name) ?? readFile(name);
  const program = ts.createProgram([...texts.keys()], compilerOptions, host);
  const found = [...program.getOptionsDiagnostics(), ...program.getSyntacticDiagnostics()];
  for (const file of texts.keys()) found.push(...program.getSemanticDiagnostics(program.getSourceFile(file)));
  return found.map(({ file, start = 0, messageText }) => ({
    file: file?.fileName ?? "",
    line: (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1,
    text: ts.flattenDiagnosticMessageText(messageText, " "),
  }));
}
