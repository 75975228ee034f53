/**
 * `npm run build`, after tsc has written the declarations: joins our many small modules into a few files. Each file of
 * its own costs an import half a millisecond (docs/decisions/0019-start-up.md).
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import { writeThirdParty } from "./third-party.ts";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, { readonly default: string } | string>>;
}

const { bin, dependencies, exports: exported } = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;
/** Run in a process of its own, and by scripts/demo.ts. */
const PROGRAMS = ["./dist/testing/member.js", "./dist/cli/main.js"];

const published = Object.values(exported).flatMap((target) => (typeof target === "string" ? [] : [target.default]));
const sources = [...published, ...Object.values(bin), ...PROGRAMS].map((file) =>
  file.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"),
);

const { metafile } = await build({
  entryPoints: sources,
  outdir: "dist",
  outbase: "src",
  // What is next to it by its URL is looked for from here: product.ts, child-member.ts.
  chunkNames: "parts/[name]-[hash]",
  bundle: true,
  // Shared code is in one file, once: an error class is the same whichever entry it comes from.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // What the programs need beyond these is joined into their files (docs/decisions/0022-packages-of-programs.md).
  external: Object.keys(dependencies),
  // Its build for Node is CommonJS, which cannot be joined into modules.
  alias: { yaml: resolve("node_modules/yaml/browser/index.js") },
  metafile: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});

writeThirdParty(Object.keys(metafile.inputs), "dist");
