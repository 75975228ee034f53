/** Finds out which files an import loads, in a process of its own: ES modules and CommonJS, without Node's own. */
import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = realpathSync(join(import.meta.dirname, "..", ".."));

export interface LoadedFiles {
  /** The names that the module exports. */
  readonly names: readonly string[];
  /** The paths of the loaded files, each once. */
  readonly files: readonly string[];
  /** The loaded files of the built package, as paths from dist/ on. */
  readonly ours: readonly string[];
}

/**
 * A loader hook that Node calls for every import, in a thread of its own. Files loaded by require() are in the cache of
 * CommonJS.
 */
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

/** `then`: statements to run after the import, which is called `entry` in them. */
export async function loadedFiles(specifier: string, then = ""): Promise<LoadedFiles> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", program(specifier, then)],
    { cwd: ROOT },
  );
  const { names, resolved, required } = JSON.parse(stdout) as Record<"names" | "resolved" | "required", string[]>;
  const paths = [...resolved, ...required]
    .filter((file) => !file.startsWith("node:"))
    .map((file) => file.replace("file://", ""));
  const files = [...new Set(paths)];
  const ours = files
    .filter((file) => !file.includes("/node_modules/"))
    .map((file) => file.replace(/^.*?(?=dist\/)/, ""));
  return { names, files, ours };
}
