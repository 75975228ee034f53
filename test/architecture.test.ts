/** The rooms of src/ import only from those above them, nobody imports the entry, and nothing goes in a circle. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "src");

/**
 * From the top down, as docs/architecture.md tells them: a folder imports only from those before it, types included. What
 * lies right in a folder that has rooms of its own comes after them.
 */
const ROOMS = [
  "errors",
  "async",
  "uri/options",
  "uri",
  "transport/socket",
  "transport/tls",
  "transport/dial",
  "transport/search",
  "transport",
  // Before the port: its interfaces are about messages.
  "messaging/messages",
  "messaging/port",
  "messaging/sending",
  "messaging/receiving/deliveries",
  "messaging/receiving/handling",
  "messaging/receiving/consuming",
  "messaging/requests",
  "messaging/transactions",
  "messaging/recovery",
  "messaging/connection",
  "adapters/shared",
  "adapters/stomp/stompit",
  "adapters/stomp/frames",
  "adapters/stomp/opening",
  "adapters/stomp/messages",
  "adapters/stomp/sending",
  "adapters/stomp/transactions",
  "adapters/stomp/receiving",
  "adapters/stomp",
  "adapters/amqp/rhea",
  "adapters/amqp/messages",
  "adapters/amqp/sasl",
  "adapters/amqp/opening",
  "adapters/amqp/transactions",
  "adapters/amqp/sending",
  "adapters/amqp/receiving",
  "adapters/amqp",
  "connect",
  "testing",
  // Files of programs: read with positions, checked by schemas.
  "config",
  "bridge/routing",
  "bridge/config",
  "bridge/memory",
  "bridge/forwarding",
  "bridge/watch",
  "bridge/demand",
  "bridge/link",
  "bridge",
  // Plays a whole bridge.
  "bridge/cases",
  "topology/description",
  "topology/network",
  "topology/check",
  "topology/plan",
  "topology/simulate",
  "topology/probe",
  "topology/drill",
  "topology/generate",
  "topology/render",
  "topology/export",
  "topology/read",
  "topology",
  "cli",
  "index",
] as const;
type Room = (typeof ROOMS)[number];

/** The packages and the rooms that may import them: those of programs stay out of the library. Node's own are open to all. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  eventemitter3: ["async"],
  "p-retry": ["transport"],
  // Loaded by the first consumer that deduplicates.
  "lru-cache": ["messaging/receiving"],
  // Loaded by the first login outside ASCII that goes by SCRAM.
  "@mongodb-js/saslprep": ["adapters/amqp/sasl"],
  stompit: ["adapters/stomp/stompit", "testing"],
  rhea: ["adapters/amqp", "testing"],
  // Bundled into the programs, never loaded by the library.
  yaml: ["config"],
  zod: ["config", "bridge", "topology"],
  // Reads brokers' XML with the line and column of each attribute.
  "@xmldom/xmldom": ["topology/read"],
  commander: ["cli"],
  "cli-table3": ["cli"],
};

interface Import {
  readonly from: string;
  /** A file of src/, or a package. */
  readonly to: string;
  readonly isPackage: boolean;
  readonly typeOnly: boolean;
}

const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
  .map((name) => name.split(sep).join("/"));
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const text = readFileSync(join(ROOT, from), "utf8");
  const source = ts.createSourceFile(from, text, ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const note = (specifier: ts.Expression | undefined, typeOnly: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const isPackage = !specifier.text.startsWith(".");
    const to = isPackage
      ? specifier.text
      : relative(ROOT, join(ROOT, dirname(from), specifier.text))
          .split(sep)
          .join("/");
    found.push({ from, to, isPackage, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      note(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    else if (ts.isExportDeclaration(node)) note(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      note(node.argument.literal as ts.StringLiteral, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      note(node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function roomOf(file: string): Room {
  const rooms = ROOMS.filter((name) => file.startsWith(`${name}/`) || (file === `${name}.ts` && !name.includes("/")));
  const [room] = rooms.sort((a, b) => b.length - a.length);
  if (!room) throw new Error(`src/${file} is in no room that this test knows`);
  return room;
}

const local = imports.filter(({ isPackage }) => !isPackage);
const line = ({ from, to }: Import) => `${from} -> ${to}`;

describe("the rooms", () => {
  it("are all the places there are, and the parser sees their imports", () => {
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) expect(ROOMS).toContain(roomOf(file));
    expect(local.map(line)).toContain("connect/stomp.ts -> adapters/stomp/open-session.ts");
    expect(local.map(line)).toContain("connect/connect.ts -> adapters/amqp/open-session.ts");
  });

  it("import only from those above them", () => {
    const upwards = local.filter(({ from, to }) => ROOMS.indexOf(roomOf(from)) < ROOMS.indexOf(roomOf(to)));
    expect(upwards.map(line)).toEqual([]);
  });

  it("of the two adapters never import each other", () => {
    const across = local.filter(({ from, to }) => {
      const rooms = [roomOf(from), roomOf(to)];
      const isOf = (adapter: string) => rooms.some((room) => room === adapter || room.startsWith(`${adapter}/`));
      return isOf("adapters/stomp") && isOf("adapters/amqp");
    });
    expect(across.map(line)).toEqual([]);
  });

  it("leave the entry alone: nobody imports index.ts", () => {
    expect(local.filter(({ to }) => to === "index.ts").map(line)).toEqual([]);
  });

  it("import files that exist, by their names with .ts", () => {
    const known = new Set(files);
    expect(local.filter(({ to }) => !known.has(to)).map(line)).toEqual([]);
  });

  it("have no circle of files that import each other, be it for a type", () => {
    const loads = new Map(files.map((file) => [file, local.filter(({ from }) => from === file)]));
    const path: string[] = [];
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" -> "));
      if (done.has(file) || path.includes(file)) return;
      path.push(file);
      for (const { to } of loads.get(file) ?? []) walk(to);
      path.pop();
      done.add(file);
    };
    for (const file of files) walk(file);
    expect(circles).toEqual([]);
  });

  it("import the packages that are theirs", () => {
    const foreign = imports.filter(({ from, to, isPackage }) => {
      if (!isPackage || to.startsWith("node:")) return false;
      const name = to
        .split("/")
        .slice(0, to.startsWith("@") ? 2 : 1)
        .join("/");
      return !PACKAGES[name]?.some((room) => roomOf(from) === room || roomOf(from).startsWith(`${room}/`));
    });
    expect(foreign.map(line)).toEqual([]);
  });

  it("name what rhea's typings leave out in adapters/amqp/rhea alone", () => {
    const INTERNAL =
      /^(_[a-z]\w*|on_\w+|local|remote|incoming|outgoing|\w+_channel_map|sasl_transport|heartbeat_(in|out))$/;
    const named = files
      .filter((file) => file.startsWith("adapters/amqp/") && !file.startsWith("adapters/amqp/rhea/"))
      .flatMap((file) => {
        const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.ES2022, true);
        const names: string[] = [];
        const visit = (node: ts.Node): void => {
          const name = ts.isPropertyAccessExpression(node)
            ? node.name
            : ts.isPropertySignature(node) || ts.isMethodSignature(node) || ts.isBindingElement(node)
              ? (ts.isBindingElement(node) && node.propertyName) || node.name
              : undefined;
          if (name && ts.isIdentifier(name) && INTERNAL.test(name.text)) names.push(`${file}: ${name.text}`);
          ts.forEachChild(node, visit);
        };
        visit(source);
        return names;
      });
    expect(named).toEqual([]);
    expect(imports.filter(({ to, from }) => to.startsWith("rhea/") && !from.startsWith("testing/")).map(line)).toEqual(
      [],
    );
  });

  it("import stompit in adapters/stomp/stompit alone, whose one function is the handshake's, and in testing", () => {
    const importers = imports.filter(({ to }) => to === "stompit" || to.startsWith("stompit/")).map(({ from }) => from);
    expect(importers).toContain("adapters/stomp/stompit/connect-with-stompit.ts");
    expect(importers.filter((file) => !/^(testing|adapters\/stomp\/stompit)\//.test(file))).toEqual([]);
    const doors = local.filter(
      ({ from, to }) => to.startsWith("adapters/stomp/stompit/") && !from.startsWith("testing/"),
    );
    const outside = doors.filter(({ from }) => !from.startsWith("adapters/stomp/stompit/"));
    expect(new Set(outside.map(({ to }) => to))).toEqual(new Set(["adapters/stomp/stompit/connect-with-stompit.ts"]));
  });

  it("of the embedded group reach rhea through testing/amqp/rhea alone: others import its types, and cast none of its objects", () => {
    const door = "testing/amqp/rhea/";
    const others = files.filter((file) => file.startsWith("testing/") && !file.startsWith(door));
    const values = imports.filter(({ from, to, typeOnly }) => others.includes(from) && to === "rhea" && !typeOnly);
    expect(values.map(line)).toEqual([]);
    const users = others.filter((file) => imports.some(({ from, to }) => from === file && to === "rhea"));
    expect(users.length).toBeGreaterThan(0);
    const casting = users.filter((file) => /\bas unknown as\b|\bas any\b/.test(readFileSync(join(ROOT, file), "utf8")));
    expect(casting).toEqual([]);
  });
});
