/** What importing the built package loads: four libraries and what they need, and of the two protocols only the one asked for. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = realpathSync(join(import.meta.dirname, "..", ".."));
const LIBRARIES = ["stompit", "rhea", "eventemitter3", "p-retry"];

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

/** Node calls it for every import, in a thread of its own; what require() loads stands in the cache of CommonJS. */
const HOOK = `
  import { appendFileSync } from "node:fs";
  let file;
  export function initialize(data) { file = data; }
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context);
    appendFileSync(file, found.url + "\\n");
    return found;
  }`;

const program = (entry: string, then: string) => `
  import Module, { register } from "node:module";
  import { mkdtempSync, readFileSync, rmSync } from "node:fs";
  import { tmpdir } from "node:os";
  import { join } from "node:path";
  const directory = mkdtempSync(join(tmpdir(), "imports-"));
  const file = join(directory, "resolved");
  register("data:text/javascript,${encodeURIComponent(HOOK)}", { data: file });
  const entry = await import(${JSON.stringify(entry)});
  ${then}
  const resolved = readFileSync(file, "utf8").trim().split("\\n");
  rmSync(directory, { recursive: true });
  console.log(JSON.stringify({ names: Object.keys(entry), resolved, required: Object.keys(Module._cache) }));`;

interface Loaded {
  readonly names: readonly string[];
  readonly packages: readonly string[];
  /** Our own files, from dist/ on. */
  readonly files: readonly string[];
  /** The modules that the build has joined in them, from src/ on. */
  readonly ours: readonly string[];
  /** How many files were loaded, of packages too. */
  readonly count: number;
}

async function load(subpath: string, then = ""): Promise<Loaded> {
  const target = manifest(ROOT).exports[subpath];
  if (typeof target !== "object") throw new Error(`package.json exports no ${subpath}`);
  const entry = pathToFileURL(join(ROOT, target.default)).href;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program(entry, then)], {
    cwd: ROOT,
  });
  const { names, resolved, required } = JSON.parse(stdout) as Record<"names" | "resolved" | "required", string[]>;
  const files = [...resolved, ...required].filter((file) => !file.startsWith("node:"));
  const inPackages = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  const own = files.flatMap(
    (file) => /\/dist\/.*\.js$/.exec(file.replace(/.*\/node_modules\/.*/, ""))?.[0].slice(1) ?? [],
  );
  const ours = [...new Set(own)].flatMap(sourcesOf);
  // What import and require both reach is one file.
  const paths = new Set(files.map((file) => file.replace("file://", "")));
  return { names, packages: [...new Set(inPackages)].sort(), files: [...new Set(own)], ours, count: paths.size };
}

/** By its source map. */
function sourcesOf(file: string): string[] {
  const { sources } = JSON.parse(readFileSync(join(ROOT, `${file}.map`), "utf8")) as { readonly sources: string[] };
  return sources.map((source) => source.replace(/^(\.\.\/)+/, ""));
}

function manifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}

/** The libraries and all they depend on; `debug`, which rhea uses, takes supports-color where somebody else has installed it. */
function allowed(names: readonly string[], found = new Set<string>()): Set<string> {
  for (const name of names) {
    const directory = join(ROOT, "node_modules", name);
    if (found.has(name) || !existsSync(directory)) continue;
    found.add(name);
    const { dependencies = {}, peerDependenciesMeta = {} } = manifest(directory);
    allowed([...Object.keys(dependencies), ...Object.keys(peerDependenciesMeta)], found);
  }
  return found;
}

beforeAll(() => {
  if (!existsSync(join(ROOT, "dist", "index.js"))) throw new Error("There is no dist/: run `npm run build` first");
});

describe("importing the built package", () => {
  it.each([".", "./stomp", "./amqp"])(
    "%s loads nothing beyond the four libraries and what they need",
    async (subpath) => {
      const { names, packages, ours } = await load(subpath);
      expect(names).toEqual(expect.arrayContaining(["connect", "createConnection"]));
      expect(ours).toContain("src/messaging/connection.ts");
      expect(packages).toEqual(expect.arrayContaining(["eventemitter3", "p-retry"]));
      const may = allowed(LIBRARIES);
      expect(packages.filter((name) => !may.has(name))).toEqual([]);
    },
  );

  it.each([
    // A file costs half a millisecond, whatever is in it.
    [".", 14, 18],
    ["./stomp", 18, 48],
    ["./amqp", 18, 48],
    ["./transport", 14, 18],
  ])("%s is no more than %i files of ours, and %i with those of the libraries", async (subpath, most, mostOfAll) => {
    const { files, ours, count } = await load(subpath);
    // They are what the build has joined.
    expect(ours.length).toBeGreaterThan(30);
    expect(files.length).toBeLessThanOrEqual(most);
    expect(count).toBeLessThanOrEqual(mostOfAll);
  });

  it("./stomp does not load rhea, nor a file of the other adapter", async () => {
    const { packages, ours } = await load("./stomp");
    expect(packages).toContain("stompit");
    expect(packages).not.toContain("rhea");
    expect(ours.filter((file) => file.includes("adapters/amqp"))).toEqual([]);
  });

  it("./amqp does not load stompit, nor a file of the other adapter", async () => {
    const { packages, ours } = await load("./amqp");
    expect(packages).toContain("rhea");
    expect(packages).not.toContain("stompit");
    expect(ours.filter((file) => file.includes("adapters/stomp"))).toEqual([]);
  });

  it(". loads the adapter a URI needs when it needs it, and not the other", async () => {
    expect((await load(".")).ours.filter((file) => file.includes("adapters/"))).toEqual([]);
    const options = '{ initialConnect: "fail-fast" }';
    for (const [protocol, library, other] of [
      ["stomp", "stompit", "rhea"],
      ["amqp", "rhea", "stompit"],
    ] as const) {
      const { packages } = await load(
        ".",
        `await entry.connect("${protocol}://127.0.0.1:1", ${options}).catch(() => {});`,
      );
      expect(packages).toContain(library);
      expect(packages).not.toContain(other);
    }
  });

  it("loads from no entry of the library what only programs and tests need", async () => {
    for (const subpath of [".", "./stomp", "./amqp", "./transport"]) {
      const { ours } = await load(subpath);
      expect(ours).toContain("src/errors.ts");
      expect(ours.filter((file) => /src\/(cli|testing|bridge|topology|observe)\//.test(file))).toEqual([]);
    }
  });
});
