/**
 * `npm run build` calls it after tsc has written the declarations. It bundles many small modules into a few files,
 * because each file adds half a millisecond to an import (docs/decisions/0019-start-up.md).
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
/** Runs in a process of its own, and is also used by scripts/demo.ts. */
const PROGRAMS = ["./dist/testing/member.js", "./dist/cli/main.js"];

const published = Object.values(exported).flatMap((target) => (typeof target === "string" ? [] : [target.default]));
const sources = [...published, ...Object.values(bin), ...PROGRAMS].map((file) =>
  file.replace(/^\.\/dist\//, "src/").replace(/\.js$/, ".ts"),
);

const { metafile } = await build({
  entryPoints: sources,
  outdir: "dist",
  outbase: "src",
  // Programs look for the files next to them by their URL from here: product.ts, child-member.ts.
  chunkNames: "parts/[name]-[hash]",
  bundle: true,
  // Shared code is in one file, once, so that an error class is the same whichever entry it is imported from.
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Everything else that the programs need is bundled into their files (docs/decisions/0022-packages-of-programs.md).
  external: Object.keys(dependencies),
  // yaml's build for Node is CommonJS, which cannot be bundled into ES modules.
  alias: { yaml: resolve("node_modules/yaml/browser/index.js") },
  metafile: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});

writeThirdParty(Object.keys(metafile.inputs), "dist");
