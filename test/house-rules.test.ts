/** Sizes and names that keep the rooms readable: folders, files and functions stay small, and a test stands where its file stands. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const MAX_FILES = 14;
const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 50;
const MAX_FIELDS = 8;

/** Classes that are still two things, with how many fields they have: they may lose some, and no other may join them. */
const TOO_WIDE: ReadonlyMap<string, number> = new Map([
  ["adapters/amqp/transactions/transaction.ts AmqpTransaction", 14],
  ["testing/stomp/stomp-connection.ts StompConnection", 13],
  ["adapters/amqp/receiving/subscription.ts AmqpSubscription", 13],
  ["transport/search/search.ts Search", 12],
  ["adapters/stomp/stomp-session.ts StompSession", 12],
  ["testing/fault-proxy.ts FaultProxy", 11],
  ["adapters/stomp/receiving/subscription.ts StompSubscription", 11],
  ["adapters/amqp/amqp-session.ts AmqpSession", 11],
  ["adapters/stomp/sending/group-commit.ts GroupCommit", 10],
  ["transport/socket/endpoint-socket.ts EndpointSocket", 9],
  ["transport/dial/address-race.ts AddressRace", 9],
  ["testing/destinations/queue/queue.ts Queue", 9],
  ["testing/amqp/amqp-connection.ts AmqpConnection", 9],
  ["bridge/watch/canary.ts Canary", 9],
  ["bridge/bridge.ts Bridge", 9],
  ["adapters/stomp/transactions/transaction.ts StompTransaction", 9],
]);

const list = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
const sources = list("src").filter((file) => file.endsWith(".ts"));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const linesOf = (text: string) => text.split("\n").length - 1;

interface Long {
  readonly where: string;
  readonly lines: number;
}

/** Every function and method of a file with the number of its lines, nested ones by themselves as well. */
function functionsOf(file: string): Long[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const found: Long[] = [];
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && "body" in node && node.body) {
      const first = lineAt(node.getStart(source));
      found.push({ where: `${file}:${first + 1}`, lines: lineAt(node.getEnd()) - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Every class of a file with the number of its fields: private ones and those of its constructor's parameters included, static ones not. */
function classesOf(file: string): { readonly name: string; readonly fields: number }[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const found: { readonly name: string; readonly fields: number }[] = [];
  const isStatic = (node: ts.PropertyDeclaration) =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const declared = node.members.filter((member) => ts.isPropertyDeclaration(member) && !isStatic(member));
      const ofConstructor = node.members
        .filter(ts.isConstructorDeclaration)
        .flatMap((made) => made.parameters.filter((parameter) => ts.isParameterPropertyDeclaration(parameter, made)));
      const name = `${file.slice("src/".length)} ${node.name?.text ?? "(no name)"}`;
      found.push({ name, fields: declared.length + ofConstructor.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe("the house", () => {
  it(`has no folder of more than ${MAX_FILES} files`, () => {
    const counts = new Map<string, number>();
    for (const file of sources) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
    expect([...counts].filter(([, count]) => count > MAX_FILES)).toEqual([]);
    expect(counts.size).toBeGreaterThan(20);
  });

  it(`has no file of more than ${MAX_FILE_LINES} lines`, () => {
    const long = sources.map((where) => ({ where, lines: linesOf(read(where)) }));
    expect(long.filter(({ lines }) => lines > MAX_FILE_LINES)).toEqual([]);
  });

  it(`has no function of more than ${MAX_FUNCTION_LINES} lines`, () => {
    const functions = sources.flatMap(functionsOf);
    expect(functions.length).toBeGreaterThan(1000);
    expect(functions.filter(({ lines }) => lines > MAX_FUNCTION_LINES)).toEqual([]);
  });
});

describe("the classes of the house", () => {
  const classes = sources.flatMap(classesOf);

  it(`have no more than ${MAX_FIELDS} fields, private ones included, but for those that are named here`, () => {
    expect(classes.length).toBeGreaterThan(150);
    const wide = classes.filter(({ name, fields }) => fields > (TOO_WIDE.get(name) ?? MAX_FIELDS));
    expect(wide).toEqual([]);
  });

  it("are not named as too wide when they are no longer, or are gone", () => {
    const wide = new Set(classes.filter(({ fields }) => fields > MAX_FIELDS).map(({ name }) => name));
    const mended = [...TOO_WIDE.keys()].filter((name) => !wide.has(name));
    expect(mended).toEqual([]);
  });
});

describe("the tests of single files", () => {
  const tests = list("test/unit");

  it("lie in folders that src has too", () => {
    const folders = new Set(tests.filter((name) => name.endsWith(".ts")).map((name) => dirname(name)));
    const strange = [...folders].filter((name) => !existsSync(join(ROOT, name.replace(join("test", "unit"), "src"))));
    expect(strange).toEqual([]);
  });

  it("are named after a file of their folder, or begin with such a name and a hyphen", () => {
    const named = tests.filter((name) => name.endsWith(".test.ts"));
    expect(named.length).toBeGreaterThan(100);
    const nameless = named.filter((name) => {
      const folder = dirname(name).replace(join("test", "unit"), "src");
      const title = basename(name, ".test.ts");
      const files = sources.filter((file) => dirname(file) === folder).map((file) => basename(file, ".ts"));
      return !files.some((file) => title === file || title.startsWith(`${file}-`));
    });
    expect(nameless).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  it("names files that exist, with a star for either adapter", () => {
    const named = Array.from(
      read(join("docs", "architecture.md")).matchAll(/`((?:[a-z]+|\*)(?:\/[a-z*-]+)+\.ts)`/g),
      ([, path]) => path,
    );
    expect(named.length).toBeGreaterThan(40);
    const missing = named.filter((path) => {
      const either = ["stomp", "amqp"].map((adapter) =>
        join("src", `${path}`.replace(/^src\//, "").replace("*", adapter)),
      );
      return !either.every((file) => sources.includes(file));
    });
    expect(missing).toEqual([]);
  });
});
