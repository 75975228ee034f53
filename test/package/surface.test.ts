/** The built package has the names that recorded-surface.ts lists, and its declarations compile in a strict project. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { IGNORED_OPTIONS, IGNORED_PREFIXES } from "../../src/uri/options/ignored-options.ts";
import type { OptionSpec } from "../../src/uri/options/option-spec.ts";
import { KNOWN_NAMES, OPTION_NAMES, OPTIONS, optionNamed } from "../../src/uri/options/option-table.ts";
import * as recorded from "./recorded-surface.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const CONSUMER = join(import.meta.dirname, "strict-consumer.ts");

interface Manifest {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string } | string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === "string" ? [] : [{ subpath, ...target }],
);

beforeAll(() => {
  if (!existsSync(join(ROOT, "dist", "index.js"))) throw new Error("There is no dist/: run `npm run build` first");
});

describe("the tarball", () => {
  let packed: readonly string[];
  beforeAll(() => {
    const command = ["pack", "--dry-run", "--json", "--ignore-scripts", "--offline"];
    const { stdout, stderr } = spawnSync("npm", command, { cwd: ROOT, encoding: "utf8" });
    const [tarball] = JSON.parse(stdout || "[]") as { readonly files: readonly { readonly path: string }[] }[];
    if (!tarball) throw new Error(`npm pack has listed no files: ${stderr}`);
    packed = tarball.files.map(({ path }) => path);
  });

  it("has the recorded files and folders at its top, and no folder more", () => {
    const outside = packed.filter((path) => !path.startsWith("dist/"));
    const folders = packed.map((path) => (path.startsWith("dist/") ? "dist" : dirname(path)));
    const found = new Set([...outside.filter((path) => !path.includes("/")), ...folders]);
    found.delete(".");
    expect([...found].sort()).toEqual(recorded.TARBALL);
  });

  it("has a module and its declarations for each recorded entry", () => {
    expect(entries.map(({ subpath }) => subpath).sort()).toEqual(Object.keys(recorded.ENTRIES).sort());
    for (const { subpath, types, default: module } of entries) {
      expect(types, subpath).toMatch(/^\.\/dist\/.*\.d\.ts$/);
      expect(module, subpath).toMatch(/^\.\/dist\/.*\.js$/);
      expect(packed, subpath).toEqual(expect.arrayContaining([types, module].map((path) => path.slice("./".length))));
    }
  });

  it("exports package.json, which tools read, and nothing but that and the entries", () => {
    const others = Object.entries(manifest.exports).filter(([, target]) => typeof target === "string");
    expect(others).toEqual([["./package.json", "./package.json"]]);
  });

  it("has a file that Node runs for each recorded command", () => {
    expect(Object.keys(manifest.bin).sort()).toEqual(recorded.COMMANDS);
    for (const path of Object.values(manifest.bin)) {
      expect(packed).toContain(path.slice("./".length));
      expect(readFileSync(join(ROOT, path), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    }
  });
});

it.each(Object.entries(recorded.ENTRIES))(
  "the entry %s exports the recorded values at run time",
  async (subpath, values) => {
    const module: object = await import(/* @vite-ignore */ manifest.name + subpath.slice(1));
    expect(Object.keys(module).sort()).toEqual(values);
  },
);

describe("a strict consumer", () => {
  let program: ts.Program;
  beforeAll(() => {
    program = ts.createProgram([CONSUMER, ...entries.map(({ types }) => join(ROOT, types))], {
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts"],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noPropertyAccessFromIndexSignature: true,
      verbatimModuleSyntax: true,
      skipLibCheck: false,
      noEmit: true,
    });
  }, 60_000);

  it("compiles against the built declarations of every entry, themselves checked", { timeout: 60_000 }, () => {
    const found = ts.getPreEmitDiagnostics(program).map((each) => {
      const text = ts.flattenDiagnosticMessageText(each.messageText, "\n");
      return `${each.file?.fileName ?? ""}: ${text}`;
    });
    expect(found).toEqual([]);
    const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(join(ROOT, "src")));
    expect(own, "the consumer reads src/ in place of dist/").toEqual([]);
  });

  it("needs the types of no package beyond our dependencies and Node's", () => {
    const names = program.getSourceFiles().flatMap(({ fileName }) => {
      const [, name = ""] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(fileName) ?? [];
      return name ? [name] : [];
    });
    const allowed = [...Object.keys(manifest.dependencies), "@types/node", "undici-types", "typescript"];
    expect([...new Set(names)].filter((name) => !allowed.includes(name))).toEqual([]);
  });

  it.each(Object.entries(recorded.NAMES))("finds the recorded names in the declarations: %s", (property, names) => {
    expect(literalsOf(program, property).sort()).toEqual(names);
  });
});

/** Returns the members of one of the unions that strict-consumer.ts exports under Names. */
function literalsOf(program: ts.Program, property: string): string[] {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(CONSUMER);
  const module = file && checker.getSymbolAtLocation(file);
  const names = module && checker.getExportsOfModule(module).find(({ name }) => name === "Names");
  const member = names && checker.getDeclaredTypeOfSymbol(names).getProperty(property);
  if (!member) throw new Error(`strict-consumer.ts lists no ${property}`);
  const type = checker.getTypeOfSymbol(member);
  return (type.isUnion() ? type.types : [type]).map((each) => {
    if (!each.isStringLiteral()) throw new Error(`${property} has ${checker.typeToString(each)}, which is no name`);
    return each.value;
  });
}

describe("the options of a URI", () => {
  it("have the recorded defaults", () => {
    const defaults = OPTION_NAMES.map((name) => [name, OPTIONS[name].default] as const);
    expect(Object.fromEntries(defaults)).toEqual(recorded.DEFAULTS);
  });

  it("have the recorded other spellings", () => {
    const aliases = OPTION_NAMES.flatMap((name) => {
      const { aliases = [] }: OptionSpec = OPTIONS[name];
      return aliases.map((alias) => [alias, optionNamed(alias)]);
    });
    expect(Object.fromEntries(aliases)).toEqual(recorded.ALIASES);
    expect([...KNOWN_NAMES].sort()).toEqual(
      [...Object.keys(recorded.DEFAULTS), ...Object.keys(recorded.ALIASES)].sort(),
    );
  });

  it("that have no effect are the recorded ones of the Java clients", () => {
    expect(Object.keys(IGNORED_OPTIONS).sort()).toEqual(recorded.IGNORED);
    expect(Object.keys(IGNORED_PREFIXES).sort()).toEqual(recorded.IGNORED_BEGINNINGS);
  });
});
