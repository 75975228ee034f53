/** Whoever installs the library installs only the library: what the programs need is joined into their files. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const DIST = join(ROOT, "dist");
/** The packages that a production install had before there was a bridge. */
const TREE = 21;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;

beforeAll(() => {
  if (!existsSync(join(DIST, "bridge", "index.js"))) throw new Error("There is no dist/: run `npm run build` first");
});

it("the tree of a production install does not grow", () => {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
  };
  const production = Object.entries(lock.packages).filter(
    ([path, { dev, optional }]) => path !== "" && !dev && !optional,
  );
  expect(production.length).toBeLessThanOrEqual(TREE);
  expect(Object.keys(manifest.dependencies)).not.toEqual(expect.arrayContaining(["zod"]));
  expect(Object.keys(manifest.dependencies)).not.toEqual(expect.arrayContaining(["yaml"]));
});

it("no built file imports a package that an install does not bring", () => {
  const files = readdirSync(DIST, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"));
  const wanted = files.flatMap((name) => {
    const text = readFileSync(join(DIST, name), "utf8");
    return [...text.matchAll(/^(?:import|export)\b[^;]*?\bfrom\s*"([^".][^"]*)";|\bimport\("([^".][^"]*)"\)/gm)].map(
      ([, a, b]) => a ?? b ?? "",
    );
  });
  const packages = wanted
    .filter((name) => !name.startsWith("node:"))
    .map((name) =>
      name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/"),
    );
  expect(files.length).toBeGreaterThan(5);
  expect(packages).toContain("eventemitter3");
  expect([...new Set(packages)].filter((name) => !Object.hasOwn(manifest.dependencies, name))).toEqual([]);
});

it("the licences and the bill of materials name what was joined in", () => {
  const licences = readFileSync(join(DIST, "THIRD-PARTY-LICENSES.txt"), "utf8");
  const bill = JSON.parse(readFileSync(join(DIST, "sbom.json"), "utf8")) as {
    readonly components: readonly { readonly name: string; readonly version: string }[];
  };
  const names = bill.components.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["yaml", "zod"]));
  for (const { name, version } of bill.components) expect(licences).toContain(`${name} ${version}`);
});
