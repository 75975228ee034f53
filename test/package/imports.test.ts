/** What importing the built package loads: four libraries and what they need, and of the two protocols only the one asked for. */
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { loadedFiles } from "../support/loaded-files.ts";

const ROOT = realpathSync(join(import.meta.dirname, "..", ".."));
const LIBRARIES = ["stompit", "rhea", "eventemitter3", "p-retry"];

interface Manifest {
  readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, unknown>>;
}

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

async function load(subpath: string, then?: string): Promise<Loaded> {
  const target = manifest(ROOT).exports[subpath];
  if (typeof target !== "object") throw new Error(`package.json exports no ${subpath}`);
  const { names, files, ours } = await loadedFiles(pathToFileURL(join(ROOT, target.default)).href, then);
  const packages = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []);
  return {
    names,
    packages: [...new Set(packages)].sort(),
    files: ours,
    ours: ours.flatMap(sourcesOf),
    count: files.length,
  };
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
      expect(ours).toContain("src/messaging/connection/connection.ts");
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
    // stompit brings an old version of it, with known vulnerabilities (docs/vex.openvex.json).
    for (const entry of ["./stomp", "./testing"]) expect((await load(entry)).packages).not.toContain("qs");
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
      expect(ours).toContain("src/errors/errors.ts");
      expect(ours.filter((file) => /src\/(cli|testing|bridge|topology|observe)\//.test(file))).toEqual([]);
    }
  });
});
